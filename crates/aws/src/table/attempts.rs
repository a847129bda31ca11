//! Attempts: one item for each path and factor of a user, known or not.

use signin_core::factor::Factor;
use signin_core::id::UserName;
use signin_core::idempotency::IdempotencyRecord;
use signin_core::lockout::{Attempts, Cost, EMPTIED_EVERY, Path, Scope};
use signin_core::reason::{Reason, Verdict};
use signin_core::time::Timestamp;
use strum::IntoEnumIterator as _;

use super::UserTable;
use super::attribute::TTL;
use super::item::{Key, Write, time};
use super::records::{
    EmptiedBy, attempts_key, empty, empty_sent, on_path, settle_attempt, verdict_of_call,
};
use super::rows::{Rows, Transaction};
use crate::fault::Fault;

impl<R: Rows> UserTable<R> {
    /// Reads the attempts of a user on one path.
    pub(super) async fn attempts(&self, user: &UserName, scope: Scope) -> Result<Attempts, Fault> {
        let [found] = self.read([Some(attempts_key(user, scope))]).await?;
        let found = found.as_ref().map(on_path).transpose()?;
        Ok(found.unwrap_or_default().attempts)
    }

    /// Gives those attempts back whose calls died before they had judged the answer, and returns the
    /// attempts as they are then. Nothing changes where an answer was judged after all, or where
    /// another call is at it.
    pub async fn give_back_abandoned(
        &self,
        user: &UserName,
        scope: Scope,
        attempts: &Attempts,
        now: Timestamp,
    ) -> Result<Attempts, Fault> {
        let mut given = false;
        for id in attempts.overdue(now) {
            let found = self.answered(user, id).await?;
            let back = settle_attempt(user, scope, id, Cost::Nothing);
            given |= match found {
                Some((key, found)) if found.is_abandoned(now) => {
                    self.abandon(key, &found, back).await?
                }
                Some(_) => false,
                // Its record is swept: nobody can judge it any more.
                None => self.update("GiveBack", back).await?,
            };
        }
        if given {
            self.attempts(user, scope).await
        } else {
            Ok(attempts.clone())
        }
    }

    async fn abandon(
        &self,
        challenge: Key,
        found: &IdempotencyRecord,
        back: Write,
    ) -> Result<bool, Fault> {
        let given_up = Verdict::Refused(Reason::TryLater);
        let writes = [verdict_of_call(challenge, found.call, given_up), back];
        let writes = writes.map(Write::in_transaction);
        Ok(self.write(writes.into()).await? == Transaction::Written)
    }

    /// Empties what stands against a user on a path, unless the same did so within
    /// [`EMPTIED_EVERY`].
    pub async fn empty_attempts(
        &self,
        user: &UserName,
        scope: Scope,
        by: EmptiedBy,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let rested = once(empty(user, scope), by, now);
        self.update("EmptyAttempts", rested).await?;
        Ok(())
    }

    /// What a completed password reset does for the path with the password, whatever the factor. Whoever
    /// had the password may have used up the codes as well.
    pub(super) async fn empty_by_reset(
        &self,
        user: &UserName,
        now: Timestamp,
    ) -> Result<(), Fault> {
        for factor in Factor::iter() {
            let path = Path::Password;
            let scope = Scope { path, factor };
            self.empty_attempts(user, scope, EmptiedBy::Reset, now)
                .await?;
        }
        let codes = once(empty_sent(user, Path::Password), EmptiedBy::Reset, now);
        self.update("EmptyMails", codes).await?;
        Ok(())
    }
}

/// Empties something unless the same did so within [`EMPTIED_EVERY`].
fn once(emptied: Write, by: EmptiedBy, now: Timestamp) -> Write {
    let last = now.minus(EMPTIED_EVERY);
    emptied
        .set(by.attribute(), time(now))
        .if_present(TTL)
        .if_absent_or_less(by.attribute(), time(last))
}
