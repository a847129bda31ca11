//! Challenges that are answered, attempts that are reserved, verdicts that are recorded.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use signin_core::face_data::FaceData;
use signin_core::factor::email_code::Issued;
use signin_core::factor::face_data::EnrolledData;
use signin_core::id::{ChallengeId, EnrolmentId, InvocationId, UserName};
use signin_core::idempotency::{Duplicate, Facts, IdempotencyRecord, KEPT};
use signin_core::lockout::{Attempts, Cost, Path, Scope, Wait};
use signin_core::notice::Notice;
use signin_core::profile::State;
use signin_core::reason::{Outcome, Reason, Verdict};
use signin_core::reset::Opening;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;
use tokio::time::Instant;

use super::attribute::{
    ANSWER, BEGAN, BINDING, BOUND, CALL, CHOSEN, CODE_FOR, CODE_UNTIL, COMPARED, CONSUMED_AT,
    DATA_FROM_SIGN_UP, DATA_OF, ENROLMENT, FACE_DATA, FACES, LEASE, PICTURE, PK, RESET_AT, SECRET,
    STATE, TAKEN_OVER, TTL, USER, VERDICT, WAITING,
};
use super::dynamodb::RACES;
use super::item::{Change, Key, Kind, Write, bytes, number, put_new, text, time, ttl};
use super::records::{
    PICTURE_KEPT, PassedFace, PassedFactor, activate, activated, idempotency_record, record_pass,
    remembered, reserve_attempt, seen_browser, set_data, settle_attempt, tell, verdict_of_call,
};
use super::rows::{Rows, Transaction};
use super::{UserTable, challenge_key, former_challenge_key, picture_key, profile_key};
use crate::fault::Fault;
use crate::stopwatch::Stopwatch;

/// How often a call looks whether the one before it has come to a verdict.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What came of answering a challenge.
#[derive(Debug)]
pub enum Claim {
    /// It is this call's to judge.
    Acquired(Ticket),
    /// It is settled: a first call's verdict, good where the picture at the key (if one is left)
    /// has this digest; or a wait that is due.
    Settled(Verdict, Option<Sha256Digest>),
    /// It was used before, by another answer or too long ago.
    AlreadyUsed,
}

/// The right to judge one answer, once.
#[derive(Debug)]
pub struct Ticket {
    user: UserName,
    id: ChallengeId,
    /// Where the challenge's record lies.
    key: Key,
    call: InvocationId,
    /// Where the attempt is reserved, if one is.
    reservation: Option<Scope>,
    /// Since when the path is locked, should the attempt fail, and was not before.
    locks: Option<Timestamp>,
}

/// An answer to a challenge, about to be claimed.
#[derive(Clone, Copy, Debug)]
pub struct Answering<'a> {
    /// Who answers.
    pub user: &'a UserName,
    /// Which challenge.
    pub id: &'a ChallengeId,
    /// How the session began.
    pub opening: Opening,
    /// The session's enrolment, if it has one.
    pub enrolment: Option<&'a EnrolmentId>,
    /// The digest of the secret that came with the password, while an enrolment may still begin.
    pub secret: Option<Sha256Digest>,
    /// The code that was mailed for the session, if the challenge asks for one.
    pub code: Option<&'a Issued>,
    /// The digest of the answer's text.
    pub answer: Sha256Digest,
    /// The call that was handed the answer.
    pub call: InvocationId,
    /// The time.
    pub watch: Stopwatch,
    /// When to stop waiting for another call's verdict.
    pub until: Instant,
}

/// What became of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It stands.
    Recorded,
    /// The picture passed or was enrolled before, byte for byte.
    PictureUsed,
    /// The face is not this user's any more.
    FaceGone,
    /// The enrolment that the face would have made active is not under way any more.
    Superseded,
    /// The session counts for nothing since the account's last password reset.
    BeforeReset,
    /// Another call has taken this one's place.
    TakenOver,
}

