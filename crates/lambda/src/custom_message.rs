//! `CustomMessage`: before a code goes to a changed address, the address before it is told; where a face
//! alone could change it, no code is sent at all.
//!
//! On the plan `LITE` every access token carries the scope with which Cognito changes the account, so that
//! whoever passed by a photograph could take the account along with their own address. Without the code no
//! new address is ever verified.

use std::str::FromStr;

use serde_json::Value;
use signin_core::round::AddressChange;

use crate::Refusal;
use crate::event::Event;

/// What becomes of changes that people make to their address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// They are refused: the operator makes them.
    Refused,
    /// The address before is told.
    Told,
}

/// A text that says nothing of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected REFUSED or TOLD, found something else")]
pub struct NotUnderstood;

impl FromStr for Changes {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, NotUnderstood> {
        match text {
            "REFUSED" => Ok(Self::Refused),
            "TOLD" => Ok(Self::Told),
            _ => Err(NotUnderstood),
        }
    }
}

/// Reads whose address is about to change, if that is what the message is for; every other one, those that
/// nobody has heard of yet included, goes out as Cognito has it.
pub fn parse(changes: Changes, event: &Event) -> Result<Option<AddressChange>, Refusal> {
    match (event.trigger_source(), changes) {
        (
            "CustomMessage_UpdateUserAttribute" | "CustomMessage_VerifyUserAttribute",
            Changes::Refused,
        ) => Err(Refusal::address_is_fixed()),
        // Another code for a change was told with the change; one for the address that the account has
        // changes nothing.
        ("CustomMessage_UpdateUserAttribute", Changes::Told) => Ok(Some(AddressChange {
            user: event.user()?,
            pool: event.pool()?,
        })),
        _ => Ok(None),
    }
}

/// Lets Cognito send the message as it has it.
pub fn respond(event: Event) -> Value {
    event.respond([])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CHANGES: [&str; 2] = [
        "CustomMessage_UpdateUserAttribute",
        "CustomMessage_VerifyUserAttribute",
    ];

    fn event(source: &str) -> Value {
        json!({
            "version": "1",
            "triggerSource": source,
            "userPoolId": "eu-central-1_pool",
            "userName": "ada",
            "request": {"codeParameter": "{####}", "usernameParameter": null},
            "response": {"smsMessage": null, "emailMessage": null, "emailSubject": null},
        })
    }

    fn read(changes: Changes, source: &str) -> Result<Option<AddressChange>, Refusal> {
        parse(changes, &Event::new(event(source)).unwrap())
    }

    #[test]
    fn no_code_goes_to_a_changed_address_where_changes_are_refused() {
        for source in CHANGES {
            let refused = read(Changes::Refused, source).unwrap_err();
            assert_eq!(refused, Refusal::address_is_fixed(), "{source}");
        }
    }

    #[test]
    fn where_they_are_told_it_is_known_whose_they_are_or_no_code_goes_out() {
        let [change, again] = CHANGES;
        let found = read(Changes::Told, change).unwrap().expect("a change");
        assert_eq!(found.user.as_str(), "ada");
        for field in ["userName", "userPoolId"] {
            let mut nobodys = event(change);
            nobodys[field] = json!(null);
            let event = Event::new(nobodys).unwrap();
            assert!(parse(Changes::Told, &event).is_err(), "{field}");
        }
        // It is told with the first code, if it is a change at all.
        assert!(matches!(read(Changes::Told, again), Ok(None)));
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
            for changes in [Changes::Refused, Changes::Told] {
                assert!(matches!(read(changes, source), Ok(None)), "{source}");
            }
            let answer = respond(Event::new(event(source)).unwrap());
            assert_eq!(answer, event(source), "{source}");
        }
    }

    #[test]
    fn what_becomes_of_changes_is_said_in_one_of_two_words() {
        assert_eq!("REFUSED".parse(), Ok(Changes::Refused));
        assert_eq!("TOLD".parse(), Ok(Changes::Told));
        assert_eq!("told".parse::<Changes>(), Err(NotUnderstood));
    }
}
