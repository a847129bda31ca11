//! The settings of a pool and an app client, as the deployed stack describes them.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::clock::Seconds;
use crate::passwords::PasswordPolicy;

/// A pool and one of its app clients.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    pub(crate) pool: PoolSettings,
    pub(crate) client: ClientSettings,
}

/// What of `DescribeUserPool` matters here.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PoolSettings {
    pub(crate) id: String,
    #[serde(default)]
    policies: Policies,
    #[serde(default)]
    lambda_config: LambdaConfig,
    #[serde(default)]
    username_attributes: Vec<String>,
    #[serde(default)]
    auto_verified_attributes: Vec<String>,
    #[serde(default)]
    admin_create_user_config: AdminCreateUserConfig,
    #[serde(default)]
    username_configuration: UsernameConfiguration,
    #[serde(default)]
    mfa_configuration: Option<String>,
    #[serde(default)]
    user_attribute_update_settings: UserAttributeUpdateSettings,
    #[serde(default)]
    email_configuration: EmailConfiguration,
    #[serde(default, rename = "UserPoolTier")]
    tier: Tier,
}

/// What a pool may do: its feature plan (developer guide, "User pool feature plans").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Tier {
    Lite,
    /// What `CreateUserPool` fills in.
    #[default]
    Essentials,
    Plus,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Policies {
    password_policy: PasswordPolicy,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct EmailConfiguration {
    email_sending_account: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct UserAttributeUpdateSettings {
    attributes_require_verification_before_update: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct AdminCreateUserConfig {
    allow_admin_create_user_only: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct UsernameConfiguration {
    case_sensitive: bool,
}

impl Default for UsernameConfiguration {
    /// A pool without this block is case-sensitive.
    fn default() -> Self {
        Self {
            case_sensitive: true,
        }
    }
}

/// A pool's `LambdaConfig`. Triggers not named here end up in `others`, so that they are noticed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct LambdaConfig {
    pre_sign_up: Option<String>,
    post_confirmation: Option<String>,
    define_auth_challenge: Option<String>,
    create_auth_challenge: Option<String>,
    verify_auth_challenge_response: Option<String>,
    pre_token_generation: Option<String>,
    pre_token_generation_config: Option<PreTokenGenerationConfig>,
    custom_message: Option<String>,
    #[serde(flatten)]
    others: serde_json::Map<String, serde_json::Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct PreTokenGenerationConfig {
    lambda_arn: String,
    lambda_version: EventVersion,
}

/// The version of the event that `PreTokenGeneration` gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum EventVersion {
    /// Shapes the identity token alone.
    #[default]
    #[serde(rename = "V1_0")]
    One,
    /// Shapes the access token as well.
    #[serde(rename = "V2_0")]
    Two,
    /// The same, and is asked for machines' tokens too, which no pool here issues.
    #[serde(rename = "V3_0")]
    Three,
}

impl EventVersion {
    /// The event's member `version`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Two => "2",
            Self::Three => "3",
        }
    }

    /// Whether the event is about the access token too.
    pub(crate) fn shapes_access_tokens(self) -> bool {
        match self {
            Self::One => false,
            Self::Two | Self::Three => true,
        }
    }
}

/// The triggers this server calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    PreSignUp,
    PostConfirmation,
    DefineAuthChallenge,
    CreateAuthChallenge,
    VerifyAuthChallengeResponse,
    PreTokenGeneration,
    CustomMessage,
}

impl Trigger {
    /// The trigger's name in error messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PreSignUp => "PreSignUp",
            Self::PostConfirmation => "PostConfirmation",
            Self::DefineAuthChallenge => "DefineAuthChallenge",
            Self::CreateAuthChallenge => "CreateAuthChallenge",
            Self::VerifyAuthChallengeResponse => "VerifyAuthChallengeResponse",
            Self::PreTokenGeneration => "PreTokenGeneration",
            Self::CustomMessage => "CustomMessage",
        }
    }
}

