//! What a later run has to do: found by a sparse index, in which an item stands only while
//! something of it is owed.
//!
//! The index is eventually consistent and holds keys alone. So whoever finds a debt reads the item
//! before doing anything.

use signin_core::id::{EnrolmentId, UserName};
use signin_core::time::Timestamp;

use super::UserTable;
use super::attribute::{OWED, OWED_AT};
use super::item::{Item, Write, text, time};
use super::records::{owed_enrolment, owed_profile};
use super::rows::{Next, Rows};
use crate::fault::Fault;

/// The index's name in the template.
pub(super) const INDEX: &str = "Owed";

/// How many debts are read at a time.
const PAGE: i32 = 100;

/// What is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Debt {
    /// An enrolment that is to be undone, or to be looked at because nobody may have finished it.
    Enrolment,
    /// A sign-out of everywhere.
    SignOut,
}

impl Debt {
    /// The name that the table holds.
    pub(super) const fn name(self) -> &'static str {
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

/// Notes that something is owed of an item, from a moment on.
pub(super) fn owe(write: Write, debt: Debt, from: Timestamp) -> Write {
    write.set(OWED, text(debt.name())).set(OWED_AT, time(from))
}

/// Notes that nothing is owed any more.
pub(super) fn owe_nothing(write: Write) -> Write {
    write.remove([OWED, OWED_AT])
}

impl<R: Rows> UserTable<R> {
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
        let (items, next) = self.rows.owed(debt, now, from, at_most).await?;
        // One that cannot be read keeps nobody from the others.
        let read = |item| read(item).inspect_err(Fault::log).ok();
        Ok(Page {
            found: items.iter().filter_map(read).collect(),
            next,
        })
    }
}
