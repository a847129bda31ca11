//! DefineAuthChallenge: the rules of [`signin_core::session`] on Cognito's event.

use aws_lambda_events::event::cognito::CognitoEventUserPoolsDefineAuthChallengeRequest as Request;
use serde_json::{Value, json};
use signin_core::policy::Policy;
use signin_core::session::{Next, define};

use crate::Refusal;
use crate::event::{Event, entries};

/// Answers the event. What is not a DefineAuthChallenge event that can be read ends the
/// session; what is no JSON object cannot even be told so, and is refused.
pub fn answer(policy: &Policy, event: Value) -> Result<Value, Refusal> {
    let event = Event::new(event)?;
    let next = if event.trigger_source() == "DefineAuthChallenge_Authentication" {
        event.request::<Request>().map_or(Next::Fail, |request| {
            define(policy, &entries(&request.session), request.user_not_found)
        })
    } else {
        Next::Fail
    };
    let challenge = match next {
        Next::PasswordVerifier => Some("PASSWORD_VERIFIER"),
        Next::CustomChallenge => Some("CUSTOM_CHALLENGE"),
        Next::IssueTokens | Next::Fail => None,
    };
    Ok(event.respond([
        ("challengeName", json!(challenge)),
        ("issueTokens", json!(next == Next::IssueTokens)),
        ("failAuthentication", json!(next == Next::Fail)),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::custom_entry;

    fn event(request: &Value) -> Value {
        json!({
            "version": "1",
            "triggerSource": "DefineAuthChallenge_Authentication",
            "userName": "ada",
            "callerContext": {"clientId": "client", "somethingNew": 1},
            "request": request,
            "response": {"challengeName": null, "issueTokens": null, "failAuthentication": null},
        })
    }

    fn respond(request: &Value) -> Value {
        answer(&"FACE".parse().unwrap(), event(request)).unwrap()["response"].clone()
    }

    fn failed(request: &Value) -> bool {
        respond(request)
            == json!({"challengeName": null, "issueTokens": false, "failAuthentication": true})
    }

    #[test]
    fn the_event_comes_back_with_its_response_filled_in() {
        let sent = event(&json!({"session": [], "userNotFound": false}));
        let mut back = answer(&"FACE".parse().unwrap(), sent.clone()).unwrap();
        let response = back["response"].take();
        let expected = json!({
            "challengeName": "CUSTOM_CHALLENGE", "issueTokens": false, "failAuthentication": false,
        });
        assert_eq!(response, expected);
        back["response"] = sent["response"].clone();
        assert_eq!(back, sent);
    }

    #[test]
    fn a_passed_face_is_worth_tokens() {
        let response = respond(&json!({"session": [custom_entry("FACE", 1, true)]}));
        assert_eq!(response["issueTokens"], true);
        let unknown = json!({"session": [custom_entry("FACE", 1, true)], "userNotFound": true});
        assert!(failed(&unknown));
    }

    #[test]
    fn an_event_that_cannot_be_read_ends_the_session() {
        let passed = custom_entry("FACE", 1, true);
        let mut without_result = passed.clone();
        without_result["challengeResult"] = Value::Null;
        let mut without_metadata = passed.clone();
        without_metadata["challengeMetadata"] = Value::Null;
        let mut of_another_kind = passed.clone();
        of_another_kind["challengeName"] = json!("SMS_MFA");
        for request in [
            json!(null),
            json!([]),
            json!({}),
            json!({"session": null}),
            json!({"session": "[]"}),
            json!({"session": [null]}),
            json!({"session": [null, passed]}),
            json!({"session": [{}]}),
            json!({"session": [without_result]}),
            json!({"session": [without_metadata]}),
            json!({"session": [of_another_kind]}),
            json!({"session": [passed], "userNotFound": null}),
            json!({"session": [passed], "userNotFound": "false"}),
            json!({"session": vec![custom_entry("FACE", 1, false); 33]}),
        ] {
            assert!(failed(&request), "{request}");
        }
    }

    #[test]
    fn the_event_of_another_trigger_ends_the_session() {
        let mut event = event(&json!({"session": [custom_entry("FACE", 1, true)]}));
        event["triggerSource"] = json!("CreateAuthChallenge_Authentication");
        let response = answer(&"FACE".parse().unwrap(), event).unwrap();
        assert_eq!(response["response"]["failAuthentication"], true);
        for garbage in [json!(null), json!([]), json!("event")] {
            assert!(answer(&"FACE".parse().unwrap(), garbage).is_err());
        }
    }
}
