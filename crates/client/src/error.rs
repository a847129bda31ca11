//! What can go wrong between a client and the stack.

use aws_sdk_cognitoidentityprovider::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use cognito_srp::SrpError;

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Cognito said no.
    #[error("{refusal:?}: {message}")]
    Refused {
        /// Which no.
        refusal: Refusal,
        /// Cognito's words.
        message: String,
    },
    /// No answer came, or none that is one.
    #[error("the call failed: {0}")]
    Failed(String),
    /// The answer came and does not keep the protocol.
    #[error("the answer does not keep the protocol: {0}")]
    Protocol(String),
    /// The storage did not take the picture.
    #[error("the upload was refused with status {0}")]
    Upload(u16),
    /// The server's half of the password's proof is none.
    #[error("the server's half of the password's proof is none: {0}")]
    Password(#[from] SrpError),
    /// A token is not what it should be.
    #[error("a token was not accepted: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
}

/// Cognito's refusals, by their names on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The code is wrong.
    CodeMismatch,
    /// The code is too old, or was never sent.
    ExpiredCode,
    /// A trigger answered something that is no answer.
    InvalidLambdaResponse,
    /// The request is wrong.
    InvalidParameter,
    /// The password does not conform with the pool's policy.
    InvalidPassword,
    /// Too many attempts.
    LimitExceeded,
    /// Wrong credentials, session or token.
    NotAuthorized,
    /// There is no such app client.
    ResourceNotFound,
    /// A trigger could not be called, or not in time.
    UnexpectedLambda,
    /// A trigger refused.
    UserLambdaValidation,
    /// The address was not confirmed yet.
    UserNotConfirmed,
    /// There is no such user.
    UserNotFound,
    /// The address is taken.
    UsernameExists,
    /// Anything else.
    Other(String),
}

impl Refusal {
    fn parse(code: &str) -> Self {
        match code {
            "CodeMismatchException" => Self::CodeMismatch,
            "ExpiredCodeException" => Self::ExpiredCode,
            "InvalidLambdaResponseException" => Self::InvalidLambdaResponse,
            "InvalidParameterException" => Self::InvalidParameter,
            "InvalidPasswordException" => Self::InvalidPassword,
            "LimitExceededException" => Self::LimitExceeded,
            "NotAuthorizedException" => Self::NotAuthorized,
            "ResourceNotFoundException" => Self::ResourceNotFound,
            "UnexpectedLambdaException" => Self::UnexpectedLambda,
            "UserLambdaValidationException" => Self::UserLambdaValidation,
            "UserNotConfirmedException" => Self::UserNotConfirmed,
            "UserNotFoundException" => Self::UserNotFound,
            "UsernameExistsException" => Self::UsernameExists,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl ClientError {
    /// The refusal, where it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }

    /// The member that an answer must have and has not.
    pub(crate) fn missing(member: &str) -> Self {
        Self::Protocol(format!("{member} is missing"))
    }
}

impl<E, R> From<SdkError<E, R>> for ClientError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    fn from(error: SdkError<E, R>) -> Self {
        match &error {
            SdkError::ServiceError(service) => {
                let metadata = service.err().meta();
                Self::Refused {
                    refusal: Refusal::parse(metadata.code().unwrap_or_default()),
                    message: metadata.message().unwrap_or_default().to_owned(),
                }
            }
            _ => Self::Failed(DisplayErrorContext(&error).to_string()),
        }
    }
}

impl From<reqwest::Error> for ClientError {
    fn from(error: reqwest::Error) -> Self {
        // An address may carry a signature.
        Self::Failed(error.without_url().to_string())
    }
}