/// Requires that a session with a password still counts: no password reset has come since it began,
/// and its enrolment, where it has one, is the one under way. (A session without a password guesses
/// as any stranger may; whether a reset has come is its pass's to find.)
fn still_counts(answering: Answering<'_>, path: Path) -> Option<Write> {
    if path != Path::Password {
        return None;
    }
    let resets_before = answering.opening.resets_before(true);
    let check =
        Write::to(profile_key(answering.user)).if_absent_or_less(RESET_AT, time(resets_before));
    Some(match answering.enrolment {
        Some(enrolment) => check.if_equal(ENROLMENT, text(enrolment.as_str())),
        None => check,
    })
}

impl<R: Rows> UserTable<R> {
    /// Consumes a challenge and reserves an attempt, both or neither, in one conditional transaction.
    ///
    /// `seen` are the attempts as create-auth-challenge read them. While they still are, that is one
    /// round trip; where somebody else has tried since, they are read anew. An attempt during a wait
    /// consumes the challenge and reserves nothing; one that only what is still running keeps
    /// back looks again, since that may leave no trace. Where a session with a password counts for
    /// nothing since a reset, or its enrolment is not the one under way any more, the challenge is used
    /// up and says so; nothing is counted. A write that failed may have been carried out all the same: then the attempt is given back.
    pub async fn claim_attempt(
        &self,
        answering: Answering<'_>,
        scope: Scope,
        seen: &Attempts,
    ) -> Result<Claim, Fault> {
        let fault = match self.reserve(answering, scope, seen).await {
            Ok(claim) => return Ok(claim),
            Err(fault) => fault,
        };
        let found = self.answered(answering.user, answering.id).await?;
        if found.is_none_or(|(_, found)| found.call != answering.call) {
            return Err(fault);
        }
        fault.log();
        let settled = self.settle_fault(&answering.ticket(Some(scope))).await?;
        Ok(match settled {
            Outcome::Verdict(verdict) => Claim::Settled(verdict, None),
            Outcome::AlreadyUsed => Claim::AlreadyUsed,
        })
    }

    async fn reserve(
        &self,
        answering: Answering<'_>,
        scope: Scope,
        seen: &Attempts,
    ) -> Result<Claim, Fault> {
        let Answering {
            user,
            id,
            watch,
            until,
            ..
        } = answering;
        let mut attempts = seen.clone();
        let mut fresh = false;
        let mut pause = LOOK_AGAIN;
        for _ in 0..RACES {
            let now = watch.now();
            let consumption = answering.first();
            match attempts.reserve(id, now) {
                Ok(after) => {
                    let count = reserve_attempt(user, scope, &attempts, &after, now);
                    let [consume, unused] = put_record(id, &consumption);
                    let mut writes = vec![consume, count.in_transaction()];
                    let going_on = still_counts(answering, scope.path);
                    writes.extend(going_on.map(Write::check_in_transaction));
                    writes.push(unused);
                    match self.write(writes).await? {
                        Transaction::Written => {
                            let locks = after.reserved().wait(now) == Some(Wait::Locked);
                            return Ok(Claim::Acquired(Ticket {
                                locks: locks.then_some(now),
                                ..answering.ticket(Some(scope))
                            }));
                        }
                        Transaction::Unmet(kinds) if kinds.contains(&Kind::Challenge) => {
                            return self.claim_again(answering, Some(scope)).await;
                        }
                        // See `still_counts`.
                        Transaction::Unmet(kinds) if kinds.contains(&Kind::Profile) => {
                            let reset = self.profile(user).await?.reset.map(|reset| reset.at);
                            let reason = if answering.opening.outlives(true, reset) {
                                Reason::Superseded
                            } else {
                                Reason::TryLater
                            };
                            return self.refuse_unread(answering, reason).await;
                        }
                        Transaction::Unmet(_) => {}
                    }
                }
                Err(wait) if fresh => {
                    let others_run = attempts.judged().wait(now).is_none();
                    if others_run && Instant::now() + pause < until {
                        tokio::time::sleep(pause).await;
                        pause *= 2;
                    } else {
                        let waiting = Verdict::Refused(wait.reason());
                        let settled = IdempotencyRecord {
                            verdict: Some(waiting),
                            ..consumption
                        };
                        let used_up = put_record(id, &settled);
                        return match self.write(used_up.into()).await? {
                            Transaction::Written => Ok(Claim::Settled(waiting, None)),
                            Transaction::Unmet(_) => self.claim_again(answering, Some(scope)).await,
                        };
                    }
                }
                Err(_) => {}
            }
            attempts = self.attempts(user, scope).await?;
            fresh = true;
        }
        Err(Fault::new(
            "ReserveAttempt",
            "transaction conflict retries exhausted",
        ))
    }

