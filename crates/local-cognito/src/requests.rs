//! Request bodies, and the limits that Cognito's API model sets them.
//!
//! None of these types prints: they hold passwords, codes, tokens and answers.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, ApiResult, ErrorCode};

/// Strings by name: `AuthParameters`, `ChallengeResponses`, `ClientMetadata`.
pub(crate) type StringMap = BTreeMap<String, String>;

/// Characters that a value of a [`StringMap`] may have.
pub(crate) const MAX_STRING: usize = 131_072;

/// Characters that an attribute or validation datum may have.
const MAX_ATTRIBUTE: usize = 2_048;

const NAME: RangeInclusive<usize> = 1..=128;
const PASSWORD: RangeInclusive<usize> = 1..=256;
const CODE: RangeInclusive<usize> = 1..=2_048;
const SESSION: RangeInclusive<usize> = 20..=2_048;
const TOKEN: RangeInclusive<usize> = 1..=MAX_STRING;
const POOL: RangeInclusive<usize> = 1..=55;

/// Users that one page of `ListUsers` may hold.
pub(crate) const MAX_LISTED: usize = 60;

/// A request body that can be held to its limits.
pub(crate) trait Request: DeserializeOwned {
    /// Refuses what the API model does not allow.
    fn check(&self) -> ApiResult<()>;
}

/// Parses a body and checks it.
pub(crate) fn parse<R: Request>(body: &[u8]) -> ApiResult<R> {
    let request: R = serde_json::from_slice(body).map_err(|error| {
        // The text of a parse error may quote the body.
        let place = format!("line {} column {}", error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => ApiError::invalid_parameter(format!(
                "The request is missing a required member or has one of the wrong type ({place})."
            )),
            _ => ApiError::new(
                ErrorCode::Serialization,
                format!("The request is not JSON ({place})."),
            ),
        }
    })?;
    // A structure by itself would also take a list, member after member.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(ApiError::invalid_parameter(
            "The request is not a JSON object.",
        ));
    }
    request.check()?;
    Ok(request)
}

