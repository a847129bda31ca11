//! What a signed-in user sees, changes and ends.

use cognito_srp::{Identity, Verifier};
use serde_json::{Value, json};

use super::attributes::{Given, check_removable, unwritable};
use super::letters::Errand;
use super::{UserPools, delivery, missing_parameter};
use crate::error::{ApiError, ApiResult};
use crate::pool::{Code, Pool, SIGN_UP_CODE_VALIDITY, User};
use crate::requests::{
    AccessTokenRequest, AttributeCodeRequest, ChangePasswordRequest, DeleteUserAttributesRequest,
    StringMap, UpdateUserAttributesRequest, VerifyUserAttributeRequest,
};
use crate::tokens::AccessClaims;
use crate::triggers::{MessageCause, Triggers};

/// Attributes that an account is to get.
pub(super) struct Change<'a> {
    pub(super) name: &'a str,
    pub(super) given: Given,
    pub(super) metadata: Option<&'a StringMap>,
}

impl UserPools {
    /// `GetUser`.
    pub(crate) async fn get_user(&self, request: AccessTokenRequest) -> ApiResult<Value> {
        let (claims, user) = self.signed_in_user(&request.access_token)?;
        let deployment = self.deployment(&claims.client_id).await?;
        let attributes: Vec<Value> = user
            .public_attributes()
            .into_iter()
            .filter(|(name, _)| deployment.client.reads(name))
            .map(|(name, value)| json!({ "Name": name, "Value": value }))
            .collect();
        Ok(json!({ "Username": user.name, "UserAttributes": attributes }))
    }

    /// `GlobalSignOut`.
    pub(crate) fn global_sign_out(&self, request: &AccessTokenRequest) -> ApiResult<Value> {
        let (claims, user) = self.signed_in_user(&request.access_token)?;
        self.with_pool(claims.pool(), |pool| pool.revoke_all_of(&user.name));
        Ok(json!({}))
    }

    /// `ChangePassword`. Wrong previous passwords count like those of a sign-in.
    pub(crate) async fn change_password(&self, request: ChangePasswordRequest) -> ApiResult<Value> {
        let (claims, user) = self.signed_in_user(&request.access_token)?;
        let deployment = self.deployment(&claims.client_id).await?;
        let now = self.clock.now();
        let pool_id = &deployment.pool.id;
        self.with_pool(pool_id, |pool| pool.check_lockout(&user.name, now))?;
        let identity = Identity {
            pool_id,
            user_id: &user.name,
        };
        // The service calls it by another name than its own model.
        let previous = request
            .previous_password
            .as_deref()
            .ok_or_else(|| missing_parameter("OldPassword"))?;
        if !user.verifier.fits(identity, previous) {
            self.with_pool(pool_id, |pool| pool.password_failed(&user.name, now));
            return Err(ApiError::wrong_credentials());
        }
        deployment
            .pool
            .password_policy()
            .check(&request.proposed_password)?;
        let verifier = Verifier::new(identity, &request.proposed_password, rand::random());
        self.with_pool(pool_id, |pool| {
            pool.password_passed(&user.name);
            let user = pool.user_mut(&user.name);
            user.ok_or_else(ApiError::user_not_found)?.verifier = verifier;
            Ok(json!({}))
        })
    }

    /// `UpdateUserAttributes`. A new address waits for its code where the pool asks for that, and
    /// is unverified at once where it does not.
    pub(crate) async fn update_user_attributes(
        &self,
        request: UpdateUserAttributesRequest,
    ) -> ApiResult<Value> {
        let (claims, user) = self.signed_in_user(&request.access_token)?;
        let deployment = self.deployment(&claims.client_id).await?;
        let settings = &deployment.pool;
        let writes = |name: &str| deployment.client.writes(name);
        let given = Given::by_user(settings, request.user_attributes, writes)?;
        let change = Change {
            name: &user.name,
            given,
            metadata: request.client_metadata.as_ref(),
        };
        let triggers = self.triggers(&deployment);
        let details = self.change_attributes(&triggers, change).await?;
        Ok(json!({ "CodeDeliveryDetailsList": details }))
    }

    /// Changes attributes, and mails the code that a new address waits for. Where the trigger
    /// refuses that letter, an address that was to be proven first is as it was.
    pub(super) async fn change_attributes(
        &self,
        triggers: &Triggers<'_>,
        change: Change<'_>,
    ) -> ApiResult<Vec<Value>> {
        let settings = triggers.pool;
        let Change {
            name,
            given,
            metadata,
        } = change;
        let (email, verified) = self.with_pool(&settings.id, |pool| {
            let present = pool.user(name).ok_or_else(ApiError::user_not_found)?;
            let email = given.email.filter(|email| *email != present.email);
            if email.as_ref().is_some_and(|email| pool.knows(email)) {
                return Err(Pool::alias_is_taken());
            }
            let user = pool.user_mut(name).ok_or_else(ApiError::user_not_found)?;
            user.attributes.extend(given.others);
            if let (None, Some(verified)) = (&email, given.email_verified) {
                user.email_verified = verified;
            }
            Ok((email, given.email_verified == Some(true)))
        })?;
        let Some(email) = email else {
            return Ok(Vec::new());
        };
        if verified || !settings.proves_email_before_update() {
            self.with_pool(&settings.id, |pool| {
                pool.change_email(name, &email, verified)
            })?;
        }
        if verified || !(settings.verifies_email() || settings.proves_email_before_update()) {
            return Ok(Vec::new());
        }
        let cause = MessageCause::UpdateUserAttribute;
        self.send_email_code(triggers, (name, &email), cause, metadata)
            .await?;
        Ok(vec![delivery(&email)])
    }

