//! Full passes: recorded with the user, and used up by tokens.

use signin_core::id::UserName;
use signin_core::pass::{Account, GOOD_FOR, TokenRequest};
use signin_core::time::Timestamp;

use super::attribute::{AT, CLIENT, USED_AT, USED_BY};
use super::item::{Write, text, time};
use super::records::{account, pass};
use super::rows::{Before, Rows};
use super::{UserTable, pass_key, profile_key};
use crate::fault::Fault;

impl<R: Rows> UserTable<R> {
    /// Uses up the pass of a request's nonce, or the one of all sessions without a nonce, and returns
    /// the account with that pass as it was before: unused where this call was the one to use it, or
    /// used by something else, or none. Two round trips: the account is read after the pass was used
    /// up, so that a reset which came before is seen.
    pub async fn use_up_pass(
        &self,
        user: &UserName,
        request: &TokenRequest,
        now: Timestamp,
    ) -> Result<Account, Fault> {
        let key = || pass_key(user, request.nonce);
        let write = Write::to(key())
            .set(USED_AT, time(now))
            .set(USED_BY, text(request.known_by().to_hex()))
            .if_at_least(AT, time(now.minus(GOOD_FOR)))
            .if_equal(CLIENT, text(request.client.as_str()))
            .if_absent(USED_AT);
        let written = self.rows.update("UseUpPass", write, Before::Wanted);
        if let Some(before) = written.await? {
            return Ok(Account {
                pass: Some(pass(&before)?),
                ..self.account(user).await?
            });
        }
        let [found, stands] = self.read([Some(profile_key(user)), Some(key())]).await?;
        Ok(Account {
            pass: stands.as_ref().map(pass).transpose()?,
            ..found.as_ref().map(account).transpose()?.unwrap_or_default()
        })
    }

    /// What refreshed tokens are decided by, as it stands now, without a pass; an empty account for
    /// everybody without a record. One round trip.
    pub async fn account(&self, user: &UserName) -> Result<Account, Fault> {
        let [found] = self.read([Some(profile_key(user))]).await?;
        Ok(found.as_ref().map(account).transpose()?.unwrap_or_default())
    }
}
