//! Errors have two audiences, kept apart by type.
//!
//! What a caller sees is a [`Refusal`]: one bland sentence, since Cognito hands the text of a
//! trigger's error to the browser ("PreSignUp failed with error …."), and adds the full stop. It is made from fixed
//! texts and from messages of `signin-core` that are written for clients, never from an error
//! of a service's. What happened goes to the log, where it happened.

use lambda_runtime::Diagnostic;
use signin_core::reason::Unavailable;

/// Why an event was not served, in words that may reach a browser.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    kind: &'static str,
    message: String,
}

impl Refusal {
    /// What the client sent is not acceptable; the message says what is expected.
    pub fn invalid(expectation: &impl std::fmt::Display) -> Self {
        Self {
            kind: "InvalidRequest",
            message: expectation.to_string(),
        }
    }

    /// Something of ours or of a service's did not work; trying again may help.
    pub fn unavailable() -> Self {
        let message = "Sign-in is not available right now. Please try again".to_owned();
        Self {
            kind: "Unavailable",
            message,
        }
    }

    /// Tokens were asked for that no pass of the sign-in policy stands for.
    pub fn not_passed() -> Self {
        let message = "Sign in first".to_owned();
        Self {
            kind: "NotPassed",
            message,
        }
    }

    /// A user wants to change the address of the account, which only the operator may.
    pub fn address_is_fixed() -> Self {
        let message = "The address can only be changed by the operator".to_owned();
        Self {
            kind: "AddressIsFixed",
            message,
        }
    }

    /// The event is not one that this function serves.
    pub fn unexpected_event() -> Self {
        let message = "This event is not served here".to_owned();
        Self {
            kind: "UnexpectedEvent",
            message,
        }
    }
}

impl From<Unavailable> for Refusal {
    fn from(_: Unavailable) -> Self {
        Self::unavailable()
    }
}

impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Self {
        Self {
            error_type: refusal.kind.to_owned(),
            error_message: refusal.message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_no_full_stop_since_cognito_adds_one() {
        for refusal in [
            Refusal::unavailable(),
            Refusal::not_passed(),
            Refusal::address_is_fixed(),
            Refusal::unexpected_event(),
        ] {
            assert!(!refusal.message.ends_with('.'), "{refusal}");
        }
    }
}
