//! How a challenge travels from create-auth-challenge to verify-auth-challenge: as the text of a
//! private challenge parameter.
//!
//! While a stack is updated, one of the two functions is newer than the other for some seconds, and a
//! challenge lives for a quarter of an hour. So what one writes, the other reads, one version back and
//! one ahead:
//!
//! - **Members are only added**, each with a default for challenges from before. A member that a reader
//!   does not know is passed over.
//! - Where an older reader must not pass a new member over, since it would then let more through, the
//!   writer says so by `needs`: the least version of a reader that may act on the challenge. An older
//!   one uses the challenge up and says `TRY_LATER`; the next challenge comes seconds later.
//!
//! `tests/envelope/<version>/` holds what each version wrote; a test reads them all.

use serde::{Deserialize, Serialize};

use crate::challenge::{PrivateChallenge, Task};
use crate::factor::Factor;
use crate::id::ChallengeId;
use crate::reason::Reason;
use crate::reset::Opening;
use crate::time::Timestamp;

/// The version that is read and written here. Texts of the first one do not name it.
pub const VERSION: u32 = 2;

/// The longest text that is read. Everything in it is ours, and bounded.
pub const LONGEST: usize = 16 * 1024;

/// Why a text is no challenge that can be acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is none of ours.
    NotOurs,
    /// It needs a newer reader. What stands in its place asks for nothing: it is to be refused.
    NeedsNewer(Box<PrivateChallenge>),
}

/// What every reader of every version must find.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    id: ChallengeId,
    expires_at: Timestamp,
    session: Opening,
    #[serde(default)]
    needs: u32,
}

/// What is written.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    challenge: &'a PrivateChallenge,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<u32>,
}

impl PrivateChallenge {
    /// The text of the private parameter.
    pub fn to_parameter(&self) -> String {
        let written = Written {
            challenge: self,
            needs: self.needs(),
        };
        serde_json::to_string(&written).expect("names and numbers only, which JSON can always hold")
    }

    /// The least version of a reader that may act on it; none where every one may.
    fn needs(&self) -> Option<u32> {
        let on_pass = self
            .task
            .reservation()
            .map(|reservation| &reservation.on_pass);
        match self.task {
            Task::Select { .. } => Some(2),
            // Version 1 took every pass for the whole of a chain.
            _ if on_pass.is_some_and(|on_pass| !on_pass.is_default()) => Some(2),
            _ => None,
        }
    }

    /// Reads the text of the private parameter.
    pub fn from_parameter(text: &str) -> Result<Self, Unread> {
        if text.len() > LONGEST {
            return Err(Unread::NotOurs);
        }
        let header: Header = serde_json::from_str(text).map_err(|_| Unread::NotOurs)?;
        let read = (header.needs <= VERSION)
            .then(|| serde_json::from_str(text).ok())
            .flatten();
        read.ok_or_else(|| Unread::NeedsNewer(header.refused()))
    }
}

impl Header {
    /// A challenge that is used up unread. Which factor it asked for is not known, and asks nothing.
    fn refused(self) -> Box<PrivateChallenge> {
        Box::new(PrivateChallenge {
            id: self.id,
            expires_at: self.expires_at,
            key: String::new(),
            session: self.session,
            secret: None,
            task: Task::Refuse {
                factor: Factor::Face,
                reason: Reason::TryLater,
            },
        })
    }
}
