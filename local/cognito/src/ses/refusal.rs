//! How SES refuses: with an HTTP status, the error's name in a header and its message in the body.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use local_guard::signature::Invalid;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A refusal. It tells nothing of the mail but addresses that the caller sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) name: &'static str,
    status: StatusCode,
    message: String,
}

impl Refusal {
    fn new(name: &'static str, status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            name,
            status,
            message: message.into(),
        }
    }

    /// The request is not what the API takes.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new("BadRequestException", StatusCode::BAD_REQUEST, message)
    }

    /// The request cannot be read.
    pub(crate) fn unreadable(message: impl Into<String>) -> Self {
        Self::new("SerializationException", StatusCode::BAD_REQUEST, message)
    }

    /// Nobody whom the stack knows has signed the request.
    pub(crate) fn unsigned(invalid: Invalid) -> Self {
        let name = match invalid {
            Invalid::Missing => "MissingAuthenticationTokenException",
            Invalid::Unreadable => "IncompleteSignatureException",
            Invalid::UnknownKey => "UnrecognizedClientException",
            Invalid::Time | Invalid::Mismatch => "InvalidSignatureException",
        };
        Self::new(name, StatusCode::FORBIDDEN, invalid.to_string())
    }

    /// IAM does not allow it.
    pub(crate) fn denied(message: String) -> Self {
        Self::new("AccessDeniedException", StatusCode::FORBIDDEN, message)
    }

    /// Somebody has not verified an address: the sender's, or in the sandbox a recipient's.
    pub(crate) fn unverified(address: &str, region: &str) -> Self {
        let region = region.to_ascii_uppercase();
        let message = format!(
            "Email address is not verified. The following identities failed the check in region \
             {region}: {address}"
        );
        Self::new("MessageRejected", StatusCode::BAD_REQUEST, message)
    }

    /// A fault of the server's own.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new("InternalFailure", status, message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let headers = [("x-amzn-errortype", self.name)];
        let body = Json(json!({ "message": self.message }));
        (self.status, headers, body).into_response()
    }
}

/// What can be in the way of mail that is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Obstacle {
    /// AWS has shut the account's sending down.
    #[serde(rename = "AccountSuspendedException")]
    AccountSuspended,
    /// The account has sent all that it may in a day.
    #[serde(rename = "LimitExceededException")]
    LimitExceeded,
    /// The domain that bounces go to is not set up.
    #[serde(rename = "MailFromDomainNotVerifiedException")]
    MailFromDomainNotVerified,
    /// The account is in the sandbox, and the recipient not verified.
    #[serde(rename = "MessageRejected")]
    MessageRejected,
    /// AWS, or the operator, has the account's sending paused.
    #[serde(rename = "SendingPausedException")]
    SendingPaused,
    /// Mail comes quicker than the account may send it.
    #[serde(rename = "TooManyRequestsException")]
    TooManyRequests,
}

impl Obstacle {
    /// How SES refuses mail to an address for it.
    pub(crate) fn refuse(self, to: &str, region: &str) -> Refusal {
        let refused = |name, message| Refusal::new(name, StatusCode::BAD_REQUEST, message);
        match self {
            Self::AccountSuspended => refused(
                "AccountSuspendedException",
                "Sending is suspended for this account.",
            ),
            Self::LimitExceeded => {
                refused("LimitExceededException", "Daily message quota exceeded.")
            }
            Self::MailFromDomainNotVerified => refused(
                "MailFromDomainNotVerifiedException",
                "The MAIL FROM domain is not verified.",
            ),
            Self::MessageRejected => Refusal::unverified(to, region),
            Self::SendingPaused => refused(
                "SendingPausedException",
                "Sending is paused for this account.",
            ),
            Self::TooManyRequests => Refusal::new(
                "TooManyRequestsException",
                StatusCode::TOO_MANY_REQUESTS,
                "Maximum sending rate exceeded.",
            ),
        }
    }
}
