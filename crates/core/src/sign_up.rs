//! What a sign-up must bring, and who may enrol afterwards.

use crate::face_data::{FaceData, InvalidFaceData, Model};
use crate::secret::Sha256Digest;

/// The longest binding secret, in bytes. The page makes 32 random bytes, 64 digits; the margin
/// is for other clients.
pub const MAX_BINDING_SECRET: usize = 1024;

/// What a sign-up brought, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUp {
    /// The version of the consent text that was agreed to; none where the person wants no face.
    pub consent: Option<String>,
    /// The SHA-256 of a secret that the signing-up page keeps: whoever shows the secret later
    /// is the party that chose the password.
    pub binding: Sha256Digest,
    /// The face data that an enrolment will have to repeat; none where pictures are compared.
    pub face_data: Option<FaceData>,
}

/// What a sign-up must bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Required<'a> {
    /// The version of the consent text that is in force.
    pub consent: &'a str,
    /// Whether an account may do without: some chain asks for nothing that is enrolled.
    pub optional: bool,
    /// The model of its face data; none where pictures are compared.
    pub face_data: Option<Model>,
}

/// What a sign-up brought, word for word. It has no `Debug`: it may hold face data.
#[derive(Clone, Copy, Default)]
pub struct Brought<'a> {
    /// `consent`.
    pub consent: Option<&'a str>,
    /// `binding`.
    pub binding: Option<&'a str>,
    /// `faceData`.
    pub face_data: Option<&'a str>,
}

/// What is wrong with a sign-up; for the client's developer to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSignUp {
    /// Consent is missing or for another text.
    #[error("ClientMetadata.consent must be the version of the current consent text")]
    Consent,
    /// The binding is missing or not a digest.
    #[error("ClientMetadata.binding must be a SHA-256 in 64 hexadecimal digits")]
    Binding,
    /// There are no face data where they are needed.
    #[error("ClientMetadata.faceData must be face data of the model {0}")]
    NoFaceData(Model),
    /// The face data are not as they must be.
    #[error("ClientMetadata.faceData: {0}")]
    FaceData(#[from] InvalidFaceData),
    /// There are face data where a chain compares pictures.
    #[error(
        "ClientMetadata.faceData must not be sent: not every chain of the sign-in policy has FACE_DATA"
    )]
    UnwantedFaceData,
}

impl SignUp {
    /// Checks what a sign-up brought against what it must bring.
    pub fn check(required: Required<'_>, brought: Brought<'_>) -> Result<Self, InvalidSignUp> {
        match brought.consent {
            Some(version) if version == required.consent => {}
            None if required.optional => {}
            // An outdated one is no reason to take none.
            Some(_) | None => return Err(InvalidSignUp::Consent),
        }
        let binding = brought
            .binding
            .and_then(Sha256Digest::from_hex)
            .ok_or(InvalidSignUp::Binding)?;
        let face_data = match (required.face_data, brought.face_data) {
            (None, None) => None,
            (None, Some(_)) => return Err(InvalidSignUp::UnwantedFaceData),
            (Some(model), None) => return Err(InvalidSignUp::NoFaceData(model)),
            (Some(model), Some(document)) => Some(FaceData::parse(model, document)?),
        };
        Ok(Self {
            consent: brought.consent.map(str::to_owned),
            binding,
            face_data,
        })
    }
}

/// The digest of a secret that a client sent; none where it sent none, or one too long.
pub fn secret(sent: Option<&str>) -> Option<Sha256Digest> {
    let fits = |secret: &&str| (1..=MAX_BINDING_SECRET).contains(&secret.len());
    sent.filter(fits)
        .map(|secret| Sha256Digest::of(secret.as_bytes()))
}

/// What was proven of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// The mailbox is proven by the sign-up's code; the secret, if one came, binds it to the
    /// password.
    SignUp {
        /// The digest of the secret that came along; none where none did, or one too long.
        secret: Option<Sha256Digest>,
    },
    /// The mailbox is proven, and the password is new.
    PasswordReset(Renewal),
}

/// What a password reset brought. Neither has to be there, nor right: the password has changed by
/// then. What is missing lets nobody enrol, or leaves the consent on record as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renewal {
    /// The digest of a new secret, by which one may enrol.
    pub binding: Option<Sha256Digest>,
    /// The version of the consent text that was agreed to, where it is the one in force.
    pub consent: Option<String>,
}