    /// `DeleteUserAttributes`.
    pub(crate) async fn delete_user_attributes(
        &self,
        request: DeleteUserAttributesRequest,
    ) -> ApiResult<Value> {
        let (claims, user) = self.signed_in_user(&request.access_token)?;
        let deployment = self.deployment(&claims.client_id).await?;
        for name in &request.user_attribute_names {
            check_removable(name)?;
            if !deployment.client.writes(name) {
                return Err(unwritable());
            }
        }
        self.with_pool(&deployment.pool.id, |pool| {
            let user = pool.user_mut(&user.name);
            let user = user.ok_or_else(ApiError::user_not_found)?;
            for name in &request.user_attribute_names {
                user.attributes.remove(name);
            }
            Ok(json!({}))
        })
    }

    /// `GetUserAttributeVerificationCode`: a code for the address that is not proven yet.
    pub(crate) async fn get_attribute_code(
        &self,
        request: AttributeCodeRequest,
    ) -> ApiResult<Value> {
        let (claims, user) = self.signed_in_user(&request.access_token)?;
        check_is_email(&request.attribute_name)?;
        let deployment = self.deployment(&claims.client_id).await?;
        let email = user.new_email.unwrap_or(user.email);
        let cause = MessageCause::VerifyUserAttribute;
        let metadata = request.client_metadata.as_ref();
        let triggers = self.triggers(&deployment);
        self.send_email_code(&triggers, (&user.name, &email), cause, metadata)
            .await?;
        Ok(json!({ "CodeDeliveryDetails": delivery(&email) }))
    }

    /// `VerifyUserAttribute`: the code proves the new address, which takes the old one's place.
    pub(crate) fn verify_user_attribute(
        &self,
        request: &VerifyUserAttributeRequest,
    ) -> ApiResult<Value> {
        let (claims, user) = self.signed_in_user(&request.access_token)?;
        check_is_email(&request.attribute_name)?;
        let now = self.clock.now();
        self.with_pool(claims.pool(), |pool| {
            let user = pool.user_mut(&user.name);
            let user = user.ok_or_else(ApiError::user_not_found)?;
            Code::redeem(&mut user.email_code, &request.code, now)?;
            let (name, email) = (user.name.clone(), user.new_email.take());
            let email = email.ok_or_else(Code::expired)?;
            pool.change_email(&name, &email, true)?;
            Ok(json!({}))
        })
    }

    /// Mails a code to an address that is to be proven.
    async fn send_email_code(
        &self,
        triggers: &Triggers<'_>,
        (name, email): (&str, &str),
        cause: MessageCause,
        metadata: Option<&StringMap>,
    ) -> ApiResult<()> {
        let errand = Errand {
            name,
            cause,
            to: email,
            validity: SIGN_UP_CODE_VALIDITY,
            metadata,
        };
        let keep = |user: &mut User, code| {
            user.new_email = Some(email.to_owned());
            user.email_code = Some(code);
        };
        self.send_code(triggers, errand, keep).await
    }

    /// `DeleteUser`: the account, its sessions and its tokens end, and its address is free.
    pub(crate) fn delete_user(&self, request: &AccessTokenRequest) -> ApiResult<Value> {
        let (claims, user) = self.signed_in_user(&request.access_token)?;
        self.with_pool(claims.pool(), |pool| pool.remove_user(&user.name));
        Ok(json!({}))
    }

    /// Whose access token this is, while it stands, if it is one for Cognito's own operations.
    fn signed_in_user(&self, token: &str) -> ApiResult<(AccessClaims, User)> {
        let now = self.clock.now();
        let claims = self.keys.check_access_token(token, now)?;
        if !claims.opens_the_account() {
            return Err(ApiError::not_authorized(
                "Access Token does not have required scopes",
            ));
        }
        let revoked = || ApiError::not_authorized("Access Token has been revoked");
        let user = self.with_pool(claims.pool(), |pool| {
            // Of tokens of a deleted account nothing is left that was revoked.
            let user = pool
                .user(&claims.username)
                .ok_or_else(ApiError::user_not_found)?;
            let grant = pool.grant(&claims.origin_jti).ok_or_else(revoked)?;
            if grant.revoked {
                return Err(revoked());
            }
            if !user.enabled {
                return Err(ApiError::user_disabled());
            }
            Ok(user.clone())
        })?;
        Ok((claims, user))
    }
}

/// The only attribute that a code can prove.
fn check_is_email(attribute: &str) -> ApiResult<()> {
    if attribute == "email" {
        Ok(())
    } else {
        Err(ApiError::invalid_parameter(
            "Only the attribute email can be verified.",
        ))
    }
}
