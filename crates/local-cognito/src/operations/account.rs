//! What a signed-in user sees, changes and ends.

use std::collections::BTreeMap;

use cognito_srp::{Identity, Verifier};
use serde_json::{Value, json};

use super::sign_up::{STANDARD_ATTRIBUTES, looks_like_an_address};
use super::{UserPools, delivery, random_code};
use crate::error::{ApiError, ApiResult};
use crate::pool::{Code, Pool, SIGN_UP_CODE_VALIDITY, User};
use crate::requests::{
    AccessTokenRequest, Attribute, AttributeCodeRequest, ChangePasswordRequest,
    UpdateUserAttributesRequest, VerifyUserAttributeRequest,
};
use crate::tokens::AccessClaims;

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
        if !user.verifier.fits(identity, &request.previous_password) {
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
        let mut details = Vec::new();
        let mut email = None;
        let mut others = BTreeMap::new();
        for Attribute { name, value } in request.user_attributes {
            if !deployment.client.writes(&name) {
                return Err(ApiError::not_authorized(
                    "A client attempted to write unauthorized attribute",
                ));
            }
            if name == "email" {
                email = Some(settings.fold(&value));
            } else if STANDARD_ATTRIBUTES.contains(&name.as_str()) {
                others.insert(name, value);
            } else {
                return Err(ApiError::invalid_parameter(
                    "Attributes did not conform to the schema: Attribute does not exist in the \
                     schema.",
                ));
            }
        }
        let email = email.filter(|email| *email != user.email);
        if let Some(email) = &email {
            if !looks_like_an_address(email) {
                return Err(ApiError::invalid_parameter("Invalid email address format."));
            }
            if self.with_pool(&settings.id, |pool| pool.knows(email)) {
                return Err(Pool::alias_is_taken());
            }
        }
        self.with_pool(&settings.id, |pool| {
            let user = pool.user_mut(&user.name);
            let user = user.ok_or_else(ApiError::user_not_found)?;
            user.attributes.extend(others);
            Ok(())
        })?;
        if let Some(email) = email {
            if !settings.proves_email_before_update() {
                self.with_pool(&settings.id, |pool| {
                    pool.change_email(&user.name, &email, false)
                })?;
            }
            if settings.verifies_email() || settings.proves_email_before_update() {
                self.send_email_code(&settings.id, &user.name, &email)?;
                details.push(delivery(&email));
            }
        }
        Ok(json!({ "CodeDeliveryDetailsList": details }))
    }

    /// `GetUserAttributeVerificationCode`: a code for the address that is not proven yet.
    pub(crate) fn get_attribute_code(&self, request: &AttributeCodeRequest) -> ApiResult<Value> {
        let (claims, user) = self.signed_in_user(&request.access_token)?;
        check_is_email(&request.attribute_name)?;
        let email = user.new_email.unwrap_or(user.email);
        self.send_email_code(claims.pool(), &user.name, &email)?;
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
    fn send_email_code(&self, pool: &str, name: &str, email: &str) -> ApiResult<()> {
        let now = self.clock.now();
        let digits = random_code();
        self.with_pool(pool, |pool| {
            let user = pool.user_mut(name).ok_or_else(ApiError::user_not_found)?;
            user.new_email = Some(email.to_owned());
            user.email_code = Some(Code::new(digits.clone(), now + SIGN_UP_CODE_VALIDITY));
            Ok(())
        })?;
        let subject = "Your verification code";
        self.mailbox.deliver(email, subject, &digits, now);
        Ok(())
    }

    /// `DeleteUser`: the account, its sessions and its tokens end, and its address is free.
    pub(crate) fn delete_user(&self, request: &AccessTokenRequest) -> ApiResult<Value> {
        let (claims, user) = self.signed_in_user(&request.access_token)?;
        self.with_pool(claims.pool(), |pool| pool.remove_user(&user.name));
        Ok(json!({}))
    }

    /// Whose access token this is, while it stands.
    fn signed_in_user(&self, token: &str) -> ApiResult<(AccessClaims, User)> {
        let now = self.clock.now();
        let claims = self.keys.check_access_token(token, now)?;
        let revoked = || ApiError::not_authorized("Access Token has been revoked");
        let user = self.with_pool(claims.pool(), |pool| {
            let grant = pool.grant(&claims.origin_jti).ok_or_else(revoked)?;
            if grant.revoked {
                return Err(revoked());
            }
            let user = pool
                .user(&claims.username)
                .ok_or_else(ApiError::user_not_found)?;
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
