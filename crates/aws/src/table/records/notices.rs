//! `NOTICE#<kind>#<day>`: what the owner of an account is to hear. `BROWSER#<digest>`: a browser that a
//! complete sign-in came from.
//!
//! Both are written over whatever is there, as a part of the transaction that they tell of. The table's
//! stream tells a new item from one that was written again: so of each kind one notice a day is mailed,
//! and a browser is new once, without a read or a condition.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use signin_core::id::{ChallengeId, UserName};
use signin_core::mail::Address;
use signin_core::notice::{BROWSER_KEPT, KEPT, Notice, day};
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

use super::super::attribute::{AT, ENROLLED, MAILED_AT, TO, TTL};
use super::super::item::{Item, Key, Kind, Write, text, time, ttl};
use super::super::user_key;
use super::mails::ORDER;
use super::read::{Misread, Record, read, required};
use crate::fault::Fault;

const NOTICE: &str = "NOTICE#";
const BROWSER: &str = "BROWSER#";

/// What stands for the browser of whoever did not say which one it is.
const UNNAMED: &str = "-";

/// What a new item has the function do that the table's stream calls.
#[derive(Clone, PartialEq, Eq)]
pub enum Errand {
    /// To mail the code of a challenge.
    Code(UserName, ChallengeId),
    /// To tell the owner of something, once on that day.
    Tell(UserName, Notice, String),
    /// To look whether the owner hears of a new browser, known by this.
    Browser(UserName, String),
}

/// It names users.
impl std::fmt::Debug for Errand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Errand(hidden)")
    }
}

impl Errand {
    /// What the item with these two halves of a key asks for; nothing where it is any other.
    pub fn of(partition: &str, sort: &str) -> Option<Self> {
        let user = UserName::parse(partition.strip_prefix("USER#")?).ok()?;
        if let Some(challenge) = sort.strip_prefix(ORDER) {
            return Some(Self::Code(user, ChallengeId::parse(challenge).ok()?));
        }
        if let Some(browser) = sort.strip_prefix(BROWSER) {
            return Some(Self::Browser(user, browser.to_owned()));
        }
        let (kind, day) = sort.strip_prefix(NOTICE)?.split_once('#')?;
        Some(Self::Tell(user, Notice::parse(kind)?, day.to_owned()))
    }
}

/// The key of a notice on a day.
pub(crate) fn notice_key(user: &UserName, notice: Notice, day: &str) -> Key {
    user_key(
        Kind::Notice,
        user,
        format!("{NOTICE}{}#{day}", notice.name()),
    )
}

/// The key of a browser, by what it is known by.
pub(crate) fn browser_key(user: &UserName, browser: &str) -> Key {
    user_key(Kind::Browser, user, format!("{BROWSER}{browser}"))
}

/// Has the owner told of something, unless they were today.
pub(crate) fn tell(user: &UserName, notice: Notice, now: Timestamp) -> Write {
    Write::to(notice_key(user, notice, &day(now)))
        .set(AT, time(now))
        .set(TTL, ttl(now.plus(KEPT)))
}

/// The same, at the address that the account has now. The first one of a day stands: the address of a
/// second one may be somebody else's by then.
pub(crate) fn tell_at(user: &UserName, notice: Notice, to: &Address, now: Timestamp) -> Write {
    tell(user, notice, now)
        .set(TO, text(to.as_str()))
        .if_absent(AT)
}

/// Notes that a notice was mailed. The address is of no more use.
pub(crate) fn told(user: &UserName, notice: Notice, day: &str, now: Timestamp) -> Write {
    Write::to(notice_key(user, notice, day))
        .set(MAILED_AT, time(now))
        .remove([TO])
        .if_present(AT)
}

/// Notes the browser of a complete sign-in.
pub(crate) fn seen_browser(
    user: &UserName,
    browser: Option<Sha256Digest>,
    enrolled: bool,
    now: Timestamp,
) -> Write {
    let browser = browser.map_or_else(|| UNNAMED.to_owned(), Sha256Digest::to_hex);
    Write::to(browser_key(user, &browser))
        .set(AT, time(now))
        .set(TTL, ttl(now.plus(BROWSER_KEPT)))
        .set_some(ENROLLED, enrolled.then_some(AttributeValue::Bool(true)))
}

/// What the owner is to hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// The address that is told; none where that is the account's.
    pub to: Option<Address>,
    /// When it was mailed, if it was.
    pub mailed: Option<Timestamp>,
}

/// What the table holds of a notice, and of a browser.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NoticeRecord {
    at: Option<Timestamp>,
    to: Option<String>,
    mailed_at: Option<Timestamp>,
    enrolled: Option<bool>,
}

impl Record for NoticeRecord {
    const READ: &'static str = "ReadNotice";
}

impl TryFrom<NoticeRecord> for Owed {
    type Error = Misread;

    fn try_from(record: NoticeRecord) -> Result<Self, Misread> {
        required(record.at, AT)?;
        Ok(Self {
            // None where the account's own is meant, and once it was mailed.
            to: record.to.map(Address::new),
            mailed: record.mailed_at,
        })
    }
}

/// Whether the sign-in that a browser was first seen at was an enrolment.
pub(crate) struct SeenAtEnrolment(pub(crate) bool);

impl TryFrom<NoticeRecord> for SeenAtEnrolment {
    type Error = Misread;

    fn try_from(record: NoticeRecord) -> Result<Self, Misread> {
        required(record.at, AT)?;
        Ok(Self(record.enrolled.unwrap_or_default()))
    }
}

/// Reads a notice.
pub(crate) fn owed_notice(item: &Item) -> Result<Owed, Fault> {
    read::<NoticeRecord, _>(item)
}

/// Reads a browser.
pub(crate) fn seen_at_enrolment(item: &Item) -> Result<bool, Fault> {
    read::<NoticeRecord, SeenAtEnrolment>(item).map(|seen| seen.0)
}
