//! Codes that are to be mailed: counted and ordered by create-auth-challenge, alike for everybody, and
//! mailed by a function that the table's stream calls.

use std::time::Duration;

use signin_core::factor::email_code::Issued;
use signin_core::id::{ChallengeId, UserName};
use signin_core::lockout::Path;
use signin_core::mail::Sent;
use signin_core::time::Timestamp;

use super::UserTable;
use super::dynamodb::RACES;
use super::item::Kind;
use super::records::{Order, mailed, order, order_key, order_read, sent, sent_key};
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
        now: Timestamp,
    ) -> Result<(), Fault> {
        let write = mailed(user, challenge, now);
        self.update("NoteMailed", write).await?;
        Ok(())
    }
}
