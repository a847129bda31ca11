//! A challenge is good once.
//!
//! The first answer consumes it by one conditional write. Cognito waits five seconds and asks
//! again, and its repeat looks like a client's; so the same answer gets the first one's verdict
//! for a while, and a call that died is taken over, once. Everything else is refused.

use std::time::Duration;

use crate::budget;
use crate::factor::email_code::Issued;
use crate::id::{EnrolmentId, InvocationId, UserName};
use crate::reason::Verdict;
use crate::reset::Opening;
use crate::secret::Sha256Digest;
use crate::time::Timestamp;

/// How long the record of a used challenge is kept. A challenge expires long before.
pub const KEPT: Duration = Duration::from_hours(24);

/// The record of a challenge that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Who answered.
    pub user: UserName,
    /// When.
    pub at: Timestamp,
    /// The digest of the answer's text.
    pub answer: Sha256Digest,
    /// The call that works on it: only this one may record a verdict.
    pub call: InvocationId,
    /// That call is dead after this moment, if it has not recorded a verdict.
    pub lease: Timestamp,
    /// Whether that call has taken over from another.
    pub taken_over: bool,
    /// How it ended.
    pub verdict: Option<Verdict>,
    /// Whether it was compared, and refused for that.
    pub compared: bool,
    /// The digest of the picture that was judged, where there was one.
    pub picture: Option<Sha256Digest>,
    /// The place of the chain that was chosen, where that was asked for.
    pub chosen: Option<u8>,
    /// What the session's next round has to know.
    pub session: Facts,
}

/// What a session carries from round to round. Cognito keeps its results only, so it stands with
/// each challenge that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// How the session began.
    pub opening: Opening,
    /// Its enrolment, if it has one.
    pub enrolment: Option<EnrolmentId>,
    /// The digest of the secret that came with the password, while an enrolment may still begin.
    pub secret: Option<Sha256Digest>,
    /// The code that was mailed for it, if one was.
    pub code: Option<Issued>,
}

/// What a call does that finds a challenge already used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicate {
    /// Go on: this very call wrote the record, and did not hear that it had.
    Mine,
    /// Answer as the first call did, provided that the picture at the key, where one is left,
    /// has this digest.
    Same(Verdict, Option<Sha256Digest>),
    /// The first call is still at it: look again.
    Running,
    /// The first call died: take its place.
    TakeOver,
    /// Refuse: another answer, another user, or too late.
    Refused,
}

impl IdempotencyRecord {
    /// The record that a first answer leaves.
    pub fn first(
        user: UserName,
        answer: Sha256Digest,
        call: InvocationId,
        session: Facts,
        now: Timestamp,
    ) -> Self {
        Self {
            user,
            at: now,
            answer,
            call,
            lease: now.plus(budget::CHALLENGE_LEASE),
            taken_over: false,
            verdict: None,
            compared: false,
            picture: None,
            chosen: None,
            session,
        }
    }

    /// The record that a take-over leaves.
    #[must_use]
    pub fn taken_over(&self, call: InvocationId, now: Timestamp) -> Self {
        Self {
            call,
            lease: now.plus(budget::CHALLENGE_LEASE),
            taken_over: true,
            ..self.clone()
        }
    }

    /// Whether the answer was left unjudged: the call that worked on it is dead.
    pub fn is_abandoned(&self, now: Timestamp) -> bool {
        self.verdict.is_none() && now > self.lease
    }

    /// What a call with this answer does that finds the challenge used.
    pub fn repeated(
        &self,
        user: &UserName,
        answer: Sha256Digest,
        call: InvocationId,
        now: Timestamp,
    ) -> Duplicate {
        if self.user != *user || self.answer != answer || now > self.at.plus(budget::SAME_ANSWER) {
            return Duplicate::Refused;
        }
        match self.verdict {
            Some(verdict) => Duplicate::Same(verdict, self.picture),
            None if self.call == call => Duplicate::Mine,
            None if now <= self.lease => Duplicate::Running,
            None if self.taken_over => Duplicate::Refused,
            None => Duplicate::TakeOver,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    fn ada() -> UserName {
        UserName::parse("ada").unwrap()
    }

    fn call(number: u8) -> InvocationId {
        InvocationId::from_random([number; 16])
    }

    fn used() -> IdempotencyRecord {
        let opening = Opening {
            began: at(0),
            bound: false,
        };
        let session = Facts {
            opening,
            enrolment: None,
            secret: None,
            code: None,
        };
        IdempotencyRecord::first(ada(), Sha256Digest::of(b"answer"), call(1), session, at(0))
    }

    fn repeat(of: &IdempotencyRecord, millis: u64) -> Duplicate {
        of.repeated(&ada(), Sha256Digest::of(b"answer"), call(2), at(millis))
    }

    #[test]
    fn a_repeat_within_twenty_seconds_gets_the_first_verdict() {
        for verdict in [Verdict::Passed, Verdict::Refused(Reason::NoMatch)] {
            let used = IdempotencyRecord {
                verdict: Some(verdict),
                ..used()
            };
            assert_eq!(repeat(&used, 20_000), Duplicate::Same(verdict, None));
            assert_eq!(repeat(&used, 20_001), Duplicate::Refused);
        }
    }

    #[test]
    fn a_repeat_waits_for_a_call_that_is_alive_and_takes_over_from_one_that_died_once() {
        assert_eq!(repeat(&used(), 4_500), Duplicate::Running);
        assert_eq!(repeat(&used(), 4_501), Duplicate::TakeOver);
        let second = used().taken_over(call(3), at(5_000));
        assert_eq!(repeat(&second, 9_500), Duplicate::Running);
        assert_eq!(repeat(&second, 9_501), Duplicate::Refused);
    }

    #[test]
    fn another_answer_and_another_user_are_refused() {
        let used = IdempotencyRecord {
            verdict: Some(Verdict::Passed),
            ..used()
        };
        let other = Sha256Digest::of(b"other");
        let repeated = |user: &UserName, answer| used.repeated(user, answer, call(2), at(1));
        assert_eq!(repeated(&ada(), other), Duplicate::Refused);
        let bob = UserName::parse("bob").unwrap();
        assert_eq!(repeated(&bob, used.answer), Duplicate::Refused);
    }

    #[test]
    fn a_call_that_did_not_hear_of_its_own_write_goes_on() {
        let found = used().repeated(&ada(), Sha256Digest::of(b"answer"), call(1), at(10));
        assert_eq!(found, Duplicate::Mine);
    }

    #[test]
    fn an_answer_without_a_verdict_is_abandoned_when_its_lease_is_over() {
        assert!(!used().is_abandoned(at(4_500)));
        assert!(used().is_abandoned(at(4_501)));
        let judged = IdempotencyRecord {
            verdict: Some(Verdict::Passed),
            ..used()
        };
        assert!(!judged.is_abandoned(at(4_501)));
    }
}
