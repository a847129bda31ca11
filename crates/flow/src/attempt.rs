//! The order of the calls in which an answer is compared, whatever the factor.
//!
//! Three round trips, each of several calls side by side: consume the challenge and reserve an attempt
//! while the probe is read; match and measure; record the verdict while what was sent is cleaned up.

use signin_aws::fault::{Fault, in_time};
use signin_aws::stopwatch::Call;
use signin_aws::table::{Claim, PassedFace, PassedFactor, Settled, Ticket};
use signin_core::budget;
use signin_core::challenge::Reservation;
use signin_core::factor::Factor;
use signin_core::lockout::{Cost, Scope};
use signin_core::reason::{Outcome, Reason};
use signin_core::round::Answered;
use signin_core::secret::Sha256Digest;

use crate::services::Services;
use crate::verify::{Verifier, answering};

/// What one factor adds to the order of the calls: a single answer to one of its challenges.
pub(crate) trait Compared {
    /// Which factor.
    const FACTOR: Factor;

    /// What is compared.
    type Probe;

    /// What a comparison says that the probe is the user's.
    type Matched;

    /// Why the answer's own text says that nothing can be compared; such a one reserves nothing, not
    /// even for a moment.
    fn unfit(&self) -> Option<Reason>;

    /// Reads what is compared, or what is wrong with it. This runs beside the reservation, so it has no
    /// effects.
    fn fetch(&self) -> impl Future<Output = Result<Result<Self::Probe, Reason>, Fault>>;

    /// The digest of what is compared, which does not pass again.
    fn digest(&self, probe: &Self::Probe) -> Sha256Digest;

    /// Compares it.
    fn examine(
        &self,
        probe: &Self::Probe,
    ) -> impl Future<Output = Result<Judged<Self::Matched>, Fault>>;

    /// Whose face a pass is about, if it is about one; or what it comes to instead, where the enrolment
    /// that it would make active is over.
    fn passed(
        &self,
        matched: Self::Matched,
    ) -> impl Future<Output = Result<Result<Option<PassedFace>, Settled>, Fault>>;

    /// Whether a pass makes an enrolment active.
    fn activates(&self) -> bool;

    /// Deletes what was sent. A verdict does not wait for it, and does not fail with it.
    fn clean_up(&self) -> impl Future<Output = ()>;
}

/// The answer that is judged, by which invocation.
#[derive(Clone, Copy)]
pub(crate) struct Judging<'a> {
    pub(crate) answered: &'a Answered,
    /// What the attempt reserves, and what a pass is worth.
    pub(crate) reservation: &'a Reservation,
    pub(crate) call: Call,
}

/// What a comparison says.
pub(crate) enum Judged<M> {
    /// It is the user's.
    Matched(M),
    /// It is not, or cannot be compared; and what that costs.
    Refused(Reason, Cost),
}

/// What was seen in the probe that has this digest; or why there is no probe to look at.
type Examined<M> = Result<(Judged<M>, Sha256Digest), Reason>;

impl<S: Services> Verifier<S> {
    /// Judges an answer to a challenge of a factor's.
    pub(crate) async fn attempt<C: Compared>(
        &self,
        compared: &C,
        judging: Judging<'_>,
    ) -> Result<Outcome, Fault> {
        let Judging {
            answered,
            reservation,
            call,
        } = judging;
        if let Some(reason) = compared.unfit() {
            return self.refuse_unread(answered, reason, call).await;
        }
        let scope = Scope {
            path: reservation.path,
            factor: C::FACTOR,
        };
        let table = &self.indexer.table;
        let (claim, probe) = tokio::join!(
            table.claim_attempt(answering(answered, call), scope, &reservation.seen),
            compared.fetch(),
        );
        let ticket = match claim? {
            Claim::Acquired(ticket) => ticket,
            Claim::Settled(verdict, judged) if same_probe(compared, &probe, judged) => {
                return Ok(verdict.into());
            }
            Claim::Settled(..) | Claim::AlreadyUsed => return Ok(Outcome::AlreadyUsed),
        };
        let examined = async {
            Ok(match probe? {
                Ok(probe) => {
                    let digest = compared.digest(&probe);
                    Ok((compared.examine(&probe).await?, digest))
                }
                Err(reason) => Err(reason),
            })
        };
        let examined = in_time("Judge", call.watch.after(budget::JUDGEMENT), examined).await;
        let (outcome, ()) = tokio::join!(
            self.record(&ticket, examined, compared, judging),
            compared.clean_up(),
        );
        outcome
    }

    /// Records the verdict; the one that stands is returned. A fault gives the attempt back.
    async fn record<C: Compared>(
        &self,
        ticket: &Ticket,
        examined: Result<Examined<C::Matched>, Fault>,
        compared: &C,
        judging: Judging<'_>,
    ) -> Result<Outcome, Fault> {
        let recorded = match examined {
            Ok(Ok((Judged::Matched(matched), digest))) => {
                self.record_pass(ticket, (matched, digest), compared, judging)
                    .await
            }
            Ok(Ok((Judged::Refused(reason, cost), digest))) => {
                self.refuse(ticket, reason, cost, Some(digest)).await
            }
            Ok(Err(reason)) => self.refuse(ticket, reason, Cost::Nothing, None).await,
            Err(fault) => Err(fault),
        };
        self.or_give_back(ticket, recorded).await
    }

    /// Records a pass, provided that probe and enrolment are still good for one.
    async fn record_pass<C: Compared>(
        &self,
        ticket: &Ticket,
        (matched, digest): (C::Matched, Sha256Digest),
        compared: &C,
        judging: Judging<'_>,
    ) -> Result<Outcome, Fault> {
        let Judging {
            answered,
            reservation,
            call,
        } = judging;
        let face = match compared.passed(matched).await? {
            Ok(face) => face,
            Err(settled) => return self.stands(ticket, settled, digest).await,
        };
        let steps = reservation
            .on_pass
            .steps(reservation.path, compared.activates(), C::FACTOR);
        let pass = PassedFactor {
            picture: digest,
            face,
            path: reservation.path,
            steps,
            client: &answered.client,
            session: answered.challenge.session,
            nonce: answered.nonce,
            browser: answered.browser,
            last_reset: reservation.last_reset,
        };
        self.pass(ticket, &pass, call).await
    }
}

/// Whether a repeat is about what was judged. The first invocation may have deleted it already; what
/// lies in its place now must not be anything else.
fn same_probe<C: Compared>(
    compared: &C,
    now: &Result<Result<C::Probe, Reason>, Fault>,
    judged: Option<Sha256Digest>,
) -> bool {
    match now {
        Ok(Ok(probe)) => judged.is_none_or(|judged| judged == compared.digest(probe)),
        Ok(Err(_)) => true,
        Err(_) => false,
    }
}
