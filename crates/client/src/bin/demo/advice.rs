//! What a refusal means that should have been a pass, and what to do.

use signin_client::{ClientError, Refusal};
use signin_core::reason::Reason;

/// A sentence about a picture that was not accepted.
pub(crate) fn on_reason(reason: Reason) -> &'static str {
    match reason {
        Reason::NoFace => {
            "No face was found: take a picture from the front, with the whole head in it and upright."
        }
        Reason::ManyFaces => {
            "More than one face could be meant: take a picture of one person alone, or crop it."
        }
        Reason::TooSmall => {
            "The face is too small: come closer, so that it is at least 80 pixels wide."
        }
        Reason::TooDark => "The face is too dark: turn it towards the light.",
        Reason::Blurred => "The face is blurred: hold still, and take a sharper picture.",
        Reason::TurnedAway => "The face looks away: take a picture from the front.",
        Reason::Occluded => "Something covers the face: take off glasses, mask or scarf.",
        Reason::NotAnImage => {
            "The stack could not read the picture: use a JPEG or PNG, and see the functions' logs \
             if it is one."
        }
        Reason::NotFaceData => {
            "The stack compares face data, which no picture answers: deploy it with another \
             SignInPolicy."
        }
        Reason::NotOffered => {
            "The stack has no such way to sign in: deploy it with a SignInPolicy that has FACE."
        }
        Reason::NotACode => "The stack asks for the six digits that it has mailed.",
        Reason::TooLarge => "The picture has too many bytes or pixels: use a smaller one.",
        Reason::Pending => {
            "The enrolment did not end in time, however often it was asked for: see the logs of \
             verify-auth-challenge and of the recognition service."
        }
        Reason::NoMatch => {
            "The face was not taken for the enrolled one: use two pictures of one person, from the \
             front and in even light."
        }
        Reason::TryLater => {
            "The picture was not compared: a service did not answer, or too many attempts failed; \
             wait a moment, try again, and see the functions' logs."
        }
        Reason::Locked => {
            "Too many attempts failed on this way in: sign in with the other one, reset the password, \
             or have an operator unlock it."
        }
        Reason::Superseded => "Another sign-in of this user has begun to enrol: start again.",
        Reason::EnrolmentNeedsReset => {
            "This client may not enrol a face: reset the password, and enrol with the new one."
        }
        Reason::Expired => "The answer came too late: answer the next challenge within its time.",
        Reason::NotANonce => {
            "The client sent a passNonce that is none: 1 to 256 bytes are expected."
        }
        Reason::TooManyPictures => "The enrolment has had all its pictures: start again.",
        Reason::ConsentNeeded => {
            "No consent is on record: deploy the stack with the ConsentVersion that is agreed to, \"1\"."
        }
    }
}

/// A sentence about a call that failed.
pub(crate) fn on_error(error: &ClientError) -> String {
    let advice = match error {
        ClientError::Refused { refusal, .. } => match refusal {
            Refusal::InvalidLambdaResponse | Refusal::UnexpectedLambda => {
                "A function failed, and its log says why."
            }
            Refusal::UserLambdaValidation => {
                "A function refused: is the stack's ConsentVersion the one that is agreed to, \
                 \"1\"?"
            }
            Refusal::NotAuthorized => {
                "The sign-in was ended: does the stack's SignInPolicy ask for a face alone (FACE)?"
            }
            Refusal::InvalidParameter | Refusal::ResourceNotFound => {
                "Do the outputs belong to this stack?"
            }
            Refusal::LimitExceeded => "Wait, and try again.",
            _ => "See the stack's logs.",
        },
        ClientError::Failed(_) => "Is the stack still up? (cargo xtask up)",
        ClientError::Upload(_) => "The storage's log says why.",
        ClientError::Protocol(_) | ClientError::Password(_) | ClientError::Token(_) => {
            "Do client and stack come from the same version?"
        }
    };
    let error = error.to_string();
    format!("{}. {advice}", error.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator as _;

    #[test]
    fn every_reason_has_a_sentence_of_its_own() {
        let mut sentences: Vec<_> = Reason::iter().map(on_reason).collect();
        sentences.sort_unstable();
        sentences.dedup();
        assert_eq!(sentences.len(), Reason::iter().count());
        assert!(sentences.iter().all(|sentence| sentence.ends_with('.')));
    }

    #[test]
    fn an_error_says_what_happened_and_what_to_do() {
        let text = on_error(&ClientError::Failed("connection refused.".to_owned()));
        assert!(!text.contains(".."), "{text}");
        assert!(
            text.contains("connection refused") && text.contains("cargo xtask up"),
            "{text}"
        );
    }
}
