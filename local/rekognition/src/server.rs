//! HTTP in, HTTP out: one route for all operations, and two for whoever runs the server.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};

use local_guard::{Credentials, StackKey, signature::verify};
use time::OffsetDateTime;

use crate::{
    clock,
    error::{CONTENT_TYPE, Refusal},
    operations::Service,
};

/// Longest request: two pictures of 5 MiB in base64, and room for the rest.
const MAX_REQUEST: usize = 15 * 1024 * 1024;

struct Shared {
    service: Service,
    /// What requests are signed with; nothing where they need not be.
    key: Option<StackKey>,
    /// Calls by operation since the start, refused ones included.
    calls: Mutex<BTreeMap<String, u64>>,
}

impl Shared {
    fn count(&self, operation: &str) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(operation.to_owned()).or_default() += 1;
    }

    /// Who signed a request, or showed the stack's key itself; nobody where that is not asked.
    fn caller(&self, request: &Parts, body: &[u8]) -> Result<Option<Credentials>, Refusal> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        if key.is_shown(&request.headers) {
            return Ok(Some(key.root()));
        }
        verify(key, request, body, OffsetDateTime::from(clock::now()))
            .map(Some)
            .map_err(|reason| Refusal::new("InvalidSignatureException", reason.to_string()))
    }
}

/// The whole server as a router.
pub(crate) fn router(service: Service, key: Option<StackKey>) -> Router {
    let shared = Arc::new(Shared {
        service,
        key,
        calls: Mutex::default(),
    });
    Router::new()
        .route("/", post(call))
        .route("/_local/health", get(|| async { "ok\n" }))
        .route("/_local/calls", get(calls))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .with_state(shared)
}

async fn calls(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let key = shared.key.as_ref();
    if key.is_some_and(|key| !key.is_shown(&headers)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let calls = shared.calls.lock().unwrap_or_else(PoisonError::into_inner);
    Json(calls.clone()).into_response()
}

async fn call(State(shared): State<Arc<Shared>>, request: Parts, body: Bytes) -> Response {
    let start = Instant::now();
    let target = request
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.strip_prefix("RekognitionService."));
    let known = operation.filter(|operation| Service::OPERATIONS.contains(operation));
    let result = match known {
        Some(operation) => {
            shared.count(operation);
            match shared.caller(&request, &body) {
                Ok(caller) => {
                    let caller = caller.as_ref();
                    shared.service.call(operation, &body, caller).await
                }
                Err(refusal) => Err(refusal),
            }
        }
        None => Err(Refusal::new(
            "UnknownOperationException",
            "The operation is not known",
        )),
    };
    let (status, said) = match &result {
        Ok(_) => (StatusCode::OK, ""),
        Err(refusal) => (refusal.status(), refusal.name),
    };
    let operation = known.unwrap_or("unknown");
    let milliseconds = start.elapsed().as_millis();
    tracing::info!("{operation} {} {said} {milliseconds} ms", status.as_u16());
    match result {
        Ok(answer) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], Json(answer)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}
