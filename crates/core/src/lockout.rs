//! What wrong tries cost, across sessions.
//!
//! A try is **reserved** before the match: the counter goes up first, under a condition that
//! makes concurrent tries line up, and is given back on a fault of a service's or set back by a
//! passed face. So there are never more comparisons than the counter says, however many run at
//! once.
//!
//! The figures keep within NIST SP 800-63B-4, section 3.2.3 (at most 5 consecutive failed
//! attempts without a delay of at least 30 seconds, at most 50 before the authenticator is
//! disabled); ours are the stricter half.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Failures in a row that are free of waiting.
pub const FREE_FAILURES: u32 = 5;

/// The wait after the fifth failure; each further one doubles it.
pub const FIRST_WAIT: Duration = Duration::from_secs(30);

/// The longest wait.
pub const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// Failures in a row that switch a path off until an operator turns it on.
pub const FAILURES_TO_OFF: u32 = 25;

/// On which of a user's two paths a try is made. Each has a counter of its own, so that a
/// stranger's tries on an address never delay the owner's sign-ins with the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Path {
    /// The session proved the password.
    Password,
    /// It did not.
    Open,
}

/// One path's failures in a row, and until when the next try must wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Counter {
    /// Failures in a row, tries that are being compared included.
    pub failures: u32,
    /// No try is compared before this moment.
    pub not_before: Timestamp,
}

/// Why a try cannot be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Not before this long.
    For(Duration),
    /// Not until an operator turns the path on.
    SwitchedOff,
}

/// A try that was reserved: what the counter was, and what it has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The counter as it was read; the write that reserves is good only while it still is.
    pub before: Counter,
    /// The counter as the reservation leaves it.
    pub after: Counter,
}

impl Counter {
    /// What keeps the next try from being made at `now`, if anything does.
    pub fn wait(self, now: Timestamp) -> Option<Wait> {
        if self.failures >= FAILURES_TO_OFF {
            Some(Wait::SwitchedOff)
        } else if now < self.not_before {
            Some(Wait::For(self.not_before.since(now)))
        } else {
            None
        }
    }

    /// Reserves the next try at `now`, or says what keeps it.
    ///
    /// ```
    /// use signin_core::{lockout::Counter, time::Timestamp};
    /// let now = Timestamp::from_millis(0);
    /// let fifth = Counter { failures: 4, ..Counter::default() }.reserve(now).unwrap();
    /// assert_eq!(fifth.after.failures, 5);
    /// assert_eq!(fifth.after.not_before, Timestamp::from_millis(30_000));
    /// ```
    pub fn reserve(self, now: Timestamp) -> Result<Reservation, Wait> {
        if let Some(wait) = self.wait(now) {
            return Err(wait);
        }
        let failures = self.failures + 1;
        let after = match wait_after(failures) {
            Duration::ZERO => Self {
                failures,
                not_before: self.not_before,
            },
            wait => Self {
                failures,
                not_before: now.plus(wait),
            },
        };
        Ok(Reservation {
            before: self,
            after,
        })
    }

    /// The counter without one try that a fault kept from being judged. Where the counter still
    /// is as the reservation left it, it becomes what it was; where others have tried since, it
    /// goes down by one and the wait shrinks accordingly.
    #[must_use]
    pub fn give_back(self, reservation: Option<&Reservation>) -> Self {
        if let Some(reservation) = reservation.filter(|reservation| reservation.after == self) {
            return reservation.before;
        }
        let failures = self.failures.saturating_sub(1);
        let since = self.not_before.minus(wait_after(self.failures));
        Self {
            failures,
            not_before: since.plus(wait_after(failures)),
        }
    }
}

/// The wait that this many failures in a row cost.
pub fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE_FAILURES) {
        None => Duration::ZERO,
        Some(more) => FIRST_WAIT
            .saturating_mul(2_u32.saturating_pow(more))
            .min(LONGEST_WAIT),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_sixth_try_waits_thirty_seconds_and_each_further_one_twice_as_long_up_to_an_hour() {
        let waits: Vec<u64> = (0..15)
            .map(|failures| wait_after(failures).as_secs())
            .collect();
        assert_eq!(
            waits,
            [
                0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600
            ]
        );
        assert_eq!(wait_after(u32::MAX), LONGEST_WAIT);
    }

    #[test]
    fn a_try_during_a_wait_is_not_reserved() {
        let waiting = Counter {
            failures: 5,
            not_before: at(30),
        };
        assert_eq!(
            waiting.reserve(at(0)),
            Err(Wait::For(Duration::from_secs(30)))
        );
        assert_eq!(
            waiting.reserve(at(29)),
            Err(Wait::For(Duration::from_secs(1)))
        );
        assert_eq!(waiting.reserve(at(30)).unwrap().after.failures, 6);
    }

    #[test]
    fn twenty_five_failures_switch_a_path_off_for_good() {
        let mut counter = Counter::default();
        let mut now = at(0);
        for _ in 0..FAILURES_TO_OFF {
            now = now.plus(LONGEST_WAIT);
            counter = counter.reserve(now).unwrap().after;
        }
        let much_later = now.plus(Duration::from_hours(87600));
        assert_eq!(counter.reserve(much_later), Err(Wait::SwitchedOff));
    }

    #[test]
    fn a_fault_costs_nothing() {
        let before = Counter {
            failures: 7,
            not_before: at(100),
        };
        let reservation = before.reserve(at(200)).unwrap();
        assert_eq!(reservation.after.give_back(Some(&reservation)), before);
    }

    #[test]
    fn a_fault_amid_other_tries_takes_back_one_failure_and_its_share_of_the_wait() {
        let counter = Counter {
            failures: 7,
            not_before: at(1_120),
        };
        let given = counter.give_back(None);
        assert_eq!(
            given,
            Counter {
                failures: 6,
                not_before: at(1_060)
            }
        );
    }

    proptest! {
        #[test]
        fn a_reservation_adds_exactly_one_failure(failures in 0..FAILURES_TO_OFF, now: u32) {
            let counter = Counter { failures, not_before: at(0) };
            let reserved = counter.reserve(at(now.into())).unwrap();
            prop_assert_eq!(reserved.after.failures, failures + 1);
            prop_assert!(reserved.after.not_before >= counter.not_before);
            prop_assert_eq!(reserved.after.give_back(None).failures, failures);
        }
    }
}
