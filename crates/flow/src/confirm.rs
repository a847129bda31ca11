//! A confirmation, what is recorded of it, and the sign-out that a reset owes.

use signin_aws::fault::{Fault, in_time, told};
use signin_aws::stopwatch::Call;
use signin_aws::table::UserTable;
use signin_aws::user_pool::SignOuts;
use signin_core::alarm::SIGN_OUT;
use signin_core::budget;
use signin_core::id::{UserName, UserPoolId};
use signin_core::reason::Unavailable;
use signin_core::round::{Confirmed, Invocation};
use signin_core::sign_up::Confirmation;
use signin_core::time::Timestamp;

use crate::services::{Aws, Services};

/// Records what was proven of accounts.
pub struct Confirmer<S: Services = Aws> {
    /// The user table.
    pub table: UserTable<S::Rows>,
    /// What signs people out.
    pub pools: S::Pool,
}

impl<S: Services> Confirmer<S> {
    /// Records what was proven of an account.
    pub async fn confirm(
        &self,
        confirmed: &Confirmed,
        invocation: Invocation,
    ) -> Result<(), Unavailable> {
        let watch = Call::of(invocation).watch;
        let until = watch.after(budget::TRIGGER);
        let Confirmed {
            user,
            pool,
            confirmation,
        } = confirmed;
        let now = watch.now();
        let stored = self.table.confirm(user, confirmation, now);
        told(in_time("Confirm", until, stored).await)?;
        match confirmation {
            Confirmation::SignUp { .. } => {}
            Confirmation::PasswordReset(_) => {
                let signed_out = sign_out::<S>(&self.table, &self.pools, pool, user, now);
                // The reset stands. Until it is signed out, its mark refuses every refresh.
                if let Err(fault) = in_time(SIGN_OUT, until, signed_out).await {
                    fault.log();
                }
            }
        }
        Ok(())
    }
}

/// Revokes a user's refresh tokens and takes the mark off that owed it, if it is still the same mark.
///
/// The mark stands until this has succeeded, and refreshes are refused as long. So it may be called
/// again at any time, and whatever it does not come to is left to the next call.
async fn sign_out<S: Services>(
    table: &UserTable<S::Rows>,
    pools: &S::Pool,
    pool: &UserPoolId,
    user: &UserName,
    owed: Timestamp,
) -> Result<(), Fault> {
    pools.sign_out(pool, user).await?;
    table.settle_sign_out(user, owed).await
}

/// The same for a user of whom the index of what is owed tells; nothing where it is not owed any more.
pub async fn sign_out_where_owed<S: Services>(
    table: &UserTable<S::Rows>,
    pools: &S::Pool,
    pool: &UserPoolId,
    user: &UserName,
) -> Result<(), Fault> {
    match table.account(user).await?.sign_out_owed {
        Some(owed) => sign_out::<S>(table, pools, pool, user, owed).await,
        None => Ok(()),
    }
}
