//! MiniStack, on its Unix socket.

use std::path::PathBuf;

use axum::body::{Body, Bytes};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::Full;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

/// What holds between two of us only.
const HOP: [HeaderName; 4] = [CONNECTION, TRANSFER_ENCODING, EXPECT, CONTENT_LENGTH];

/// Where MiniStack says that it is ready.
const HEALTH: &str = "/_ministack/health";

/// MiniStack.
pub(crate) struct Upstream {
    socket: PathBuf,
}

impl Upstream {
    pub(crate) fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Whether MiniStack answers and is ready.
    pub(crate) async fn is_ready(&self) -> bool {
        let request = Request::get(HEALTH)
            .header(HOST, HeaderValue::from_static("localhost"))
            .body(Full::default());
        let Ok(request) = request else { return false };
        self.exchange(request)
            .await
            .is_ok_and(|response| response.status() == StatusCode::OK)
    }

    /// Passes a request on as it came, `Host` and signature included.
    pub(crate) async fn send(&self, mut parts: Parts, body: Bytes) -> Response {
        for name in HOP {
            parts.headers.remove(name);
        }
        parts.headers.insert(CONTENT_LENGTH, body.len().into());
        parts.extensions.clear();
        let request = Request::from_parts(parts, Full::new(body));
        match self.exchange(request).await {
            Ok(mut response) => {
                for name in [CONNECTION, TRANSFER_ENCODING] {
                    response.headers_mut().remove(name);
                }
                response
            }
            Err(error) => {
                eprintln!("the local AWS gives no answer: {error}");
                (StatusCode::BAD_GATEWAY, "the local AWS gives no answer\n").into_response()
            }
        }
    }

    /// One request over a connection of its own: to a socket on this machine that costs nothing,
    /// and none is found closed.
    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response, Box<dyn std::error::Error + Send + Sync>> {
        let stream = UnixStream::connect(&self.socket).await?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        Ok(response.map(Body::new))
    }
}
