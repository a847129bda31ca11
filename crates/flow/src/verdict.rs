//! What becomes of a verdict, whatever was judged.

use signin_aws::fault::Fault;
use signin_aws::stopwatch::Call;
use signin_aws::table::{Claim, PassedFactor, Settled, Ticket};
use signin_core::challenge::{self, Offered};
use signin_core::id::EnrolmentId;
use signin_core::lockout::Cost;
use signin_core::reason::{Outcome, Reason, Verdict};
use signin_core::round::Answered;
use signin_core::secret::Sha256Digest;

use crate::services::Services;
use crate::verify::{Verifier, answering};

/// The outcome of an answer whose verdict is written with its challenge's use.
fn settled_at_once(claim: &Claim) -> Outcome {
    match claim {
        Claim::Settled(verdict, _) => (*verdict).into(),
        Claim::Acquired(_) | Claim::AlreadyUsed => Outcome::AlreadyUsed,
    }
}

impl<S: Services> Verifier<S> {
    /// The verdict that stands. A fault, also one that kept a verdict from being recorded, gives
    /// the attempt back where one is reserved.
    pub(crate) async fn or_give_back(
        &self,
        ticket: &Ticket,
        recorded: Result<Outcome, Fault>,
    ) -> Result<Outcome, Fault> {
        match recorded {
            Err(fault) => {
                fault.log();
                self.indexer.table.settle_fault(ticket).await
            }
            verdict => verdict,
        }
    }

    /// Refuses an answer without a look at it: nothing is read, compared or counted.
    pub(crate) async fn refuse_unread(
        &self,
        answered: &Answered,
        reason: Reason,
        call: Call,
    ) -> Result<Outcome, Fault> {
        let table = &self.indexer.table;
        let claim = table.refuse_unread(answering(answered, call), reason);
        Ok(settled_at_once(&claim.await?))
    }

    /// Takes the answer to `SELECT`, which is one of the chains on offer.
    pub(crate) async fn select(
        &self,
        answered: &Answered,
        offered: &[Offered],
        call: Call,
    ) -> Result<Outcome, Fault> {
        let Some(place) = challenge::chosen(offered, &answered.answer) else {
            return self.refuse_unread(answered, Reason::NotOffered, call).await;
        };
        let table = &self.indexer.table;
        let claim = table.choose(answering(answered, call), place);
        Ok(settled_at_once(&claim.await?))
    }

    /// Why an answer to `ENROL` is not looked at: it does not agree to the consent text in the
    /// version that was asked for. Where it does, that is on record before anything is looked at.
    pub(crate) async fn lacks_consent(
        &self,
        answered: &Answered,
        enrolment: &EnrolmentId,
        asked: Option<&str>,
        call: Call,
    ) -> Result<Option<Reason>, Fault> {
        let Some(version) = asked else {
            return Ok(None);
        };
        if answered.consent.as_deref() != Some(version) {
            return Ok(Some(Reason::ConsentNeeded));
        }
        let table = &self.indexer.table;
        let agreed = table.agree(&answered.user, enrolment, version, call.watch.now());
        // An enrolment that is not under way any more has nothing to agree to.
        Ok((!agreed.await?).then_some(Reason::TryLater))
    }

    /// Records that the picture of a document was accepted.
    pub(crate) async fn accept(&self, ticket: &Ticket) -> Result<Outcome, Fault> {
        let settled = self.indexer.table.settle_enrolment(ticket).await?;
        Ok(match settled {
            Settled::Recorded => Verdict::Passed.into(),
            Settled::PictureUsed
            | Settled::FaceGone
            | Settled::Superseded
            | Settled::BeforeReset
            | Settled::TakenOver => Outcome::AlreadyUsed,
        })
    }

    /// Records a refusal, and what it costs.
    pub(crate) async fn refuse(
        &self,
        ticket: &Ticket,
        reason: Reason,
        cost: Cost,
        picture: Option<Sha256Digest>,
    ) -> Result<Outcome, Fault> {
        let table = &self.indexer.table;
        table.settle_refusal(ticket, reason, cost, picture).await
    }

    /// Records that an answer was compared and is not this user's.
    pub(crate) async fn refuse_compared(
        &self,
        ticket: &Ticket,
        picture: Sha256Digest,
    ) -> Result<Outcome, Fault> {
        let picture = Some(picture);
        self.refuse(ticket, Reason::NoMatch, Cost::Comparison, picture)
            .await
    }

    /// Records a pass; a refusal where picture, data or face are not good for one any more.
    pub(crate) async fn pass(
        &self,
        ticket: &Ticket,
        pass: &PassedFactor<'_>,
        call: Call,
    ) -> Result<Outcome, Fault> {
        let table = &self.indexer.table;
        let settled = table.settle_pass(ticket, pass, call.watch.now()).await?;
        if settled == Settled::BeforeReset && !pass.password() {
            // As if it did not match: a session that is worth nothing is not to tell a stranger which
            // face would.
            return self.refuse_compared(ticket, pass.picture).await;
        }
        self.stands(ticket, settled, pass.picture).await
    }

    /// The verdict that a pass has come to.
    pub(crate) async fn stands(
        &self,
        ticket: &Ticket,
        settled: Settled,
        picture: Sha256Digest,
    ) -> Result<Outcome, Fault> {
        match settled {
            Settled::Recorded => Ok(Verdict::Passed.into()),
            Settled::TakenOver => Ok(Outcome::AlreadyUsed),
            Settled::PictureUsed | Settled::FaceGone => {
                // The client is told that nothing matched; an operator, what was in the way.
                let used = settled == Settled::PictureUsed;
                tracing::info!(target: "signin", used, "it matched, and its pass was not recorded");
                self.refuse_compared(ticket, picture).await
            }
            // Neither says anything of the face, so neither is counted.
            Settled::Superseded => {
                self.refuse(ticket, Reason::Superseded, Cost::Nothing, Some(picture))
                    .await
            }
            Settled::BeforeReset => {
                self.refuse(ticket, Reason::TryLater, Cost::Nothing, Some(picture))
                    .await
            }
        }
    }
}
