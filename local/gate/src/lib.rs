//! The gate before MiniStack, the local AWS, which listens on a Unix socket and is reached through
//! here alone.
//!
//! MiniStack runs programs (a Lambda function is a process of the developer's), answers unsigned
//! requests on its own routes and takes unsigned requests to S3 for anybody's. So nothing gets
//! through but
//!
//! - what is signed with the stack's key or one of its functions' ([`local_guard::signature`]);
//!   MiniStack checks it again, and holds functions to their roles' IAM;
//! - MiniStack's own routes (`/_ministack/…`) for the stack's key alone, signed or shown as
//!   `Authorization: Bearer <secret>`;
//! - a form posted to a bucket whose policy is so signed: how a client uploads a picture. It is read
//!   as S3 reads it and passed on written anew, so that MiniStack finds nothing else in it;
//! - a custom resource's answer to CloudFormation, at the address that only its function was given.
//!
//! From a page there is one thing to want here: to post such a form, and to ask first whether it
//! may (CORS). `GET /_local/health` answers 200 once MiniStack is ready.

mod form;
mod post;
mod upstream;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    AUTHORIZATION, CONTENT_TYPE, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use local_guard::signature::{Invalid, verify};
use local_guard::{Admitted, Guard, StackKey};
use serde_json::json;
use time::OffsetDateTime;

use upstream::Upstream;

/// The longest body that is let through: a function's code, unoptimised, and room for more.
const MAX_BODY: usize = 512 * 1024 * 1024;

/// Where MiniStack has routes that are no service's.
const INTERNAL: [&str; 2] = ["/_", "/health"];

/// Where a custom resource puts its answer; what follows is a capability of one use.
const CUSTOM_RESOURCE: &str = "/_ministack/cfn-response/";

/// What CORS says in an answer; MiniStack says `*`.
const CORS: [axum::http::HeaderName; 6] = [
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
];

/// What the gate is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The port that it is reached at.
    pub port: u16,
    /// The ports of servers that pass requests on with the `Host` that they came with.
    pub siblings: Vec<u16>,
    /// The origins of pages that may upload pictures.
    pub pages: Vec<String>,
    /// The stack's key.
    pub key: StackKey,
    /// MiniStack's Unix socket.
    pub upstream: PathBuf,
}

struct Gate {
    key: StackKey,
    upstream: Upstream,
}

/// The gate as a router.
pub fn router(settings: Settings) -> Router {
    let guard = Guard::new(settings.port)
        .behind(settings.siblings)
        .called_by(settings.pages, uploads);
    let gate = Arc::new(Gate {
        key: settings.key,
        upstream: Upstream::new(settings.upstream),
    });
    let router = Router::new()
        .route("/_local/health", get(health))
        .fallback(pass)
        .with_state(gate);
    guard.protect(router)
}

/// What a page may do: post a form to a bucket, and ask whether it may.
fn uploads(method: &Method, path: &str) -> bool {
    [Method::POST, Method::OPTIONS].contains(method) && is_bucket(path)
}

/// Whether a path is a bucket's, `/name` or `/name/`.
fn is_bucket(path: &str) -> bool {
    let name = path.strip_prefix('/').unwrap_or_default();
    let name = name.strip_suffix('/').unwrap_or(name);
    (3..=63).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte))
}

