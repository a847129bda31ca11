//! From a new address to a confirmed account.

use std::collections::BTreeMap;

use cognito_srp::{Identity, Verifier};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{UserPools, check_secret_hash, delivery, random_code};
use crate::error::{ApiError, ApiResult};
use crate::pool::{Code, Pool, SIGN_UP_CODE_VALIDITY, Status, User};
use crate::requests::{Attribute, CodeRequest, ConfirmSignUpRequest, SignUpRequest, StringMap};
use crate::settings::Deployment;
use crate::triggers::{Confirmation, EventUser};

/// Attributes of the OpenID Connect standard, which every pool has.
pub(super) const STANDARD_ATTRIBUTES: &[&str] = &[
    "address",
    "birthdate",
    "email",
    "family_name",
    "gender",
    "given_name",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "phone_number",
    "picture",
    "preferred_username",
    "profile",
    "updated_at",
    "website",
    "zoneinfo",
];

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
        settings.password_policy().check(&request.password)?;
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
            .pre_sign_up(user, validation_data.as_ref(), metadata)
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
            verifier: Verifier::new(identity, &request.password, rand::random()),
            attributes: extra,
            sign_up_code: None,
            reset_code: None,
            new_email: None,
            email_code: None,
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
            self.send_sign_up_code(&deployment, &name);
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
                None => return Err(ApiError::user_not_found()),
            };
            if user.status == Status::Confirmed {
                return Err(ApiError::not_authorized(
                    "User cannot be confirmed. Current status is CONFIRMED",
                ));
            }
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
            None => return Err(ApiError::user_not_found()),
        };
        if user.status == Status::Confirmed {
            return Err(ApiError::invalid_parameter("User is already confirmed."));
        }
        if !deployment.pool.verifies_email() {
            return Err(ApiError::invalid_parameter(
                "Cannot resend codes. Auto verification not turned on.",
            ));
        }
        self.send_sign_up_code(&deployment, &user.name);
        Ok(json!({ "CodeDeliveryDetails": delivery(&user.email) }))
    }

    /// Replaces a user's sign-up code and mails it.
    fn send_sign_up_code(&self, deployment: &Deployment, name: &str) {
        let now = self.clock.now();
        let digits = random_code();
        let code = Code::new(digits.clone(), now + SIGN_UP_CODE_VALIDITY);
        let email = self.with_pool(&deployment.pool.id, |pool| {
            let user = pool.user_mut(name)?;
            user.sign_up_code = Some(code);
            Some(user.email.clone())
        });
        if let Some(email) = email {
            self.mailbox
                .deliver(&email, "Your verification code", &digits, now);
        }
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
    let mut attributes = BTreeMap::from([("email".to_owned(), folded.to_owned())]);
    for Attribute { name, value } in given.into_iter().flatten() {
        if name == "email" {
            if deployment.pool.fold(&value) != folded {
                return Err(ApiError::invalid_parameter(
                    "The attribute email must be the user name.",
                ));
            }
            continue;
        }
        if !deployment.client.writes(&name) {
            return Err(ApiError::not_authorized(
                "A client attempted to write unauthorized attribute",
            ));
        }
        if !STANDARD_ATTRIBUTES.contains(&name.as_str()) {
            return Err(ApiError::invalid_parameter(
                "Attributes did not conform to the schema: Attribute does not exist in the schema.",
            ));
        }
        attributes.insert(name, value);
    }
    Ok(attributes)
}

/// Something before and after one `@`, nothing blank: what mail can be sent to is for the mail to
/// show.
pub(super) fn looks_like_an_address(text: &str) -> bool {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    matches!(text.split_once('@'), Some((user, host))
        if !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text.contains(blank)
}

fn by_name(data: Vec<Attribute>) -> StringMap {
    data.into_iter()
        .map(|Attribute { name, value }| (name, value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_sides_and_no_blank() {
        assert!(looks_like_an_address("ada@example.org"));
        for text in ["", "ada", "@example.org", "ada@", "a@b@c", "a b@c", "a@b\n"] {
            assert!(!looks_like_an_address(text), "{text:?}");
        }
    }
}
