//! `FACE_DATA`: face data close enough to this user's. And `ENROL` for them.
//!
//! Comparing is arithmetic, and the same for everybody: data of a user without any are compared with
//! themselves, and what comes of it is ignored.

use signin_aws::fault::Fault;
use signin_aws::stopwatch::Call;
use signin_aws::table::{PassedFace, Settled, Ticket};
use signin_core::face::Threshold;
use signin_core::face_data::FaceData;
use signin_core::factor::Factor;
use signin_core::factor::face_data::{EnrolledData, Secret};
use signin_core::id::EnrolmentId;
use signin_core::lockout::Cost;
use signin_core::reason::{Outcome, Reason};
use signin_core::round::Answered;
use signin_core::secret::Sha256Digest;

use crate::attempt::{Compared, Judged};
use crate::services::Services;
use crate::verify::Verifier;

/// An answer to a challenge for face data.
pub(crate) struct Data<'a> {
    /// The data; none where the answer is none.
    sent: Option<FaceData>,
    secret: &'a Secret,
    threshold: Threshold,
}

impl<'a> Data<'a> {
    pub(crate) fn new<S: Services>(
        verifier: &Verifier<S>,
        answered: &Answered,
        secret: &'a Secret,
    ) -> Self {
        Self {
            sent: FaceData::parse(verifier.model, &answered.answer).ok(),
            secret,
            threshold: verifier.threshold,
        }
    }
}

impl Compared for Data<'_> {
    const FACTOR: Factor = Factor::FaceData;
    type Probe = FaceData;
    /// What the data resemble.
    type Matched = EnrolledData;

    fn unfit(&self) -> Option<Reason> {
        self.sent.is_none().then_some(Reason::NotFaceData)
    }

    async fn fetch(&self) -> Result<Result<FaceData, Reason>, Fault> {
        Ok(self.sent.clone().ok_or(Reason::NotFaceData))
    }

    fn digest(&self, data: &FaceData) -> Sha256Digest {
        data.digest()
    }

    async fn examine(&self, data: &FaceData) -> Result<Judged<EnrolledData>, Fault> {
        let reference = self
            .secret
            .enrolled
            .as_ref()
            .map_or(data, |enrolled| &enrolled.data);
        let resembles = data.resembles(reference, self.threshold);
        Ok(match self.secret.enrolled.as_ref().filter(|_| resembles) {
            Some(enrolled) => Judged::Matched(enrolled.clone()),
            None => Judged::Refused(Reason::NoMatch, Cost::Comparison),
        })
    }

    async fn passed(
        &self,
        enrolled: EnrolledData,
    ) -> Result<Result<Option<PassedFace>, Settled>, Fault> {
        Ok(Ok(Some(if self.secret.activates {
            PassedFace::ActivatesData(enrolled)
        } else {
            PassedFace::KnownData(enrolled.of)
        })))
    }

    fn activates(&self) -> bool {
        self.secret.activates
    }

    async fn clean_up(&self) {}
}

impl<S: Services> Verifier<S> {
    /// Accepts face data, where they are what sign-up has brought, and records that they were.
    pub(crate) async fn enrol_data(
        &self,
        ticket: &Ticket,
        answer: &str,
        enrolment: &EnrolmentId,
        expected: Option<&FaceData>,
        call: Call,
    ) -> Result<Outcome, Fault> {
        let Ok(data) = FaceData::parse(self.model, answer) else {
            // Nobody had to compare them.
            return self
                .refuse(ticket, Reason::NotFaceData, Cost::Nothing, None)
                .await;
        };
        let digest = data.digest();
        if expected.is_some_and(|expected| *expected != data) {
            return self
                .refuse(ticket, Reason::NoMatch, Cost::Nothing, Some(digest))
                .await;
        }
        let table = &self.indexer.table;
        let settled = table.settle_data_enrolment(ticket, enrolment, &data, call.watch.now());
        self.stands(ticket, settled.await?, digest).await
    }
}
