//! The user table: profiles, used challenges, enrolments and pictures that passed.
//!
//! | PK / SK | holds |
//! | --- | --- |
//! | `USER#<userName>` / `PROFILE` | state, faces, face data, consent, binding, the last reset |
//! | `USER#<userName>` / `PASS#<nonce's digest, or ->` | a full pass, and what used it up |
//! | `USER#<userName>` / `TRIES#<path>#<factor>` | tries: levels, and the latest ones |
//! | `USER#<userName>` / `PICTURE#<sha256>` | a picture, or face data, that passed or was enrolled |
//! | `USER#<userName>` / `CHALLENGE#<id>` | an answer: when, which call works on it and how long, verdict |
//! | `USER#<userName>` / `ENROLMENT#<id>` | where it stands, its document, lease, recognitions, face |
//! | `ENROLMENT#<id>` / `ENROLMENT` | whose enrolment that is |
//!
//! Whatever a later run has to do stands in the sparse index `Owed` (partition `owed`, sort
//! `owedAt`, in milliseconds).
//!
//! Every write that could race is conditional, and every read consistent. Times are numbers of
//! milliseconds, compared by our own code; only `ttl`, in seconds, is the service's to sweep by.

mod accounts;
mod attribute;
mod challenges;
mod enrolments;
mod item;
mod owed;
mod passes;
mod records;
mod sign_outs;
#[cfg(test)]
mod tests;
mod tries;
#[cfg(test)]
mod written;

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use signin_core::id::{ChallengeId, EnrolmentId, UserName};
use signin_core::secret::Sha256Digest;

pub use accounts::Standing;
pub use challenges::{Answering, Claim, Settled, Ticket};
pub use enrolments::{Lease, Offered};
pub use owed::{Next, Page};
pub use records::{EmptiedBy, FullPass, OnPath, PassedFace};

use crate::client::Config;
use crate::fault::Fault;
use item::{Item, Key, Kind, Part};

/// How often a write that lost a race is tried anew before it counts as a fault. Five tries at
/// once exhaust what is free of waiting, so a sixth loser finds a wait, not a race.
const RACES: u32 = 12;

/// The user table.
#[derive(Clone, Debug)]
pub struct UserTable {
    client: Client,
    name: String,
}

/// How a conditional transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Transaction {
    /// All of it was written.
    Written,
    /// None of it was: the conditions of these did not hold.
    Unmet(BTreeSet<Kind>),
}

impl UserTable {
    /// The table of this name.
    pub fn open(config: &Config, name: String) -> Self {
        Self {
            client: Client::new(config),
            name,
        }
    }

    /// Reads items side by side, consistently, in one round trip.
    async fn read<const N: usize>(
        &self,
        keys: [Option<Key>; N],
    ) -> Result<[Option<Item>; N], Fault> {
        let wanted: Vec<&Key> = keys.iter().flatten().collect();
        let mut items = self.read_all(wanted).await?;
        Ok(keys.map(|key| {
            let place = items
                .iter()
                .position(|item| key.as_ref().is_some_and(|key| item.is(key)));
            place.map(|place| items.swap_remove(place))
        }))
    }

    /// Reads items side by side, consistently, in one round trip: those that there are, in any
    /// order.
    async fn read_all(&self, keys: impl IntoIterator<Item = &Key>) -> Result<Vec<Item>, Fault> {
        let mut wanted = KeysAndAttributes::builder().consistent_read(true);
        for key in keys {
            wanted = wanted.keys(key.to_attributes());
        }
        let wanted = wanted
            .build()
            .map_err(|_| Fault::new("BatchGetItem", "no keys"))?;
        let request = self
            .client
            .batch_get_item()
            .request_items(&self.name, wanted);
        let found = request
            .send()
            .await
            .map_err(|error| Fault::of("BatchGetItem", &error))?;
        if found
            .unprocessed_keys()
            .is_some_and(|left| !left.is_empty())
        {
            return Err(Fault::new("BatchGetItem", "not all keys were read"));
        }
        Ok(found
            .responses
            .and_then(|mut tables| tables.remove(&self.name))
            .unwrap_or_default()
            .into_iter()
            .map(Item::from)
            .collect())
    }

    /// Writes all or nothing. A race with another transaction is tried again.
    async fn write(&self, parts: Vec<Part>) -> Result<Transaction, Fault> {
        let kinds: Vec<Kind> = parts.iter().map(|part| part.kind).collect();
        let writes: Vec<_> = parts.into_iter().map(|part| part.write).collect();
        for race in 0..RACES {
            let request = self
                .client
                .transact_write_items()
                .set_transact_items(Some(writes.clone()));
            let Err(error) = request.send().await else {
                return Ok(Transaction::Written);
            };
            match cancelled(&error, &kinds) {
                Some(Cancelled::Unmet(kinds)) => return Ok(Transaction::Unmet(kinds)),
                Some(Cancelled::Raced) => give_way(race).await,
                None => return Err(Fault::of("TransactWriteItems", &error)),
            }
        }
        Err(Fault::new("TransactWriteItems", "lost every race"))
    }
}

/// Waits a little for another transaction to be done, longer from race to race.
async fn give_way(race: u32) {
    tokio::time::sleep(Duration::from_millis(10) * (race + 1)).await;
}

/// Why a transaction was cancelled.
enum Cancelled {
    Unmet(BTreeSet<Kind>),
    Raced,
}

/// Why a transaction of such parts was cancelled; none where it failed for another reason.
fn cancelled<R>(error: &SdkError<TransactWriteItemsError, R>, kinds: &[Kind]) -> Option<Cancelled> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) =
        error.as_service_error()?
    else {
        return None;
    };
    let codes: Vec<&str> = cancelled
        .cancellation_reasons()
        .iter()
        .map(|reason| reason.code().unwrap_or("None"))
        .collect();
    if codes.contains(&"TransactionConflict") {
        return Some(Cancelled::Raced);
    }
    let parts = kinds.iter().zip(codes);
    let unmet: BTreeSet<Kind> = parts
        .filter(|(_, code)| *code == "ConditionalCheckFailed")
        .map(|(kind, _)| *kind)
        .collect();
    // Any other reason (throttling, a malformed item) is a fault.
    (!unmet.is_empty()).then_some(Cancelled::Unmet(unmet))
}

/// Whether a single write failed with this error.
fn has_code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>, code: &str) -> bool {
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        == Some(code)
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
