//! The faces part of the Amazon Rekognition API, on this machine, over [`face_engine`]: real
//! detection and recognition behind the protocol that unmodified AWS SDKs speak.
//!
//! Eight operations: `CreateCollection`, `DeleteCollection`, `IndexFaces`, `ListFaces`,
//! `DeleteFaces`, `SearchFacesByImage`, `CompareFaces`, `DetectFaces`. What differs from the service:
//!
//! - Collections live in memory: a restart loses them.
//! - `Similarity` is a convention of the engine's ([`face_engine::similarity`]), `Confidence` the
//!   detector's score in per cent, `Quality` the engine's own measures on the service's scale of
//!   0 to 100, and the quality filters' limits are this server's own.
//! - `FaceOccluded` is not measured: always `false`, with a confidence of 50. Age, emotions,
//!   glasses and the like are never in an answer.
//! - A request's signature is checked against the stack's key and those of its functions, and objects
//!   are read with the caller's rights; what a caller may do here is not looked at. There are no
//!   users, tags or quotas. Without a stack, signatures are not checked and no object is read.
//!
//! Beside the API, `GET /_local/health` answers 200 once the server is ready and
//! `GET /_local/calls` counts the calls of each operation since the start, as a JSON object; it wants
//! the stack's key.

mod clock;
mod collections;
mod error;
mod faces;
mod images;
mod operations;
mod recogniser;
mod server;
mod validation;
mod wire;

use axum::Router;

pub use crate::{images::ObjectStore, recogniser::Recogniser};

/// The server as a router: `store` is where pictures named as S3 objects are read from (without
/// it they are refused), `region` stands in the names of collections.
pub fn router(engine: impl Into<Recogniser>, store: Option<ObjectStore>, region: String) -> Router {
    let key = store.as_ref().map(|store| store.key.clone());
    let service = operations::Service::new(engine.into(), store, region);
    server::router(service, key)
}
