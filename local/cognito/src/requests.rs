//! Request bodies: of each, the members that the API model gives it, and what is read of them.
//!
//! None of these types prints: they hold passwords, codes, tokens and answers.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::model::{
    ACCESS_TOKEN, ANALYTICS_METADATA, ATTRIBUTE_NAME, ATTRIBUTES, AUTH_FLOW, CHALLENGE_NAME,
    CLIENT_ID, CLIENT_SECRET, CODE, CONTEXT_DATA, DELIVERY_MEDIUMS, DEVICE_KEY, FILTER, LIMIT,
    MESSAGE_ACTION, Member, PAGINATION_TOKEN, PASSWORD, POOL_ID, REVOKED_SESSIONS, SECRET_HASH,
    SESSION, STRINGS, Shape, USER_CONTEXT_DATA, USER_NAME, check, optional, required,
};

/// Strings by name: `AuthParameters`, `ChallengeResponses`, `ClientMetadata`.
pub(crate) type StringMap = BTreeMap<String, String>;

/// A request body.
pub(crate) trait Request: DeserializeOwned {
    /// All its members in the API model, those among them that are not read.
    const MEMBERS: &'static [Member];
}

/// Reads a body that the API model allows.
pub(crate) fn parse<R: Request>(body: &[u8]) -> ApiResult<R> {
    // The text of a parse error may quote the body.
    let unreadable = |error: serde_json::Error| {
        let place = format!("line {} column {}", error.line(), error.column());
        ApiError::new(
            ErrorCode::Serialization,
            format!("The request is not JSON, or not as the API has it ({place})."),
        )
    };
    let body = serde_json::from_slice(body).map_err(unreadable)?;
    check(R::MEMBERS, &body)?;
    serde_json::from_value(body).map_err(unreadable)
}

/// A name with its value, as attributes come.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SignUpRequest {
    pub(crate) client_id: String,
    pub(crate) username: String,
    pub(crate) password: Option<String>,
    pub(crate) secret_hash: Option<String>,
    pub(crate) user_attributes: Option<Vec<Attribute>>,
    pub(crate) validation_data: Option<Vec<Attribute>>,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for SignUpRequest {
    const MEMBERS: &'static [Member] = &[
        required("ClientId", CLIENT_ID),
        optional("SecretHash", SECRET_HASH),
        required("Username", USER_NAME),
        optional("Password", PASSWORD),
        optional("UserAttributes", ATTRIBUTES),
        optional("ValidationData", ATTRIBUTES),
        optional("AnalyticsMetadata", ANALYTICS_METADATA),
        optional("UserContextData", USER_CONTEXT_DATA),
        optional("ClientMetadata", STRINGS),
    ];
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
    const MEMBERS: &'static [Member] = &[
        required("ClientId", CLIENT_ID),
        optional("SecretHash", SECRET_HASH),
        required("Username", USER_NAME),
        required("ConfirmationCode", CODE),
        optional("ForceAliasCreation", Shape::Flag),
        optional("AnalyticsMetadata", ANALYTICS_METADATA),
        optional("UserContextData", USER_CONTEXT_DATA),
        optional("ClientMetadata", STRINGS),
        optional("Session", SESSION),
    ];
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
    const MEMBERS: &'static [Member] = &[
        required("ClientId", CLIENT_ID),
        optional("SecretHash", SECRET_HASH),
        optional("UserContextData", USER_CONTEXT_DATA),
        required("Username", USER_NAME),
        optional("AnalyticsMetadata", ANALYTICS_METADATA),
        optional("ClientMetadata", STRINGS),
    ];
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
    const MEMBERS: &'static [Member] = &[
        required("ClientId", CLIENT_ID),
        optional("SecretHash", SECRET_HASH),
        required("Username", USER_NAME),
        required("ConfirmationCode", CODE),
        required("Password", PASSWORD),
        optional("AnalyticsMetadata", ANALYTICS_METADATA),
        optional("UserContextData", USER_CONTEXT_DATA),
        optional("ClientMetadata", STRINGS),
    ];
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InitiateAuthRequest {
    pub(crate) client_id: String,
    pub(crate) auth_flow: String,
    pub(crate) auth_parameters: Option<StringMap>,
}

