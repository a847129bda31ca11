//! What a sign-up must bring, and who may enrol afterwards.

use crate::secret::Sha256Digest;

/// The longest binding secret, in bytes. The page makes 32 random bytes, 64 digits; the margin
/// is for other clients.
pub const MAX_BINDING_SECRET: usize = 1024;

/// What a sign-up brought, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUp {
    /// The version of the consent text that was agreed to.
    pub consent: String,
    /// The SHA-256 of a secret that the signing-up page keeps: whoever shows the secret later
    /// is the party that chose the password.
    pub binding: Sha256Digest,
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
}

impl SignUp {
    /// Checks what a sign-up brought against the version of the consent text that is in force.
    pub fn check(
        required_consent: &str,
        consent: Option<&str>,
        binding: Option<&str>,
    ) -> Result<Self, InvalidSignUp> {
        if consent != Some(required_consent) {
            return Err(InvalidSignUp::Consent);
        }
        let binding = binding
            .and_then(Sha256Digest::from_hex)
            .ok_or(InvalidSignUp::Binding)?;
        Ok(Self {
            consent: required_consent.to_owned(),
            binding,
        })
    }
}

/// What happened to an account that may allow an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// The mailbox is proven by the sign-up's code; the secret, if one came, binds it to the
    /// password.
    SignUp {
        /// The digest of the secret that came along; none where none did, or one too long.
        secret: Option<Sha256Digest>,
    },
    /// The mailbox is proven, and the password is new.
    PasswordReset,
}

impl Confirmation {
    /// A confirmed sign-up with the secret that came along.
    pub fn sign_up(secret: Option<&str>) -> Self {
        let fits = |secret: &&str| (1..=MAX_BINDING_SECRET).contains(&secret.len());
        Self::SignUp {
            secret: secret.filter(fits).map(|s| Sha256Digest::of(s.as_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_up_brings_consent_and_a_binding() {
        let binding = Sha256Digest::of(b"secret");
        let sign_up = SignUp::check("2", Some("2"), Some(&binding.to_hex())).unwrap();
        assert_eq!(
            sign_up,
            SignUp {
                consent: "2".into(),
                binding
            }
        );
    }

    #[test]
    fn a_sign_up_without_them_is_refused() {
        let binding = Sha256Digest::of(b"secret").to_hex();
        for consent in [None, Some(""), Some("1"), Some("true")] {
            let found = SignUp::check("2", consent, Some(&binding));
            assert_eq!(found, Err(InvalidSignUp::Consent));
        }
        for binding in [None, Some(""), Some("secret"), Some(&binding[1..])] {
            assert_eq!(
                SignUp::check("2", Some("2"), binding),
                Err(InvalidSignUp::Binding)
            );
        }
    }

    #[test]
    fn a_binding_secret_is_bounded() {
        let Confirmation::SignUp { secret } = Confirmation::sign_up(Some("secret")) else {
            unreachable!()
        };
        assert_eq!(secret, Some(Sha256Digest::of(b"secret")));
        for none in [None, Some(""), Some(&*"x".repeat(1025))] {
            assert_eq!(
                Confirmation::sign_up(none),
                Confirmation::SignUp { secret: None }
            );
        }
    }
}
