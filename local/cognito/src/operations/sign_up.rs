//! From a new address to a confirmed account.

use cognito_srp::{Identity, Verifier};
use serde_json::{Value, json};
use uuid::Uuid;

use super::attributes::{Given, another_address, looks_like_an_address};
use super::letters::Errand;
use super::{UserPools, check_secret_hash, delivery, missing_parameter};
use crate::error::{ApiError, ApiResult};
use crate::pool::{Code, Pool, SIGN_UP_CODE_VALIDITY, Status, User};
use crate::requests::{Attribute, CodeRequest, ConfirmSignUpRequest, SignUpRequest, StringMap};
use crate::settings::Deployment;
use crate::triggers::{Confirmation, EventUser, MessageCause, Registration};

impl UserPools {
    /// `SignUp`.
    pub(crate) async fn sign_up(&self, request: SignUpRequest) -> ApiResult<Value> {
        let deployment = self.deployment(&request.client_id).await?;
        check_secret_hash(
            &deployment,
            &request.username,
            request.secret_hash.as_deref(),
        )?;
        let settings = &deployment.pool;
        if settings.only_administrators_create_users() {
            return Err(ApiError::not_authorized(
                "SignUp is not permitted for this user pool",
            ));
        }
        let folded = settings.fold(&request.username);
        let attributes = sign_up_attributes(&deployment, &folded, request.user_attributes)?;
        // The model leaves room for accounts without one, which these pools do not have.
        let password = request
            .password
            .as_deref()
            .ok_or_else(|| missing_parameter("Password"))?;
        settings.password_policy().check(password)?;
        if self.with_pool(&settings.id, |pool| pool.user(&folded).is_some()) {
            return Err(Pool::address_is_taken());
        }

        let name = Uuid::new_v4().to_string();
        let validation_data = request.validation_data.map(by_name);
        let metadata = request.client_metadata.as_ref();
        let user = EventUser {
            name: &name,
            attributes: &attributes,
            known: true,
        };
        let triggers = self.triggers(&deployment);
        let decision = triggers
            .pre_sign_up(
                user,
                Registration::SignUp,
                validation_data.as_ref(),
                metadata,
            )
            .await?;
        let confirmed = decision.auto_confirm_user == Some(true);

        let identity = Identity {
            pool_id: &settings.id,
            user_id: &name,
        };
        let mut extra = attributes;
        extra.remove("email");
        let user = User {
            name: name.clone(),
            email: folded.clone(),
            email_verified: decision.auto_verify_email == Some(true),
            status: if confirmed {
                Status::Confirmed
            } else {
                Status::Unconfirmed
            },
            enabled: true,
            verifier: Verifier::new(identity, password, rand::random()),
            attributes: extra,
            sign_up_code: None,
            reset_code: None,
            new_email: None,
            email_code: None,
            temporary_until: None,
            created_at: self.clock.now(),
        };
        let attributes = user.trigger_attributes();
        self.with_pool(&settings.id, |pool| pool.add_user(folded.clone(), user))?;

        let mut answer = json!({ "UserConfirmed": confirmed, "UserSub": name });
        if confirmed {
            let user = EventUser {
                name: &name,
                attributes: &attributes,
                known: true,
            };
            triggers
                .post_confirmation(user, Confirmation::SignUp, metadata)
                .await?;
        } else if settings.verifies_email() {
            let to = (name.as_str(), folded.as_str());
            self.send_sign_up_code(&deployment, to, MessageCause::SignUp, metadata)
                .await?;
            answer["CodeDeliveryDetails"] = delivery(&folded);
        }
        Ok(answer)
    }

    /// `ConfirmSignUp`.
    pub(crate) async fn confirm_sign_up(&self, request: ConfirmSignUpRequest) -> ApiResult<Value> {
        let deployment = self.deployment(&request.client_id).await?;
        check_secret_hash(
            &deployment,
            &request.username,
            request.secret_hash.as_deref(),
        )?;
        let folded = deployment.pool.fold(&request.username);
        let now = self.clock.now();
        let (name, attributes) = self.with_pool(&deployment.pool.id, |pool| {
            let user = match pool.user_mut(&folded) {
                Some(user) if user.enabled => user,
                _ if deployment.client.hides_unknown_users() => return Err(Code::expired()),
                Some(_) => return Err(ApiError::user_disabled()),
                None => return Err(ApiError::nobody_of_that_name()),
            };
            user.check_unconfirmed()?;
            Code::redeem(&mut user.sign_up_code, &request.confirmation_code, now)?;
            user.status = Status::Confirmed;
            user.email_verified = true;
            Ok((user.name.clone(), user.trigger_attributes()))
        })?;
        let user = EventUser {
            name: &name,
            attributes: &attributes,
            known: true,
        };
        self.triggers(&deployment)
            .post_confirmation(user, Confirmation::SignUp, request.client_metadata.as_ref())
            .await?;
        Ok(json!({}))
    }

    /// `ResendConfirmationCode`.
    pub(crate) async fn resend_confirmation_code(&self, request: CodeRequest) -> ApiResult<Value> {
        let deployment = self.deployment(&request.client_id).await?;
        check_secret_hash(
            &deployment,
            &request.username,
            request.secret_hash.as_deref(),
        )?;
        let folded = deployment.pool.fold(&request.username);
        let user = self.with_pool(&deployment.pool.id, |pool| pool.user(&folded).cloned());
        let user = match user {
            Some(user) if user.enabled => user,
            // Nothing is sent, and nothing tells so.
            _ if deployment.client.hides_unknown_users() => {
                return Ok(json!({ "CodeDeliveryDetails": delivery(&folded) }));
            }
            Some(_) => return Err(ApiError::user_disabled()),
            None => return Err(ApiError::nobody_of_that_name()),
        };
        if user.status != Status::Unconfirmed {
            return Err(ApiError::invalid_parameter("User is already confirmed."));
        }
        if !deployment.pool.verifies_email() {
            return Err(ApiError::invalid_parameter(
                "Cannot resend codes. Auto verification not turned on.",
            ));
        }
        let to = (user.name.as_str(), user.email.as_str());
        let metadata = request.client_metadata.as_ref();
        self.send_sign_up_code(&deployment, to, MessageCause::ResendCode, metadata)
            .await?;
        Ok(json!({ "CodeDeliveryDetails": delivery(&user.email) }))
    }

    /// Replaces a user's sign-up code and mails it.
    async fn send_sign_up_code(
        &self,
        deployment: &Deployment,
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
        let keep = |user: &mut User, code| user.sign_up_code = Some(code);
        self.send_code(&self.triggers(deployment), errand, keep)
            .await
    }
}

/// The attributes a new account begins with, its address among them.
fn sign_up_attributes(
    deployment: &Deployment,
    folded: &str,
    given: Option<Vec<Attribute>>,
) -> ApiResult<StringMap> {
    if !looks_like_an_address(folded) {
        return Err(ApiError::invalid_parameter("Username should be an email."));
    }
    // The address is the user name, which no app needs a permission for.
    let writes = |name: &str| name == "email" || deployment.client.writes(name);
    let given = Given::by_user(&deployment.pool, given.unwrap_or_default(), writes)?;
    if given.email.is_some_and(|email| email != folded) {
        return Err(another_address());
    }
    let mut attributes = given.others;
    attributes.insert("email".to_owned(), folded.to_owned());
    Ok(attributes)
}

/// Name and value pairs, as triggers see them.
pub(super) fn by_name(data: Vec<Attribute>) -> StringMap {
    data.into_iter()
        .map(|Attribute { name, value }| (name, value.unwrap_or_default()))
        .collect()
}
