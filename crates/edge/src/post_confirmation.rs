//! PostConfirmation: what was proven of an account.

use aws_lambda_events::event::cognito::CognitoEventUserPoolsPostConfirmationRequest as Request;
use serde_json::Value;
use signin_core::id::UserName;
use signin_core::sign_up::Confirmation;

use crate::Refusal;
use crate::event::Event;

/// An account of which something was proven.
pub struct Confirmed {
    /// The account.
    pub user: UserName,
    /// What was proven.
    pub confirmation: Confirmation,
}

/// Reads the event.
pub fn confirmed(event: &Event) -> Result<Confirmed, Refusal> {
    let request: Request = event.request().ok_or_else(Refusal::unexpected_event)?;
    let confirmation = match event.trigger_source() {
        "PostConfirmation_ConfirmSignUp" => {
            let secret = request
                .client_metadata
                .get("bindingSecret")
                .map(String::as_str);
            Confirmation::sign_up(secret)
        }
        "PostConfirmation_ConfirmForgotPassword" => Confirmation::PasswordReset,
        _ => return Err(Refusal::unexpected_event()),
    };
    Ok(Confirmed {
        user: event.user()?,
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

    use super::*;

    fn confirmation(source: &str, metadata: &Value) -> Result<Confirmation, Refusal> {
        let event = Event::new(json!({
            "triggerSource": source,
            "userName": "ada",
            "request": {"userAttributes": {}, "clientMetadata": metadata},
            "response": {},
        }))
        .unwrap();
        confirmed(&event).map(|confirmed| confirmed.confirmation)
    }

    #[test]
    fn a_confirmed_sign_up_and_a_password_reset_are_told_apart() {
        let secret = json!({"bindingSecret": "secret"});
        let sign_up = confirmation("PostConfirmation_ConfirmSignUp", &secret);
        assert_eq!(sign_up, Ok(Confirmation::sign_up(Some("secret"))));
        let without = confirmation("PostConfirmation_ConfirmSignUp", &json!(null));
        assert_eq!(without, Ok(Confirmation::sign_up(None)));
        let reset = confirmation("PostConfirmation_ConfirmForgotPassword", &secret);
        assert_eq!(reset, Ok(Confirmation::PasswordReset));
        assert!(confirmation("PreSignUp_SignUp", &secret).is_err());
    }
}
