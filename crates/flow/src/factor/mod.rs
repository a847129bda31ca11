//! The factors' calls: what each one reads, compares and cleans up, a room each.

pub(crate) mod email_code;
pub(crate) mod face;
pub(crate) mod face_data;

use std::time::Duration;

use signin_aws::fault::Fault;
use signin_aws::stopwatch::{Call, Stopwatch};
use signin_aws::table::SessionState;
use signin_core::challenge::Comparison;
use signin_core::factor::Secret;
use signin_core::id::{ChallengeId, UserName};
use signin_core::reason::{Outcome, Reason};
use signin_core::round::Answered;

use crate::attempt::Judging;
use crate::create::Creator;
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
            Secret::EmailCode(secret) => {
                let mailed = email_code::Mailed::new(self, answered, secret, call);
                self.attempt(&mailed, judging).await
            }
        }
    }
}

/// Whether a factor can be asked for.
pub(crate) enum Prepared {
    /// It can.
    Ready,
    /// The answer will not be looked at: why, and how long to wait, where waiting helps.
    Refused(Reason, Option<Duration>),
}

impl<S: Services> Creator<S> {
    /// What has to happen before a factor is asked for.
    pub(crate) async fn prepare(
        &self,
        user: &UserName,
        id: &ChallengeId,
        Comparison {
            reservation,
            secret,
        }: &Comparison,
        standing: &SessionState,
        watch: Stopwatch,
    ) -> Result<Prepared, Fault> {
        match secret {
            Secret::Face(_) | Secret::FaceData(_) => Ok(Prepared::Ready),
            Secret::EmailCode(secret) => {
                self.order_code(user, id, secret, reservation, standing, watch)
                    .await
            }
        }
    }
}