impl Request for InitiateAuthRequest {
    const MEMBERS: &'static [Member] = &[
        required("AuthFlow", AUTH_FLOW),
        optional("AuthParameters", STRINGS),
        optional("ClientMetadata", STRINGS),
        required("ClientId", CLIENT_ID),
        optional("AnalyticsMetadata", ANALYTICS_METADATA),
        optional("UserContextData", USER_CONTEXT_DATA),
        optional("Session", SESSION),
    ];
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RespondToAuthChallengeRequest {
    pub(crate) client_id: String,
    pub(crate) challenge_name: String,
    pub(crate) session: Option<String>,
    pub(crate) challenge_responses: Option<StringMap>,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for RespondToAuthChallengeRequest {
    const MEMBERS: &'static [Member] = &[
        required("ClientId", CLIENT_ID),
        required("ChallengeName", CHALLENGE_NAME),
        optional("Session", SESSION),
        optional("ChallengeResponses", STRINGS),
        optional("AnalyticsMetadata", ANALYTICS_METADATA),
        optional("UserContextData", USER_CONTEXT_DATA),
        optional("ClientMetadata", STRINGS),
    ];
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
    const MEMBERS: &'static [Member] = &[
        required("RefreshToken", ACCESS_TOKEN),
        required("ClientId", CLIENT_ID),
        optional("ClientSecret", CLIENT_SECRET),
        optional("DeviceKey", DEVICE_KEY),
        optional("ClientMetadata", STRINGS),
    ];
}

/// `GetUser`, `GlobalSignOut` and `DeleteUser`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AccessTokenRequest {
    pub(crate) access_token: String,
}

impl Request for AccessTokenRequest {
    const MEMBERS: &'static [Member] = &[required("AccessToken", ACCESS_TOKEN)];
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RevokeTokenRequest {
    pub(crate) client_id: String,
    pub(crate) token: String,
    pub(crate) client_secret: Option<String>,
}

impl Request for RevokeTokenRequest {
    const MEMBERS: &'static [Member] = &[
        required("Token", ACCESS_TOKEN),
        required("ClientId", CLIENT_ID),
        optional("ClientSecret", CLIENT_SECRET),
        // There are no sessions of another kind here that it could end.
        optional("RevokeAssociatedSessions", REVOKED_SESSIONS),
    ];
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
    const MEMBERS: &'static [Member] = &[
        required("UserPoolId", POOL_ID),
        required("Username", USER_NAME),
    ];
}

/// What becomes of an invitation, where it is not just sent.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum MessageAction {
    /// Sent once more, to somebody who has not come yet.
    Resend,
    Suppress,
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
    pub(crate) message_action: Option<MessageAction>,
    pub(crate) desired_delivery_mediums: Option<Vec<String>>,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for AdminCreateUserRequest {
    const MEMBERS: &'static [Member] = &[
        required("UserPoolId", POOL_ID),
        required("Username", USER_NAME),
        optional("UserAttributes", ATTRIBUTES),
        optional("ValidationData", ATTRIBUTES),
        optional("TemporaryPassword", PASSWORD),
        optional("ForceAliasCreation", Shape::Flag),
        optional("MessageAction", MESSAGE_ACTION),
        optional("DesiredDeliveryMediums", DELIVERY_MEDIUMS),
        optional("ClientMetadata", STRINGS),
    ];
}

/// `AdminSetUserPassword`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AdminSetUserPasswordRequest {
    pub(crate) user_pool_id: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) permanent: Option<bool>,
}

