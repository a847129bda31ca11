//! Where pictures lie.
//!
//! A key is an id that says nothing: neither whose the picture is nor whether there is such a
//! user. Whose an enrolment is stands in the table. Only operators, who see the user pool anyway,
//! put a user's name into a key.

use crate::id::{ChallengeId, EnrolmentId, UserName};
use crate::secret::Sha256Digest;

/// The prefix of documents that users upload for an enrolment.
pub const ENROLMENTS: &str = "enrolments/";

/// The prefix of documents that operators upload in bulk.
pub const BULK: &str = "bulk/";

/// Where the decoy lies in the bucket of documents: a drawn face, nobody's, that is compared where
/// somebody has no document. Laid down at deployment; no event and no sweep goes by its prefix.
pub const DECOY: &str = "decoy/drawn-face.jpg";

/// The prefix of pictures to sign in with.
pub const SIGN_INS: &str = "sign-in/";

/// The longest file name of an operator's upload, in bytes.
pub const MAX_FILE_NAME: usize = 200;

/// The key of the picture that a challenge asks for.
pub fn sign_in(challenge: &ChallengeId) -> String {
    format!("{SIGN_INS}{challenge}")
}

/// A document's key, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentKey {
    /// `enrolments/<enrolmentId>`: a user's own, for an enrolment that was begun in a session.
    Enrolment(EnrolmentId),
    /// `bulk/<userName>/<file name>`: an operator's, who vouches for it. The name is Cognito's, the
    /// user's `sub`: a UUID, in a pool where people sign in by their address. An address in its
    /// place names nobody.
    Bulk {
        /// Whose face it shows.
        user: UserName,
        /// Whatever the operator called it.
        file_name: String,
    },
}

impl DocumentKey {
    /// Reads a key; anything that is not exactly one of the two forms is none.
    pub fn parse(key: &str) -> Option<Self> {
        if let Some(id) = key.strip_prefix(ENROLMENTS) {
            return EnrolmentId::parse(id).ok().map(Self::Enrolment);
        }
        let (user, file_name) = key.strip_prefix(BULK)?.split_once('/')?;
        let fits = !file_name.contains('/') && (1..=MAX_FILE_NAME).contains(&file_name.len());
        let user = UserName::parse(user).ok().filter(|_| is_uuid(user))?;
        fits.then(|| Self::Bulk {
            user,
            file_name: file_name.to_owned(),
        })
    }

    /// The enrolment of what lies at this key: the one that the key names, or for an operator's upload
    /// one that is named after object and version, so that the same event, however often it comes,
    /// means the same enrolment.
    pub fn enrolment(&self, version: Option<&str>) -> EnrolmentId {
        match self {
            Self::Enrolment(id) => id.clone(),
            Self::Bulk { .. } => {
                let name = format!("{self}\0{}", version.unwrap_or_default());
                EnrolmentId::from_digest(Sha256Digest::of(name.as_bytes()))
            }
        }
    }
}

/// Whether a text is a UUID as Cognito writes it: with hyphens, in lower case (RFC 9562, section 4).
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let hexadecimal = |group: &&str| {
        let mut digits = group.bytes();
        digits.all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
    };
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(hexadecimal)
}

impl std::fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Enrolment(id) => write!(f, "{ENROLMENTS}{id}"),
            Self::Bulk { user, file_name } => write!(f, "{BULK}{}/{file_name}", user.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "b5a7c2de-0000-4000-8000-12345678abcd";

    #[test]
    fn a_key_reads_back() {
        let id = "ab".repeat(16);
        for (key, read) in [
            (
                format!("enrolments/{id}"),
                DocumentKey::Enrolment(EnrolmentId::parse(&id).unwrap()),
            ),
            (
                format!("bulk/{USER}/passport scan.jpg"),
                DocumentKey::Bulk {
                    user: UserName::parse(USER).unwrap(),
                    file_name: "passport scan.jpg".to_owned(),
                },
            ),
        ] {
            assert_eq!(DocumentKey::parse(&key), Some(read.clone()));
            assert_eq!(read.to_string(), key);
        }
    }

    #[test]
    fn a_key_that_clients_see_is_an_id_and_nothing_else() {
        let challenge = ChallengeId::from_random([0xab; 16]);
        assert_eq!(sign_in(&challenge), format!("sign-in/{challenge}"));
        let enrolment = EnrolmentId::from(&challenge);
        let key = DocumentKey::Enrolment(enrolment.clone());
        assert_eq!(key.to_string(), format!("enrolments/{enrolment}"));
    }

    #[test]
    fn a_key_of_any_other_form_is_none() {
        let id = "ab".repeat(16);
        for key in [
            String::new(),
            "enrolments/".into(),
            "enrolments/ada".into(),
            format!("enrolments//{id}"),
            format!("enrolments/ada/{id}"),
            format!("enrolments/{id}/more"),
            format!("/enrolments/{id}"),
            format!("sign-in/{id}"),
            "bulk/".into(),
            "bulk/face.jpg".into(),
            "bulk/ada@example.com/face.jpg".into(),
            "bulk/ada/face.jpg".into(),
            format!("bulk/{}/face.jpg", USER.replace('-', "")),
            format!("bulk/{}/face.jpg", USER.to_uppercase()),
            format!("bulk/{}g/face.jpg", &USER[..35]),
            format!("bulk/{USER}/"),
            format!("bulk/{USER}/a/b"),
            format!("bulk/{USER}/{}", "x".repeat(201)),
        ] {
            assert_eq!(DocumentKey::parse(&key), None, "{key}");
        }
    }
}
