//! PostConfirmation: what was proven of an account.

use aws_lambda_events::event::cognito::CognitoEventUserPoolsPostConfirmationRequest as Request;
use serde_json::Value;
use signin_core::round::Confirmed;
use signin_core::sign_up::{self, Confirmation, Renewal};

use crate::Refusal;
use crate::event::Event;

/// Reads the event, where this version of the consent text is in force.
pub fn parse(consent: &str, event: &Event) -> Result<Confirmed, Refusal> {
    let request: Request = event.request().ok_or_else(Refusal::unexpected_event)?;
    let sent = |name: &str| request.client_metadata.get(name).map(String::as_str);
    let confirmation = match event.trigger_source() {
        "PostConfirmation_ConfirmSignUp" => Confirmation::SignUp {
            secret: sign_up::secret(sent("bindingSecret")),
        },
        "PostConfirmation_ConfirmForgotPassword" => {
            Confirmation::PasswordReset(Renewal::of(consent, sent("consent"), sent("binding")))
        }
        _ => return Err(Refusal::unexpected_event()),
    };
    Ok(Confirmed {
        user: event.user()?,
        pool: event.pool()?,
        confirmation,
    })
}

/// Lets Cognito go on.
pub fn respond(event: Event) -> Value {
    event.respond([])
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use signin_core::secret::Sha256Digest;

    use super::*;

    fn confirmation(source: &str, metadata: &Value) -> Result<Confirmation, Refusal> {
        let event = Event::new(json!({
            "triggerSource": source,
            "userPoolId": "eu-central-1_pool",
            "userName": "ada",
            "request": {"userAttributes": {}, "clientMetadata": metadata},
            "response": {},
        }))
        .unwrap();
        parse("2", &event).map(|confirmed| confirmed.confirmation)
    }

    #[test]
    fn a_confirmed_sign_up_and_a_password_reset_are_told_apart() {
        let binding = Sha256Digest::of(b"secret");
        let metadata =
            json!({"bindingSecret": "secret", "binding": binding.to_hex(), "consent": "2"});
        let sign_up = confirmation("PostConfirmation_ConfirmSignUp", &metadata);
        let secret = Some(binding);
        assert_eq!(sign_up, Ok(Confirmation::SignUp { secret }));
        let reset = confirmation("PostConfirmation_ConfirmForgotPassword", &metadata);
        let renewal = Renewal {
            binding: Some(binding),
            consent: Some("2".to_owned()),
        };
        assert_eq!(reset, Ok(Confirmation::PasswordReset(renewal)));
        assert!(confirmation("PreSignUp_SignUp", &metadata).is_err());
    }

    #[test]
    fn neither_is_refused_for_what_it_did_not_bring() {
        for metadata in [
            json!(null),
            json!({}),
            json!({"binding": "x", "consent": "1"}),
        ] {
            let sign_up = confirmation("PostConfirmation_ConfirmSignUp", &metadata);
            assert_eq!(sign_up, Ok(Confirmation::SignUp { secret: None }));
            let reset = confirmation("PostConfirmation_ConfirmForgotPassword", &metadata);
            let nothing = Confirmation::PasswordReset(Renewal::default());
            assert_eq!(reset, Ok(nothing));
        }
    }
}
