//! CreateAuthChallenge: what the event says, and what Cognito is handed.

use aws_lambda_events::event::cognito::CognitoEventUserPoolsCreateAuthChallengeRequest as Request;
use serde_json::{Value, json};
use signin_core::challenge::{PRIVATE_PARAMETER, PrivateChallenge, PublicChallenge};
use signin_core::policy::Policy;
use signin_core::round::Asked;
use signin_core::session;
use signin_core::sign_up;
use signin_core::step::Metadata;

use crate::Refusal;
use crate::event::{Event, entries};

/// Reads the event. A session in which no custom challenge can be due is refused: define would
/// have ended it.
pub fn parse(policy: &Policy, event: &Event) -> Result<Asked, Refusal> {
    if event.trigger_source() != "CreateAuthChallenge_Authentication" {
        return Err(Refusal::unexpected_event());
    }
    let request: Request = event.request().ok_or_else(Refusal::unexpected_event)?;
    let progress = session::progress(policy, &entries(&request.session))
        .ok_or_else(Refusal::unexpected_event)?;
    // Cognito hands in what the client said with the answer before: the password's, where no custom
    // challenge was answered yet. Whatever later answers say binds nothing.
    let first = progress.password_proven && progress.answered().next().is_none();
    let said = request
        .client_metadata
        .get("bindingSecret")
        .filter(|_| first);
    let secret = sign_up::secret(said.map(String::as_str));
    Ok(Asked {
        user: event.user()?,
        progress,
        secret,
    })
}

/// Hands Cognito the challenge: what the client sees, what verify-auth-challenge is told, and
/// the session's note of it.
pub fn respond(
    event: Event,
    public: &PublicChallenge,
    private: &PrivateChallenge,
    metadata: &Metadata,
) -> Value {
    event.respond([
        ("publicChallengeParameters", json!(public.to_parameters())),
        (
            "privateChallengeParameters",
            json!({PRIVATE_PARAMETER: private.to_parameter()}),
        ),
        ("challengeMetadata", json!(metadata.to_string())),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::custom_entry;

    fn event(source: &str, session: &Value) -> Event {
        Event::new(json!({
            "triggerSource": source,
            "userName": "ada",
            "request": {"challengeName": "CUSTOM_CHALLENGE", "session": session},
        }))
        .unwrap()
    }

    const SOURCE: &str = "CreateAuthChallenge_Authentication";

    #[test]
    fn a_running_session_is_asked_for_its_next_step() {
        let policy: Policy = "FACE".parse().unwrap();
        let event = event(SOURCE, &json!([custom_entry("FACE", 1, false)]));
        let asked = parse(&policy, &event).unwrap();
        assert_eq!(asked.user.as_str(), "ada");
        assert_eq!(asked.progress.attempts_left(1), 2);
    }

    #[test]
    fn a_session_without_a_due_challenge_gets_none() {
        let policy: Policy = "FACE".parse().unwrap();
        for (source, session) in [
            (SOURCE, json!([custom_entry("FACE", 1, true)])),
            (SOURCE, json!([null])),
            (SOURCE, json!(null)),
            ("DefineAuthChallenge_Authentication", json!([])),
        ] {
            assert!(
                parse(&policy, &event(source, &session)).is_err(),
                "{session}"
            );
        }
    }
}
