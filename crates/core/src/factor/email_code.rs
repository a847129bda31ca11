//! `EMAIL_CODE`: the code that was mailed for this session.
//!
//! A code is kept nowhere. It follows from the user, the challenge that it was mailed for, and a key that
//! the sender of the mail and verify-auth-challenge share; so neither the table nor what is handed to the
//! sender holds anything that is worth reading.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Asking;
use crate::id::{ChallengeId, UserName};
use crate::secret::Sha256Digest;
use crate::time::Timestamp;

/// How long a code is good: half of the ten minutes that NIST SP 800-63B-4, section 3.1.3.1, allows.
pub const GOOD_FOR: Duration = Duration::from_mins(5);

/// How many digits a code has, as many as NIST SP 800-63B-4, section 3.1.3.1, wants.
pub const DIGITS: usize = 6;

/// The longest answer that is read, in bytes: six digits of up to four bytes each, with what people put
/// between them.
const LONGEST: usize = 64;

/// For which challenge a code was mailed, and until when it is good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Issued {
    /// The challenge. Those after it in the same session ask for the same code.
    #[serde(rename = "for")]
    pub challenge: ChallengeId,
    /// It is not good after this moment.
    pub until: Timestamp,
}

/// What the answer is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// The code that was mailed, or is about to be.
    pub code: Issued,
}

impl Secret {
    /// The code that the session has already, or a new one where that is not good any more.
    pub fn ordinary(asking: Asking<'_>) -> Self {
        let running = asking.code.filter(|code| asking.now < code.until);
        let code = running.cloned().unwrap_or_else(|| Issued {
            challenge: asking.challenge.clone(),
            until: asking.now.plus(GOOD_FOR),
        });
        Self { code }
    }

    /// Whether the code is still to be mailed: it is this challenge's own.
    pub fn is_new(&self, challenge: &ChallengeId) -> bool {
        self.code.challenge == *challenge
    }
}

/// The key from which codes follow: 32 random bytes. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeKey(hidden)")
    }
}

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits, found something else")]
pub struct NotAKey;

impl FromStr for CodeKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text, bytes.as_mut_slice()).map_err(|_| NotAKey)?;
        Ok(Self(bytes))
    }
}

impl CodeKey {
    /// A key of random bytes.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// 64 hexadecimal digits, which [`CodeKey::from_str`] reads.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }

    /// The code of a user's for a challenge: HMAC-SHA-256, of which the first eight bytes are taken
    /// modulo a million. (No code is likelier than another by more than one in 10¹³.)
    ///
    /// ```
    /// use signin_core::{factor::email_code::{Code, CodeKey}, id::{ChallengeId, UserName}};
    /// let key = CodeKey::from_random([7; 32]);
    /// let (ada, first) = (UserName::parse("ada").unwrap(), ChallengeId::from_random([1; 16]));
    /// let code = key.code(&ada, &first);
    /// assert_eq!(Code::parse(code.as_str()), Some(code.clone()));
    /// assert!(key.code(&ada, &ChallengeId::from_random([2; 16])) != code);
    /// ```
    pub fn code(&self, user: &UserName, challenge: &ChallengeId) -> Code {
        let mut mac = <Hmac<Sha256>>::new_from_slice(self.0.as_slice())
            .expect("HMAC takes keys of any length");
        // An id has one length, so that no two pairs make the same text.
        mac.update(challenge.as_str().as_bytes());
        mac.update(user.as_str().as_bytes());
        let digest = <[u8; 32]>::from(mac.finalize().into_bytes());
        let first: [u8; 8] = std::array::from_fn(|place| digest[place]);
        let number = u64::from_be_bytes(first) % 10_u64.pow(6);
        Code(Zeroizing::new(format!("{number:06}")))
    }
}

/// A code: six digits. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(Zeroizing<String>);

