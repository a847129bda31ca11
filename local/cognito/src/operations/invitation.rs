//! Accounts that an administrator makes, and passwords that an administrator sets.

use cognito_srp::{Identity, Verifier};
use serde_json::{Value, json};
use uuid::Uuid;

use super::UserPools;
use super::administration::described;
use super::attributes::{Given, another_address, looks_like_an_address};
use super::sign_up::by_name;
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::pool::{Pool, Status, User};
use crate::requests::{
    AdminCreateUserRequest, AdminSetUserPasswordRequest, MessageAction, StringMap,
};
use crate::settings::PoolSettings;
use crate::triggers::{EventUser, MessageCause, Registration};

impl UserPools {
    /// `AdminCreateUser`: an account with a password for the time being.
    pub(crate) async fn admin_create_user(
        &self,
        request: AdminCreateUserRequest,
    ) -> ApiResult<Value> {
        let settings = self.pool(&request.user_pool_id).await?;
        let mediums = request.desired_delivery_mediums.as_deref();
        // Messages go to the phone by default, and to the address of whoever has none.
        if mediums.is_some_and(|mediums| mediums != ["EMAIL"]) {
            return Err(ApiError::invalid_parameter(
                "The local user pool delivers by EMAIL alone.",
            ));
        }
        let folded = settings.fold(&request.username);
        let policy = settings.password_policy();
        let password = match request.temporary_password {
            Some(password) => {
                policy.check(&password)?;
                password
            }
            None => policy.generate(),
        };
        let metadata = request.client_metadata.as_ref();
        let name = match request.message_action {
            Some(MessageAction::Resend) => self.invite_again(&settings, &folded, &password)?,
            None | Some(MessageAction::Suppress) => {
                let given = request.user_attributes.unwrap_or_default();
                let given = Given::by_administrator(&settings, given)?;
                let validation_data = request.validation_data.map(by_name);
                let account = NewAccount {
                    folded: &folded,
                    given,
                    password: &password,
                };
                self.invite(&settings, account, validation_data.as_ref(), metadata)
                    .await?
            }
        };
        if request.message_action != Some(MessageAction::Suppress) {
            self.send_invitation(&settings, &name, &password, metadata)
                .await?;
        }
        self.with_pool(&settings.id, |pool| {
            let user = pool.user(&name).ok_or_else(ApiError::user_not_found)?;
            Ok(json!({ "User": described(user, "Attributes", None) }))
        })
    }

    /// Makes the account; its name.
    async fn invite(
        &self,
        settings: &PoolSettings,
        account: NewAccount<'_>,
        validation_data: Option<&StringMap>,
        metadata: Option<&StringMap>,
    ) -> ApiResult<String> {
        let NewAccount {
            folded,
            given,
            password,
        } = account;
        if !looks_like_an_address(folded) {
            return Err(ApiError::invalid_parameter("Username should be an email."));
        }
        if given.email.is_some_and(|email| email != folded) {
            return Err(another_address());
        }
        if self.with_pool(&settings.id, |pool| pool.knows(folded)) {
            return Err(Pool::address_is_taken());
        }
        let name = Uuid::new_v4().to_string();
        let verified = given.email_verified;
        let mut attributes = given.others.clone();
        attributes.insert("email".to_owned(), folded.to_owned());
        if let Some(verified) = verified {
            attributes.insert("email_verified".to_owned(), verified.to_string());
        }
        let user = EventUser {
            name: &name,
            attributes: &attributes,
            known: true,
        };
        // What the trigger decides beside that is for those who sign up themselves.
        self.administrators_triggers(settings)
            .pre_sign_up(user, Registration::Administrator, validation_data, metadata)
            .await?;
        let identity = Identity {
            pool_id: &settings.id,
            user_id: &name,
        };
        let now = self.clock.now();
        let user = User {
            name: name.clone(),
            email: folded.to_owned(),
            email_verified: verified == Some(true),
            status: Status::ForceChangePassword,
            enabled: true,
            verifier: Verifier::new(identity, password, rand::random()),
            attributes: given.others,
            sign_up_code: None,
            reset_code: None,
            new_email: None,
            email_code: None,
            temporary_until: Some(now + settings.temporary_password_validity()),
            created_at: now,
        };
        self.with_pool(&settings.id, |pool| pool.add_user(folded.to_owned(), user))?;
        Ok(name)
    }

    /// Gives somebody who has not come yet another password; their name.
    fn invite_again(
        &self,
        settings: &PoolSettings,
        folded: &str,
        password: &str,
    ) -> ApiResult<String> {
        let until = self.clock.now() + settings.temporary_password_validity();
        self.with_pool(&settings.id, |pool| {
            let user = pool.user_mut(folded).ok_or_else(ApiError::user_not_found)?;
            if user.status != Status::ForceChangePassword {
                return Err(ApiError::new(
                    ErrorCode::UnsupportedUserState,
                    format!(
                        "Resend not possible. {} is not in FORCE_CHANGE_PASSWORD state",
                        user.name
                    ),
                ));
            }
            let identity = Identity {
                pool_id: &settings.id,
                user_id: &user.name,
            };
            let verifier = Verifier::new(identity, password, rand::random());
            user.set_temporary_password(verifier, until);
            Ok(user.name.clone())
        })
    }

    async fn send_invitation(
        &self,
        settings: &PoolSettings,
        name: &str,
        password: &str,
        metadata: Option<&StringMap>,
    ) -> ApiResult<()> {
        let (email, attributes) = self.with_pool(&settings.id, |pool| {
            let user = pool.user(name).ok_or_else(ApiError::user_not_found)?;
            Ok((user.email.clone(), user.trigger_attributes()))
        })?;
        let user = EventUser {
            name,
            attributes: &attributes,
            known: true,
        };
        let template = self
            .administrators_triggers(settings)
            .custom_message(user, MessageCause::AdminCreateUser, metadata)
            .await?;
        let message = template.fill_in(&email, password);
        self.mailbox
            .deliver(&email, message, password, self.clock.now());
        Ok(())
    }

    /// `AdminSetUserPassword`.
    pub(crate) async fn admin_set_user_password(
        &self,
        request: AdminSetUserPasswordRequest,
    ) -> ApiResult<Value> {
        let settings = self.pool(&request.user_pool_id).await?;
        settings.password_policy().check(&request.password)?;
        let folded = settings.fold(&request.username);
        let until = self.clock.now() + settings.temporary_password_validity();
        self.with_pool(&settings.id, |pool| {
            let user = pool.user_mut(&folded);
            let user = user.ok_or_else(ApiError::user_not_found)?;
            let identity = Identity {
                pool_id: &settings.id,
                user_id: &user.name,
            };
            let verifier = Verifier::new(identity, &request.password, rand::random());
            if request.permanent == Some(true) {
                user.set_password(verifier);
            } else {
                user.set_temporary_password(verifier, until);
            }
            Ok(json!({}))
        })
    }
}

/// An account that is to be made.
struct NewAccount<'a> {
    folded: &'a str,
    given: Given,
    password: &'a str,
}
