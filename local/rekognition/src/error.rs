//! Refusals as the service words them.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// The type of every answer.
pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// A refusal: the exception's name and the message that a client sees. Messages name parameters
/// and limits and tell nothing of a picture or a face.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub(crate) struct Refusal {
    pub(crate) name: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            message: message.into(),
        }
    }

    pub(crate) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    /// A fault of the server's own.
    pub(crate) fn internal() -> Self {
        Self::new("InternalServerError", "Internal server error")
    }

    pub(crate) fn status(&self) -> StatusCode {
        if self.name == "InternalServerError" {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::BAD_REQUEST
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "__type": self.name, "Message": self.message });
        (
            self.status(),
            [(header::CONTENT_TYPE, CONTENT_TYPE)],
            Json(body),
        )
            .into_response()
    }
}
