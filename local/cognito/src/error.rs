//! What a caller is told when an operation fails.
//!
//! Names and messages are Cognito's own where they are known: clients match on the name, and some
//! on the message.

/// An error on the wire: HTTP 400 (500 for [`ErrorCode::InternalError`]) with `__type` and
/// `message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

/// The result of an operation.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

macro_rules! error_codes {
    ($($code:ident),+ $(,)?) => {
        /// The exceptions of Cognito's API that this server throws.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum ErrorCode { $($code),+ }

        impl ErrorCode {
            /// The name on the wire.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$code => concat!(stringify!($code), "Exception")),+
                }
            }
        }
    };
}

error_codes! {
    AccessDenied,
    AliasExists,
    CodeMismatch,
    ExpiredCode,
    IncompleteSignature,
    InternalError,
    InvalidLambdaResponse,
    InvalidParameter,
    InvalidPassword,
    InvalidSignature,
    LimitExceeded,
    MissingAuthenticationToken,
    NotAuthorized,
    ResourceNotFound,
    Serialization,
    Unauthorized,
    UnexpectedLambda,
    UnknownOperation,
    UnrecognizedClient,
    UnsupportedOperation,
    UnsupportedTokenType,
    UnsupportedUserState,
    UserLambdaValidation,
    UserNotConfirmed,
    UserNotFound,
    UsernameExists,
}

impl ApiError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    pub(crate) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidParameter, message)
    }

    pub(crate) fn not_authorized(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotAuthorized, message)
    }

    /// How every sign-in fails that may not say why.
    pub(crate) fn wrong_credentials() -> Self {
        Self::not_authorized("Incorrect username or password.")
    }

    pub(crate) fn invalid_session() -> Self {
        Self::not_authorized("Invalid session for the user.")
    }

    pub(crate) fn user_not_found() -> Self {
        Self::new(ErrorCode::UserNotFound, "User does not exist.")
    }

    /// The same where an app asks about somebody who does not sign in.
    pub(crate) fn nobody_of_that_name() -> Self {
        Self::new(
            ErrorCode::UserNotFound,
            "Username/client id combination not found.",
        )
    }

    pub(crate) fn user_disabled() -> Self {
        Self::not_authorized("User is disabled.")
    }
}
