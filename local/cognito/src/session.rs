//! What is kept of a sign-in between two calls: what the pool holds and the triggers see.

use std::borrow::Cow;

use cognito_srp::Server;
use serde::{Deserialize, Serialize};

use crate::clock::Seconds;
use crate::requests::StringMap;

/// A sign-in between two calls.
#[derive(Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) client: String,
    pub(crate) expires_at: Seconds,
    pub(crate) subject: Subject,
    pub(crate) course: Course,
    pub(crate) history: Vec<HistoryEntry>,
    pub(crate) awaiting: Awaiting,
}

impl Session {
    /// Whether it is this account's.
    pub(crate) fn is_of(&self, name: &str) -> bool {
        matches!(&self.subject, Subject::Known(own) if own == name)
    }
}

/// What comes after the password.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Course {
    /// What the defining trigger says: `CUSTOM_AUTH`.
    Custom,
    /// Tokens: every flow but `CUSTOM_AUTH`.
    Tokens,
}

/// Who signs in.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Subject {
    /// An account, by its name in the pool.
    Known(String),
    /// Nobody: a name made up for the one that was typed.
    Unknown(String),
}

impl Subject {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Known(name) | Self::Unknown(name) => name,
        }
    }
}

/// What a session waits for.
#[derive(Serialize, Deserialize)]
pub(crate) enum Awaiting {
    /// The proof of a password.
    Password {
        server: Box<Server>,
        secret_block: Vec<u8>,
    },
    /// The answer to a custom challenge.
    Custom(CustomChallenge),
    /// Which proof of the password it is to be.
    Choice,
    /// A password in the place of the temporary one that was proven.
    NewPassword,
}

/// What the server keeps of a custom challenge while the client works on it.
#[derive(Serialize, Deserialize)]
pub(crate) struct CustomChallenge {
    /// For the verifying trigger alone.
    pub(crate) private_parameters: StringMap,
    /// Joins the history beside the result.
    pub(crate) metadata: Option<String>,
}

/// One past challenge, as the triggers see it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct HistoryEntry {
    #[serde(rename = "challengeName")]
    pub(crate) name: Cow<'static, str>,
    #[serde(rename = "challengeResult")]
    pub(crate) result: bool,
    #[serde(rename = "challengeMetadata")]
    pub(crate) metadata: Option<String>,
}

impl HistoryEntry {
    /// A step of the password's proof, which has no metadata.
    pub(crate) fn passed(name: &'static str) -> Self {
        Self {
            name: name.into(),
            result: true,
            metadata: None,
        }
    }
}
