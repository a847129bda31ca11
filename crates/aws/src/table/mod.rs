//! The user table: profiles, used challenges, enrolments and pictures that passed.
//!
//! | PK / SK | holds |
//! | --- | --- |
//! | `USER#<userName>` / `PROFILE` | state, faces, face data, consent, binding, the last reset |
//! | `USER#<userName>` / `PASS#<nonce's digest, or ->` | a full pass, and what used it up |
//! | `USER#<userName>` / `TRIES#<path>#<factor>` | attempts: levels, and the latest ones |
//! | `USER#<userName>` / `PICTURE#<sha256>` | a picture, or face data, that passed or was enrolled |
//! | `USER#<userName>` / `CHALLENGE#<id>` | an answer: when, which call works on it and how long, verdict |
//! | `USER#<userName>` / `ENROLMENT#<id>` | where it stands, its document, lease, recognitions, face |
//! | `USER#<userName>` / `MAILS#<path>` | how many codes were mailed |
//! | `USER#<userName>` / `MAIL#<id>` | a code that is to be mailed: until when it is good, when it was |
//! | `USER#<userName>` / `NOTICE#<kind>#<day>` | what the owner is to hear: when it was, when they did |
//! | `USER#<userName>` / `BROWSER#<digest, or ->` | a browser that a complete sign-in came from |
//! | `ENROLMENT#<id>` / `ENROLMENT` | whose enrolment that is |
//!
//! Whatever a later run has to do stands in the sparse index `Owed` (partition `owed`, sort
//! `owedAt`, in milliseconds).
//!
//! Every write that could race is conditional, and every read consistent. Times are numbers of
//! milliseconds, compared by our own code; only `ttl`, in seconds, is the service's to sweep by.

mod accounts;
mod attempts;
mod attribute;
mod challenges;
mod dynamodb;
mod enrolments;
mod expression;
mod item;
mod mails;
#[cfg(feature = "memory")]
pub mod memory;
mod owed;
mod passes;
mod records;
pub mod rows;
mod sign_outs;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod written;

use signin_core::id::{ChallengeId, EnrolmentId, UserName};
use signin_core::secret::Sha256Digest;

pub use accounts::SessionState;
pub use challenges::{Answering, Claim, Settled, Ticket};
pub use dynamodb::DynamoDb;
pub use enrolments::{Lease, Offered};
pub use mails::Ordered;
pub use owed::Page;
pub use records::{EmptiedBy, Errand, OnPath, Order, Owed, PassedFace, PassedFactor};
pub use rows::Next;

use crate::client::Config;
use crate::fault::Fault;
use item::{Change, Item, Key, Kind, Write};
use rows::{Before, Rows, Transaction};

/// The user table.
#[derive(Clone, Debug)]
pub struct UserTable<R = DynamoDb> {
    rows: R,
}

impl UserTable {
    /// The table of this name.
    pub fn open(config: &Config, name: String) -> Self {
        Self::on(DynamoDb::open(config, name))
    }
}

impl<R: Rows> UserTable<R> {
    /// A table on these rows.
    pub fn on(rows: R) -> Self {
        Self { rows }
    }

    /// Reads items side by side, consistently, in one round trip.
    async fn read<const N: usize>(
        &self,
        keys: [Option<Key>; N],
    ) -> Result<[Option<Item>; N], Fault> {
        let wanted = keys.iter().flatten().cloned().collect();
        let mut items = self.rows.read(wanted).await?;
        Ok(keys.map(|key| {
            let place = items
                .iter()
                .position(|item| key.as_ref().is_some_and(|key| item.is(key)));
            place.map(|place| items.swap_remove(place))
        }))
    }

    /// Writes all or nothing.
    async fn write(&self, changes: Vec<Change>) -> Result<Transaction, Fault> {
        self.rows.write(changes).await
    }

    /// Writes to one item; false where a condition does not hold.
    async fn update(&self, what: &'static str, write: Write) -> Result<bool, Fault> {
        let before = self.rows.update(what, write, Before::Unwanted).await?;
        Ok(before.is_some())
    }
}

/// The key of something of a user's.
fn user_key(kind: Kind, user: &UserName, sort: String) -> Key {
    Key::new(kind, format!("USER#{}", user.as_str()), sort)
}

/// The key of a user's profile.
fn profile_key(user: &UserName) -> Key {
    user_key(Kind::Profile, user, "PROFILE".to_owned())
}

/// The key of a pass: each nonce has one of its own, and all sessions without a nonce share one.
fn pass_key(user: &UserName, nonce: Option<Sha256Digest>) -> Key {
    user_key(Kind::Pass, user, pass_sort(nonce))
}

fn pass_sort(nonce: Option<Sha256Digest>) -> String {
    let name = nonce.map_or_else(|| "-".to_owned(), Sha256Digest::to_hex);
    format!("PASS#{name}")
}

/// The key of a picture, or of face data, that must not pass (again).
fn picture_key(user: &UserName, digest: Sha256Digest) -> Key {
    user_key(Kind::Picture, user, format!("PICTURE#{}", digest.to_hex()))
}

/// The key of a challenge that was answered.
fn challenge_key(user: &UserName, id: &ChallengeId) -> Key {
    user_key(Kind::Challenge, user, format!("CHALLENGE#{id}"))
}

/// Where versions before kept what was answered: outside the user's partition. During an update one of
/// them may have used a challenge up; none of their records is older than a day.
fn former_challenge_key(id: &ChallengeId) -> Key {
    let (partition, sort) = (format!("CHALLENGE#{id}"), "CHALLENGE".to_owned());
    Key::new(Kind::Challenge, partition, sort)
}

/// The key of an enrolment.
fn enrolment_key(user: &UserName, id: &EnrolmentId) -> Key {
    user_key(Kind::Enrolment, user, format!("ENROLMENT#{id}"))
}

/// Whose enrolment a key names, and which.
fn enrolment_of(partition: &str, sort: &str) -> Option<(UserName, EnrolmentId)> {
    let user = UserName::parse(partition.strip_prefix("USER#")?).ok()?;
    let id = EnrolmentId::parse(sort.strip_prefix("ENROLMENT#")?).ok()?;
    Some((user, id))
}

/// Whose profile a key names.
fn profile_of(partition: &str, sort: &str) -> Option<UserName> {
    let user = UserName::parse(partition.strip_prefix("USER#")?).ok()?;
    (sort == "PROFILE").then_some(user)
}

/// The key of what says whose an enrolment is.
fn pointer_key(id: &EnrolmentId) -> Key {
    Key::new(
        Kind::Pointer,
        format!("ENROLMENT#{id}"),
        "ENROLMENT".to_owned(),
    )
}
