//! `CustomMessage`: no code is sent for a changed address where a face alone could change it.
//!
//! Deployed on the plan `LITE` only. There every access token carries the scope with which Cognito
//! changes the account, so that whoever passed by a photograph could take the account along with
//! their own address. Without the code no new address is ever verified.

use serde_json::Value;

use crate::Refusal;
use crate::event::Event;

/// Refuses the messages that would prove a changed address; every other one, those that nobody has
/// heard of yet included, goes out as Cognito has it.
pub fn answer(event: Value) -> Result<Value, Refusal> {
    let event = Event::new(event)?;
    match event.trigger_source() {
        "CustomMessage_UpdateUserAttribute" | "CustomMessage_VerifyUserAttribute" => {
            Err(Refusal::address_is_fixed())
        }
        _ => Ok(event.respond([])),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(source: &str) -> Value {
        json!({
            "version": "1",
            "triggerSource": source,
            "userName": "ada",
            "request": {"codeParameter": "{####}", "usernameParameter": null},
            "response": {"smsMessage": null, "emailMessage": null, "emailSubject": null},
        })
    }

    #[test]
    fn no_code_goes_to_a_changed_address() {
        for source in [
            "CustomMessage_UpdateUserAttribute",
            "CustomMessage_VerifyUserAttribute",
        ] {
            assert_eq!(
                answer(event(source)),
                Err(Refusal::address_is_fixed()),
                "{source}"
            );
        }
    }

    #[test]
    fn every_other_message_goes_out_as_it_is() {
        for source in [
            "CustomMessage_SignUp",
            "CustomMessage_AdminCreateUser",
            "CustomMessage_ResendCode",
            "CustomMessage_ForgotPassword",
            "CustomMessage_Authentication",
            "CustomMessage_SomethingNew",
        ] {
            assert_eq!(answer(event(source)), Ok(event(source)), "{source}");
        }
    }
}