    /// Uses a challenge up whose answer is not looked at, and says why.
    pub async fn refuse_unread(
        &self,
        answering: Answering<'_>,
        reason: Reason,
    ) -> Result<Claim, Fault> {
        self.settle_at_once(answering, Verdict::Refused(reason), None)
            .await
    }

    /// Uses a challenge up whose answer has chosen the chain at this place of the policy.
    pub async fn choose(&self, answering: Answering<'_>, place: u8) -> Result<Claim, Fault> {
        self.settle_at_once(answering, Verdict::Passed, Some(place))
            .await
    }

    /// Uses a challenge up whose verdict rests on nothing else, in one write.
    async fn settle_at_once(
        &self,
        answering: Answering<'_>,
        verdict: Verdict,
        chosen: Option<u8>,
    ) -> Result<Claim, Fault> {
        let settled = IdempotencyRecord {
            verdict: Some(verdict),
            chosen,
            ..answering.first()
        };
        let used_up = put_record(answering.id, &settled);
        match self.write(used_up.into()).await? {
            Transaction::Written => Ok(Claim::Settled(verdict, None)),
            Transaction::Unmet(_) => self.claim_again(answering, None).await,
        }
    }

    /// Consumes a challenge that reserves no attempt.
    pub async fn claim(&self, answering: Answering<'_>) -> Result<Claim, Fault> {
        let consumed = put_record(answering.id, &answering.first());
        match self.write(consumed.into()).await? {
            Transaction::Written => Ok(Claim::Acquired(answering.ticket(None))),
            Transaction::Unmet(_) => self.claim_again(answering, None).await,
        }
    }

