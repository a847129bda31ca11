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
    client_metadata: Option<StringMap>,
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

/// `GetUser` and `GlobalSignOut`.
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

/// `AdminDisableUser` and `AdminEnableUser`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AdminUserRequest {
    pub(crate) user_pool_id: String,
    pub(crate) username: String,
}

impl Request for AdminUserRequest {
    fn check(&self) -> ApiResult<()> {
        length("userPoolId", &self.user_pool_id, 1..=55)?;
        length("username", &self.username, NAME)
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
