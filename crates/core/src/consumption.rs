//! A challenge is good once.
//!
//! The first answer consumes it by one conditional write. Cognito waits five seconds and asks
//! again, and its repeat looks like a client's; so the same answer gets the first one's verdict
//! for a while, and a call that died is taken over, once. Everything else is refused.

use std::time::Duration;

use crate::id::UserName;
use crate::reason::Verdict;
use crate::secret::Sha256Digest;
use crate::time::Timestamp;

/// How long the call that consumed a challenge may take to record its verdict. A trigger
/// answers within 4 seconds; Cognito's repeat comes after 5.
pub const LEASE: Duration = Duration::from_millis(4_500);

/// How long the same answer to the same challenge gets the first one's verdict: Cognito's three
/// calls of 5 seconds, and some.
pub const REPEATS_WITHIN: Duration = Duration::from_secs(20);

/// How long the record of a used challenge is kept. A challenge expires long before.
pub const KEPT: Duration = Duration::from_hours(24);

/// The record of a challenge that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumption {
    /// Who answered.
    pub user: UserName,
    /// When.
    pub at: Timestamp,
    /// The digest of the answer's text.
    pub answer: Sha256Digest,
    /// The call that works on it is dead after this moment, if it has not recorded a verdict.
    pub lease: Timestamp,
    /// Whether that call has taken over from another.
    pub taken_over: bool,
    /// How it ended.
    pub verdict: Option<Verdict>,
    /// The digest of the picture that was judged, where there was one.
    pub picture: Option<Sha256Digest>,
}

/// What a call does that finds a challenge already used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
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

impl Consumption {
    /// The record that a first answer leaves.
    pub fn first(user: UserName, answer: Sha256Digest, now: Timestamp) -> Self {
        Self {
            user,
            at: now,
            answer,
            lease: now.plus(LEASE),
            taken_over: false,
            verdict: None,
            picture: None,
        }
    }

    /// The record that a take-over leaves.
    #[must_use]
    pub fn taken_over(&self, now: Timestamp) -> Self {
        Self {
            lease: now.plus(LEASE),
            taken_over: true,
            ..self.clone()
        }
    }

    /// What a further call with this answer does.
    pub fn repeated(&self, user: &UserName, answer: Sha256Digest, now: Timestamp) -> Repeat {
        if self.user != *user || self.answer != answer || now > self.at.plus(REPEATS_WITHIN) {
            return Repeat::Refused;
        }
        match self.verdict {
            Some(verdict) => Repeat::Same(verdict, self.picture),
            None if now <= self.lease => Repeat::Running,
            None if self.taken_over => Repeat::Refused,
            None => Repeat::TakeOver,
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

    fn used() -> Consumption {
        Consumption::first(ada(), Sha256Digest::of(b"answer"), at(0))
    }

    fn repeat(of: &Consumption, millis: u64) -> Repeat {
        of.repeated(&ada(), Sha256Digest::of(b"answer"), at(millis))
    }

    #[test]
    fn a_repeat_within_twenty_seconds_gets_the_first_verdict() {
        for verdict in [Verdict::Passed, Verdict::Refused(Reason::NoMatch)] {
            let used = Consumption {
                verdict: Some(verdict),
                ..used()
            };
            assert_eq!(repeat(&used, 20_000), Repeat::Same(verdict, None));
            assert_eq!(repeat(&used, 20_001), Repeat::Refused);
        }
    }

    #[test]
    fn a_repeat_waits_for_a_call_that_is_alive_and_takes_over_from_one_that_died_once() {
        assert_eq!(repeat(&used(), 4_500), Repeat::Running);
        assert_eq!(repeat(&used(), 4_501), Repeat::TakeOver);
        let second = used().taken_over(at(5_000));
        assert_eq!(repeat(&second, 9_500), Repeat::Running);
        assert_eq!(repeat(&second, 9_501), Repeat::Refused);
    }

    #[test]
    fn another_answer_and_another_user_are_refused() {
        let used = Consumption {
            verdict: Some(Verdict::Passed),
            ..used()
        };
        let other = Sha256Digest::of(b"other");
        assert_eq!(used.repeated(&ada(), other, at(1)), Repeat::Refused);
        let bob = UserName::parse("bob").unwrap();
        assert_eq!(used.repeated(&bob, used.answer, at(1)), Repeat::Refused);
    }
}