    /// What a call does that finds the challenge used: the first one's verdict, a wait for it,
    /// its place, or nothing.
    async fn claim_again(
        &self,
        answering: Answering<'_>,
        reservation: Option<Scope>,
    ) -> Result<Claim, Fault> {
        let Answering {
            user,
            id,
            answer,
            call,
            watch,
            until,
            ..
        } = answering;
        loop {
            let Some((key, used)) = self.answered(user, id).await? else {
                return Ok(Claim::AlreadyUsed);
            };
            let ticket = || Ticket {
                key: key.clone(),
                ..answering.ticket(reservation)
            };
            match used.repeated(user, answer, call, watch.now()) {
                Duplicate::Mine => return Ok(Claim::Acquired(ticket())),
                Duplicate::Refused => return Ok(Claim::AlreadyUsed),
                Duplicate::Same(verdict, picture) => return Ok(Claim::Settled(verdict, picture)),
                Duplicate::TakeOver => {
                    let taken = used.taken_over(call, watch.now());
                    let write = Write::to(key.clone())
                        .set(CALL, text(taken.call.to_string()))
                        .set(LEASE, time(taken.lease))
                        .set(TAKEN_OVER, AttributeValue::Bool(true))
                        .if_equal(CALL, text(used.call.to_string()))
                        .if_absent(VERDICT);
                    if self.update("TakeOver", write).await? {
                        return Ok(Claim::Acquired(ticket()));
                    }
                }
                Duplicate::Running => {}
            }
            if Instant::now() + LOOK_AGAIN >= until {
                return Ok(Claim::AlreadyUsed);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Records a refusal, and what it costs. Returns the verdict of this call's that stands.
    pub async fn settle_refusal(
        &self,
        ticket: &Ticket,
        reason: Reason,
        cost: Cost,
        picture: Option<Sha256Digest>,
    ) -> Result<Outcome, Fault> {
        let refusal = Verdict::Refused(reason);
        let refused = || verdict(ticket, refusal, cost, picture);
        if self.settle("SettleRefusal", ticket, cost, refused).await? {
            return Ok(refusal.into());
        }
        self.own(ticket).await
    }

    /// Records a verdict and what becomes of the attempt behind it, both or neither. An attempt that is not
    /// on record any more, since the levels were emptied meanwhile, changes nothing else. False
    /// where the ticket is not good any more.
    async fn settle(
        &self,
        what: &'static str,
        ticket: &Ticket,
        cost: Cost,
        verdict: impl Fn() -> Write,
    ) -> Result<bool, Fault> {
        if let Some(scope) = ticket.reservation {
            let tried = settle_attempt(&ticket.user, scope, &ticket.id, cost);
            // Alike for everybody: an unknown user's is mailed to nobody.
            let locked = ticket.locks.filter(|_| cost == Cost::Comparison);
            let told = locked.map(|now| tell(&ticket.user, Notice::LockedOut, now));
            let writes = [verdict(), tried].into_iter().chain(told);
            let writes = writes.map(Write::in_transaction);
            match self.write(writes.collect()).await? {
                Transaction::Written => return Ok(true),
                Transaction::Unmet(kinds) if kinds.contains(&Kind::Challenge) => return Ok(false),
                Transaction::Unmet(_) => {}
            }
        }
        self.update(what, verdict()).await
    }

    /// Records that an enrolment's picture was accepted.
    pub async fn settle_enrolment(&self, ticket: &Ticket) -> Result<Settled, Fault> {
        let passed = verdict(ticket, Verdict::Passed, Cost::Nothing, None);
        if self.update("SettleEnrolment", passed).await? {
            return Ok(Settled::Recorded);
        }
        self.recorded(ticket).await
    }

    /// Records that an enrolment's face data were accepted: they are compared from now on, and
    /// never pass themselves. All or nothing, and only while the enrolment goes on.
    pub async fn settle_data_enrolment(
        &self,
        ticket: &Ticket,
        enrolment: &EnrolmentId,
        data: &FaceData,
        now: Timestamp,
    ) -> Result<Settled, Fault> {
        let digest = data.digest();
        let profile = set_data(Write::to(profile_key(&ticket.user)), data)
            .set(DATA_OF, text(enrolment.as_str()))
            .if_equal(STATE, text(State::MayEnrol.name()))
            .if_equal(ENROLMENT, text(enrolment.as_str()));
        let remembered = remembered(&ticket.user, digest, now);
        let writes = [
            verdict(ticket, Verdict::Passed, Cost::Nothing, Some(digest)),
            profile,
            remembered,
        ];
        let writes = writes.map(Write::in_transaction);
        match self.write(writes.into()).await? {
            Transaction::Written => Ok(Settled::Recorded),
            Transaction::Unmet(kinds) if kinds.contains(&Kind::Challenge) => {
                self.recorded(ticket).await
            }
            Transaction::Unmet(_) => Ok(Settled::FaceGone),
        }
    }

    /// Reads what became of a challenge, and where that stands.
    pub(super) async fn answered(
        &self,
        user: &UserName,
        id: &ChallengeId,
    ) -> Result<Option<(Key, IdempotencyRecord)>, Fault> {
        let (own, former) = (challenge_key(user, id), former_challenge_key(id));
        let keys = [Some(own.clone()), Some(former.clone())];
        let [found, before] = self.read(keys).await?;
        let found = found.map(|item| (own, item));
        let found = found.or(before.map(|item| (former, item)));
        found
            .map(|(key, item)| Ok((key, idempotency_record(&item)?)))
            .transpose()
    }

    /// The verdict that stands by this very call, if one does.
    async fn verdict_of(&self, ticket: &Ticket) -> Result<Option<Verdict>, Fault> {
        let found = self.answered(&ticket.user, &ticket.id).await?;
        let own = found.filter(|(_, found)| found.call == ticket.call);
        Ok(own.and_then(|(_, own)| own.verdict))
    }

    /// What became of a pass whose write found its condition unmet: it may have been carried out
    /// before, without this call's hearing of it.
    async fn recorded(&self, ticket: &Ticket) -> Result<Settled, Fault> {
        Ok(match self.verdict_of(ticket).await? {
            Some(Verdict::Passed) => Settled::Recorded,
            _ => Settled::TakenOver,
        })
    }

    /// Records that a fault kept the answer from being judged, and gives the attempt back. Returns the
    /// verdict of this call's that stands: another one where the fault hid that it was recorded.
    pub async fn settle_fault(&self, ticket: &Ticket) -> Result<Outcome, Fault> {
        let given_up = Verdict::Refused(Reason::TryLater);
        let fault = || verdict(ticket, given_up, Cost::Nothing, None);
        if self
            .settle("SettleFault", ticket, Cost::Nothing, fault)
            .await?
        {
            return Ok(given_up.into());
        }
        // It is judged, or another call has taken over, and the attempt is its to give back.
        self.own(ticket).await
    }

    /// The verdict that stands by this very call; none where another call has taken over.
    async fn own(&self, ticket: &Ticket) -> Result<Outcome, Fault> {
        let own = self.verdict_of(ticket).await?;
        Ok(own.map_or(Outcome::AlreadyUsed, Outcome::Verdict))
    }

    /// Records a pass: verdict, the attempt given back, the pass that tokens use up where the chain is
    /// complete, the picture that must not pass again, and what else changes, all or nothing.
    pub async fn settle_pass(
        &self,
        ticket: &Ticket,
        passed: &PassedFactor<'_>,
        now: Timestamp,
    ) -> Result<Settled, Fault> {
        let mut written = self
            .write(pass(ticket, ticket.reservation, passed, now))
            .await?;
        // The try is not on record any more: the levels were emptied meanwhile.
        if written == Transaction::Unmet(BTreeSet::from([Kind::Attempts])) {
            written = self.write(pass(ticket, None, passed, now)).await?;
        }
        let unmet = match written {
            Transaction::Written => return Ok(Settled::Recorded),
            Transaction::Unmet(kinds) => kinds,
        };
        if unmet.contains(&Kind::Challenge) {
            return self.recorded(ticket).await;
        }
        // Whatever else is wrong with a pass, that its enrolment is over is all that is told.
        let over = [Kind::Profile, Kind::Enrolment];
        if passed.enrols() && over.iter().any(|kind| unmet.contains(kind)) {
            return Ok(Settled::Superseded);
        }
        if unmet.contains(&Kind::Picture) {
            return Ok(Settled::PictureUsed);
        }
        let reset = self.profile(&ticket.user).await?.reset_at();
        if passed.session.outlives(passed.password(), reset) {
            Ok(Settled::FaceGone)
        } else {
            Ok(Settled::BeforeReset)
        }
    }
}

impl Answering<'_> {
    /// The record that a first answer leaves.
    fn first(&self) -> IdempotencyRecord {
        let session = Facts {
            opening: self.opening,
            enrolment: self.enrolment.cloned(),
            secret: self.secret,
            code: self.code.cloned(),
        };
        let now = self.watch.now();
        IdempotencyRecord::first(self.user.clone(), self.answer, self.call, session, now)
    }

    fn ticket(&self, reservation: Option<Scope>) -> Ticket {
        Ticket {
            user: self.user.clone(),
            id: self.id.clone(),
            key: challenge_key(self.user, self.id),
            call: self.call,
            reservation,
            locks: None,
        }
    }
}

/// All that a pass writes.
fn pass(
    ticket: &Ticket,
    reservation: Option<Scope>,
    pass: &PassedFactor<'_>,
    now: Timestamp,
) -> Vec<Change> {
    let picture = pass.picture;
    let key = picture_key(&ticket.user, picture);
    let resets_before = pass.session.resets_before(pass.password());
    let profile =
        Write::to(profile_key(&ticket.user)).if_absent_or_less(RESET_AT, time(resets_before));
    let passed = verdict(ticket, Verdict::Passed, Cost::Nothing, Some(picture));
    let mut writes = vec![
        passed.in_transaction(),
        put_new(&key, [(TTL, ttl(now.plus(PICTURE_KEPT)))]),
    ];
    if let Some(scope) = reservation {
        let back = settle_attempt(&ticket.user, scope, &ticket.id, Cost::Nothing);
        writes.push(back.in_transaction());
    }
    match &pass.face {
        // That no reset has come is all that the profile has to say.
        None => writes.push(profile.check_in_transaction()),
        Some(PassedFace::Known(face)) => {
            let known = profile.if_entry(FACES, face.as_str());
            writes.push(known.check_in_transaction());
        }
        Some(PassedFace::Activates(enrolment, face)) => {
            let active = activate(profile, face)
                .if_equal(STATE, text(State::MayEnrol.name()))
                .if_equal(ENROLMENT, text(enrolment.as_str()));
            writes.push(active.in_transaction());
            let enrolment = activated(&ticket.user, enrolment, face);
            writes.push(enrolment.in_transaction());
        }
        Some(PassedFace::KnownData(of)) => {
            let known = profile
                .if_equal(STATE, text(State::Active.name()))
                .if_equal(DATA_OF, text(of.as_str()));
            writes.push(known.check_in_transaction());
        }
        Some(PassedFace::ActivatesData(EnrolledData { of, data })) => {
            let active = profile
                .set(STATE, text(State::Active.name()))
                // An operator's picture that waits has waited in vain, and is undone in time.
                .remove([ENROLMENT, BINDING, WAITING, TTL, DATA_FROM_SIGN_UP])
                .if_equal(STATE, text(State::MayEnrol.name()))
                .if_equal(ENROLMENT, text(of.as_str()))
                .if_equal(DATA_OF, text(of.as_str()))
                .if_equal(FACE_DATA, bytes(&data.to_bytes()))
                .if_absent(FACES);
            writes.push(active.in_transaction());
        }
    }
    if let Some(recorded) = record_pass(&ticket.user, pass, now) {
        let browser = seen_browser(&ticket.user, pass, now);
        writes.extend([recorded, browser].map(Write::in_transaction));
    }
    if pass.enrols() {
        writes.push(tell(&ticket.user, Notice::FaceEnrolled, now).in_transaction());
    }
    writes
}

/// Uses a challenge up: puts its record where there is none, and none of a version before.
fn put_record(id: &ChallengeId, used: &IdempotencyRecord) -> [Change; 2] {
    let verdict = used.verdict.map(|verdict| (VERDICT, text(verdict.name())));
    let attributes = [
        (USER, text(used.user.as_str())),
        (CONSUMED_AT, time(used.at)),
        (ANSWER, text(used.answer.to_hex())),
        (CALL, text(used.call.to_string())),
        (LEASE, time(used.lease)),
        (BEGAN, time(used.session.opening.began)),
        (BOUND, AttributeValue::Bool(used.session.opening.bound)),
        (TTL, ttl(used.at.plus(KEPT))),
    ];
    let enrolment = used
        .session
        .enrolment
        .as_ref()
        .map(|id| (ENROLMENT, text(id.as_str())));
    let secret = used
        .session
        .secret
        .map(|secret| (SECRET, text(secret.to_hex())));
    let code = used.session.code.iter().flat_map(|code| {
        let challenge = text(code.challenge.as_str());
        [(CODE_FOR, challenge), (CODE_UNTIL, time(code.until))]
    });
    let chosen = used.chosen.map(|place| (CHOSEN, number(place)));
    let carried = enrolment
        .into_iter()
        .chain(secret)
        .chain(code)
        .chain(chosen);
    let consumed = put_new(
        &challenge_key(&used.user, id),
        attributes.into_iter().chain(carried).chain(verdict),
    );
    let unused = Write::to(former_challenge_key(id)).if_absent(PK);
    [consumed, unused.check_in_transaction()]
}

/// Writes a verdict, provided that the ticket is still good: nobody has taken over, and there is
/// no verdict yet.
fn verdict(ticket: &Ticket, verdict: Verdict, cost: Cost, picture: Option<Sha256Digest>) -> Write {
    let compared = cost == Cost::Comparison;
    verdict_of_call(ticket.key.clone(), ticket.call, verdict)
        .set_some(PICTURE, picture.map(|picture| text(picture.to_hex())))
        .set_some(COMPARED, compared.then_some(AttributeValue::Bool(true)))
}
