//! Where pictures lie. A document's key says whose it is; nothing else about the object does.

use crate::id::{ChallengeId, EnrolmentId, UserName};

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
pub fn sign_in(user: &UserName, challenge: &ChallengeId) -> String {
    format!("{SIGN_INS}{}/{challenge}", user.as_str())
}

/// A document's key, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentKey {
    /// `enrolments/<userName>/<enrolmentId>`: a user's own, for an enrolment that was begun in a
    /// session.
    Enrolment {
        /// Whose face it shows.
        user: UserName,
        /// The enrolment it is for.
        enrolment: EnrolmentId,
    },
    /// `bulk/<userName>/<file name>`: an operator's, who vouches for it.
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
        if let Some(rest) = key.strip_prefix(ENROLMENTS) {
            let (user, enrolment) = rest.split_once('/')?;
            let enrolment = EnrolmentId::parse(enrolment).ok()?;
            return Some(Self::Enrolment {
                user: UserName::parse(user).ok()?,
                enrolment,
            });
        }
        let (user, file_name) = key.strip_prefix(BULK)?.split_once('/')?;
        let fits = !file_name.contains('/') && (1..=MAX_FILE_NAME).contains(&file_name.len());
        let user = UserName::parse(user).ok()?;
        fits.then(|| Self::Bulk {
            user,
            file_name: file_name.to_owned(),
        })
    }

    /// Whose face the document shows.
    pub fn user(&self) -> &UserName {
        match self {
            Self::Enrolment { user, .. } | Self::Bulk { user, .. } => user,
        }
    }
}

impl std::fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Enrolment { user, enrolment } => {
                write!(f, "{ENROLMENTS}{}/{enrolment}", user.as_str())
            }
            Self::Bulk { user, file_name } => write!(f, "{BULK}{}/{file_name}", user.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_whose_it_is_and_reads_back() {
        let id = "ab".repeat(16);
        for key in [
            format!("enrolments/ada-1/{id}"),
            "bulk/ada-1/passport scan.jpg".to_owned(),
        ] {
            let read = DocumentKey::parse(&key).unwrap();
            assert_eq!(read.user().as_str(), "ada-1");
            assert_eq!(read.to_string(), key);
        }
    }

    #[test]
    fn a_key_of_any_other_form_belongs_to_nobody() {
        let id = "ab".repeat(16);
        for key in [
            String::new(),
            "enrolments/ada".into(),
            format!("enrolments//{id}"),
            format!("enrolments/ada/{id}/more"),
            format!("enrolments/../{id}"),
            format!("/enrolments/ada/{id}"),
            format!("sign-in/ada/{id}"),
            "bulk/ada/".into(),
            "bulk/ada/a/b".into(),
            format!("bulk/ada/{}", "x".repeat(201)),
        ] {
            assert_eq!(DocumentKey::parse(&key), None, "{key}");
        }
    }
}
