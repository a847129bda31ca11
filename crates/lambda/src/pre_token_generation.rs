//! PreTokenGeneration: who wants tokens, and what they say and allow.

use std::str::FromStr;

use serde_json::{Map, Value, json};
use signin_core::alarm::FAULT;
use signin_core::id::UserName;
use signin_core::pass::{CLAIM, Cause, Steps, TokenRequest, nonce};

use crate::Refusal;
use crate::event::Event;

/// The scope of access tokens with which Cognito's own API changes the account: address, password,
/// its very existence.
const ACCOUNT_SCOPE: &str = "aws.cognito.signin.user.admin";

/// The user pool's feature plan, which says what this trigger can do: on `LITE` it gets events of
/// version 1 and reaches the identity token alone; on the others those of version 2, with which it
/// takes scopes from the access token as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserPoolTier {
    /// The cheapest plan.
    Lite,
    /// The default plan.
    Essentials,
    /// The one with threat protection.
    Plus,
}

impl UserPoolTier {
    /// The version of events under this plan, as the template asks for it.
    const fn event_version(self) -> &'static str {
        match self {
            Self::Lite => "1",
            Self::Essentials | Self::Plus => "2",
        }
    }
}

impl FromStr for UserPoolTier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "LITE" => Ok(Self::Lite),
            "ESSENTIALS" => Ok(Self::Essentials),
            "PLUS" => Ok(Self::Plus),
            _ => Err(format!("expected LITE, ESSENTIALS or PLUS, found {text:?}")),
        }
    }
}

/// Somebody for whom Cognito is about to issue tokens.
pub struct Asked {
    /// The account.
    pub user: UserName,
    /// The request.
    pub request: TokenRequest,
}

/// Reads the event. Every trigger source but the one of a refresh means that somebody signs in,
/// the ones that nobody has heard of yet included. An event of another version than the plan
/// promises is refused: its answer could not be what this function has to say.
pub fn parse(event: &Event, tier: UserPoolTier) -> Result<Asked, Refusal> {
    let cause = match event.trigger_source() {
        "TokenGeneration_RefreshTokens" => Cause::Refresh,
        source if source.starts_with("TokenGeneration_") => Cause::SignIn,
        _ => return Err(Refusal::unexpected_event()),
    };
    if event.version() != tier.event_version() {
        tracing::error!(
            target: "signin",
            operation = "PreTokenGeneration",
            kind = "the event's version is not the one of USER_POOL_TIER",
            "{FAULT}"
        );
        return Err(Refusal::unexpected_event());
    }
    Ok(Asked {
        user: event.user()?,
        request: TokenRequest {
            client: event.client()?,
            cause,
            nonce: event.client_metadata("passNonce").and_then(nonce),
            digest: event.digest(),
        },
    })
}

