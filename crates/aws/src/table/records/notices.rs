//! `NOTICE#<kind>#<day>`: what the owner of an account is to hear; `NOTICE#<kind>#<day>#<address>` where it
//! is at the address that the digest in it names. `BROWSER#<digest>`: a browser that a
//! complete sign-in came from; `BROWSER#<digest>#<reset>` after a reset.
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
use super::super::item::{Change, Item, Key, Kind, Write, delete, text, time, ttl};
use super::super::user_key;
use super::mails::ORDER;
use super::pass::PassedFactor;
use super::read::{Misread, Record, read, required};
use crate::fault::Fault;

const NOTICE: &str = "NOTICE#";
const BROWSER: &str = "BROWSER#";

/// Digits of an address's digest in a key: enough that nobody finds another address with the same ones
/// within the day that they tell it apart.
const ADDRESS_DIGITS: usize = 32;

/// What stands for the browser of whoever did not say which one it is.
const UNNAMED: &str = "-";

/// What a new item has the function do that the table's stream calls.
#[derive(Clone, PartialEq, Eq)]
pub enum Errand {
    /// To mail the code of a challenge.
    Code(UserName, ChallengeId),
    /// To tell the owner of something, once on that day; where it is told at an address of its own, that
    /// follows.
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
    ordered(notice_key(user, notice, &day(now)), now)
}

fn ordered(key: Key, now: Timestamp) -> Write {
    Write::to(key)
        .set(AT, time(now))
        .set(TTL, ttl(now.plus(KEPT)))
}

/// The same, at the address that the account has now: once a day at each address, since after a first
/// change the next address may be anybody's. Of one that is already ordered there is nothing to write.
pub(crate) fn tell_at(user: &UserName, notice: Notice, to: &Address, now: Timestamp) -> Write {
    let digest = Sha256Digest::of(to.as_str().as_bytes()).to_hex();
    let when = format!("{}#{}", day(now), &digest[..ADDRESS_DIGITS]);
    ordered(notice_key(user, notice, &when), now)
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

/// Notes the browser of a complete sign-in. A reset has the owner hear of each browser anew: some of them
/// may be somebody else's.
pub(crate) fn seen_browser(user: &UserName, pass: &PassedFactor<'_>, now: Timestamp) -> Write {
    let browser = pass.browser.map(Sha256Digest::to_hex);
    let browser = browser.unwrap_or_else(|| UNNAMED.to_owned());
    let browser = match pass.last_reset {
        Some(reset) => format!("{browser}#{}", reset.as_millis()),
        None => browser,
    };
    let enrolled = pass.enrols().then_some(AttributeValue::Bool(true));
    Write::to(browser_key(user, &browser))
        .set(AT, time(now))
        .set(TTL, ttl(now.plus(BROWSER_KEPT)))
        .set_some(ENROLLED, enrolled)
}

/// Forgets a browser, so that the next sign-in from it is news again.
pub(crate) fn forget_browser(user: &UserName, browser: &str) -> Change {
    delete(&browser_key(user, browser), None)
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
