//! The Lambda Runtime API on loopback, with a function's own executable behind it.
//!
//! It is the interface that "Using the Lambda runtime API" in the AWS Lambda developer guide
//! describes: a process asks for its next event, and posts a response or an error.

use std::collections::{BTreeMap, HashMap};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;

use crate::clock;
use crate::stack::executable;

/// How long a function may take for anything before the test gives it up. Every function answers
/// long before; without a bound, one that hangs would hang the tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The function answered.
    Response(Value),
    /// The function failed: `errorType` and `errorMessage`.
    Error(Value),
}

/// How a process ended that was not told to.
#[derive(Debug)]
pub struct Exit {
    /// Its status.
    pub status: ExitStatus,
    /// What it wrote to stdout and stderr.
    pub printed: String,
    /// How often it had asked for an event.
    pub asked: usize,
}

/// A function's process with a Runtime API of its own. It is killed with this value.
#[derive(Debug)]
pub struct Function {
    name: String,
    child: Child,
    events: mpsc::UnboundedSender<Invocation>,
    desk: Arc<Desk>,
    printed: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Invocation {
    id: String,
    event: Vec<u8>,
}

/// What the Runtime API's routes share.
#[derive(Debug)]
struct Desk {
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    waiting: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    asked: AtomicUsize,
}

impl Function {
    /// Starts a function's process with this environment and nothing else.
    pub async fn start(name: &str, environment: &BTreeMap<String, String>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a port on loopback is free");
        let address = listener.local_addr().expect("a bound listener has one");
        let (events, queue) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk {
            events: tokio::sync::Mutex::new(queue),
            waiting: Mutex::default(),
            asked: AtomicUsize::new(0),
        });
        let runtime = "/2018-06-01/runtime";
        let routes = Router::new()
            .route(&format!("{runtime}/invocation/next"), get(next))
            .route(
                &format!("{runtime}/invocation/{{id}}/response"),
                post(response),
            )
            .route(&format!("{runtime}/invocation/{{id}}/error"), post(error))
            .with_state(Arc::clone(&desk));
        tokio::spawn(async move { axum::serve(listener, routes).await });

        let mut child = Command::new(executable(name))
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let printed = Arc::default();
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        let readers = vec![
            tokio::spawn(collect(stdout, Arc::clone(&printed))),
            tokio::spawn(collect(stderr, Arc::clone(&printed))),
        ];
        Self {
            name: name.to_owned(),
            child,
            events,
            desk,
            printed,
            readers,
        }
    }

    /// Hands the function an event and waits for what comes of it.
    pub async fn invoke(&mut self, event: &Value) -> Outcome {
        let id = Uuid::new_v4().to_string();
        let (sender, answer) = oneshot::channel();
        self.desk.wait_for(id.clone(), sender);
        let event = event.to_string().into_bytes();
        self.events
            .send(Invocation { id, event })
            .expect("the Runtime API lives as long as the function");
        let name = self.name.clone();
        tokio::select! {
            answer = timeout(PATIENCE, answer) => answer
                .unwrap_or_else(|_| panic!("{name} does not answer"))
                .expect("an invocation is answered once"),
            status = self.child.wait() => {
                let status = status.expect("a child can be waited for");
                let printed = self.all_printed().await;
                panic!("{name} ended instead of answering ({status}): {printed}")
            }
        }
    }

    /// Waits until the process ends by itself.
    pub async fn exit(mut self) -> Exit {
        let status = timeout(PATIENCE, self.child.wait())
            .await
            .unwrap_or_else(|_| panic!("{} does not end", self.name))
            .expect("a child can be waited for");
        Exit {
            status,
            printed: self.all_printed().await,
            asked: self.desk.asked.load(Ordering::SeqCst),
        }
    }

    /// Kills the process and returns what it wrote to stdout and stderr.
    pub async fn kill(mut self) -> String {
        self.child.kill().await.expect("a child can be killed");
        self.all_printed().await
    }

    /// What a process that has ended wrote.
    async fn all_printed(&mut self) -> String {
        for reader in self.readers.drain(..) {
            reader.await.expect("reading does not panic");
        }
        let printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&printed).into_owned()
    }
}

impl Desk {
    fn wait_for(&self, id: String, answer: oneshot::Sender<Outcome>) {
        self.waiting().insert(id, answer);
    }

    fn settle(&self, id: &str, outcome: Outcome) -> StatusCode {
        match self.waiting().remove(id) {
            Some(answer) => {
                // Nobody listens where the test has given up already.
                let _ = answer.send(outcome);
                StatusCode::ACCEPTED
            }
            None => StatusCode::BAD_REQUEST,
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<Outcome>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `GET …/invocation/next`: waits for an event.
async fn next(State(desk): State<Arc<Desk>>) -> Response {
    desk.asked.fetch_add(1, Ordering::SeqCst);
    let Some(Invocation { id, event }) = desk.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = clock::now() + PATIENCE;
    let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:face-sign-in";
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", &id),
        (
            "lambda-runtime-deadline-ms",
            &deadline.as_millis().to_string(),
        ),
        ("lambda-runtime-invoked-function-arn", arn),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
        ),
    ] {
        let value = HeaderValue::from_str(value).expect("ids and numbers are header values");
        headers.insert(name, value);
    }
    (headers, event).into_response()
}

/// `POST …/invocation/{id}/response`.
async fn response(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    settle(&desk, &id, &body, Outcome::Response)
}

/// `POST …/invocation/{id}/error`.
async fn error(State(desk): State<Arc<Desk>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    settle(&desk, &id, &body, Outcome::Error)
}

fn settle(desk: &Desk, id: &str, body: &[u8], outcome: fn(Value) -> Outcome) -> StatusCode {
    match serde_json::from_slice(body) {
        Ok(body) => desk.settle(id, outcome(body)),
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

/// Keeps what a process writes, so that a full pipe never stops it.
async fn collect(mut from: impl AsyncRead + Unpin, to: Arc<Mutex<Vec<u8>>>) {
    let mut chunk = [0; 8192];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        to.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(&chunk[..length]);
    }
}
