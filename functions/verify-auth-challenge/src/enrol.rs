//! `ENROL`: the document's picture is accepted and its face indexed.

use signin_aws::enrolment::{Content, Document, Outcome};
use signin_aws::fault::Fault;
use signin_aws::stopwatch::Stopwatch;
use signin_aws::table::{Claim, Settled};
use signin_core::answer::Answer;
use signin_core::id::EnrolmentId;
use signin_core::key::DocumentKey;
use signin_core::reason::{Reason, Verdict};
use signin_edge::verify_auth_challenge::Answered;

use crate::handler::{JUDGED_BY, Verifier, answering};

impl Verifier {
    /// Judges a document; none where the challenge was used before.
    pub(crate) async fn enrol(
        &self,
        answered: &Answered,
        enrolment: &EnrolmentId,
        watch: Stopwatch,
    ) -> Result<Option<Verdict>, Fault> {
        let table = &self.indexer.table;
        let until = watch.after(JUDGED_BY);
        let ticket = match table.claim(answering(answered, watch)).await? {
            Claim::Mine(ticket) => ticket,
            Claim::Settled(verdict, _) => return Ok(Some(verdict)),
            Claim::Refused => return Ok(None),
        };
        let indexed = tokio::time::timeout_at(until, self.index(answered, enrolment, watch)).await;
        let reason = match indexed {
            Ok(Ok(Outcome::Indexed(_))) => {
                return Ok(match table.settle_enrolment(&ticket).await? {
                    Settled::TakenOver => None,
                    _ => Some(Verdict::Passed),
                });
            }
            Ok(Ok(Outcome::Rejected(reason))) => reason,
            Ok(Ok(Outcome::Foreign)) => Reason::NoMatch,
            // Slower than a trigger may be, or somebody else is at it: the client asks again.
            Ok(Ok(Outcome::Busy)) | Err(_) => Reason::Pending,
            Ok(Err(fault)) => {
                fault.log();
                Reason::TryLater
            }
        };
        table.settle_refusal(&ticket, reason, None).await?;
        Ok(Some(Verdict::Refused(reason)))
    }

    async fn index(
        &self,
        answered: &Answered,
        enrolment: &EnrolmentId,
        watch: Stopwatch,
    ) -> Result<Outcome, Fault> {
        let content = match Answer::parse(&answered.answer) {
            Ok(Answer::Inline(bytes)) => Content::Inline(bytes),
            Ok(Answer::Uploaded) => {
                let found = self
                    .indexer
                    .documents
                    .read(&answered.challenge.key, None)
                    .await?;
                Content::Uploaded(found)
            }
            Err(reason) => return Ok(Outcome::Rejected(reason)),
        };
        let document = Document {
            key: DocumentKey::Enrolment {
                user: answered.user.clone(),
                enrolment: enrolment.clone(),
            },
            enrolment: enrolment.clone(),
            content,
        };
        self.indexer
            .index_patiently(document, watch, watch.after(JUDGED_BY))
            .await
    }
}
