//! Mail that would have been sent. Nothing leaves the machine.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clock::Seconds;

/// Letters kept, all addresses together; the oldest go first.
const CAPACITY: usize = 10_000;

/// Letters listed for one address.
const LISTED: usize = 100;

/// A letter as `GET /_local/mailbox` shows it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Letter {
    to: String,
    subject: String,
    body: String,
    code: String,
    /// RFC 3339, UTC.
    sent_at: String,
}

/// What a letter says. It holds a code, and does not print.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) subject: String,
    pub(crate) body: String,
}

/// The code in a text: six digits that are a word of their own. A colour of a web page, `#336699`, is
/// none.
pub(crate) fn code_in(text: &str) -> Option<&str> {
    let mut words = text.split(|char: char| !char.is_alphanumeric() && char != '#');
    words.find(|word| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// All letters, newest first.
#[derive(Default)]
pub(crate) struct Mailbox {
    letters: Mutex<VecDeque<Letter>>,
}

impl Mailbox {
    /// Delivers a message, with the code in it if there is one.
    pub(crate) fn deliver(&self, to: &str, message: Message, code: &str, now: Seconds) {
        let sent_at = OffsetDateTime::from_unix_timestamp(now)
            .ok()
            .and_then(|at| at.format(&Rfc3339).ok())
            .unwrap_or_default();
        let letter = Letter {
            to: to.to_owned(),
            subject: message.subject,
            body: message.body,
            code: code.to_owned(),
            sent_at,
        };
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        letters.push_front(letter);
        letters.truncate(CAPACITY);
    }

    /// All letters, to be kept.
    pub(crate) fn all(&self) -> VecDeque<Letter> {
        let letters = self.letters.lock();
        letters.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The letters that were kept.
    pub(crate) fn with(letters: VecDeque<Letter>) -> Self {
        Self {
            letters: Mutex::new(letters),
        }
    }

    /// The letters to an address, or to all of them, newest first; case does not count.
    pub(crate) fn letters_to(&self, address: Option<&str>) -> Vec<Letter> {
        self.letters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .filter(|letter| address.is_none_or(|address| letter.to.eq_ignore_ascii_case(address)))
            .take(LISTED)
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits_by_themselves() {
        for (text, code) in [
            ("Your code is 123456.", Some("123456")),
            (
                "<p style=\"color:#336699\">Type <b>012345</b></p>",
                Some("012345"),
            ),
            ("Room 1234567, then 654321", Some("654321")),
            ("a123456 12345 1234567", None),
            ("", None),
        ] {
            assert_eq!(code_in(text), code, "{text}");
        }
    }
}