impl PoolSettings {
    /// What this pool asks for and the server has not got: serving it all the same would be less
    /// safe than what was deployed, or other than it.
    pub(crate) fn unsupported(&self) -> Option<String> {
        if self.username_attributes != ["email"] {
            return Some("UsernameAttributes must be [email]".to_owned());
        }
        if matches!(self.mfa_configuration.as_deref(), Some("ON" | "OPTIONAL")) {
            return Some("MfaConfiguration must be OFF".to_owned());
        }
        if let Some(complaint) = self.token_trigger_complaint() {
            return Some(complaint.to_owned());
        }
        let other = self
            .lambda_config
            .others
            .iter()
            .find(|(_, function)| !function.is_null());
        other.map(|(name, _)| format!("the trigger {name} is not called"))
    }

    /// What `CreateUserPool` would refuse of the pre-token-generation trigger.
    fn token_trigger_complaint(&self) -> Option<&'static str> {
        let config = self.lambda_config.pre_token_generation_config.as_ref()?;
        if config.lambda_version.shapes_access_tokens() && self.tier == Tier::Lite {
            return Some(
                "access token customization is not available on the LITE plan: \
                 PreTokenGenerationConfig may ask for V1_0 only, as Cognito says with \
                 FeatureUnavailableInTierException",
            );
        }
        let legacy = self.lambda_config.pre_token_generation.as_deref();
        if legacy.is_some_and(|function| function != config.lambda_arn) {
            return Some("PreTokenGeneration and PreTokenGenerationConfig name two functions");
        }
        None
    }

    /// The version of the event that the pre-token-generation trigger gets.
    pub(crate) fn token_event_version(&self) -> EventVersion {
        let config = self.lambda_config.pre_token_generation_config.as_ref();
        config.map_or_else(EventVersion::default, |config| config.lambda_version)
    }

    /// Whether a trigger may write the mail: only where the pool sends through the account's own
    /// SES (developer guide, "Custom message Lambda trigger parameters", `emailMessage`).
    pub(crate) fn sends_own_mail(&self) -> bool {
        self.email_configuration.email_sending_account.as_deref() == Some("DEVELOPER")
    }

    /// How long a temporary password is good for.
    pub(crate) fn temporary_password_validity(&self) -> Seconds {
        self.policies.password_policy.temporary_validity_days() * 86_400
    }

    /// The function behind a trigger: its name or ARN.
    pub(crate) fn function(&self, trigger: Trigger) -> Option<&str> {
        let config = &self.lambda_config;
        let function = match trigger {
            Trigger::PreSignUp => &config.pre_sign_up,
            Trigger::PostConfirmation => &config.post_confirmation,
            Trigger::DefineAuthChallenge => &config.define_auth_challenge,
            Trigger::CreateAuthChallenge => &config.create_auth_challenge,
            Trigger::VerifyAuthChallengeResponse => &config.verify_auth_challenge_response,
            Trigger::PreTokenGeneration => {
                return config
                    .pre_token_generation_config
                    .as_ref()
                    .map(|config| config.lambda_arn.as_str())
                    .or(config.pre_token_generation.as_deref());
            }
            Trigger::CustomMessage => &config.custom_message,
        };
        function.as_deref()
    }

    /// The region in the pool's id.
    pub(crate) fn region(&self) -> &str {
        self.id.split('_').next().unwrap_or_default()
    }

    pub(crate) fn password_policy(&self) -> &PasswordPolicy {
        &self.policies.password_policy
    }

    pub(crate) fn only_administrators_create_users(&self) -> bool {
        self.admin_create_user_config.allow_admin_create_user_only
    }

    /// Whether a code goes to the address at sign-up.
    pub(crate) fn verifies_email(&self) -> bool {
        self.auto_verified_attributes
            .iter()
            .any(|name| name == "email")
    }

    /// Whether an address stays until the new one is proven.
    pub(crate) fn proves_email_before_update(&self) -> bool {
        self.user_attribute_update_settings
            .attributes_require_verification_before_update
            .iter()
            .any(|name| name == "email")
    }

    /// The form in which two spellings of a name are the same name.
    pub(crate) fn fold(&self, name: &str) -> String {
        if self.username_configuration.case_sensitive {
            name.to_owned()
        } else {
            name.to_lowercase()
        }
    }
}

