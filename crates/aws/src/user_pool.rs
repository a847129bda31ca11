//! The user pool, as far as the functions ask it for something: signing people out everywhere, and to
//! which address an account's mail goes.

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};
use signin_core::alarm::SIGN_OUT;
use signin_core::id::{UserName, UserPoolId};
use signin_core::mail::Address;

use crate::client::Config;
use crate::fault::Fault;

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
}

/// What knows the addresses of a user pool's accounts.
pub trait Addresses {
    /// An account's address; none where there is no such account, or it has none that is proven to be
    /// its owner's.
    fn address(
        &self,
        pool: &UserPoolId,
        user: &UserName,
    ) -> impl Future<Output = Result<Option<Address>, Fault>>;
}

impl Addresses for UserPools {
    async fn address(&self, pool: &UserPoolId, user: &UserName) -> Result<Option<Address>, Fault> {
        let request = self
            .client
            .admin_get_user()
            .user_pool_id(pool.as_str())
            .username(user.as_str());
        match request.send().await {
            Ok(account) => {
                let named = |name: &str| {
                    let mut attributes = account.user_attributes().iter();
                    let found = attributes.find(|attribute| attribute.name() == name);
                    found.and_then(|found| found.value())
                };
                let proven = named("email_verified") == Some("true");
                let email = named("email").filter(|_| proven).map(str::to_owned);
                Ok(email.map(Address::new))
            }
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(Fault::of("AdminGetUser", &error)),
        }
    }
}

/// What signs people out everywhere.
pub trait SignOuts {
    /// Revokes a user's refresh tokens. An account that is gone has no tokens left.
    fn sign_out(
        &self,
        pool: &UserPoolId,
        user: &UserName,
    ) -> impl Future<Output = Result<(), Fault>>;
}

impl SignOuts for UserPools {
    async fn sign_out(&self, pool: &UserPoolId, user: &UserName) -> Result<(), Fault> {
        let request = self
            .client
            .admin_user_global_sign_out()
            .user_pool_id(pool.as_str())
            .username(user.as_str());
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_gone(&error) => Ok(()),
            Err(error) => Err(Fault::of(SIGN_OUT, &error)),
        }
    }
}

fn is_gone<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error
        .as_service_error()
        .and_then(|error| error.code())
        .is_some_and(|code| code == "UserNotFoundException")
}

#[cfg(test)]
mod tests {
    use aws_sdk_cognitoidentityprovider::error::ErrorMetadata;
    use aws_sdk_cognitoidentityprovider::operation::admin_user_global_sign_out as sign_out;
    use aws_sdk_cognitoidentityprovider::types::error::{
        NotAuthorizedException, UserNotFoundException,
    };
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    async fn signed_out(answer: Rule) -> Result<(), Fault> {
        let client = mock_client!(
            aws_sdk_cognitoidentityprovider,
            RuleMode::Sequential,
            [&answer]
        );
        let pool = UserPoolId::parse("eu-central-1_pool").unwrap();
        let user = UserName::parse("ada").unwrap();
        let signed_out = UserPools { client }.sign_out(&pool, &user).await;
        assert_eq!(answer.num_calls(), 1);
        signed_out
    }

    fn code(code: &str) -> ErrorMetadata {
        ErrorMetadata::builder().code(code).build()
    }

    #[tokio::test]
    async fn a_sign_out_is_done_where_nobody_is_left_and_fails_where_it_is_forbidden() {
        let call = || {
            mock!(Client::admin_user_global_sign_out).match_requests(|request| {
                request.user_pool_id() == Some("eu-central-1_pool")
                    && request.username() == Some("ada")
            })
        };
        let done = call().then_output(|| sign_out::AdminUserGlobalSignOutOutput::builder().build());
        let gone = call().then_error(|| {
            let error = UserNotFoundException::builder();
            let error = error.meta(code("UserNotFoundException")).build();
            sign_out::AdminUserGlobalSignOutError::UserNotFoundException(error)
        });
        for answer in [done, gone] {
            assert_eq!(signed_out(answer).await, Ok(()));
        }
        let forbidden = call().then_error(|| {
            let error = NotAuthorizedException::builder();
            let error = error.meta(code("NotAuthorizedException")).build();
            sign_out::AdminUserGlobalSignOutError::NotAuthorizedException(error)
        });
        let fault = signed_out(forbidden).await.unwrap_err();
        assert_eq!(
            fault.to_string(),
            "AdminUserGlobalSignOut: NotAuthorizedException"
        );
    }
}
