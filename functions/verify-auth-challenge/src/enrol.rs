//! `ENROL`: the document's picture is accepted and its face indexed.

use signin_aws::enrolment::{Document, Outcome};
use signin_aws::fault::Fault;
use signin_aws::pictures::Found;
use signin_aws::stopwatch::Call;
use signin_aws::table::{Claim, Settled};
use signin_core::answer::Answer;
use signin_core::budget;
use signin_core::id::EnrolmentId;
use signin_core::key::DocumentKey;
use signin_core::lockout::Cost;
use signin_core::picture::inspect;
use signin_core::reason::{Reason, Verdict};
use signin_edge::verify_auth_challenge::Answered;

use crate::verifier::{Verifier, answering};

impl Verifier {
    /// Judges a document; none where the challenge was used before.
    pub(crate) async fn enrol(
        &self,
        answered: &Answered,
        enrolment: &EnrolmentId,
        consent: Option<&str>,
        call: Call,
    ) -> Result<Option<Verdict>, Fault> {
        let table = &self.indexer.table;
        let until = call.watch.after(budget::JUDGEMENT);
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
        let indexed = tokio::time::timeout_at(until, self.index(answered, enrolment, call)).await;
        let reason = match indexed {
            Ok(Ok(Outcome::Indexed(_))) => {
                return Ok(match table.settle_enrolment(&ticket).await? {
                    Settled::Recorded => Some(Verdict::Passed),
                    _ => None,
                });
            }
            Ok(Ok(Outcome::Rejected(reason))) => reason,
            Ok(Ok(Outcome::Over)) => Reason::Superseded,
            // Slower than a trigger may be, or somebody else is at it: the client asks again.
            Ok(Ok(Outcome::Busy)) | Err(_) => Reason::Pending,
            Ok(Err(fault)) => {
                fault.log();
                Reason::TryLater
            }
        };
        self.refuse(&ticket, reason, Cost::Nothing, None).await
    }

    async fn index(
        &self,
        answered: &Answered,
        enrolment: &EnrolmentId,
        call: Call,
    ) -> Result<Outcome, Fault> {
        let key = DocumentKey::Enrolment(enrolment.clone());
        let found = match Answer::parse(&answered.answer) {
            Ok(Answer::Inline(bytes)) => match inspect(bytes.as_slice()) {
                Ok(header) => {
                    let picture = self.indexer.lay_down(&key, bytes, header.format);
                    Found::Picture(picture.await?)
                }
                Err(reason) => return Ok(Outcome::Rejected(reason)),
            },
            Ok(Answer::Uploaded) => {
                let uploaded = &answered.challenge.key;
                self.indexer.documents.read(uploaded, None).await?
            }
            Err(reason) => return Ok(Outcome::Rejected(reason)),
        };
        let document = Document {
            key,
            user: answered.user.clone(),
            enrolment: enrolment.clone(),
            found,
        };
        let until = call.watch.after(budget::JUDGEMENT);
        self.indexer.index_patiently(&document, call, until).await
    }
}
