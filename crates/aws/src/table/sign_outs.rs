//! Sign-outs that are owed: refresh tokens from before a reset, or from before a face or a consent
//! went, are to be revoked.
//!
//! The mark is set in the write that makes it necessary, so that no refresh slips through in
//! between, and taken off only when Cognito has done it, and only if it is still the same mark.

use signin_core::id::UserName;
use signin_core::time::Timestamp;

use super::attribute::SIGN_OUT_OWED;
use super::item::{Write, time};
use super::owed::{Debt, owe, owe_nothing};
use super::rows::Rows;
use super::{UserTable, profile_key};
use crate::fault::Fault;

impl<R: Rows> UserTable<R> {
    /// Marks a sign-out as owed, where nothing else is written: for whoever takes a face or a
    /// consent away.
    pub async fn owe_sign_out(&self, user: &UserName, now: Timestamp) -> Result<(), Fault> {
        let write = owe_sign_out(Write::to(profile_key(user)), now);
        self.update("OweSignOut", write).await?;
        Ok(())
    }

    /// Takes the mark off. Nothing changes where another one has been set since: its sign-out is
    /// still to come.
    pub async fn settle_sign_out(&self, user: &UserName, owed: Timestamp) -> Result<(), Fault> {
        let settled = owe_nothing(Write::to(profile_key(user)))
            .remove([SIGN_OUT_OWED])
            .if_equal(SIGN_OUT_OWED, time(owed));
        self.update("SettleSignOut", settled).await?;
        Ok(())
    }
}

/// Marks a sign-out as owed since now, in a write to a profile.
pub(super) fn owe_sign_out(profile: Write, now: Timestamp) -> Write {
    owe(profile.set(SIGN_OUT_OWED, time(now)), Debt::SignOut, now)
}
