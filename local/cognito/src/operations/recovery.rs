//! A new password for somebody who still reads the account's mail.

use cognito_srp::{Identity, Verifier};
use serde_json::{Value, json};

use super::letters::Errand;
use super::{UserPools, check_secret_hash, delivery};
use crate::error::{ApiError, ApiResult};
use crate::pool::{Code, RESET_CODE_VALIDITY, Status, User};
use crate::requests::{CodeRequest, ConfirmForgotPasswordRequest};
use crate::triggers::{Confirmation, EventUser, MessageCause};

impl UserPools {
    /// `ForgotPassword`. Only a verified address gets a code.
    pub(crate) async fn forgot_password(&self, request: CodeRequest) -> ApiResult<Value> {
        let deployment = self.deployment(&request.client_id).await?;
        check_secret_hash(
            &deployment,
            &request.username,
            request.secret_hash.as_deref(),
        )?;
        let folded = deployment.pool.fold(&request.username);
        let found = self.with_pool(&deployment.pool.id, |pool| {
            let user = pool
                .user(&folded)
                .ok_or_else(ApiError::nobody_of_that_name)?;
            if !user.enabled {
                return Err(ApiError::user_disabled());
            }
            if !user.email_verified && user.status != Status::ForceChangePassword {
                return Err(ApiError::invalid_parameter(
                    "Cannot reset password for the user as there is no registered/verified email \
                     or phone_number",
                ));
            }
            Ok(user.clone())
        });
        let user = match found {
            Ok(user) => user,
            // Nothing is sent, and nothing tells so.
            Err(_) if deployment.client.hides_unknown_users() => {
                return Ok(json!({ "CodeDeliveryDetails": delivery(&folded) }));
            }
            Err(error) => return Err(error),
        };
        if user.status == Status::ForceChangePassword {
            return Err(cannot_be_reset());
        }
        let errand = Errand {
            name: &user.name,
            cause: MessageCause::ForgotPassword,
            to: &user.email,
            validity: RESET_CODE_VALIDITY,
            metadata: request.client_metadata.as_ref(),
        };
        let keep = |user: &mut User, code| user.reset_code = Some(code);
        self.send_code(&self.triggers(&deployment), errand, keep)
            .await?;
        Ok(json!({ "CodeDeliveryDetails": delivery(&user.email) }))
    }

    /// `ConfirmForgotPassword`.
    pub(crate) async fn confirm_forgot_password(
        &self,
        request: ConfirmForgotPasswordRequest,
    ) -> ApiResult<Value> {
        let deployment = self.deployment(&request.client_id).await?;
        check_secret_hash(
            &deployment,
            &request.username,
            request.secret_hash.as_deref(),
        )?;
        let settings = &deployment.pool;
        settings.password_policy().check(&request.password)?;
        let folded = settings.fold(&request.username);
        let now = self.clock.now();
        let (name, attributes) = self.with_pool(&settings.id, |pool| {
            let user = match pool.user_mut(&folded) {
                Some(user) if user.enabled => user,
                _ if deployment.client.hides_unknown_users() => return Err(Code::mismatch()),
                Some(_) => return Err(ApiError::user_disabled()),
                None => return Err(ApiError::nobody_of_that_name()),
            };
            if user.status == Status::ForceChangePassword {
                return Err(cannot_be_reset());
            }
            Code::redeem(&mut user.reset_code, &request.confirmation_code, now)?;
            let identity = Identity {
                pool_id: &settings.id,
                user_id: &user.name,
            };
            user.verifier = Verifier::new(identity, &request.password, rand::random());
            Ok((user.name.clone(), user.trigger_attributes()))
        })?;
        let user = EventUser {
            name: &name,
            attributes: &attributes,
            known: true,
        };
        let metadata = request.client_metadata.as_ref();
        self.triggers(&deployment)
            .post_confirmation(user, Confirmation::ForgotPassword, metadata)
            .await?;
        Ok(json!({}))
    }
}

/// A temporary password is an administrator's to replace.
fn cannot_be_reset() -> ApiError {
    ApiError::not_authorized("User password cannot be reset in the current state.")
}
