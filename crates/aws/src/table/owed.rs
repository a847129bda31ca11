//! What a later run has to do: found by a sparse index, in which an item stands only while
//! something of it is owed.
//!
//! The index is eventually consistent and holds keys alone. So whoever finds a debt reads the item
//! before doing anything.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use signin_core::id::{EnrolmentId, UserName};
use signin_core::time::Timestamp;

use super::UserTable;
use super::attribute::{OWED, OWED_AT};
use super::item::{Item, Write, text, time};
use super::records::{owed_enrolment, owed_profile};
use crate::fault::Fault;

/// The index's name in the template.
const INDEX: &str = "Owed";

/// How many debts are read at a time.
const PAGE: i32 = 100;

/// What is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Debt {
    /// An enrolment that is to be undone, or to be looked at because nobody may have finished it.
    Enrolment,
    /// A sign-out of everywhere.
    SignOut,
}

impl Debt {
    /// The name that the table holds.
    const fn name(self) -> &'static str {
        match self {
            Self::Enrolment => "ENROLMENT",
            Self::SignOut => "SIGN_OUT",
        }
    }
}

/// Some of what is owed, and where to read on.
#[derive(Debug)]
pub struct Page<T> {
    /// What was found.
    pub found: Vec<T>,
    /// Where the next page begins; none after the last.
    pub next: Option<Next>,
}

/// Where a page begins.
pub struct Next(HashMap<String, AttributeValue>);

impl std::fmt::Debug for Next {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Next(hidden)")
    }
}

/// Notes that something is owed of an item, from a moment on.
pub(super) fn owe(write: Write, debt: Debt, from: Timestamp) -> Write {
    write.set(OWED, text(debt.name())).set(OWED_AT, time(from))
}

/// Notes that nothing is owed any more.
pub(super) fn owe_nothing(write: Write) -> Write {
    write.remove([OWED, OWED_AT])
}

impl UserTable {
    /// The enrolments that are due to be undone or looked at, the longest due first: a page of them,
    /// or at most so many.
    pub async fn owed_enrolments(
        &self,
        now: Timestamp,
        from: Option<Next>,
        at_most: Option<i32>,
    ) -> Result<Page<(UserName, EnrolmentId)>, Fault> {
        let at_most = at_most.unwrap_or(PAGE);
        self.owed(Debt::Enrolment, now, from, at_most, owed_enrolment)
            .await
    }

    /// The users whose sign-out is owed, the longest due first.
    pub async fn owed_sign_outs(
        &self,
        now: Timestamp,
        from: Option<Next>,
    ) -> Result<Page<UserName>, Fault> {
        self.owed(Debt::SignOut, now, from, PAGE, owed_profile)
            .await
    }

    async fn owed<T>(
        &self,
        debt: Debt,
        now: Timestamp,
        from: Option<Next>,
        at_most: i32,
        read: impl Fn(&Item) -> Result<T, Fault>,
    ) -> Result<Page<T>, Fault> {
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
        // One that cannot be read keeps nobody from the others.
        let read = |item| read(&item).inspect_err(Fault::log).ok();
        Ok(Page {
            found: items.filter_map(read).collect(),
            next: page
                .last_evaluated_key
                .filter(|key| !key.is_empty())
                .map(Next),
        })
    }
}