impl Renewal {
    /// Takes what is right of what a reset brought.
    pub fn of(in_force: &str, consent: Option<&str>, binding: Option<&str>) -> Self {
        Self {
            binding: binding.and_then(Sha256Digest::from_hex),
            consent: consent
                .filter(|version| *version == in_force)
                .map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(model: Model) -> String {
        let values = (0_u8..=255).cycle().take(model.length());
        let values: Vec<f32> = values.map(|n| f32::from(n) / 255.0).collect();
        let data = FaceData::new(model, values).unwrap();
        data.to_document().to_string()
    }

    fn check(
        model: Option<Model>,
        consent: Option<&str>,
        binding: Option<&str>,
        face_data: Option<&str>,
    ) -> Result<SignUp, InvalidSignUp> {
        let required = Required {
            consent: "2",
            optional: false,
            face_data: model,
        };
        let brought = Brought {
            consent,
            binding,
            face_data,
        };
        SignUp::check(required, brought)
    }

    #[test]
    fn a_sign_up_brings_consent_and_a_binding() {
        let binding = Sha256Digest::of(b"secret");
        let sign_up = check(None, Some("2"), Some(&binding.to_hex()), None);
        assert_eq!(
            sign_up,
            Ok(SignUp {
                consent: Some("2".into()),
                binding,
                face_data: None,
            })
        );
    }

    #[test]
    fn where_a_face_is_one_of_several_ways_a_sign_up_may_agree_to_nothing() {
        let required = Required {
            consent: "2",
            optional: true,
            face_data: None,
        };
        let binding = Sha256Digest::of(b"secret").to_hex();
        let check = |consent| {
            let brought = Brought {
                consent,
                binding: Some(&binding),
                face_data: None,
            };
            SignUp::check(required, brought).map(|sign_up| sign_up.consent)
        };
        assert_eq!(check(None), Ok(None));
        assert_eq!(check(Some("2")), Ok(Some("2".to_owned())));
        for wrong in ["", "1", "no"] {
            assert_eq!(check(Some(wrong)), Err(InvalidSignUp::Consent));
        }
    }

    #[test]
    fn a_sign_up_without_them_is_refused() {
        let binding = Sha256Digest::of(b"secret").to_hex();
        for consent in [None, Some(""), Some("1"), Some("true")] {
            let found = check(None, consent, Some(&binding), None);
            assert_eq!(found, Err(InvalidSignUp::Consent));
        }
        for binding in [None, Some(""), Some("secret"), Some(&binding[1..])] {
            let found = check(None, Some("2"), binding, None);
            assert_eq!(found, Err(InvalidSignUp::Binding));
        }
    }

    #[test]
    fn a_sign_up_brings_face_data_of_the_stacks_model_where_those_are_compared() {
        let binding = Sha256Digest::of(b"secret").to_hex();
        let with =
            |model, face_data: Option<&str>| check(model, Some("2"), Some(&binding), face_data);
        for model in Model::ALL {
            let document = document(model);
            let brought = with(Some(model), Some(&document)).unwrap().face_data;
            assert_eq!(brought, FaceData::parse(model, &document).ok());
            assert_eq!(
                with(Some(model), None),
                Err(InvalidSignUp::NoFaceData(model))
            );
            assert_eq!(
                with(None, Some(&document)),
                Err(InvalidSignUp::UnwantedFaceData)
            );
        }
    }

    #[test]
    fn a_refusal_tells_what_is_expected_of_face_data_and_repeats_none_of_them() {
        let binding = Sha256Digest::of(b"secret").to_hex();
        for (document, expected) in [
            ("0.123456", "\"model\": \"descriptor-128\""),
            (
                r#"{"model":"mesh-468","values":[0.123456]}"#,
                "the model descriptor-128",
            ),
            (
                r#"{"model":"descriptor-128","values":[0.123456]}"#,
                "128 values",
            ),
        ] {
            let model = Some(Model::Descriptor128);
            let refused = check(model, Some("2"), Some(&binding), Some(document));
            let message = refused.unwrap_err().to_string();
            assert!(message.starts_with("ClientMetadata.faceData: expected"));
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("0.123456"), "{message}");
        }
    }

    #[test]
    fn a_binding_secret_is_bounded() {
        assert_eq!(secret(Some("secret")), Some(Sha256Digest::of(b"secret")));
        let longest = "x".repeat(MAX_BINDING_SECRET);
        assert!(secret(Some(&longest)).is_some());
        for none in [None, Some(""), Some(&*"x".repeat(MAX_BINDING_SECRET + 1))] {
            assert_eq!(secret(none), None);
        }
    }

    #[test]
    fn a_reset_takes_what_is_right_and_refuses_nothing() {
        let binding = Sha256Digest::of(b"secret");
        let whole = Renewal::of("2", Some("2"), Some(&binding.to_hex()));
        assert_eq!(whole.binding, Some(binding));
        assert_eq!(whole.consent.as_deref(), Some("2"));
        for consent in [None, Some(""), Some("1"), Some("true")] {
            let renewal = Renewal::of("2", consent, Some(&binding.to_hex()));
            assert_eq!(renewal.consent, None);
            assert_eq!(renewal.binding, Some(binding));
        }
        for wrong in [None, Some(""), Some("secret"), Some(&binding.to_hex()[1..])] {
            let renewal = Renewal::of("2", Some("2"), wrong);
            assert_eq!(renewal.binding, None);
            assert!(renewal.consent.is_some());
        }
    }
}
