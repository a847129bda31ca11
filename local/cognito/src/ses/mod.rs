//! Amazon SES, as far as mail goes out by it: what an operator has verified there, which mail it
//! takes, and how it refuses.
//!
//! Mail lands in the mailbox beside Cognito's own. What an account can come to, such as a sandbox that
//! knows none of its recipients or a rate that is exceeded, nothing here comes to by itself:
//! `POST /_local/ses` says of an address what SES answers to mail for it. That is the local server's
//! own, and goes by address so that tests side by side are not in each other's way.

mod identity;
mod message;
mod refusal;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use identity::{Identity, NotAnIdentity};
pub(crate) use message::{Outbound, bare};
pub(crate) use refusal::{Obstacle, Refusal};

/// Addresses that have something in their way at a time.
const MAX_OBSTACLES: usize = 1_000;

/// What SES knows of the account.
#[derive(Default)]
pub(crate) struct Ses {
    /// All of them verified.
    identities: Vec<Identity>,
    /// What is in the way of mail, by its recipient in small letters.
    obstacles: Mutex<BTreeMap<String, Obstacle>>,
}

impl Ses {
    pub(crate) fn new(identities: Vec<Identity>) -> Self {
        Self {
            identities,
            obstacles: Mutex::default(),
        }
    }

    /// The verified identity that a message is sent with: the one that it names, or else the
    /// narrowest that its sender belongs to.
    pub(crate) fn identity_of(&self, message: &Outbound) -> Option<&Identity> {
        let own = self.identities.iter();
        let mut own = own.filter(|identity| identity.covers(&message.from));
        match &message.identity {
            Some(named) => own.find(|identity| identity.arn() == named),
            None => own.max_by_key(|identity| identity.narrowness()),
        }
    }

    /// What is in the way of mail to an address.
    pub(crate) fn obstacle(&self, to: &str) -> Option<Obstacle> {
        self.obstacles().get(&to.to_ascii_lowercase()).copied()
    }

    /// Puts something in the way of mail to an address, or takes it away again; `false` when there are
    /// too many.
    pub(crate) fn set_obstacle(&self, to: &str, obstacle: Option<Obstacle>) -> bool {
        let to = to.to_ascii_lowercase();
        let mut obstacles = self.obstacles();
        let Some(obstacle) = obstacle else {
            obstacles.remove(&to);
            return true;
        };
        let fits = obstacles.len() < MAX_OBSTACLES || obstacles.contains_key(&to);
        if fits {
            obstacles.insert(to, obstacle);
        }
        fits
    }

    fn obstacles(&self) -> MutexGuard<'_, BTreeMap<String, Obstacle>> {
        self.obstacles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_addresses_have_something_in_their_way_than_are_kept() {
        let ses = Ses::default();
        let paused = Some(Obstacle::SendingPaused);
        for number in 0..MAX_OBSTACLES {
            assert!(ses.set_obstacle(&format!("{number}@example.org"), paused));
        }
        assert!(!ses.set_obstacle("ada@example.org", paused));
        // One that is known may change, and one that is gone leaves room.
        assert!(ses.set_obstacle("0@EXAMPLE.org", Some(Obstacle::MessageRejected)));
        assert_eq!(
            ses.obstacle("0@example.org"),
            Some(Obstacle::MessageRejected)
        );
        assert!(ses.set_obstacle("0@example.org", None));
        assert!(ses.set_obstacle("ada@example.org", paused));
        assert_eq!(ses.obstacle("0@example.org"), None);
    }
}