/// Lets Cognito issue tokens: with the claim of the steps passed, where there are any, and without
/// the scope that opens the account, unless these steps do.
pub fn respond(event: Event, tier: UserPoolTier, steps: Option<Steps>) -> Value {
    let named = steps.as_ref().filter(|steps| !steps.are_none());
    let claims = named.map(|steps| json!({"claimsToAddOrOverride": {CLAIM: steps.to_string()}}));
    match tier {
        UserPoolTier::Lite => match claims {
            Some(claims) => event.respond([("claimsOverrideDetails", claims)]),
            None => event.respond([]),
        },
        UserPoolTier::Essentials | UserPoolTier::Plus => {
            let mut details = Map::new();
            if let Some(claims) = claims {
                details.insert("idTokenGeneration".to_owned(), claims);
            }
            if !steps.is_some_and(|steps| steps.open_the_account()) {
                let suppressed = json!({"scopesToSuppress": [ACCOUNT_SCOPE]});
                details.insert("accessTokenGeneration".to_owned(), suppressed);
            }
            event.respond([("claimsAndScopeOverrideDetails", details.into())])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(source: &str) -> Value {
        json!({
            "version": "2",
            "triggerSource": source,
            "userName": "ada",
            "callerContext": {"clientId": "app"},
            "request": {"userAttributes": {"email": "ada@example.com"}, "groupConfiguration": {}},
            "response": {"claimsAndScopeOverrideDetails": null},
        })
    }

    fn cause(source: &str) -> Option<Cause> {
        let asked = parse(
            &Event::new(event(source)).unwrap(),
            UserPoolTier::Essentials,
        );
        asked.ok().map(|asked| asked.request.cause)
    }

    #[test]
    fn whatever_is_no_refresh_is_a_sign_in() {
        let refresh = cause("TokenGeneration_RefreshTokens");
        assert_eq!(refresh, Some(Cause::Refresh));
        for source in [
            "TokenGeneration_Authentication",
            "TokenGeneration_HostedAuth",
            "TokenGeneration_NewPasswordChallenge",
            "TokenGeneration_AuthenticateDevice",
            "TokenGeneration_SomethingNew",
        ] {
            assert_eq!(cause(source), Some(Cause::SignIn), "{source}");
        }
        for source in ["", "PreSignUp_SignUp", "tokengeneration_refreshtokens"] {
            assert_eq!(cause(source), None, "{source}");
        }
    }

    #[test]
    fn an_event_without_user_or_app_client_is_refused() {
        for field in ["userName", "callerContext"] {
            let mut event = event("TokenGeneration_RefreshTokens");
            event[field] = Value::Null;
            assert!(
                parse(&Event::new(event).unwrap(), UserPoolTier::Essentials).is_err(),
                "{field}"
            );
        }
    }

    #[test]
    fn the_same_request_has_the_same_digest_and_another_one_has_not() {
        let digest = |event: Value| {
            let event = Event::new(event).unwrap();
            parse(&event, UserPoolTier::Plus).unwrap().request.digest
        };
        let first = event("TokenGeneration_Authentication");
        assert_eq!(digest(first.clone()), digest(first.clone()));
        let mut other = first.clone();
        other["request"]["clientMetadata"] = json!({"a": "b"});
        assert_ne!(digest(first), digest(other));
    }

    #[test]
    fn an_event_of_another_version_than_the_plan_promises_is_refused() {
        for (tier, version, read) in [
            ("LITE", json!("1"), true),
            ("LITE", json!("2"), false),
            ("ESSENTIALS", json!("2"), true),
            ("ESSENTIALS", json!("1"), false),
            ("PLUS", json!("2"), true),
            ("PLUS", json!("1"), false),
            ("PLUS", json!("3"), false),
            ("ESSENTIALS", json!(2), false),
            ("ESSENTIALS", json!(null), false),
        ] {
            for source in [
                "TokenGeneration_Authentication",
                "TokenGeneration_RefreshTokens",
            ] {
                let mut event = event(source);
                event["version"] = version.clone();
                let asked = parse(&Event::new(event).unwrap(), tier.parse().unwrap());
                assert_eq!(asked.is_ok(), read, "{tier} {version} {source}");
            }
        }
        assert!("essentials".parse::<UserPoolTier>().is_err());
    }

    #[test]
    fn the_nonce_is_read_from_the_clients_metadata() {
        let read = |metadata: Value| {
            let mut event = event("TokenGeneration_Authentication");
            event["request"]["clientMetadata"] = metadata;
            let event = Event::new(event).unwrap();
            parse(&event, UserPoolTier::Plus).unwrap().request.nonce
        };
        assert_eq!(read(json!({"passNonce": "mine"})), nonce("mine"));
        for none in [
            json!(null),
            json!({}),
            json!({"passNonce": null}),
            json!({"passNonce": ["mine"]}),
            json!({"passNonce": ""}),
            json!({"passNonce": "x".repeat(257)}),
        ] {
            assert_eq!(read(none.clone()), None, "{none}");
        }
    }

    fn responded(tier: UserPoolTier, steps: Option<&str>) -> Value {
        let event = Event::new(event("TokenGeneration_Authentication")).unwrap();
        let steps = steps.map(|steps| steps.parse().unwrap());
        respond(event, tier, steps)["response"].clone()
    }

    #[test]
    fn only_tokens_of_a_sign_in_with_the_password_open_the_account() {
        let suppressed = json!({"scopesToSuppress": ["aws.cognito.signin.user.admin"]});
        let claims = |steps: &str| json!({"claimsToAddOrOverride": {"signin_steps": steps}});
        for tier in [UserPoolTier::Essentials, UserPoolTier::Plus] {
            let details = |steps| responded(tier, steps)["claimsAndScopeOverrideDetails"].clone();
            assert_eq!(
                details(Some("PASSWORD+FACE")),
                json!({"idTokenGeneration": claims("PASSWORD+FACE")})
            );
            assert_eq!(
                details(Some("FACE")),
                json!({"idTokenGeneration": claims("FACE"), "accessTokenGeneration": suppressed})
            );
            // A refresh, or an app client without a guard.
            assert_eq!(details(None), json!({"accessTokenGeneration": suppressed}));
        }
    }

    #[test]
    fn under_the_cheapest_plan_the_steps_become_a_claim_and_no_more() {
        let untouched = event("TokenGeneration_Authentication")["response"].clone();
        let mut claimed = untouched.clone();
        claimed["claimsOverrideDetails"] =
            json!({"claimsToAddOrOverride": {"signin_steps": "FACE"}});
        assert_eq!(responded(UserPoolTier::Lite, Some("FACE")), claimed);
        assert_eq!(responded(UserPoolTier::Lite, None), untouched);
    }
}
