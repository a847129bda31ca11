//! Requests in, requests out, and what happens to them in between.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use local_guard::{Guard, StackKey};
use tokio::net::TcpListener;

use crate::control::control;
use crate::fault::Fault;
use crate::operation::{actions, is_for_cognito, is_mail, is_recognition, operation};
use crate::record::State;

/// How long a stalled call gets nothing.
const STALL: Duration = Duration::from_secs(10);

/// The longest body that goes through: a picture of 5 MB in Base64, and room for the rest.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The path of the proxy's own interface.
const CONTROL: &str = "/_proxy/";

/// Where requests go.
#[derive(Clone, Debug)]
pub struct Upstreams {
    /// The recognition service's address, such as `http://127.0.0.1:4567`.
    pub recognition: String,
    /// The user pool's, for mail and administrators' operations alone: the stack behind `aws`
    /// describes pools, and has nobody in them.
    pub cognito: String,
    /// Everything else's.
    pub aws: String,
    /// The ports of servers that pass requests on to here with the `Host` that they came with.
    pub siblings: Vec<u16>,
}

type Body = BoxBody<Bytes, io::Error>;

/// Why a caller gets no answer.
#[derive(Debug)]
struct NoAnswer;

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection ends without an answer")
    }
}

impl std::error::Error for NoAnswer {}

struct Proxy {
    guard: Guard,
    key: StackKey,
    upstreams: Upstreams,
    client: reqwest::Client,
    state: State,
}

/// A request, read to its end.
struct Received {
    parts: Parts,
    body: Bytes,
}

/// What an upstream answered.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Serves until the future ends.
///
/// # Errors
/// When the HTTP client cannot be made, or the listener has no address.
pub async fn serve(
    listener: TcpListener,
    upstreams: Upstreams,
    key: StackKey,
    until: impl Future<Output = ()>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        // A connection that the upstream has closed meanwhile would look like a fault of ours.
        .pool_max_idle_per_host(0)
        .build()?;
    let proxy = Arc::new(Proxy {
        guard: Guard::new(listener.local_addr()?.port()).behind(upstreams.siblings.clone()),
        key,
        upstreams,
        client,
        state: State::default(),
    });
    tokio::pin!(until);
    loop {
        let accepted = tokio::select! {
            () = &mut until => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        let proxy = Arc::clone(&proxy);
        tokio::spawn(async move {
            let service = service_fn(|request| serve_one(&proxy, request));
            // An error here is a caller that went away, or one that was to get no answer.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn serve_one(proxy: &Proxy, request: Request<Incoming>) -> Result<Response<Body>, NoAnswer> {
    let (parts, body) = request.into_parts();
    if let Err(refusal) = proxy.guard.admit(&parts) {
        return Ok(with_type(
            StatusCode::FORBIDDEN,
            format!("{refusal}\n"),
            "text/plain",
        ));
    }
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"));
    };
    let received = Received {
        parts,
        body: body.to_bytes(),
    };
    let (path, query) = (
        received.parts.uri.path(),
        received.parts.uri.query().unwrap_or_default(),
    );
    if let Some(path) = path.strip_prefix(CONTROL) {
        if path != "health" && !proxy.key.is_shown(&received.parts.headers) {
            return Ok(plain(
                StatusCode::UNAUTHORIZED,
                "this wants the stack's key",
            ));
        }
        let method = &received.parts.method;
        let (status, answer) = control(&proxy.state, method, path, query, &received.body).await;
        return Ok(json(status, answer.to_string()));
    }
    let began = Instant::now();
    let operation = operation(&received.parts.method, path, query, &received.parts.headers);
    let text = format!(
        "{path}?{query}\n{}",
        String::from_utf8_lossy(&received.body)
    );
    let signer = signer(&received.parts.headers);
    if let Some(signer) = &signer {
        let actions = actions(&operation, query, &received.parts.headers, &received.body);
        proxy.state.acted(signer, actions);
    }
    let length = received.body.len();
    let (number, bitten) = proxy.state.arrived(&operation, signer, text, length);
    let response = proxy.treat(&received, bitten).await;
    let status = response
        .as_ref()
        .ok()
        .map(|response| response.status().as_u16());
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    proxy.state.ended(number, status, milliseconds);
    response
}

impl Proxy {
    /// Does to a request what its rule says.
    async fn treat(
        &self,
        received: &Received,
        bitten: Option<(u64, Fault)>,
    ) -> Result<Response<Body>, NoAnswer> {
        let Some((rule, fault)) = bitten else {
            return self.forward(received).await.map(whole);
        };
        match fault {
            Fault::Throttle => Ok(throttled(&received.parts)),
            Fault::Error => Ok(failed(&received.parts)),
            Fault::Reset => Err(NoAnswer),
            Fault::Stall => {
                tokio::time::sleep(STALL).await;
                Err(NoAnswer)
            }
            Fault::Half => self.forward(received).await.map(half),
            Fault::Lost => {
                self.forward(received).await?;
                Err(NoAnswer)
            }
            Fault::Hold => {
                self.state.hold(rule).await;
                self.forward(received).await.map(whole)
            }
            Fault::HoldAnswer => {
                let answer = self.forward(received).await;
                self.state.hold(rule).await;
                answer.map(whole)
            }
            Fault::Crowd => Ok(json(StatusCode::OK, crowd())),
        }
    }

    /// Passes a request on, as it came, and takes the whole answer.
    async fn forward(&self, received: &Received) -> Result<Answer, NoAnswer> {
        let Received { parts, body } = received;
        let upstream = if is_recognition(&parts.headers) {
            &self.upstreams.recognition
        } else if is_for_cognito(parts.uri.path(), &parts.headers) {
            &self.upstreams.cognito
        } else {
            &self.upstreams.aws
        };
        let target = parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let mut headers = parts.headers.clone();
        for own in [CONNECTION, TRANSFER_ENCODING, EXPECT, CONTENT_LENGTH] {
            headers.remove(own);
        }
        let response = self
            .client
            .request(parts.method.clone(), format!("{upstream}{target}"))
            .headers(headers)
            .body(body.clone())
            .send()
            .await
            .map_err(|_| NoAnswer)?;
        let (status, mut headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.map_err(|_| NoAnswer)?;
        for own in [CONNECTION, TRANSFER_ENCODING] {
            headers.remove(own);
        }
        Ok(Answer {
            status,
            headers,
            body,
        })
    }
}

/// The access key that a request is signed with.
fn signer(headers: &HeaderMap) -> Option<String> {
    let authorization = headers.get("authorization")?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    credential.split('/').next().map(str::to_owned)
}

fn whole(answer: Answer) -> Response<Body> {
    let body = Full::new(answer.body).map_err(|never: Infallible| match never {});
    respond(answer.status, answer.headers, body.boxed())
}

/// What `SearchFacesByImage` answers where more faces resemble the probe than it lists.
fn crowd() -> String {
    const MOST: usize = 4096;
    let faces: Vec<String> = (0..MOST)
        .map(|number| {
            format!(
                r#"{{"Similarity":99.9,"Face":{{"FaceId":"00000000-0000-4000-8000-{number:012}"}}}}"#
            )
        })
        .collect();
    format!(r#"{{"FaceMatches":[{}]}}"#, faces.join(","))
}

/// An answer that breaks off in the middle.
fn half(mut answer: Answer) -> Response<Body> {
    let length = answer.body.len();
    answer.headers.insert(CONTENT_LENGTH, length.into());
    let first = answer.body.slice(..length / 2);
    let frames = [
        Ok(Frame::data(first)),
        Err(io::Error::from(io::ErrorKind::ConnectionReset)),
    ];
    let body = StreamBody::new(Frames(frames.into_iter()));
    respond(answer.status, answer.headers, body.boxed())
}

/// A stream of frames that are there already.
struct Frames<const N: usize>(std::array::IntoIter<io::Result<Frame<Bytes>>, N>);

impl<const N: usize> futures_core::Stream for Frames<N> {
    type Item = io::Result<Frame<Bytes>>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.next())
    }
}

fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let body = Full::new(Bytes::from_static(text.as_bytes()));
    let body = body.map_err(|never: Infallible| match never {}).boxed();
    respond(status, HeaderMap::new(), body)
}

fn json(status: StatusCode, text: String) -> Response<Body> {
    with_type(status, text, "application/x-amz-json-1.1")
}

fn with_type(status: StatusCode, text: String, media_type: &'static str) -> Response<Body> {
    let body = Full::new(Bytes::from(text)).map_err(|never: Infallible| match never {});
    let media_type = HeaderValue::from_static(media_type);
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, media_type)]);
    respond(status, headers, body.boxed())
}

