//! The table in DynamoDB.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnValue};
use signin_core::time::Timestamp;

use super::attribute::{OWED, OWED_AT};
use super::expression::{expressions, in_request};
use super::item::{text, time};
use super::owed::{Debt, INDEX};
use super::rows::{Before, Change, Item, Key, Kind, Next, Rows, Transaction, Write};
use crate::client::Config;
use crate::fault::Fault;

/// How often a write that lost a race is tried anew before it counts as a fault. Five attempts at
/// once exhaust what is free of waiting, so a sixth loser finds a wait, not a race.
pub(super) const RACES: u32 = 12;

/// A table of DynamoDB's.
#[derive(Clone, Debug)]
pub struct DynamoDb {
    pub(super) client: Client,
    pub(super) name: String,
}

impl DynamoDb {
    /// The table of this name.
    pub fn open(config: &Config, name: String) -> Self {
        Self {
            client: Client::new(config),
            name,
        }
    }
}

impl Rows for DynamoDb {
    async fn read(&self, keys: Vec<Key>) -> Result<Vec<Item>, Fault> {
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

    /// A race with another transaction is tried again.
    async fn write(&self, changes: Vec<Change>) -> Result<Transaction, Fault> {
        let kinds: Vec<Kind> = changes.iter().map(Change::kind).collect();
        let changes = changes.into_iter();
        let writes: Vec<_> = changes
            .map(|change| in_request(change, &self.name))
            .collect();
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
        Err(Fault::new(
            "TransactWriteItems",
            "transaction conflict retries exhausted",
        ))
    }

    /// A race with a transaction is tried again.
    async fn update(
        &self,
        what: &'static str,
        write: Write,
        before: Before,
    ) -> Result<Option<Item>, Fault> {
        let wanted = match before {
            Before::Wanted => ReturnValue::AllOld,
            Before::Unwanted => ReturnValue::None,
        };
        let key = write.key.to_attributes();
        let parts = expressions(write.clauses);
        for race in 0..RACES {
            let request = self
                .client
                .update_item()
                .table_name(&self.name)
                .set_key(Some(key.clone()))
                .update_expression(&parts.update)
                .set_condition_expression(parts.condition.clone())
                .set_expression_attribute_names(Some(parts.names.clone()))
                .set_expression_attribute_values(parts.values.clone())
                .return_values(wanted.clone());
            match request.send().await {
                Ok(written) => return Ok(Some(written.attributes.unwrap_or_default().into())),
                Err(error) if has_code(&error, "ConditionalCheckFailedException") => {
                    return Ok(None);
                }
                Err(error) if has_code(&error, "TransactionConflictException") => {
                    give_way(race).await;
                }
                Err(error) => return Err(Fault::of(what, &error)),
            }
        }
        Err(Fault::new(what, "transaction conflict retries exhausted"))
    }

    async fn owed(
        &self,
        debt: Debt,
        now: Timestamp,
        from: Option<Next>,
        at_most: i32,
    ) -> Result<(Vec<Item>, Option<Next>), Fault> {
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(INDEX)
            .key_condition_expression("#owed = :debt AND #owedAt <= :now")
            .expression_attribute_names("#owed", OWED.name())
            .expression_attribute_names("#owedAt", OWED_AT.name())
            .expression_attribute_values(":debt", text(debt.name()))
            .expression_attribute_values(":now", time(now))
            .limit(at_most)
            .set_exclusive_start_key(from.map(|next| next.0));
        let page = request.send().await;
        let page = page.map_err(|error| Fault::of("Query", &error))?;
        let items = page.items.unwrap_or_default().into_iter().map(Item::from);
        let next = page.last_evaluated_key.filter(|key| !key.is_empty());
        Ok((items.collect(), next.map(Next)))
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
fn cancelled<E>(error: &SdkError<TransactWriteItemsError, E>, kinds: &[Kind]) -> Option<Cancelled> {
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
