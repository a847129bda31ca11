//! What a password reset does to sessions that had begun before it.
//!
//! A stranger who signed up with somebody's address, or a thief of an old password, may keep
//! sessions with that password in the air while the owner resets it: Cognito has checked the old
//! password, and the first custom challenge is made after the reset. So for as long as such a
//! session can live, one with a password counts only where its password answer brought the secret
//! of the reset itself. A session without a password tells nothing of the kind, and is simply too
//! old where it began before the reset.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::budget;
use crate::secret::Sha256Digest;
use crate::time::Timestamp;

/// A completed reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// When post-confirmation was told of it.
    pub at: Timestamp,
    /// The digest of the secret that it brought; none where it brought none.
    pub binding: Option<Sha256Digest>,
}

impl Reset {
    /// Whether a password's answer brought this reset's secret.
    pub fn binds(self, secret: Option<Sha256Digest>) -> bool {
        self.binding.is_some() && self.binding == secret
    }
}

/// How a session began. create-auth-challenge says it in the private parameters of every
/// challenge, and it is on record with the pass that the session comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
    /// When its first custom challenge was made; read from the clock before the profile was read.
    pub began: Timestamp,
    /// Whether the password's answer brought the secret of the last reset.
    pub bound: bool,
}

impl Opening {
    /// What is certain of a session of which no record tells how it began: that it is no older
    /// than its rounds can have lasted.
    pub fn unknown(rounds: usize, now: Timestamp) -> Self {
        let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
        Self {
            began: now.minus(budget::ROUND.saturating_mul(rounds)),
            bound: false,
        }
    }

    /// The moment before which the account's last reset must lie for the session to count. The
    /// session's steps say whether it proved a password.
    pub fn resets_before(self, password: bool) -> Timestamp {
        if password && !self.bound {
            self.began.minus(budget::OLD_SESSIONS_LIVE)
        } else {
            self.began
        }
    }

    /// Whether the session counts after the account's last reset, if there was one.
    ///
    /// ```
    /// use signin_core::{reset::Opening, time::Timestamp};
    /// let minute = |n: u64| Timestamp::from_millis(n * 60_000);
    /// let unbound = Opening { began: minute(20), bound: false };
    /// assert!(unbound.outlives(true, None));
    /// // With a password and without the reset's secret: only when no old session can be left.
    /// assert!(!unbound.outlives(true, Some(minute(4))));
    /// assert!(unbound.outlives(true, Some(minute(3))));
    /// // Without a password: if it began after the reset.
    /// assert!(unbound.outlives(false, Some(minute(19))));
    /// assert!(!unbound.outlives(false, Some(minute(20))));
    /// ```
    pub fn outlives(self, password: bool, reset: Option<Timestamp>) -> bool {
        reset.is_none_or(|reset| reset < self.resets_before(password))
    }
}

/// How long after a reset a session with a password and without the reset's secret must still wait
/// to begin; zero where it need not.
pub fn wait(reset: Timestamp, now: Timestamp) -> Duration {
    reset.plus(budget::OLD_SESSIONS_LIVE).since(now)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RESET: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn opening(began: Timestamp, bound: bool) -> Opening {
        Opening { began, bound }
    }

    #[test]
    fn for_sixteen_minutes_after_a_reset_a_password_counts_with_its_secret_alone() {
        for (minutes, counts) in [(1, false), (15, false), (16, false), (17, true)] {
            let began = RESET.plus(Duration::from_mins(minutes));
            assert_eq!(opening(began, false).outlives(true, Some(RESET)), counts);
            assert!(opening(began, true).outlives(true, Some(RESET)));
            assert!(opening(began, false).outlives(false, Some(RESET)));
        }
    }

    #[test]
    fn whoever_waits_as_long_as_told_counts_from_then_on() {
        let now = RESET.plus(Duration::from_mins(5));
        let wait = wait(RESET, now);
        assert_eq!(wait, Duration::from_mins(11));
        let later = now.plus(wait).plus(Duration::from_millis(1));
        assert!(opening(later, false).outlives(true, Some(RESET)));
    }

    #[test]
    fn a_secret_binds_to_its_own_reset_alone() {
        let secret = Sha256Digest::of(b"secret");
        let reset = |binding| Reset { at: RESET, binding };
        assert!(reset(Some(secret)).binds(Some(secret)));
        assert!(!reset(Some(secret)).binds(Some(Sha256Digest::of(b"another"))));
        assert!(!reset(Some(secret)).binds(None));
        assert!(!reset(None).binds(Some(secret)));
        assert!(!reset(None).binds(None));
    }

    proptest! {
        #[test]
        fn nothing_that_began_before_a_reset_counts_after_it(
            age in 0_u64..200_000_000,
            bound: bool,
            password: bool,
        ) {
            let began = RESET.minus(Duration::from_millis(age));
            prop_assert!(!opening(began, bound).outlives(password, Some(RESET)));
        }

        /// The session proved the old password before the reset, and lives 15 minutes at most: however
        /// late its first challenge is made, it does not count without the reset's secret.
        #[test]
        fn a_session_that_proved_the_old_password_never_counts_after_the_reset(
            before in 0_u64..900_000,
            lived in 0_u64..=900_000,
        ) {
            let proved = RESET.minus(Duration::from_millis(before));
            let began = proved.plus(Duration::from_millis(lived));
            prop_assert!(!opening(began, false).outlives(true, Some(RESET)));
        }

        #[test]
        fn a_session_without_a_record_is_never_taken_for_younger_than_it_is(
            rounds in proptest::collection::vec(0_u64..900_000, 1..12),
        ) {
            let now = RESET.plus(Duration::from_millis(rounds.iter().sum()));
            prop_assert!(Opening::unknown(rounds.len(), now).began <= RESET);
        }
    }
}
