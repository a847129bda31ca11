//! Mail: to whom it goes, how much of it, and what it says.
//!
//! Codes are counted by user and path, as attempts are and alike for unknown users. So whoever asks for
//! codes without the password uses up none of the owner's, who has proven it; and nobody's mailbox is
//! flooded.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::factor::email_code::{Code, GOOD_FOR};
use crate::lockout::Level;
use crate::time::Timestamp;

/// Codes that are mailed at once before a wait is due: a person who mistypes, looks into the wrong
/// mailbox or begins again needs two or three.
pub const CODES_AT_ONCE: u32 = 5;

/// How long it takes until one more may be mailed after those.
pub const CODE_EVERY: Duration = Duration::from_mins(10);

/// Codes that are mailed in the long run before the longer wait is due.
pub const CODES_IN_A_ROW: u32 = 20;

/// How long it takes until one more may be mailed after those: 20 a day.
pub const LATER_CODE_EVERY: Duration = Duration::from_mins(72);

/// How long the count is kept after the last code. It is at zero before.
pub const KEPT: Duration = Duration::from_hours(48);

/// The codes that were mailed to a user on one path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Of late.
    pub fast: Level,
    /// In the long run.
    pub slow: Level,
    /// Whether the last one could not be mailed.
    pub failed: bool,
}

impl Sent {
    /// The same with one more at `now`; or how long to wait for room.
    ///
    /// ```
    /// use signin_core::{mail::{CODE_EVERY, CODES_AT_ONCE, Sent}, time::Timestamp};
    /// let now = Timestamp::from_millis(1_800_000_000_000);
    /// let mut sent = Sent::default();
    /// for _ in 0..CODES_AT_ONCE {
    ///     sent = sent.one_more(now).unwrap();
    /// }
    /// assert_eq!(sent.one_more(now), Err(CODE_EVERY));
    /// assert!(sent.one_more(now.plus(CODE_EVERY)).is_ok());
    /// ```
    pub fn one_more(self, now: Timestamp) -> Result<Self, Duration> {
        let fast = wait(self.fast, CODES_AT_ONCE, CODE_EVERY, now);
        let slow = wait(self.slow, CODES_IN_A_ROW, LATER_CODE_EVERY, now);
        match fast.max(slow) {
            Duration::ZERO => Ok(Self {
                fast: self.fast.raised(CODE_EVERY, now),
                slow: self.slow.raised(LATER_CODE_EVERY, now),
                ..self
            }),
            wait => Err(wait),
        }
    }
}

/// How long it takes until a level has room below `full`.
fn wait(level: Level, full: u32, falls_every: Duration, now: Timestamp) -> Duration {
    let level = level.at(falls_every, now);
    match level.count.checked_sub(full) {
        None => Duration::ZERO,
        Some(over) => level.since.plus(falls_every * (over + 1)).since(now),
    }
}

/// An address. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// Takes an address as Cognito has it.
    pub fn new(address: String) -> Self {
        Self(address)
    }

    /// The address, to be mailed to.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(hidden)")
    }
}

/// What is mailed: text alone, without a link. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The subject.
    pub subject: &'static str,
    /// The text.
    pub text: Zeroizing<String>,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter(hidden)")
    }
}

impl Letter {
    /// The letter that brings a code. It is in both languages, since nothing is known of its reader.
    pub fn with(code: &Code) -> Self {
        let (code, minutes) = (code.as_str(), GOOD_FOR.as_secs() / 60);
        let text = format!(
            "Your code: {code}\n\n\
             It is good for {minutes} minutes, for the sign-in that you have just begun. If that was not \
             you, somebody else may know your password: do not pass the code on, and reset your \
             password.\n\n\
             --\n\n\
             Ihr Code: {code}\n\n\
             Er gilt {minutes} Minuten lang für die Anmeldung, die Sie gerade begonnen haben. Waren Sie das \
             nicht, kennt vielleicht jemand Ihr Passwort: Geben Sie den Code nicht weiter, und setzen Sie \
             Ihr Passwort zurück.\n"
        );
        Self {
            subject: "Your sign-in code / Ihr Anmeldecode",
            text: Zeroizing::new(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factor::email_code::CodeKey;
    use crate::id::{ChallengeId, UserName};

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    #[test]
    fn however_one_asks_no_more_than_20_a_day_are_mailed_in_the_long_run() {
        let mut sent = Sent::default();
        let mut mailed = 0;
        // Once a minute, for ten days.
        for minute in 0..10 * 24 * 60 {
            if let Ok(more) = sent.one_more(NOW.plus(Duration::from_mins(minute))) {
                sent = more;
                mailed += 1;
            }
        }
        assert_eq!(mailed, CODES_IN_A_ROW + 10 * 20 - 1);
    }

    #[test]
    fn the_wait_that_is_told_is_the_wait_that_is_due() {
        let mut sent = Sent::default();
        let mut now = NOW;
        for _ in 0..100 {
            match sent.one_more(now) {
                Ok(more) => sent = more,
                Err(wait) => {
                    let just_before = now.plus(wait).minus(Duration::from_millis(1));
                    assert!(sent.one_more(just_before).is_err());
                    now = now.plus(wait);
                    sent = sent.one_more(now).expect("the wait is over");
                }
            }
        }
    }

    #[test]
    fn a_letter_brings_the_code_twice_and_no_link() {
        let key = CodeKey::from_random([7; 32]);
        let ada = UserName::parse("ada").unwrap();
        let code = key.code(&ada, &ChallengeId::from_random([1; 16]));
        let letter = Letter::with(&code);
        assert_eq!(letter.text.matches(code.as_str()).count(), 2);
        assert!(!letter.text.contains("http") && !letter.subject.contains(code.as_str()));
        let address = Address::new("ada@example.com".to_owned());
        assert_eq!(
            format!("{letter:?} {address:?}"),
            "Letter(hidden) Address(hidden)"
        );
    }
}