/// What a service says that is too busy: DynamoDB, Rekognition and SES in JSON, S3 in XML.
fn throttled(request: &Parts) -> Response<Body> {
    if is_mail(request.uri.path()) {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let message = "Maximum sending rate exceeded.";
        return named(status, "TooManyRequestsException", message);
    }
    if request.headers.contains_key("x-amz-target") {
        let error = r#"{"__type":"ProvisionedThroughputExceededException","message":"Slow down."}"#;
        return json(StatusCode::BAD_REQUEST, error.to_owned());
    }
    let error = "<Error><Code>SlowDown</Code><Message>Slow down.</Message></Error>";
    with_type(
        StatusCode::SERVICE_UNAVAILABLE,
        error.to_owned(),
        "application/xml",
    )
}

/// What a service says that has failed.
fn failed(request: &Parts) -> Response<Body> {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    if is_mail(request.uri.path()) {
        return named(status, "InternalFailure", "Internal error.");
    }
    if request.headers.contains_key("x-amz-target") {
        let error = r#"{"__type":"InternalServerError","message":"Internal error."}"#;
        return json(status, error.to_owned());
    }
    let error = "<Error><Code>InternalError</Code><Message>Internal error.</Message></Error>";
    with_type(status, error.to_owned(), "application/xml")
}

/// An error of a service that names it in a header.
fn named(status: StatusCode, name: &'static str, message: &str) -> Response<Body> {
    let body = format!(r#"{{"message":"{message}"}}"#);
    let mut response = with_type(status, body, "application/json");
    let header = HeaderName::from_static("x-amzn-errortype");
    let name = HeaderValue::from_static(name);
    response.headers_mut().insert(header, name);
    response
}
