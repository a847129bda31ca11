//! What a pre-token-generation trigger may change in tokens, and what stays as it is.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Claims that no trigger may set or take away in either token (developer guide, pre token
/// generation: what cannot be modified).
const RESERVED_CLAIMS: &[&str] = &[
    "acr",
    "amr",
    "at_hash",
    "auth_time",
    "azp",
    "client_id",
    "cognito:username",
    "exp",
    "iat",
    "identities",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "origin_jti",
    "scope",
    "sub",
    "token_use",
    "username",
    "version",
];

/// What is to be changed in a sign-in's tokens.
#[derive(Clone, Default)]
pub(crate) struct TokenOverrides {
    pub(crate) identity: IdentityOverrides,
    pub(crate) access: AccessOverrides,
}

/// Claims to be changed, as an event of version 1 takes them: texts.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TextOverrides {
    claims_to_add_or_override: Option<BTreeMap<String, String>>,
    claims_to_suppress: Option<Vec<String>>,
}

/// Claims to be changed in the identity token: any JSON.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct IdentityOverrides {
    claims_to_add_or_override: Option<Map<String, Value>>,
    claims_to_suppress: Option<Vec<String>>,
}

/// Claims and scopes to be changed in the access token.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AccessOverrides {
    claims_to_add_or_override: Option<Map<String, Value>>,
    claims_to_suppress: Option<Vec<String>>,
    scopes_to_add: Option<Vec<String>>,
    scopes_to_suppress: Option<Vec<String>>,
}

impl From<TextOverrides> for IdentityOverrides {
    fn from(overrides: TextOverrides) -> Self {
        let added = overrides.claims_to_add_or_override.unwrap_or_default();
        let added = added.into_iter().map(|(name, text)| (name, text.into()));
        Self {
            claims_to_add_or_override: Some(added.collect()),
            claims_to_suppress: overrides.claims_to_suppress,
        }
    }
}

impl IdentityOverrides {
    /// Changes an identity token's claims.
    pub(crate) fn apply(&self, claims: &mut Map<String, Value>) {
        change(
            claims,
            self.claims_to_add_or_override.as_ref(),
            self.claims_to_suppress.as_deref(),
            |name, _| !is_reserved(name) && name != "aud",
        );
    }
}

impl AccessOverrides {
    /// A scope is one word: a blank in it would make two.
    pub(crate) fn has_scopes_of_one_word(&self) -> bool {
        let mut scopes = self.scopes_to_add.iter().flatten();
        scopes.all(|scope| !scope.is_empty() && !scope.contains(char::is_whitespace))
    }

    /// Changes an access token's claims. `aud` may be added, with the app client as its value.
    pub(crate) fn apply(&self, claims: &mut Map<String, Value>) {
        let client = claims.get("client_id").cloned();
        change(
            claims,
            self.claims_to_add_or_override.as_ref(),
            self.claims_to_suppress.as_deref(),
            |name, value| {
                !is_reserved(name)
                    && (name != "aud" || value.is_none_or(|value| client.as_ref() == Some(value)))
            },
        );
    }

    /// The scopes that an access token gets instead of these.
    pub(crate) fn scopes<'a>(&'a self, scopes: &[&'a str]) -> Vec<&'a str> {
        let suppressed = self.scopes_to_suppress.as_deref().unwrap_or_default();
        let mut left: Vec<&str> = Vec::new();
        let added = self.scopes_to_add.iter().flatten().map(String::as_str);
        for scope in scopes.iter().copied().chain(added) {
            if !suppressed.iter().any(|name| name == scope) && !left.contains(&scope) {
                left.push(scope);
            }
        }
        left
    }
}

/// What is both added and suppressed is suppressed (developer guide, `claimsToSuppress`).
fn change(
    claims: &mut Map<String, Value>,
    added: Option<&Map<String, Value>>,
    suppressed: Option<&[String]>,
    allowed: impl Fn(&str, Option<&Value>) -> bool,
) {
    for (name, value) in added.into_iter().flatten() {
        if allowed(name, Some(value)) {
            claims.insert(name.clone(), value.clone());
        }
    }
    for name in suppressed.into_iter().flatten() {
        if allowed(name, None) {
            claims.remove(name);
        }
    }
}

fn is_reserved(name: &str) -> bool {
    RESERVED_CLAIMS.contains(&name) || name.starts_with("aws:") || name.starts_with("dev:")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn access(overrides: Value) -> AccessOverrides {
        serde_json::from_value(overrides).expect("overrides")
    }

    #[test]
    fn what_is_added_and_suppressed_is_suppressed_and_what_is_reserved_stays() {
        let overrides = access(json!({
            "claimsToAddOrOverride": {"a": {"b": 1}, "c": "d", "sub": "x", "aws:x": "y"},
            "claimsToSuppress": ["c", "exp", "e"],
        }));
        let claims = json!({"sub": "s", "exp": 1, "e": 2});
        let mut claims = claims.as_object().cloned().expect("an object");
        overrides.apply(&mut claims);
        assert_eq!(
            Value::from(claims),
            json!({"sub": "s", "exp": 1, "a": {"b": 1}})
        );
    }

    #[test]
    fn an_access_tokens_audience_is_its_client_or_nothing() {
        for (audience, expected) in [("app", Some(&json!("app"))), ("other", None)] {
            let mut claims = Map::from_iter([("client_id".to_owned(), json!("app"))]);
            access(json!({"claimsToAddOrOverride": {"aud": audience}})).apply(&mut claims);
            assert_eq!(claims.get("aud"), expected, "{audience}");
        }
    }

    #[test]
    fn scopes_are_added_once_and_suppressed_for_good() {
        let overrides = access(json!({
            "scopesToAdd": ["read", "write", "read"], "scopesToSuppress": ["write", "admin"],
        }));
        assert_eq!(overrides.scopes(&["admin", "email"]), ["email", "read"]);
        assert!(!access(json!({"scopesToAdd": ["a b"]})).has_scopes_of_one_word());
    }
}
