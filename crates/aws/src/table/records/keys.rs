//! Keys that say whose an item is, and `ENROLMENT#<id>` / `ENROLMENT`: whose an enrolment is.

use serde::Deserialize;
use signin_core::id::{EnrolmentId, UserName};

use super::super::attribute::{PK, SK, USER};
use super::super::item::Item;
use super::super::{enrolment_of, profile_of};
use super::read::{self, Misread, Record, read, required};
use crate::fault::Fault;

/// What the index of what is owed holds of an item.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct OwedRecord {
    #[serde(rename = "PK")]
    partition: Option<String>,
    #[serde(rename = "SK")]
    sort: Option<String>,
}

impl Record for OwedRecord {
    const READ: &'static str = "ReadOwed";
}

impl OwedRecord {
    /// What the key names.
    fn names<T>(self, of: impl Fn(&str, &str) -> Option<T>) -> Result<T, Misread> {
        let (partition, sort) = (required(self.partition, PK)?, required(self.sort, SK)?);
        of(&partition, &sort).ok_or(Misread::NotUnderstood(SK))
    }
}

impl TryFrom<OwedRecord> for (UserName, EnrolmentId) {
    type Error = Misread;

    fn try_from(record: OwedRecord) -> Result<Self, Misread> {
        record.names(enrolment_of)
    }
}

impl TryFrom<OwedRecord> for UserName {
    type Error = Misread;

    fn try_from(record: OwedRecord) -> Result<Self, Misread> {
        record.names(profile_of)
    }
}

/// Reads of which enrolment something is owed.
pub(crate) fn owed_enrolment(item: &Item) -> Result<(UserName, EnrolmentId), Fault> {
    read::<OwedRecord, _>(item)
}

/// Reads of whose profile something is owed.
pub(crate) fn owed_profile(item: &Item) -> Result<UserName, Fault> {
    read::<OwedRecord, _>(item)
}

/// What the table holds to say whose an enrolment is.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct PointerRecord {
    #[serde(deserialize_with = "read::text")]
    user: Option<UserName>,
}

impl Record for PointerRecord {
    const READ: &'static str = "ReadPointer";
}

impl TryFrom<PointerRecord> for UserName {
    type Error = Misread;

    fn try_from(record: PointerRecord) -> Result<Self, Misread> {
        required(record.user, USER)
    }
}

/// Reads whose an enrolment is.
pub(crate) fn owner(item: &Item) -> Result<UserName, Fault> {
    read::<PointerRecord, _>(item)
}