/// What of `DescribeUserPoolClient` matters here.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ClientSettings {
    #[serde(rename = "ClientId")]
    pub(crate) id: String,
    #[serde(rename = "ClientSecret", default)]
    pub(crate) secret: Option<String>,
    #[serde(default)]
    explicit_auth_flows: Vec<String>,
    #[serde(default)]
    prevent_user_existence_errors: Option<String>,
    #[serde(default = "three")]
    auth_session_validity: Seconds,
    #[serde(default)]
    access_token_validity: Option<Seconds>,
    #[serde(default)]
    id_token_validity: Option<Seconds>,
    #[serde(default)]
    refresh_token_validity: Option<Seconds>,
    #[serde(default)]
    token_validity_units: TokenValidityUnits,
    #[serde(default)]
    read_attributes: BTreeSet<String>,
    #[serde(default)]
    write_attributes: BTreeSet<String>,
    #[serde(default)]
    enable_token_revocation: Option<bool>,
}

/// `AuthSessionValidity` when unset, in minutes.
fn three() -> Seconds {
    3
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct TokenValidityUnits {
    #[serde(rename = "AccessToken")]
    access: Option<String>,
    #[serde(rename = "IdToken")]
    id: Option<String>,
    #[serde(rename = "RefreshToken")]
    refresh: Option<String>,
}

/// The sign-in flows that the server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Custom,
    Refresh,
    /// The password by SRP, and no trigger in between.
    Srp,
    /// The password itself.
    Password,
    /// What the client prefers of the two.
    Choice,
    /// The password itself, through an administrator.
    AdminPassword,
}

impl Flow {
    /// Reads an `AuthFlow`.
    pub(crate) fn read(name: &str) -> Option<Self> {
        Some(match name {
            "CUSTOM_AUTH" => Self::Custom,
            "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN" => Self::Refresh,
            "USER_SRP_AUTH" => Self::Srp,
            "USER_PASSWORD_AUTH" => Self::Password,
            "USER_AUTH" => Self::Choice,
            "ADMIN_USER_PASSWORD_AUTH" | "ADMIN_NO_SRP_AUTH" => Self::AdminPassword,
            _ => return None,
        })
    }
}

impl ClientSettings {
    /// Whether the client may begin this flow. A client that names no flow gets Cognito's defaults:
    /// `ALLOW_REFRESH_TOKEN_AUTH`, `ALLOW_USER_SRP_AUTH` and `ALLOW_CUSTOM_AUTH`.
    pub(crate) fn allows(&self, flow: Flow) -> bool {
        let names: &[&str] = match flow {
            Flow::Custom => &["ALLOW_CUSTOM_AUTH", "CUSTOM_AUTH_FLOW_ONLY"],
            // A client that still names flows in the old way may always refresh.
            Flow::Refresh => &[
                "ALLOW_REFRESH_TOKEN_AUTH",
                "ADMIN_NO_SRP_AUTH",
                "CUSTOM_AUTH_FLOW_ONLY",
                "USER_PASSWORD_AUTH",
            ],
            Flow::Srp => &["ALLOW_USER_SRP_AUTH"],
            Flow::Password => &["ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"],
            Flow::Choice => &["ALLOW_USER_AUTH"],
            Flow::AdminPassword => &["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"],
        };
        let by_default = matches!(flow, Flow::Custom | Flow::Refresh | Flow::Srp);
        (self.explicit_auth_flows.is_empty() && by_default)
            || self
                .explicit_auth_flows
                .iter()
                .any(|allowed| names.contains(&allowed.as_str()))
    }

    /// Whether unknown users are treated like known ones.
    pub(crate) fn hides_unknown_users(&self) -> bool {
        self.prevent_user_existence_errors.as_deref() == Some("ENABLED")
    }

    /// How long a `Session` is good for.
    pub(crate) fn session_validity(&self) -> Seconds {
        self.auth_session_validity.clamp(3, 15) * 60
    }

    pub(crate) fn access_token_validity(&self) -> Seconds {
        let units = self.token_validity_units.access.as_deref();
        duration(self.access_token_validity, units, "hours", 1)
    }

    pub(crate) fn id_token_validity(&self) -> Seconds {
        let units = self.token_validity_units.id.as_deref();
        duration(self.id_token_validity, units, "hours", 1)
    }

    pub(crate) fn refresh_token_validity(&self) -> Seconds {
        let units = self.token_validity_units.refresh.as_deref();
        duration(self.refresh_token_validity, units, "days", 30)
    }

    /// Whether the client sees this attribute. One that names none sees all.
    pub(crate) fn reads(&self, attribute: &str) -> bool {
        attribute == "sub"
            || self.read_attributes.is_empty()
            || self.read_attributes.contains(attribute)
    }

