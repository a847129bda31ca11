//! PreSignUp: what a sign-up brings. Nothing here can confirm an account or verify an address.

use aws_lambda_events::event::cognito::CognitoEventUserPoolsPreSignupRequest as Request;
use serde_json::{Value, json};
use signin_core::round::SigningUp;
use signin_core::sign_up::{Brought, Required, SignUp};

use crate::Refusal;
use crate::event::Event;

/// Whose account is about to be made.
#[derive(Debug)]
pub enum NewAccount {
    /// A person signs up.
    Own(SigningUp),
    /// An administrator makes one for somebody. It brings neither consent nor binding, and nothing
    /// is stored for it: the person proves the mailbox and agrees with a password reset.
    Invited,
}

/// Reads and checks the event. Another identity provider's people are refused: they have no
/// password here, by which they could prove that they may enrol, and this user pool signs in by the
/// policy alone.
pub fn parse(required: Required<'_>, event: &Event) -> Result<NewAccount, Refusal> {
    match event.trigger_source() {
        "PreSignUp_SignUp" => signing_up(required, event).map(NewAccount::Own),
        "PreSignUp_AdminCreateUser" => Ok(NewAccount::Invited),
        _ => Err(Refusal::unexpected_event()),
    }
}

fn signing_up(required: Required<'_>, event: &Event) -> Result<SigningUp, Refusal> {
    let request: Request = event.request().ok_or_else(Refusal::unexpected_event)?;
    let sent = |name: &str| request.client_metadata.get(name).map(String::as_str);
    let brought = Brought {
        consent: sent("consent"),
        binding: sent("binding"),
        face_data: sent("faceData"),
    };
    let sign_up = SignUp::check(required, brought).map_err(|error| Refusal::invalid(&error))?;
    Ok(SigningUp {
        user: event.user()?,
        sign_up,
    })
}

/// Lets Cognito go on: it mails its code, and only that code confirms.
pub fn respond(event: Event) -> Value {
    event.respond([
        ("autoConfirmUser", json!(false)),
        ("autoVerifyEmail", json!(false)),
        ("autoVerifyPhone", json!(false)),
    ])
}

#[cfg(test)]
mod tests {
    use signin_core::face_data::{FaceData, Model};
    use signin_core::secret::Sha256Digest;

    use super::*;

    const PICTURES: Required<'_> = Required {
        consent: "1",
        optional: false,
        face_data: None,
    };

    fn event(source: &str, metadata: &Value) -> Event {
        Event::new(json!({
            "triggerSource": source,
            "userName": "ada",
            "request": {"userAttributes": {"email": "ada@example.com"}, "clientMetadata": metadata},
            "response": {"autoConfirmUser": true, "autoVerifyEmail": true},
        }))
        .unwrap()
    }

    #[test]
    fn a_sign_up_with_consent_and_binding_goes_on_and_confirms_nothing() {
        let binding = Sha256Digest::of(b"secret");
        let metadata = json!({"consent": "1", "binding": binding.to_hex()});
        let event = event("PreSignUp_SignUp", &metadata);
        assert_eq!(
            signing_up(PICTURES, &event).unwrap().sign_up.binding,
            binding
        );
        let response = respond(event)["response"].clone();
        let nothing = json!(
            {"autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false}
        );
        assert_eq!(response, nothing);
    }

    #[test]
    fn a_sign_up_brings_its_face_data_where_those_are_compared() {
        let data = FaceData::new(Model::Descriptor128, vec![0.1; 128]).unwrap();
        let binding = Sha256Digest::of(b"secret").to_hex();
        let metadata =
            json!({"consent": "1", "binding": binding, "faceData": data.to_document().as_str()});
        let event = event("PreSignUp_SignUp", &metadata);
        let required = Required {
            face_data: Some(Model::Descriptor128),
            ..PICTURES
        };
        let brought = signing_up(required, &event).unwrap().sign_up.face_data;
        assert_eq!(brought, Some(data));
        let refusal = signing_up(PICTURES, &event).err().unwrap().to_string();
        assert!(refusal.contains("faceData"), "{refusal}");
    }

    #[test]
    fn any_other_sign_up_is_refused_with_what_is_expected() {
        let whole = json!({"consent": "1", "binding": Sha256Digest::of(b"s").to_hex()});
        for (source, metadata, expected) in [
            ("PreSignUp_SignUp", json!(null), "consent"),
            ("PreSignUp_SignUp", json!({"consent": "0"}), "consent"),
            ("PreSignUp_SignUp", json!({"consent": "1"}), "binding"),
            ("PreSignUp_ExternalProvider", whole, "not served"),
        ] {
            let refusal = parse(PICTURES, &event(source, &metadata))
                .err()
                .unwrap()
                .to_string();
            assert!(refusal.contains(expected), "{refusal}");
        }
    }

    #[test]
    fn an_administrator_makes_accounts_without_consent_or_binding() {
        let binding = Sha256Digest::of(b"secret").to_hex();
        for metadata in [json!(null), json!({"consent": "1", "binding": binding})] {
            let event = event("PreSignUp_AdminCreateUser", &metadata);
            let made = parse(PICTURES, &event);
            // Nor does it count where one is sent.
            assert!(matches!(made, Ok(NewAccount::Invited)), "{made:?}");
        }
    }
}
