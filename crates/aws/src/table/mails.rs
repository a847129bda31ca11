//! What is to be mailed. Codes are counted and ordered by create-auth-challenge, alike for everybody;
//! notices are ordered with what they tell of. A function that the table's stream calls mails both.

use std::time::Duration;

use signin_core::factor::email_code::Issued;
use signin_core::id::{ChallengeId, UserName};
use signin_core::lockout::Path;
use signin_core::mail::{Address, Sent};
use signin_core::notice::Notice;
use signin_core::time::Timestamp;

use super::UserTable;
use super::dynamodb::RACES;
use super::item::Kind;
use super::records::{
    Order, Owed, browser_key, failed, forget_browser, mailed, notice_key, order, order_key,
    order_read, owed_notice, seen_at_enrolment, sent, sent_key, tell, tell_at, told,
};
use super::rows::{Rows, Transaction};
use crate::fault::Fault;

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// It is placed.
    Placed,
    /// It is not: so many were mailed that this wait is due.
    NotBefore(Duration),
}

impl<R: Rows> UserTable<R> {
    /// Orders a code and counts it, both or neither. `seen` are those that were mailed before, as
    /// create-auth-challenge read them; where others were ordered since, they are read anew.
    pub async fn order_code(
        &self,
        user: &UserName,
        path: Path,
        seen: Sent,
        code: &Issued,
        now: Timestamp,
    ) -> Result<Ordered, Fault> {
        let mut seen = seen;
        for _ in 0..RACES {
            let after = match seen.one_more(now) {
                Ok(after) => after,
                Err(wait) => return Ok(Ordered::NotBefore(wait)),
            };
            let writes = order(user, path, (seen, after), code, now);
            match self.write(writes.into()).await? {
                Transaction::Written => return Ok(Ordered::Placed),
                // This very call has, and did not hear of it.
                Transaction::Unmet(kinds) if kinds.contains(&Kind::Order) => {
                    return Ok(Ordered::Placed);
                }
                Transaction::Unmet(_) => {
                    let [found] = self.read([Some(sent_key(user, path))]).await?;
                    seen = found.as_ref().map(sent).transpose()?.unwrap_or_default();
                }
            }
        }
        Err(Fault::new(
            "OrderCode",
            "transaction conflict retries exhausted",
        ))
    }

    /// Reads an order; none where there is none any more.
    pub async fn order(
        &self,
        user: &UserName,
        challenge: &ChallengeId,
    ) -> Result<Option<Order>, Fault> {
        let [found] = self.read([Some(order_key(user, challenge))]).await?;
        found.as_ref().map(order_read).transpose()
    }

    /// Notes that an order was mailed.
    pub async fn note_mailed(
        &self,
        user: &UserName,
        challenge: &ChallengeId,
        path: Path,
        now: Timestamp,
    ) -> Result<(), Fault> {
        // Where the order or the count was swept meanwhile, there is nothing to note.
        self.write(mailed(user, challenge, path, now).into())
            .await?;
        Ok(())
    }

    /// Notes that what was ordered on a path could not be mailed.
    pub async fn note_failed(
        &self,
        user: &UserName,
        path: Path,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.update("NoteFailedMail", failed(user, path, now))
            .await?;
        Ok(())
    }

    /// Has the owner told of something by itself, unless they were told of such a thing today.
    pub async fn tell(&self, user: &UserName, notice: Notice, now: Timestamp) -> Result<(), Fault> {
        self.update("OrderNotice", tell(user, notice, now)).await?;
        Ok(())
    }

    /// The same, at the address that the account has at this moment.
    pub async fn tell_at(
        &self,
        user: &UserName,
        notice: Notice,
        to: &Address,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.update("OrderNotice", tell_at(user, notice, to, now))
            .await?;
        Ok(())
    }

    /// Reads what the owner is to hear of on a day; none where there is no such thing any more.
    pub async fn notice(
        &self,
        user: &UserName,
        notice: Notice,
        day: &str,
    ) -> Result<Option<Owed>, Fault> {
        let [found] = self.read([Some(notice_key(user, notice, day))]).await?;
        found.as_ref().map(owed_notice).transpose()
    }

    /// Notes that the owner was told.
    pub async fn note_told(
        &self,
        user: &UserName,
        notice: Notice,
        day: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.update("NoteTold", told(user, notice, day, now))
            .await?;
        Ok(())
    }

    /// Whether a browser was first seen at an enrolment; none where it is not on record any more.
    pub async fn was_seen_at_enrolment(
        &self,
        user: &UserName,
        browser: &str,
    ) -> Result<Option<bool>, Fault> {
        let [found] = self.read([Some(browser_key(user, browser))]).await?;
        found.as_ref().map(seen_at_enrolment).transpose()
    }

    /// Forgets a browser, of which the owner could not be told: the next sign-in from it is news again.
    pub async fn forget_browser(&self, user: &UserName, browser: &str) -> Result<(), Fault> {
        self.write(vec![forget_browser(user, browser)]).await?;
        Ok(())
    }
}