/// A name with its value, as attributes come.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attribute {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SignUpRequest {
    pub(crate) client_id: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) secret_hash: Option<String>,
    pub(crate) user_attributes: Option<Vec<Attribute>>,
    pub(crate) validation_data: Option<Vec<Attribute>>,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for SignUpRequest {
    fn check(&self) -> ApiResult<()> {
        length("clientId", &self.client_id, NAME)?;
        length("username", &self.username, NAME)?;
        length("password", &self.password, PASSWORD)?;
        attributes("userAttributes", self.user_attributes.as_deref())?;
        attributes("validationData", self.validation_data.as_deref())?;
        strings("clientMetadata", self.client_metadata.as_ref())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ConfirmSignUpRequest {
    pub(crate) client_id: String,
    pub(crate) username: String,
    pub(crate) confirmation_code: String,
    pub(crate) secret_hash: Option<String>,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for ConfirmSignUpRequest {
    fn check(&self) -> ApiResult<()> {
        length("clientId", &self.client_id, NAME)?;
        length("username", &self.username, NAME)?;
        length("confirmationCode", &self.confirmation_code, CODE)?;
        strings("clientMetadata", self.client_metadata.as_ref())
    }
}

/// `ResendConfirmationCode` and `ForgotPassword`: a code is wanted.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CodeRequest {
    pub(crate) client_id: String,
    pub(crate) username: String,
    pub(crate) secret_hash: Option<String>,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for CodeRequest {
    fn check(&self) -> ApiResult<()> {
        length("clientId", &self.client_id, NAME)?;
        length("username", &self.username, NAME)?;
        strings("clientMetadata", self.client_metadata.as_ref())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ConfirmForgotPasswordRequest {
    pub(crate) client_id: String,
    pub(crate) username: String,
    pub(crate) confirmation_code: String,
    pub(crate) password: String,
    pub(crate) secret_hash: Option<String>,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for ConfirmForgotPasswordRequest {
    fn check(&self) -> ApiResult<()> {
        length("clientId", &self.client_id, NAME)?;
        length("username", &self.username, NAME)?;
        length("confirmationCode", &self.confirmation_code, CODE)?;
        length("password", &self.password, PASSWORD)?;
        strings("clientMetadata", self.client_metadata.as_ref())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InitiateAuthRequest {
    pub(crate) client_id: String,
    pub(crate) auth_flow: String,
    #[serde(default)]
    pub(crate) auth_parameters: StringMap,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for InitiateAuthRequest {
    fn check(&self) -> ApiResult<()> {
        length("clientId", &self.client_id, NAME)?;
        strings("authParameters", Some(&self.auth_parameters))?;
        if let Some(name) = self.auth_parameters.get("USERNAME") {
            length("authParameters.USERNAME", name, NAME)?;
        }
        strings("clientMetadata", self.client_metadata.as_ref())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RespondToAuthChallengeRequest {
    pub(crate) client_id: String,
    pub(crate) challenge_name: String,
    pub(crate) session: Option<String>,
    #[serde(default)]
    pub(crate) challenge_responses: StringMap,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for RespondToAuthChallengeRequest {
    fn check(&self) -> ApiResult<()> {
        length("clientId", &self.client_id, NAME)?;
        if let Some(session) = &self.session {
            length("session", session, SESSION)?;
        }
        strings("challengeResponses", Some(&self.challenge_responses))?;
        strings("clientMetadata", self.client_metadata.as_ref())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetTokensFromRefreshTokenRequest {
    pub(crate) client_id: String,
    pub(crate) refresh_token: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for GetTokensFromRefreshTokenRequest {
    fn check(&self) -> ApiResult<()> {
        length("clientId", &self.client_id, NAME)?;
        length("refreshToken", &self.refresh_token, TOKEN)?;
        strings("clientMetadata", self.client_metadata.as_ref())
    }
}

/// `GetUser`, `GlobalSignOut` and `DeleteUser`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AccessTokenRequest {
    pub(crate) access_token: String,
}

impl Request for AccessTokenRequest {
    fn check(&self) -> ApiResult<()> {
        length("accessToken", &self.access_token, TOKEN)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RevokeTokenRequest {
    pub(crate) client_id: String,
    pub(crate) token: String,
    pub(crate) client_secret: Option<String>,
}

impl Request for RevokeTokenRequest {
    fn check(&self) -> ApiResult<()> {
        length("clientId", &self.client_id, NAME)?;
        length("token", &self.token, TOKEN)
    }
}

/// `AdminDisableUser`, `AdminEnableUser`, `AdminGetUser`, `AdminUserGlobalSignOut` and
/// `AdminDeleteUser`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AdminUserRequest {
    pub(crate) user_pool_id: String,
    pub(crate) username: String,
}

impl Request for AdminUserRequest {
    fn check(&self) -> ApiResult<()> {
        length("userPoolId", &self.user_pool_id, POOL)?;
        length("username", &self.username, NAME)
    }
}

/// `AdminCreateUser`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AdminCreateUserRequest {
    pub(crate) user_pool_id: String,
    pub(crate) username: String,
    pub(crate) temporary_password: Option<String>,
    pub(crate) user_attributes: Option<Vec<Attribute>>,
    pub(crate) validation_data: Option<Vec<Attribute>>,
    pub(crate) message_action: Option<String>,
    pub(crate) desired_delivery_mediums: Option<Vec<String>>,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for AdminCreateUserRequest {
    fn check(&self) -> ApiResult<()> {
        length("userPoolId", &self.user_pool_id, POOL)?;
        length("username", &self.username, NAME)?;
        if let Some(password) = &self.temporary_password {
            length("temporaryPassword", password, PASSWORD)?;
        }
        attributes("userAttributes", self.user_attributes.as_deref())?;
        attributes("validationData", self.validation_data.as_deref())?;
        strings("clientMetadata", self.client_metadata.as_ref())
    }
}

/// `AdminSetUserPassword`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AdminSetUserPasswordRequest {
    pub(crate) user_pool_id: String,
    pub(crate) username: String,
    pub(crate) password: String,
    #[serde(default)]
    pub(crate) permanent: bool,
}

impl Request for AdminSetUserPasswordRequest {
    fn check(&self) -> ApiResult<()> {
        length("userPoolId", &self.user_pool_id, POOL)?;
        length("username", &self.username, NAME)?;
        length("password", &self.password, PASSWORD)
    }
}

/// `AdminUpdateUserAttributes`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AdminUpdateUserAttributesRequest {
    pub(crate) user_pool_id: String,
    pub(crate) username: String,
    pub(crate) user_attributes: Vec<Attribute>,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for AdminUpdateUserAttributesRequest {
    fn check(&self) -> ApiResult<()> {
        length("userPoolId", &self.user_pool_id, POOL)?;
        length("username", &self.username, NAME)?;
        attributes("userAttributes", Some(&self.user_attributes))?;
        strings("clientMetadata", self.client_metadata.as_ref())
    }
}

/// `AdminConfirmSignUp`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AdminConfirmSignUpRequest {
    pub(crate) user_pool_id: String,
    pub(crate) username: String,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for AdminConfirmSignUpRequest {
    fn check(&self) -> ApiResult<()> {
        length("userPoolId", &self.user_pool_id, POOL)?;
        length("username", &self.username, NAME)?;
        strings("clientMetadata", self.client_metadata.as_ref())
    }
}

/// `AdminInitiateAuth`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AdminInitiateAuthRequest {
    pub(crate) user_pool_id: String,
    #[serde(flatten)]
    pub(crate) auth: InitiateAuthRequest,
}

impl Request for AdminInitiateAuthRequest {
    fn check(&self) -> ApiResult<()> {
        length("userPoolId", &self.user_pool_id, POOL)?;
        self.auth.check()
    }
}

/// `AdminRespondToAuthChallenge`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AdminRespondToAuthChallengeRequest {
    pub(crate) user_pool_id: String,
    #[serde(flatten)]
    pub(crate) answer: RespondToAuthChallengeRequest,
}

impl Request for AdminRespondToAuthChallengeRequest {
    fn check(&self) -> ApiResult<()> {
        length("userPoolId", &self.user_pool_id, POOL)?;
        self.answer.check()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ChangePasswordRequest {
    pub(crate) access_token: String,
    pub(crate) previous_password: String,
    pub(crate) proposed_password: String,
}

impl Request for ChangePasswordRequest {
    fn check(&self) -> ApiResult<()> {
        length("accessToken", &self.access_token, TOKEN)?;
        length("previousPassword", &self.previous_password, PASSWORD)?;
        length("proposedPassword", &self.proposed_password, PASSWORD)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateUserAttributesRequest {
    pub(crate) access_token: String,
    pub(crate) user_attributes: Vec<Attribute>,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for UpdateUserAttributesRequest {
    fn check(&self) -> ApiResult<()> {
        length("accessToken", &self.access_token, TOKEN)?;
        attributes("userAttributes", Some(&self.user_attributes))?;
        strings("clientMetadata", self.client_metadata.as_ref())
    }
}

/// `DeleteUserAttributes`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteUserAttributesRequest {
    pub(crate) access_token: String,
    pub(crate) user_attribute_names: Vec<String>,
}

impl Request for DeleteUserAttributesRequest {
    fn check(&self) -> ApiResult<()> {
        length("accessToken", &self.access_token, TOKEN)?;
        for name in &self.user_attribute_names {
            length("userAttributeNames", name, 1..=32)?;
        }
        Ok(())
    }
}

/// `GetUserAttributeVerificationCode`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttributeCodeRequest {
    pub(crate) access_token: String,
    pub(crate) attribute_name: String,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for AttributeCodeRequest {
    fn check(&self) -> ApiResult<()> {
        length("accessToken", &self.access_token, TOKEN)?;
        length("attributeName", &self.attribute_name, 1..=32)?;
        strings("clientMetadata", self.client_metadata.as_ref())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VerifyUserAttributeRequest {
    pub(crate) access_token: String,
    pub(crate) attribute_name: String,
    pub(crate) code: String,
}

impl Request for VerifyUserAttributeRequest {
    fn check(&self) -> ApiResult<()> {
        length("accessToken", &self.access_token, TOKEN)?;
        length("attributeName", &self.attribute_name, 1..=32)?;
        length("code", &self.code, CODE)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListUsersRequest {
    pub(crate) user_pool_id: String,
    pub(crate) filter: Option<String>,
    pub(crate) limit: Option<usize>,
    pub(crate) pagination_token: Option<String>,
    pub(crate) attributes_to_get: Option<Vec<String>>,
}

impl Request for ListUsersRequest {
    fn check(&self) -> ApiResult<()> {
        length("userPoolId", &self.user_pool_id, POOL)?;
        length(
            "filter",
            self.filter.as_deref().unwrap_or_default(),
            0..=256,
        )?;
        if let Some(token) = &self.pagination_token {
            length("paginationToken", token, 1..=2_048)?;
        }
        for name in self.attributes_to_get.iter().flatten() {
            length("attributesToGet", name, 1..=32)?;
        }
        match self.limit {
            Some(limit) if limit > MAX_LISTED => Err(ApiError::invalid_parameter(format!(
                "1 validation error detected: Value at 'limit' failed to satisfy constraint: \
                 Member must have value less than or equal to {MAX_LISTED}"
            ))),
            _ => Ok(()),
        }
    }
}

fn attributes(name: &str, attributes: Option<&[Attribute]>) -> ApiResult<()> {
    for attribute in attributes.unwrap_or_default() {
        length(name, &attribute.name, 1..=32)?;
        length(name, &attribute.value, 0..=MAX_ATTRIBUTE)?;
    }
    Ok(())
}

fn strings(name: &str, map: Option<&StringMap>) -> ApiResult<()> {
    for (key, value) in map.into_iter().flatten() {
        length(name, key, 0..=MAX_STRING)?;
        length(name, value, 0..=MAX_STRING)?;
    }
    Ok(())
}

/// Holds a member to its length in characters.
fn length(name: &str, value: &str, allowed: RangeInclusive<usize>) -> ApiResult<()> {
    let characters = value.chars().count();
    let demand = if characters < *allowed.start() {
        format!("greater than or equal to {}", allowed.start())
    } else if characters > *allowed.end() {
        format!("less than or equal to {}", allowed.end())
    } else {
        return Ok(());
    };
    Err(ApiError::invalid_parameter(format!(
        "1 validation error detected: Value at '{name}' failed to satisfy constraint: \
         Member must have length {demand}"
    )))
}
