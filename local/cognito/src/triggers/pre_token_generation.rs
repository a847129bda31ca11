//! `PreTokenGeneration`: asked before every token what is to stand in it.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::{Call, EventUser, Triggers, add_metadata, unrecognizable};
use crate::error::ApiResult;
use crate::requests::StringMap;
use crate::settings::Trigger;
use crate::token_overrides::{AccessOverrides, IdentityOverrides, TextOverrides, TokenOverrides};

/// What brought a token about.
#[derive(Clone, Copy)]
pub(crate) enum TokenCause {
    Authentication,
    /// A temporary password was replaced.
    NewPassword,
    Refresh,
}

/// What a function answers to an event of version 1.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct First {
    #[serde(deserialize_with = "object")]
    claims_override_details: Option<TextOverrides>,
}

/// What a function answers to an event of version 2 or 3.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Second {
    #[serde(deserialize_with = "object")]
    claims_and_scope_override_details: Option<Both>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Both {
    #[serde(deserialize_with = "object")]
    id_token_generation: Option<IdentityOverrides>,
    #[serde(deserialize_with = "object")]
    access_token_generation: Option<AccessOverrides>,
}

/// An object, or nothing. A structure by itself would also take a list, member after member.
fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let object = Option::<Map<String, Value>>::deserialize(deserializer)?;
    object
        .map(|object| T::deserialize(Value::Object(object)).map_err(D::Error::custom))
        .transpose()
}

impl Triggers<'_> {
    /// Asks what goes into the tokens, the access token of which would have these scopes. Without
    /// the trigger, nothing more.
    pub(crate) async fn pre_token_generation(
        &self,
        user: EventUser<'_>,
        cause: TokenCause,
        scopes: &[&str],
        metadata: Option<&StringMap>,
    ) -> ApiResult<TokenOverrides> {
        let source = match cause {
            TokenCause::Authentication => "TokenGeneration_Authentication",
            TokenCause::NewPassword => "TokenGeneration_NewPasswordChallenge",
            TokenCause::Refresh => "TokenGeneration_RefreshTokens",
        };
        let mut request = json!({
            "userAttributes": user.attributes,
            "groupConfiguration": {
                "groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": null
            },
        });
        add_metadata(&mut request, metadata);
        let version = self.pool.token_event_version();
        let second = version.shapes_access_tokens();
        let details = if second {
            request["scopes"] = json!(scopes);
            "claimsAndScopeOverrideDetails"
        } else {
            "claimsOverrideDetails"
        };
        let call = Call {
            version: version.name(),
            trigger: Trigger::PreTokenGeneration,
            source,
            request,
            response: json!({ details: null }),
        };
        if !second {
            let answer: First = self.invoke(user.name, call).await?.unwrap_or_default();
            let identity = answer.claims_override_details.unwrap_or_default();
            return Ok(TokenOverrides {
                identity: identity.into(),
                access: AccessOverrides::default(),
            });
        }
        let answer: Second = self.invoke(user.name, call).await?.unwrap_or_default();
        let both = answer.claims_and_scope_override_details.unwrap_or_default();
        let access = both.access_token_generation.unwrap_or_default();
        if !access.has_scopes_of_one_word() {
            return Err(unrecognizable());
        }
        Ok(TokenOverrides {
            identity: both.id_token_generation.unwrap_or_default(),
            access,
        })
    }
}
