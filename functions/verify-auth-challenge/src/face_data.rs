//! `ENROL` and `FACE_DATA` where the client sends numbers instead of a picture.
//!
//! Two round trips: consume the challenge and reserve a try; record the verdict. Comparing is
//! arithmetic in between, and the same for everybody: data of a user without any are compared
//! with themselves, and what comes of it is ignored.

use signin_aws::fault::Fault;
use signin_aws::stopwatch::Call;
use signin_aws::table::{Claim, FullPass, PassedFace, Ticket};
use signin_core::challenge::{EnrolledData, Stake};
use signin_core::face_data::FaceData;
use signin_core::id::EnrolmentId;
use signin_core::lockout::{Cost, Scope};
use signin_core::pass::Steps;
use signin_core::reason::{Reason, Verdict};
use signin_core::step::Factor;
use signin_edge::verify_auth_challenge::Answered;

use crate::verifier::{Verifier, answering};

/// What the challenge asks for.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) stake: &'a Stake,
    pub(crate) enrolled: Option<&'a EnrolledData>,
    pub(crate) activates: bool,
}

/// What a challenge to enrol asks for.
#[derive(Clone, Copy)]
pub(crate) struct AskedToEnrol<'a> {
    pub(crate) enrolment: &'a EnrolmentId,
    pub(crate) expected: Option<&'a FaceData>,
    pub(crate) consent: Option<&'a str>,
}

impl Verifier {
    /// Judges face data that are to be enrolled; none where the challenge was used before.
    pub(crate) async fn enrol_data(
        &self,
        answered: &Answered,
        asked: AskedToEnrol<'_>,
        call: Call,
    ) -> Result<Option<Verdict>, Fault> {
        let AskedToEnrol {
            enrolment,
            expected,
            consent,
        } = asked;
        let table = &self.indexer.table;
        let ticket = match table.claim(answering(answered, call)).await? {
            Claim::Mine(ticket) => ticket,
            Claim::Settled(verdict, _) => return Ok(Some(verdict)),
            Claim::Refused => return Ok(None),
        };
        match self.lacks_consent(answered, enrolment, consent, call).await {
            Ok(None) => {}
            Ok(Some(reason)) => return self.refuse(&ticket, reason, Cost::Nothing, None).await,
            Err(fault) => return self.or_give_back(&ticket, Err(fault)).await,
        }
        let recorded = match FaceData::parse(self.model, &answered.answer) {
            Ok(data) if expected.is_none_or(|expected| *expected == data) => {
                let now = call.watch.now();
                let settled = table.settle_data_enrolment(&ticket, enrolment, &data, now);
                match settled.await {
                    Ok(settled) => self.stands(&ticket, settled, data.digest()).await,
                    Err(fault) => Err(fault),
                }
            }
            Ok(data) => {
                let digest = Some(data.digest());
                self.refuse(&ticket, Reason::NoMatch, Cost::Nothing, digest)
                    .await
            }
            Err(_) => self.refuse_unparsed(&ticket).await,
        };
        self.or_give_back(&ticket, recorded).await
    }

    /// Judges face data; none where the challenge was used before.
    pub(crate) async fn face_data(
        &self,
        answered: &Answered,
        asked: Asked<'_>,
        call: Call,
    ) -> Result<Option<Verdict>, Fault> {
        let table = &self.indexer.table;
        let scope = Scope {
            path: asked.stake.path,
            factor: Factor::FaceData,
        };
        // What cannot be compared puts no try at stake, not even for a moment.
        let Ok(data) = FaceData::parse(self.model, &answered.answer) else {
            return self
                .refuse_unread(answered, Reason::NotFaceData, call)
                .await;
        };
        let claim = table.claim_try(answering(answered, call), scope, &asked.stake.seen);
        let ticket = match claim.await? {
            Claim::Mine(ticket) => ticket,
            Claim::Settled(verdict, _) => return Ok(Some(verdict)),
            Claim::Refused => return Ok(None),
        };
        let picture = data.digest();
        let recorded = match self.compared(&data, asked) {
            Some(face) => {
                let pass = FullPass {
                    picture,
                    face,
                    steps: Steps::passed(asked.stake.path, asked.activates, Factor::FaceData),
                    client: &answered.client,
                    session: answered.challenge.session,
                    nonce: answered.nonce,
                };
                self.pass(&ticket, &pass, call).await
            }
            None => self.refuse_compared(&ticket, picture).await,
        };
        self.or_give_back(&ticket, recorded).await
    }

    /// Records that an answer is no face data: nobody had to compare them.
    async fn refuse_unparsed(&self, ticket: &Ticket) -> Result<Option<Verdict>, Fault> {
        self.refuse(ticket, Reason::NotFaceData, Cost::Nothing, None)
            .await
    }

    /// Whose the data are: what a pass changes; none where they are not this user's.
    fn compared(&self, data: &FaceData, asked: Asked<'_>) -> Option<PassedFace> {
        let reference = asked.enrolled.map_or(data, |enrolled| &enrolled.data);
        let resembles = data.resembles(reference, self.threshold);
        let of = asked.enrolled.filter(|_| resembles)?.of.clone();
        Some(if asked.activates {
            PassedFace::ActivatesData(of)
        } else {
            PassedFace::KnownData(of)
        })
    }
}
