//! The user table: profiles, used challenges, enrolments and pictures that passed.
//!
//! | PK / SK | holds |
//! | --- | --- |
//! | `USER#<userName>` / `PROFILE` | state, faces, consent, binding, the two counters |
//! | `USER#<userName>` / `PICTURE#<sha256>` | a picture that passed or was enrolled |
//! | `CHALLENGE#<id>` / `CHALLENGE` | an answer: whose, when, lease, verdict |
//! | `ENROLMENT#<id>` / `ENROLMENT` | whose, where it stands, lease, face |
//!
//! Every write that could race is conditional, and every read consistent. Times are numbers of
//! milliseconds, compared by our own code; only `ttl`, in seconds, is the service's to sweep by.

mod accounts;
mod challenges;
mod enrolments;
mod item;
#[cfg(test)]
mod tests;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{KeysAndAttributes, TransactWriteItem};
use signin_core::id::{ChallengeId, EnrolmentId, UserName};

pub use accounts::Standing;
pub use challenges::{Answering, Claim, Pass, Settled, Ticket};
pub use enrolments::Lease;

use crate::client::Config;
use crate::fault::Fault;
use item::{Item, Key};

/// How often a write that lost a race is tried anew before it counts as a fault. Five tries in
/// a row exhaust a counter's free failures, so a sixth loser finds a wait, not a race.
const RACES: usize = 12;

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
    /// None of it was: these entries' conditions did not hold (by their place).
    Unmet(Vec<usize>),
    /// None of it was: another transaction was at the same items.
    Raced,
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
        let mut wanted = KeysAndAttributes::builder().consistent_read(true);
        for key in keys.iter().flatten() {
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
        let mut items: Vec<Item> = found
            .responses
            .and_then(|mut tables| tables.remove(&self.name))
            .unwrap_or_default()
            .into_iter()
            .map(Item::from)
            .collect();
        Ok(keys.map(|key| {
            let place = items
                .iter()
                .position(|item| key.as_ref().is_some_and(|key| item.is(key)));
            place.map(|place| items.swap_remove(place))
        }))
    }

    /// Writes all or nothing.
    async fn write(&self, writes: Vec<TransactWriteItem>) -> Result<Transaction, Fault> {
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes));
        match request.send().await {
            Ok(_) => Ok(Transaction::Written),
            Err(error) => cancelled(&error).ok_or_else(|| Fault::of("TransactWriteItems", &error)),
        }
    }
}

/// Why a transaction was cancelled; none where it failed for another reason.
fn cancelled<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Transaction> {
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
        return Some(Transaction::Raced);
    }
    let unmet: Vec<usize> = (0..codes.len())
        .filter(|place| codes[*place] == "ConditionalCheckFailed")
        .collect();
    // Any other reason (throttling, a malformed item) is a fault.
    (!unmet.is_empty()).then_some(Transaction::Unmet(unmet))
}

/// Whether a single write failed because its condition did not hold.
fn unmet<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.as_service_error().and_then(|error| error.code())
        == Some("ConditionalCheckFailedException")
}

/// The key of a user's profile.
fn profile_key(user: &UserName) -> Key {
    Key::new(format!("USER#{}", user.as_str()), "PROFILE".to_owned())
}

/// The key of a picture that must not pass (again).
fn picture_key(user: &UserName, digest: signin_core::secret::Sha256Digest) -> Key {
    Key::new(
        format!("USER#{}", user.as_str()),
        format!("PICTURE#{}", digest.to_hex()),
    )
}

/// The key of a challenge that was answered.
fn challenge_key(id: &ChallengeId) -> Key {
    Key::new(format!("CHALLENGE#{id}"), "CHALLENGE".to_owned())
}

/// The key of an enrolment.
fn enrolment_key(id: &EnrolmentId) -> Key {
    Key::new(format!("ENROLMENT#{id}"), "ENROLMENT".to_owned())
}