impl Code {
    /// Reads what somebody typed or pasted: six digits, of the ordinary or the full width, with spaces
    /// and dashes wherever people put them; none where it is anything else.
    ///
    /// ```
    /// use signin_core::factor::email_code::Code;
    /// for typed in ["123456", "123 456", " 123-456\n", "１２３４５６", "123\u{a0}456", "123–456"] {
    ///     assert_eq!(Code::parse(typed).unwrap().as_str(), "123456", "{typed}");
    /// }
    /// for wrong in ["", "12345", "1234567", "12345a", "0x1234", "-", "١٢٣٤٥٦"] {
    ///     assert!(Code::parse(wrong).is_none(), "{wrong}");
    /// }
    /// ```
    pub fn parse(answer: &str) -> Option<Self> {
        if answer.len() > LONGEST {
            return None;
        }
        let mut digits = Zeroizing::new(String::with_capacity(DIGITS));
        for typed in answer.chars().filter(|typed| !stands_between(*typed)) {
            let digit = match typed {
                '0'..='9' => typed,
                '\u{ff10}'..='\u{ff19}' => {
                    char::from_digit(u32::from(typed) - u32::from('\u{ff10}'), 10)?
                }
                _ => return None,
            };
            if digits.len() == DIGITS {
                return None;
            }
            digits.push(digit);
        }
        (digits.len() == DIGITS).then_some(Self(digits))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digest under which the code of a challenge is known: what passed does not pass again, and the
    /// same six digits of another challenge do.
    pub fn digest(&self, challenge: &ChallengeId) -> Sha256Digest {
        let text = Zeroizing::new(format!("{challenge}:{}", self.as_str()));
        Sha256Digest::of(text.as_bytes())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(hidden)")
    }
}

/// Whether a character is what people, and mail programs, put between digits.
fn stands_between(typed: char) -> bool {
    typed.is_whitespace()
        || matches!(
            typed,
            '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> ChallengeId {
        ChallengeId::from_random([number; 16])
    }

    fn user(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    #[test]
    fn codes_differ_by_user_challenge_and_key() {
        let key = CodeKey::from_random([7; 32]);
        let code = |key: &CodeKey, name, number| key.code(&user(name), &id(number));
        let own = code(&key, "ada", 1);
        assert_eq!(own, code(&key, "ada", 1));
        assert_ne!(own, code(&key, "ada", 2));
        assert_ne!(own, code(&key, "bob", 1));
        assert_ne!(own, code(&CodeKey::from_random([8; 32]), "ada", 1));
    }

    #[test]
    fn every_digit_is_as_likely_as_another_at_every_place() {
        let key = CodeKey::from_random([7; 32]);
        let mut counts = [[0_u32; 10]; DIGITS];
        for number in 0..5_000_u128 {
            let challenge = ChallengeId::from_random(number.to_be_bytes());
            let code = key.code(&user("ada"), &challenge);
            for (place, digit) in code.as_str().bytes().enumerate() {
                counts[place][usize::from(digit - b'0')] += 1;
            }
        }
        // 500 of each are expected; 100 is more than four standard deviations (21).
        for count in counts.as_flattened() {
            assert!(count.abs_diff(500) < 100, "{counts:?}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_key_and_code() {
        let key = CodeKey::from_random([7; 32]);
        let code = key.code(&user("ada"), &id(1));
        assert_eq!(format!("{key:?} {code:?}"), "CodeKey(hidden) Code(hidden)");
    }

    #[test]
    fn a_key_is_what_it_was_written_as_and_nothing_else_is_one() {
        let key = CodeKey::from_random([7; 32]);
        assert_eq!(key.to_hex().parse(), Ok(key.clone()));
        for wrong in ["", "07", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64)] {
            assert_eq!(wrong.parse::<CodeKey>(), Err(NotAKey), "{wrong}");
        }
    }

    #[test]
    fn a_long_answer_is_not_read() {
        assert!(Code::parse(&format!("{}123456", " ".repeat(58))).is_some());
        assert!(Code::parse(&format!("{}123456", " ".repeat(59))).is_none());
    }
}
