//! Tries: one item for each path and factor of a user, known or not.

use signin_core::consumption::Consumption;
use signin_core::factor::Factor;
use signin_core::id::UserName;
use signin_core::lockout::{Cost, EMPTIED_EVERY, Path, Scope, Tries};
use signin_core::reason::{Reason, Verdict};
use signin_core::time::Timestamp;
use strum::IntoEnumIterator as _;

use super::UserTable;
use super::attribute::TTL;
use super::item::{Key, Write, time};
use super::records::{EmptiedBy, empty, on_path, settle_try, tries_key, verdict_of_call};
use super::rows::{Rows, Transaction};
use crate::fault::Fault;

impl<R: Rows> UserTable<R> {
    /// Reads the tries of a user on one path.
    pub(super) async fn tries(&self, user: &UserName, scope: Scope) -> Result<Tries, Fault> {
        let [found] = self.read([Some(tries_key(user, scope))]).await?;
        let found = found.as_ref().map(on_path).transpose()?;
        Ok(found.unwrap_or_default().tries)
    }

    /// Gives those tries back whose calls died before they had judged the answer, and returns the
    /// tries as they are then. Nothing changes where an answer was judged after all, or where
    /// another call is at it.
    pub async fn give_back_abandoned(
        &self,
        user: &UserName,
        scope: Scope,
        tries: &Tries,
        now: Timestamp,
    ) -> Result<Tries, Fault> {
        let mut given = false;
        for id in tries.overdue(now) {
            let found = self.answered(user, id).await?;
            let back = settle_try(user, scope, id, Cost::Nothing);
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
            self.tries(user, scope).await
        } else {
            Ok(tries.clone())
        }
    }

    async fn abandon(
        &self,
        challenge: Key,
        found: &Consumption,
        back: Write,
    ) -> Result<bool, Fault> {
        let given_up = Verdict::Refused(Reason::TryLater);
        let writes = [verdict_of_call(challenge, found.call, given_up), back];
        let writes = writes.map(Write::in_transaction);
        Ok(self.write(writes.into()).await? == Transaction::Written)
    }

    /// Empties what stands against a user on a path, unless the same did so within
    /// [`EMPTIED_EVERY`].
    pub async fn empty_tries(
        &self,
        user: &UserName,
        scope: Scope,
        by: EmptiedBy,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let last = now.minus(EMPTIED_EVERY);
        let rested = empty(user, scope)
            .set(by.attribute(), time(now))
            .if_present(TTL)
            .if_absent_or_less(by.attribute(), time(last));
        self.update("EmptyTries", rested).await?;
        Ok(())
    }

    /// What a completed password reset does for the path with the password, whatever the factor.
    pub(super) async fn empty_by_reset(
        &self,
        user: &UserName,
        now: Timestamp,
    ) -> Result<(), Fault> {
        for factor in Factor::iter() {
            let path = Path::Password;
            let scope = Scope { path, factor };
            self.empty_tries(user, scope, EmptiedBy::Reset, now).await?;
        }
        Ok(())
    }
}
