//! What the table asks of whatever holds its items. [`DynamoDb`](super::DynamoDb) does; in tests, what
//! keeps them in memory.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use signin_core::time::Timestamp;

pub use super::item::{Change, Item, Key, Kind, Write};
pub use super::owed::Debt;
use crate::fault::Fault;

/// How a conditional transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// All of it was written.
    Written,
    /// None of it was: the conditions of these did not hold.
    Unmet(BTreeSet<Kind>),
}

/// Whether an update is to tell what the item was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// It is.
    Wanted,
    /// It is not.
    Unwanted,
}

/// Where a page of what is owed begins.
pub struct Next(pub(super) HashMap<String, AttributeValue>);

impl std::fmt::Debug for Next {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Next(hidden)")
    }
}

/// Items by their keys, read consistently and written by conditions.
pub trait Rows {
    /// Reads items side by side, in one round trip: those that there are, in any order.
    fn read(&self, keys: Vec<Key>) -> impl Future<Output = Result<Vec<Item>, Fault>>;

    /// Writes all or nothing.
    fn write(&self, changes: Vec<Change>) -> impl Future<Output = Result<Transaction, Fault>>;

    /// Writes to one item; none where a condition does not hold. What a fault calls it is `what`.
    fn update(
        &self,
        what: &'static str,
        write: Write,
        before: Before,
    ) -> impl Future<Output = Result<Option<Item>, Fault>>;

    /// Some of the items of which this is owed by now, the longest due first, with nothing but their
    /// keys; and where to read on, if there are more.
    fn owed(
        &self,
        debt: Debt,
        now: Timestamp,
        from: Option<Next>,
        at_most: i32,
    ) -> impl Future<Output = Result<(Vec<Item>, Option<Next>), Fault>>;
}
