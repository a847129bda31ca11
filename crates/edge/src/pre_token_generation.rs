//! PreTokenGeneration: who wants tokens, and what they say of the steps passed.

use serde_json::{Value, json};
use signin_core::id::UserName;
use signin_core::pass::{CLAIM, Cause, Steps, TokenRequest};

use crate::Refusal;
use crate::event::Event;

/// Somebody for whom Cognito is about to issue tokens.
pub struct Asked {
    /// The account.
    pub user: UserName,
    /// The request.
    pub request: TokenRequest,
}

/// Reads the event. Every trigger source but the one of a refresh means that somebody signs in,
/// the ones that nobody has heard of yet included.
pub fn asked(event: &Event) -> Result<Asked, Refusal> {
    let cause = match event.trigger_source() {
        "TokenGeneration_RefreshTokens" => Cause::Refresh,
        source if source.starts_with("TokenGeneration_") => Cause::SignIn,
        _ => return Err(Refusal::unexpected_event()),
    };
    Ok(Asked {
        user: event.user()?,
        request: TokenRequest {
            client: event.client()?,
            cause,
            digest: event.digest(),
        },
    })
}

/// Lets Cognito issue tokens: with the claim of the steps passed, or as they are.
pub fn respond(event: Event, steps: Option<Steps>) -> Value {
    match steps {
        Some(steps) => event.respond([(
            "claimsOverrideDetails",
            json!({"claimsToAddOrOverride": {CLAIM: steps.to_string()}}),
        )]),
        None => event.respond([]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(source: &str) -> Value {
        json!({
            "triggerSource": source,
            "userName": "ada",
            "callerContext": {"clientId": "app"},
            "request": {"userAttributes": {"email": "ada@example.com"}, "groupConfiguration": {}},
            "response": {"claimsOverrideDetails": null},
        })
    }

    fn cause(source: &str) -> Option<Cause> {
        let asked = asked(&Event::new(event(source)).unwrap());
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
            assert!(asked(&Event::new(event).unwrap()).is_err(), "{field}");
        }
    }

    #[test]
    fn the_same_request_has_the_same_digest_and_another_one_has_not() {
        let digest = |event: Value| {
            let event = Event::new(event).unwrap();
            asked(&event).unwrap().request.digest
        };
        let first = event("TokenGeneration_Authentication");
        assert_eq!(digest(first.clone()), digest(first.clone()));
        let mut other = first.clone();
        other["request"]["clientMetadata"] = json!({"a": "b"});
        assert_ne!(digest(first), digest(other));
    }

    #[test]
    fn the_steps_passed_become_a_claim() {
        let source = "TokenGeneration_Authentication";
        let responded = |steps| respond(Event::new(event(source)).unwrap(), steps);
        let steps = "PASSWORD+FACE".parse().unwrap();
        assert_eq!(
            responded(Some(steps))["response"]["claimsOverrideDetails"],
            json!({"claimsToAddOrOverride": {"signin_steps": "PASSWORD+FACE"}})
        );
        assert_eq!(responded(None), event(source));
    }
}
