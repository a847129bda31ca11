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
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};

use crate::{error::Refusal, operations::Service};

pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Longest request: two pictures of 5 MiB in base64, and room for the rest.
const MAX_REQUEST: usize = 15 * 1024 * 1024;

struct Shared {
    service: Service,
    /// Calls by operation since the start, refused ones included.
    calls: Mutex<BTreeMap<String, u64>>,
}

impl Shared {
    fn count(&self, operation: &str) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(operation.to_owned()).or_default() += 1;
    }
}

/// The whole server as a router.
pub(crate) fn router(service: Service) -> Router {
    let shared = Arc::new(Shared {
        service,
        calls: Mutex::default(),
    });
    Router::new()
        .route("/", post(call))
        .route("/_local/health", get(|| async { "ok\n" }))
        .route("/_local/calls", get(calls))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .with_state(shared)
}

async fn calls(State(shared): State<Arc<Shared>>) -> Json<BTreeMap<String, u64>> {
    Json(
        shared
            .calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone(),
    )
}

async fn call(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let start = Instant::now();
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.strip_prefix("RekognitionService."));
    let known = operation.filter(|operation| Service::OPERATIONS.contains(operation));
    let result = match known {
        Some(operation) => {
            shared.count(operation);
            shared.service.call(operation, &body).await
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
