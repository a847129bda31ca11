//! The user pool, as far as the functions change anything in it: signing people out everywhere.

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_cognitoidentityprovider::operation::admin_user_global_sign_out::AdminUserGlobalSignOutError;
use signin_core::alarm::SIGN_OUT;
use signin_core::id::{UserName, UserPoolId};
use signin_core::time::Timestamp;

use crate::client::Config;
use crate::fault::Fault;
use crate::table::UserTable;

/// The service that keeps user pools.
#[derive(Clone, Debug)]
pub struct UserPools {
    pub(crate) client: Client,
}

impl UserPools {
    /// The service that the environment names.
    pub fn open(config: &Config) -> Self {
        Self {
            client: Client::new(config),
        }
    }

    /// Revokes a user's refresh tokens and takes the mark off that owed it, if it is still the same
    /// mark. An account that is gone has no tokens left.
    ///
    /// The mark stands until this has succeeded, and refreshes are refused as long. So it may be
    /// called again at any time, and whatever it does not come to is left to the next call.
    pub async fn sign_out(
        &self,
        table: &UserTable,
        pool: &UserPoolId,
        user: &UserName,
        owed: Timestamp,
    ) -> Result<(), Fault> {
        let request = self
            .client
            .admin_user_global_sign_out()
            .user_pool_id(pool.as_str())
            .username(user.as_str());
        match request.send().await {
            Ok(_) => {}
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(Fault::of(SIGN_OUT, &error)),
        }
        table.settle_sign_out(user, owed).await
    }

    /// The same for a user of whom the index of what is owed tells; nothing where it is not owed any
    /// more.
    pub async fn sign_out_where_owed(
        &self,
        table: &UserTable,
        pool: &UserPoolId,
        user: &UserName,
    ) -> Result<(), Fault> {
        match table.account(user).await?.sign_out_owed {
            Some(owed) => self.sign_out(table, pool, user, owed).await,
            None => Ok(()),
        }
    }
}

fn is_gone<R>(error: &SdkError<AdminUserGlobalSignOutError, R>) -> bool {
    error
        .as_service_error()
        .and_then(|error| error.code())
        .is_some_and(|code| code == "UserNotFoundException")
}
