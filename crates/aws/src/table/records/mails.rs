//! `MAILS#<path>`: how many codes were mailed on a path. `MAIL#<challengeId>`: a code that is to be mailed.

use serde::Deserialize;
use signin_core::factor::email_code::Issued;
use signin_core::id::{ChallengeId, UserName};
use signin_core::lockout::{Level, Path};
use signin_core::mail::{KEPT, Sent};
use signin_core::time::Timestamp;

use super::super::attribute::{
    Attribute, FAILED_AT, FAST, FAST_SINCE, MAILED_AT, PATH, SLOW, SLOW_SINCE, TTL, UNTIL,
};
use super::super::item::{Change, Item, Key, Kind, Write, number, put_new, text, time, ttl};
use super::super::user_key;
use super::read::{Misread, Record, both, read, required};
use crate::fault::Fault;

/// What the sort key of an order begins with.
pub(crate) const ORDER: &str = "MAIL#";

/// The key of the codes mailed to a user on a path.
pub(crate) fn sent_key(user: &UserName, path: Path) -> Key {
    user_key(Kind::Sent, user, format!("MAILS#{}", path.name()))
}

/// The key of what is to be mailed for a challenge.
pub(crate) fn order_key(user: &UserName, challenge: &ChallengeId) -> Key {
    user_key(Kind::Order, user, format!("{ORDER}{challenge}"))
}

/// Counts one more code, provided that they still are as many as they were, and orders it.
pub(crate) fn order(
    user: &UserName,
    path: Path,
    (before, after): (Sent, Sent),
    code: &Issued,
    now: Timestamp,
) -> [Change; 2] {
    let write = Write::to(sent_key(user, path));
    let counted = numbers(before).into_iter().zip(numbers(after)).fold(
        write,
        |write, ((name, before), (_, after))| {
            let same = match before {
                0 => write.if_absent_or_equal(name, number(before)),
                _ => write.if_equal(name, number(before)),
            };
            same.set(name, number(after))
        },
    );
    let order = put_new(
        &order_key(user, &code.challenge),
        [
            (UNTIL, time(code.until)),
            (PATH, text(path.name())),
            (TTL, ttl(code.until)),
        ],
    );
    [
        counted.set(TTL, ttl(now.plus(KEPT))).in_transaction(),
        order,
    ]
}

/// Forgets how many codes were mailed on a path.
pub(crate) fn empty_sent(user: &UserName, path: Path) -> Write {
    Write::to(sent_key(user, path)).remove([FAST, FAST_SINCE, SLOW, SLOW_SINCE])
}

/// Notes that what was ordered has been mailed, and that mail on its path goes out again.
pub(crate) fn mailed(
    user: &UserName,
    challenge: &ChallengeId,
    path: Path,
    now: Timestamp,
) -> [Change; 2] {
    let mailed = Write::to(order_key(user, challenge))
        .set(MAILED_AT, time(now))
        .if_present(UNTIL);
    let works = Write::to(sent_key(user, path))
        .remove([FAILED_AT])
        .if_present(TTL);
    [mailed, works].map(Write::in_transaction)
}

/// Notes that what was ordered on a path could not be mailed.
pub(crate) fn failed(user: &UserName, path: Path, now: Timestamp) -> Write {
    Write::to(sent_key(user, path))
        .set(FAILED_AT, time(now))
        .if_present(TTL)
}

fn numbers(sent: Sent) -> [(Attribute, u64); 4] {
    [
        (FAST, sent.fast.count.into()),
        (FAST_SINCE, sent.fast.since.as_millis()),
        (SLOW, sent.slow.count.into()),
        (SLOW_SINCE, sent.slow.since.as_millis()),
    ]
}

/// What the table holds of the codes that were mailed on a path.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SentRecord {
    fast: Option<u32>,
    fast_since: Option<Timestamp>,
    slow: Option<u32>,
    slow_since: Option<Timestamp>,
    failed_at: Option<Timestamp>,
}

impl Record for SentRecord {
    const READ: &'static str = "ReadMails";
}

impl TryFrom<SentRecord> for Sent {
    type Error = Misread;

    fn try_from(record: SentRecord) -> Result<Self, Misread> {
        let level = |count, since| {
            let level = both(count, since)?;
            Ok(level.map_or_else(Level::default, |(count, since)| Level { count, since }))
        };
        Ok(Self {
            fast: level((record.fast, FAST), (record.fast_since, FAST_SINCE))?,
            slow: level((record.slow, SLOW), (record.slow_since, SLOW_SINCE))?,
            failed: record.failed_at.is_some(),
        })
    }
}

/// Reads how many codes were mailed on a path.
pub(crate) fn sent(item: &Item) -> Result<Sent, Fault> {
    read::<SentRecord, _>(item)
}

/// A code that is to be mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// It is good until then.
    pub until: Timestamp,
    /// On which path it was ordered.
    pub path: Path,
    /// When it was mailed, if it was.
    pub mailed: Option<Timestamp>,
}

/// What the table holds of an order.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct OrderRecord {
    until: Option<Timestamp>,
    path: Option<Path>,
    mailed_at: Option<Timestamp>,
}

impl Record for OrderRecord {
    const READ: &'static str = "ReadMail";
}

impl TryFrom<OrderRecord> for Order {
    type Error = Misread;

    fn try_from(record: OrderRecord) -> Result<Self, Misread> {
        Ok(Self {
            until: required(record.until, UNTIL)?,
            path: required(record.path, PATH)?,
            // None before it was mailed.
            mailed: record.mailed_at,
        })
    }
}

/// Reads an order.
pub(crate) fn order_read(item: &Item) -> Result<Order, Fault> {
    read::<OrderRecord, _>(item)
}