async fn health(State(gate): State<Arc<Gate>>) -> StatusCode {
    if gate.upstream.is_ready().await {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// Lets a request through, or says why not.
async fn pass(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the body is too long\n").into_response();
    };
    let page = match parts.extensions.get() {
        Some(Admitted::Page(origin)) => Some(origin.clone()),
        Some(Admitted::Program | Admitted::OwnPage) => None,
        // Nothing comes here but through the guard.
        None => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let mut response = match allowed(&gate.key, &parts, &body, page.is_some()) {
        Ok(Passing::AsItIs) => gate.upstream.send(parts, body).await,
        Ok(Passing::Form(content_type, body)) => {
            // MiniStack goes by such headers: one that names another service's operation is no
            // upload's.
            for name in parts.headers.keys().cloned().collect::<Vec<_>>() {
                if name.as_str().starts_with("x-amz-") {
                    parts.headers.remove(name);
                }
            }
            parts.headers.insert(CONTENT_TYPE, content_type);
            gate.upstream.send(parts, body).await
        }
        Err(Refused::Unsigned(reason)) => refuse(&parts.headers, reason),
        Err(Refused::Form(refusal)) => refuse_form(&refusal),
    };
    own_cors(response.headers_mut(), page);
    response
}

/// How a request goes on.
enum Passing {
    AsItIs,
    /// With this content type and body.
    Form(HeaderValue, Bytes),
}

/// Why it does not.
enum Refused {
    Unsigned(Invalid),
    Form(post::Refusal),
}

impl From<Invalid> for Refused {
    fn from(invalid: Invalid) -> Self {
        Self::Unsigned(invalid)
    }
}

/// Whether a request may pass.
fn allowed(key: &StackKey, request: &Parts, body: &Bytes, page: bool) -> Result<Passing, Refused> {
    let path = request.uri.path();
    if page && request.method == Method::OPTIONS {
        // The bucket's own rules answer.
        return Ok(Passing::AsItIs);
    }
    if INTERNAL.iter().any(|internal| path.starts_with(internal)) {
        let token = path.strip_prefix(CUSTOM_RESOURCE);
        if request.method == Method::PUT && token.is_some_and(is_token) {
            return Ok(Passing::AsItIs);
        }
        if key.is_shown(&request.headers) {
            return Ok(Passing::AsItIs);
        }
        let caller = verify(key, request, body, now())?;
        return if key.is_root(&caller.access_key_id) {
            Ok(Passing::AsItIs)
        } else {
            Err(Invalid::UnknownKey.into())
        };
    }
    let form = request.method == Method::POST
        && is_bucket(path)
        // MiniStack goes by either before it looks at the path.
        && request.uri.query().is_none()
        && !request.headers.contains_key(AUTHORIZATION);
    if !form {
        verify(key, request, body, now())?;
        return Ok(Passing::AsItIs);
    }
    let content_type = request.headers.get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    let checked = post::check(key, path.trim_matches('/'), content_type, body);
    let (content_type, body) = checked.map_err(Refused::Form)?;
    let content_type = HeaderValue::try_from(content_type).map_err(|_| Invalid::Unreadable)?;
    Ok(Passing::Form(content_type, body.into()))
}

/// Whether this may be what CloudFormation calls an answer by: letters that stay in their place.
fn is_token(text: &str) -> bool {
    text.len() >= 16
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The gate says itself which page may read an answer: the one that asked, if it may.
fn own_cors(headers: &mut HeaderMap, page: Option<HeaderValue>) {
    let readable = page.filter(|page| headers.get(ACCESS_CONTROL_ALLOW_ORIGIN) == Some(page));
    if readable.is_none() {
        for name in CORS {
            headers.remove(name);
        }
    } else {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
}

/// A refusal as the SDKs read it: JSON where the request names its operation in a header, XML
/// elsewhere.
fn refuse(headers: &HeaderMap, reason: Invalid) -> Response {
    let code = match reason {
        Invalid::Missing => "MissingAuthenticationToken",
        Invalid::Unreadable => "IncompleteSignature",
        Invalid::UnknownKey => "InvalidClientTokenId",
        Invalid::Time => "RequestTimeTooSkewed",
        Invalid::Mismatch => "SignatureDoesNotMatch",
    };
    let (content_type, body) = if headers.contains_key("x-amz-target") {
        let error = json!({ "__type": code, "message": reason.to_string() });
        ("application/x-amz-json-1.1", error.to_string())
    } else {
        let error = format!("<Error><Code>{code}</Code><Message>{reason}</Message></Error>");
        ("application/xml", error)
    };
    (
        StatusCode::FORBIDDEN,
        [(CONTENT_TYPE, content_type)],
        Body::from(body),
    )
        .into_response()
}

/// A refusal of a form, as S3 writes it.
fn refuse_form(refusal: &post::Refusal) -> Response {
    let headers = [(CONTENT_TYPE, "application/xml")];
    (refusal.status, headers, refusal.xml()).into_response()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the gate reads the clock here and nowhere else"
)]
fn now() -> OffsetDateTime {
    OffsetDateTime::from(SystemTime::now())
}
