//! An answer and its verdict. Whatever happens, Cognito gets a verdict within four seconds: a
//! trigger that fails or is late would be called again.

use signin_aws::fault::{Fault, in_time};
use signin_aws::stopwatch::Call;
use signin_aws::table::{Answering, Claim, EmptiedBy};
use signin_core::budget;
use signin_core::challenge::{Reservation, Task};
use signin_core::face::Threshold;
use signin_core::face_data::Model;
use signin_core::factor::email_code::CodeKey;
use signin_core::id::EnrolmentId;
use signin_core::lockout::{Cost, Scope};
use signin_core::profile::StoredDocument;
use signin_core::reason::{Outcome, Reason};
use signin_core::round::{Answered, Invocation};
use signin_core::secret::Sha256Digest;
use signin_core::step::Step;

use crate::enrol::Indexer;
use crate::services::{Aws, Services};

/// Judges answers.
pub struct Verifier<S: Services = Aws> {
    /// The bucket of pictures to sign in with.
    pub sign_ins: S::Pictures,
    /// With what a probe is compared.
    pub mode: MatchMode,
    /// The least similarity of a match.
    pub threshold: Threshold,
    /// The model of the face data that are taken.
    pub model: Model,
    /// From what codes follow; none where no chain of the policy has one.
    pub codes: Option<CodeKey>,
    /// What enrols.
    pub indexer: Indexer<S>,
}

/// With what a probe is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatchMode {
    /// With the collection; only the user's own faces count.
    Collection,
    /// With the kept document.
    Compare {
        /// What lies in for the document of somebody without one. Whom it resembles does not count.
        decoy: StoredDocument,
    },
}

impl<S: Services> Verifier<S> {
    /// Judges an answer: whether it passes.
    pub async fn verify(&self, answered: &Answered, invocation: Invocation) -> bool {
        let call = Call::of(invocation);
        let late = call.watch.now() > answered.challenge.expires_at;
        let unfit = late.then_some(Reason::Expired).or(answered.unfit);
        let judged = async {
            match unfit {
                // It uses the challenge up as any answer does, so that the session goes on from it.
                Some(reason) => self.refuse_unread(answered, reason, call).await,
                None => self.judge(answered, call).await,
            }
        };
        let judged = in_time("Verify", call.watch.after(budget::TRIGGER), judged).await;
        let step = answered.challenge.step().name();
        match judged {
            Ok(Outcome::Verdict(verdict)) => {
                tracing::info!(target: "signin", step, verdict = verdict.name(), "judged");
                if verdict.passed() {
                    self.empty_other_paths(answered, call).await;
                }
                verdict.passed()
            }
            Ok(Outcome::AlreadyUsed) => {
                tracing::info!(target: "signin", step, "refused: used before");
                false
            }
            Err(fault) => {
                fault.log();
                false
            }
        }
    }

    /// Each task, to the order of calls that judges it.
    async fn judge(&self, answered: &Answered, call: Call) -> Result<Outcome, Fault> {
        match &answered.challenge.task {
            Task::Select { offered } => self.select(answered, offered, call).await,
            Task::Enrol { enrolment, consent } => {
                let consent = consent.as_deref();
                let accept =
                    async |ticket: &_| self.enrol_face(ticket, answered, enrolment, call).await;
                self.enrol(answered, enrolment, consent, call, accept).await
            }
            Task::EnrolData {
                enrolment,
                expected,
                consent,
            } => {
                let consent = consent.as_deref();
                let expected = expected.as_ref();
                let accept = async |ticket: &_| {
                    let answer = &answered.answer;
                    self.enrol_data(ticket, answer, enrolment, expected, call)
                        .await
                };
                self.enrol(answered, enrolment, consent, call, accept).await
            }
            Task::Compare(comparison) => self.compare(answered, comparison, call).await,
            Task::Refuse { reason, .. } => self.refuse_unread(answered, *reason, call).await,
        }
    }

    /// The order of the calls in which something is enrolled, whatever the factor: consume the
    /// challenge; record the consent; accept what was sent, which `accept` does and records.
    async fn enrol(
        &self,
        answered: &Answered,
        enrolment: &EnrolmentId,
        consent: Option<&str>,
        call: Call,
        accept: impl AsyncFn(&signin_aws::table::Ticket) -> Result<Outcome, Fault>,
    ) -> Result<Outcome, Fault> {
        let table = &self.indexer.table;
        let ticket = match table.claim(answering(answered, call)).await? {
            Claim::Acquired(ticket) => ticket,
            Claim::Settled(verdict, _) => return Ok(verdict.into()),
            Claim::AlreadyUsed => return Ok(Outcome::AlreadyUsed),
        };
        let enrolled = async {
            match self
                .lacks_consent(answered, enrolment, consent, call)
                .await?
            {
                Some(reason) => self.refuse(&ticket, reason, Cost::Nothing, None).await,
                None => accept(&ticket).await,
            }
        };
        let enrolled = enrolled.await;
        self.or_give_back(&ticket, enrolled).await
    }

    /// What a complete sign-in does for the paths that it was not on. The sign-in stands whatever
    /// becomes of this, and a repeat finds it done.
    async fn empty_other_paths(&self, answered: &Answered, call: Call) {
        let Step::Verify(factor) = answered.challenge.step() else {
            return;
        };
        let Some(Reservation {
            empties,
            empties_at_others,
            ..
        }) = answered.challenge.task.reservation()
        else {
            return;
        };
        let here = empties.iter().map(|path| Scope {
            path: *path,
            factor,
        });
        for scope in here.chain(empties_at_others.iter().copied()) {
            let table = &self.indexer.table;
            let now = call.watch.now();
            let emptied = table.empty_attempts(&answered.user, scope, EmptiedBy::OtherPath, now);
            let until = call.watch.after(budget::TRIGGER);
            if let Err(fault) = in_time("EmptyAttempts", until, emptied).await {
                fault.log();
            }
        }
    }
}

/// An answer, about to be claimed.
pub(crate) fn answering(answered: &Answered, call: Call) -> Answering<'_> {
    Answering {
        user: &answered.user,
        id: &answered.challenge.id,
        opening: answered.challenge.session,
        enrolment: answered.challenge.enrolment(),
        secret: answered.challenge.secret,
        code: answered.challenge.code(),
        answer: Sha256Digest::of(answered.answer.as_bytes()),
        call: call.id,
        watch: call.watch,
        until: call.watch.after(budget::JUDGEMENT),
    }
}