    /// Whether the client may set this attribute. One that names none may set all that users may.
    pub(crate) fn writes(&self, attribute: &str) -> bool {
        !matches!(
            attribute,
            "sub" | "email_verified" | "phone_number_verified"
        ) && (self.write_attributes.is_empty() || self.write_attributes.contains(attribute))
    }

    /// Whether `RevokeToken` may be called.
    pub(crate) fn revokes_tokens(&self) -> bool {
        self.enable_token_revocation.unwrap_or(true)
    }
}

impl std::fmt::Debug for ClientSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ClientSettings")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A validity with its unit; zero means unset, as in the API.
fn duration(
    value: Option<Seconds>,
    unit: Option<&str>,
    default_unit: &str,
    default_value: Seconds,
) -> Seconds {
    let unit = match unit.unwrap_or(default_unit) {
        "seconds" => 1,
        "minutes" => 60,
        "days" => 86_400,
        _ => 3_600,
    };
    let value = value.filter(|value| *value > 0).unwrap_or(default_value);
    value.saturating_mul(unit)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::*;

    fn pool(extra: Value) -> PoolSettings {
        let mut description = json!({
            "Id": "eu-central-1_Abc", "UsernameAttributes": ["email"], "MfaConfiguration": "OFF"
        });
        let Value::Object(extra) = extra else {
            panic!("an object")
        };
        description.as_object_mut().unwrap().extend(extra);
        serde_json::from_value(description).unwrap()
    }

    fn client(settings: Value) -> ClientSettings {
        let mut description = json!({ "ClientId": "c" });
        let Value::Object(settings) = settings else {
            panic!("an object")
        };
        description.as_object_mut().unwrap().extend(settings);
        serde_json::from_value(description).unwrap()
    }

    #[test]
    fn a_pool_that_asks_for_more_than_there_is_says_so() {
        assert_eq!(pool(json!({})).unsupported(), None);
        for (extra, complaint) in [
            (json!({"UsernameAttributes": []}), "UsernameAttributes"),
            (json!({"MfaConfiguration": "ON"}), "MfaConfiguration"),
            (
                json!({"LambdaConfig": {"PreAuthentication": "arn"}}),
                "PreAuthentication",
            ),
            (
                json!({"UserPoolTier": "LITE", "LambdaConfig": {"PreTokenGenerationConfig":
                    {"LambdaArn": "arn", "LambdaVersion": "V2_0"}}}),
                "V1_0",
            ),
        ] {
            let unsupported = pool(extra).unsupported().unwrap();
            assert!(unsupported.contains(complaint), "{unsupported}");
        }
    }

    #[test]
    fn names_fold_only_where_the_pool_says_so() {
        assert_eq!(pool(json!({})).fold("A@b"), "A@b");
        let insensitive = pool(json!({"UsernameConfiguration": {"CaseSensitive": false}}));
        assert_eq!(insensitive.fold("A@b"), "a@b");
    }

    #[test]
    fn only_named_flows_are_allowed_and_none_named_means_the_defaults() {
        let custom = client(json!({"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH"]}));
        assert!(custom.allows(Flow::Custom) && !custom.allows(Flow::Refresh));
        let unnamed = client(json!({}));
        assert!(unnamed.allows(Flow::Custom) && unnamed.allows(Flow::Refresh));
        let password = client(json!({"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"]}));
        assert!(!password.allows(Flow::Custom) && !password.allows(Flow::Refresh));
    }

    #[test]
    fn validities_come_with_their_units_or_cognitos_defaults() {
        let defaults = client(json!({}));
        assert_eq!(defaults.session_validity(), 180);
        assert_eq!(defaults.access_token_validity(), 3_600);
        assert_eq!(defaults.refresh_token_validity(), 30 * 86_400);
        let set = client(json!({
            "AuthSessionValidity": 15, "AccessTokenValidity": 30, "IdTokenValidity": 2,
            "RefreshTokenValidity": 1,
            "TokenValidityUnits": {"AccessToken": "minutes", "RefreshToken": "hours"}
        }));
        assert_eq!(set.session_validity(), 900);
        assert_eq!(set.access_token_validity(), 1_800);
        assert_eq!(set.id_token_validity(), 7_200);
        assert_eq!(set.refresh_token_validity(), 3_600);
    }
}
