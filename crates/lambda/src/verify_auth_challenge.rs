//! VerifyAuthChallengeResponse: what was asked, what was answered, and the verdict.

use aws_lambda_events::event::cognito::CognitoEventUserPoolsVerifyAuthChallengeRequest as Request;
use serde_json::{Value, json};
use signin_core::alarm::FAULT;
use signin_core::challenge::{PRIVATE_PARAMETER, PrivateChallenge};
use signin_core::envelope::Unread;
use signin_core::pass::nonce;
use signin_core::reason::Reason;
use signin_core::round::Answered;
use signin_core::secret::Sha256Digest;
use signin_core::sign_up::secret;

use crate::event::Event;

/// Reads the event; none where it does not belong to a challenge of ours or where the answer is no
/// text, which cannot be correct.
pub fn parse(event: &Event) -> Option<Answered> {
    if event.trigger_source() != "VerifyAuthChallengeResponse_Authentication" {
        return None;
    }
    let request: Request<String> = event.request()?;
    let challenge = request
        .private_challenge_parameters
        .get(PRIVATE_PARAMETER)?;
    let sent = event.client_metadata("passNonce");
    let nonce = sent.and_then(nonce);
    let user = event.user().ok()?;
    // Of the user as well, so that the table does not show which of them share a browser.
    let browser = secret(event.client_metadata("browser")).map(|browser| {
        Sha256Digest::of(format!("{}\n{}", user.as_str(), browser.to_hex()).as_bytes())
    });
    Some(Answered {
        user,
        client: event.client().ok()?,
        nonce,
        browser,
        unfit: (sent.is_some() && nonce.is_none()).then_some(Reason::NotANonce),
        challenge: read(challenge)?,
        consent: request.client_metadata.get("consent").cloned(),
        answer: request.challenge_answer?,
    })
}

/// Reads a challenge. One that needs a newer function than this one, as during an update, is used up
/// and refused.
fn read(text: &str) -> Option<PrivateChallenge> {
    match PrivateChallenge::from_parameter(text) {
        Ok(challenge) => Some(challenge),
        Err(Unread::NeedsNewer(refused)) => {
            tracing::error!(
                target: "signin",
                operation = "ReadChallenge",
                kind = "the challenge needs a newer verify-auth-challenge",
                "{FAULT}"
            );
            Some(*refused)
        }
        Err(Unread::NotOurs) => None,
    }
}

/// Tells Cognito the verdict, and nothing else.
pub fn respond(event: Event, correct: bool) -> Value {
    event.respond([("answerCorrect", json!(correct))])
}

#[cfg(test)]
mod tests {
    use signin_core::challenge::Task;
    use signin_core::id::{ChallengeId, EnrolmentId};
    use signin_core::reset::Opening;
    use signin_core::time::Timestamp;

    use super::*;

    fn event(parameters: &Value, answer: &Value) -> Event {
        Event::new(json!({
            "triggerSource": "VerifyAuthChallengeResponse_Authentication",
            "userName": "ada",
            "callerContext": {"clientId": "client"},
            "request": {"privateChallengeParameters": parameters, "challengeAnswer": answer},
            "response": {"answerCorrect": null},
        }))
        .unwrap()
    }

    fn challenge() -> PrivateChallenge {
        PrivateChallenge {
            id: ChallengeId::from_random([1; 16]),
            expires_at: Timestamp::from_millis(1),
            key: "enrolments/01".into(),
            session: Opening {
                began: Timestamp::from_millis(1),
                bound: false,
            },
            secret: None,
            task: Task::Enrol {
                enrolment: EnrolmentId::from_random([1; 16]),
                consent: None,
            },
        }
    }

    #[test]
    fn an_answer_comes_with_the_challenge_it_answers() {
        let parameters = json!({"challenge": challenge().to_parameter()});
        let answered = parse(&event(&parameters, &json!("uploaded"))).unwrap();
        assert_eq!(answered.challenge, challenge());
        assert_eq!(answered.answer, "uploaded");
    }

    #[test]
    fn a_nonce_comes_with_the_answer_and_one_that_is_none_keeps_it_from_being_looked_at() {
        let with = |metadata: Value| {
            let parameters = json!({"challenge": challenge().to_parameter()});
            let event = Event::new(json!({
                "triggerSource": "VerifyAuthChallengeResponse_Authentication",
                "userName": "ada",
                "callerContext": {"clientId": "client"},
                "request": {
                    "privateChallengeParameters": parameters,
                    "challengeAnswer": "uploaded",
                    "clientMetadata": metadata,
                },
            }));
            let answered = parse(&event.unwrap()).unwrap();
            answered.unfit.map_or(Ok(answered.nonce), Err)
        };
        for without in [json!(null), json!({}), json!({"other": "1"})] {
            assert_eq!(with(without), Ok(None));
        }
        assert_eq!(with(json!({"passNonce": "mine"})), Ok(nonce("mine")));
        for wrong in [String::new(), "x".repeat(257)] {
            assert_eq!(with(json!({"passNonce": wrong})), Err(Reason::NotANonce));
        }
    }

    #[test]
    fn an_answer_to_nothing_of_ours_is_none() {
        let parameters = json!({"challenge": challenge().to_parameter()});
        for (parameters, answer) in [
            (json!(null), json!("uploaded")),
            (json!({}), json!("uploaded")),
            (json!({"challenge": "{}"}), json!("uploaded")),
            (json!({"challenge": null}), json!("uploaded")),
            (parameters.clone(), json!(null)),
            (parameters.clone(), json!({"key": "other"})),
            (parameters, json!(["uploaded"])),
        ] {
            assert!(
                parse(&event(&parameters, &answer)).is_none(),
                "{parameters} {answer}"
            );
        }
    }

    #[test]
    fn a_verdict_is_one_bit() {
        let event = event(&json!({}), &json!(""));
        assert_eq!(
            respond(event, false)["response"],
            json!({"answerCorrect": false})
        );
    }
}