impl Request for AdminSetUserPasswordRequest {
    const MEMBERS: &'static [Member] = &[
        required("UserPoolId", POOL_ID),
        required("Username", USER_NAME),
        required("Password", PASSWORD),
        optional("Permanent", Shape::Flag),
    ];
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
    const MEMBERS: &'static [Member] = &[
        required("UserPoolId", POOL_ID),
        required("Username", USER_NAME),
        required("UserAttributes", ATTRIBUTES),
        optional("ClientMetadata", STRINGS),
    ];
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
    const MEMBERS: &'static [Member] = &[
        required("UserPoolId", POOL_ID),
        required("Username", USER_NAME),
        optional("ClientMetadata", STRINGS),
    ];
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
    const MEMBERS: &'static [Member] = &[
        required("UserPoolId", POOL_ID),
        required("ClientId", CLIENT_ID),
        required("AuthFlow", AUTH_FLOW),
        optional("AuthParameters", STRINGS),
        optional("ClientMetadata", STRINGS),
        optional("AnalyticsMetadata", ANALYTICS_METADATA),
        optional("ContextData", CONTEXT_DATA),
        optional("Session", SESSION),
    ];
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
    const MEMBERS: &'static [Member] = &[
        required("UserPoolId", POOL_ID),
        required("ClientId", CLIENT_ID),
        required("ChallengeName", CHALLENGE_NAME),
        optional("ChallengeResponses", STRINGS),
        optional("Session", SESSION),
        optional("AnalyticsMetadata", ANALYTICS_METADATA),
        optional("ContextData", CONTEXT_DATA),
        optional("ClientMetadata", STRINGS),
    ];
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ChangePasswordRequest {
    pub(crate) access_token: String,
    pub(crate) previous_password: Option<String>,
    pub(crate) proposed_password: String,
}

impl Request for ChangePasswordRequest {
    const MEMBERS: &'static [Member] = &[
        optional("PreviousPassword", PASSWORD),
        required("ProposedPassword", PASSWORD),
        required("AccessToken", ACCESS_TOKEN),
    ];
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateUserAttributesRequest {
    pub(crate) access_token: String,
    pub(crate) user_attributes: Vec<Attribute>,
    pub(crate) client_metadata: Option<StringMap>,
}

impl Request for UpdateUserAttributesRequest {
    const MEMBERS: &'static [Member] = &[
        required("UserAttributes", ATTRIBUTES),
        required("AccessToken", ACCESS_TOKEN),
        optional("ClientMetadata", STRINGS),
    ];
}

/// `DeleteUserAttributes`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteUserAttributesRequest {
    pub(crate) access_token: String,
    pub(crate) user_attribute_names: Vec<String>,
}

impl Request for DeleteUserAttributesRequest {
    const MEMBERS: &'static [Member] = &[
        required("UserAttributeNames", Shape::List(&ATTRIBUTE_NAME)),
        required("AccessToken", ACCESS_TOKEN),
    ];
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
    const MEMBERS: &'static [Member] = &[
        required("AccessToken", ACCESS_TOKEN),
        required("AttributeName", ATTRIBUTE_NAME),
        optional("ClientMetadata", STRINGS),
    ];
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VerifyUserAttributeRequest {
    pub(crate) access_token: String,
    pub(crate) attribute_name: String,
    pub(crate) code: String,
}

impl Request for VerifyUserAttributeRequest {
    const MEMBERS: &'static [Member] = &[
        required("AccessToken", ACCESS_TOKEN),
        required("AttributeName", ATTRIBUTE_NAME),
        required("Code", CODE),
    ];
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListUsersRequest {
    pub(crate) user_pool_id: String,
    pub(crate) filter: Option<String>,
    pub(crate) limit: Option<u8>,
    pub(crate) pagination_token: Option<String>,
    pub(crate) attributes_to_get: Option<Vec<String>>,
}

impl Request for ListUsersRequest {
    const MEMBERS: &'static [Member] = &[
        required("UserPoolId", POOL_ID),
        optional("AttributesToGet", Shape::List(&ATTRIBUTE_NAME)),
        optional("Limit", LIMIT),
        optional("PaginationToken", PAGINATION_TOKEN),
        optional("Filter", FILTER),
    ];
}
