//! Identifiers, parsed where they enter and trusted from there on.

use serde::{Deserialize, Serialize};

use crate::secret::Sha256Digest;

/// An identifier that did not have its form. The text itself is not repeated: it came from
/// outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found something else ({length} bytes)")]
pub struct InvalidId {
    expected: &'static str,
    length: usize,
}

/// 128 random bits as 32 lower-case hexadecimal digits.
macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier that these random bits name.
            pub fn from_random(bits: [u8; 16]) -> Self {
                Self(hex::encode(bits))
            }

            /// Reads 32 lower-case hexadecimal digits; nothing else is accepted.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                if text.len() == 32 && text.bytes().all(digit) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { expected: $expected, length: text.len() })
                }
            }

            /// The 32 digits.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

random_id!(
    /// Names one custom challenge. It is no secret (the client sees it), and it is good once.
    ChallengeId,
    "a challenge id of 32 hexadecimal digits"
);

random_id!(
    /// Names one enrolment over all its rounds; the `ExternalImageId` of the face it indexes.
    EnrolmentId,
    "an enrolment id of 32 hexadecimal digits"
);

impl From<&ChallengeId> for EnrolmentId {
    /// An enrolment is named after the challenge of its first round, so that every later round
    /// of the session finds it in the session itself.
    fn from(first_round: &ChallengeId) -> Self {
        Self(first_round.0.clone())
    }
}

impl EnrolmentId {
    /// An id made of a digest.
    pub(crate) fn from_digest(digest: Sha256Digest) -> Self {
        let mut id = digest.to_hex();
        id.truncate(32);
        Self(id)
    }
}

/// A user's name in the pool: with e-mail as alias a UUID; for an unknown user a dummy that is
/// stable for the name typed.
///
/// It becomes part of object keys and of table keys, hence the narrow alphabet: 1 to 128 of
/// ASCII letters, digits, `-`, `_`, `.`, `@` and `+` (Cognito allows more; a pool that signs in
/// by e-mail gives UUIDs).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserName(String);

impl UserName {
    /// Reads a user name.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let allowed = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@' | b'+')
        };
        let dots_only = text.bytes().all(|byte| byte == b'.');
        if (1..=128).contains(&text.len()) && text.bytes().all(allowed) && !dots_only {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId {
                expected: "a user name of 1 to 128 letters, digits, or - _ . @ +",
                length: text.len(),
            })
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id of an app client of the user pool: 1 to 128 letters, digits, `_` and `+`, as Cognito's
/// API model has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// Reads an app client's id.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+');
        if (1..=128).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId {
                expected: "an app client's id of 1 to 128 letters, digits, or _ +",
                length: text.len(),
            })
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id of a user pool, such as `eu-central-1_aB3dE5fG7`: at most 55 letters, digits, `-` and
/// `_`, as Cognito's API model has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserPoolId(String);

impl UserPoolId {
    /// Reads a user pool's id.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=55).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId {
                expected: "a user pool's id of 1 to 55 letters, digits, or - _",
                length: text.len(),
            })
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for UserPoolId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

/// Tells one call of a function from every other, its own repeat included: the holder of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvocationId(u128);

impl InvocationId {
    /// The call that these random bits name.
    pub fn from_random(bits: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bits))
    }

    /// Reads what [`InvocationId::to_string`](ToString::to_string) wrote; none where it is no such text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bits = [0; 16];
        hex::decode_to_slice(text, &mut bits).ok()?;
        Some(Self::from_random(bits))
    }
}

impl std::fmt::Display for InvocationId {
    /// 32 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A face's id in a collection: biometric data's handle, so `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaceId(String);

impl FaceId {
    /// Takes the id over as the recognition service gave it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id, to be compared, stored or sent to the recognition service.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for FaceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FaceId(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_32_lower_case_digits_and_nothing_else() {
        let id = ChallengeId::from_random([0xab; 16]);
        assert_eq!(ChallengeId::parse(id.as_str()).unwrap(), id);
        for wrong in [
            "",
            "ab",
            &"AB".repeat(16),
            &"ab".repeat(17),
            &"zz".repeat(16),
            "é".repeat(16).as_str(),
        ] {
            assert!(ChallengeId::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_user_name_cannot_leave_its_place_in_a_key() {
        assert!(UserName::parse("b5a7c2de-0000-4000-8000-123456789abc").is_ok());
        assert!(UserName::parse("ada@example.com").is_ok());
        for wrong in [
            "",
            ".",
            "..",
            "a/b",
            "a#b",
            "a b",
            "a\nb",
            "ü",
            "a%2fb",
            &"x".repeat(129),
        ] {
            assert!(UserName::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_app_clients_id_is_letters_and_digits() {
        assert!(ClientId::parse("1h57kf5cpq17m0eml12EXAMPLE").is_ok());
        for wrong in ["", "a,b", "a b", "client-1", &"x".repeat(129)] {
            assert!(ClientId::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_call_reads_back() {
        let call = InvocationId::from_random([0x0a; 16]);
        assert_eq!(InvocationId::parse(&call.to_string()), Some(call));
        assert_eq!(InvocationId::parse("0a"), None);
    }

    #[test]
    fn debug_hides_a_face_id() {
        assert_eq!(format!("{:?}", FaceId::new("canary")), "FaceId(hidden)");
    }
}
