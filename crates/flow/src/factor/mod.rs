//! The factors' calls: what each one reads, compares and cleans up, a room each.

pub(crate) mod face;
pub(crate) mod face_data;

use signin_aws::fault::Fault;
use signin_aws::stopwatch::Call;
use signin_core::challenge::Comparison;
use signin_core::factor::Secret;
use signin_core::reason::Outcome;
use signin_core::round::Answered;

use crate::attempt::Judging;
use crate::services::Services;
use crate::verify::Verifier;

impl<S: Services> Verifier<S> {
    /// Each factor's answer, to the order of calls that all of them share.
    pub(crate) async fn compare(
        &self,
        answered: &Answered,
        Comparison {
            reservation,
            secret,
        }: &Comparison,
        call: Call,
    ) -> Result<Outcome, Fault> {
        let judging = Judging {
            answered,
            reservation,
            call,
        };
        match secret {
            Secret::Face(secret) => {
                let face = face::Face::new(self, answered, secret);
                self.attempt(&face, judging).await
            }
            Secret::FaceData(secret) => {
                let data = face_data::Data::new(self, answered, secret);
                self.attempt(&data, judging).await
            }
        }
    }
}
