//! A function's own executable behind AWS's Runtime Interface Emulator, which is what
//! `sam local invoke` puts into its container; it runs without one.
//!
//! The emulator starts the function with the first event, and anew with the next one after it has
//! ended. It hands an event on and returns what comes of it; told to end, it ends the function.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Response, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use signin_client::samples::parts;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};

use crate::stack::executable;

/// How long a function may take for anything before the test gives it up. Every function answers
/// long before; without a bound, one that hangs would hang the tests.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often the emulator is asked whether it listens.
const POLL: Duration = Duration::from_millis(2);
/// Where its own lines in the function's output begin.
const FRAMES: [&str; 3] = ["START RequestId: ", "END RequestId: ", "REPORT RequestId: "];

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The function answered.
    Response(Value),
    /// The function failed: `errorType` and `errorMessage`.
    Error(Value),
}

/// What was written to stdout and stderr.
#[derive(Clone, Debug, Default)]
pub struct Printed {
    /// By the function.
    pub function: String,
    /// By the emulator: how the function's process began and ended.
    pub emulator: String,
}

/// An emulator with a function of its own. Both end with this value.
#[derive(Debug)]
pub struct Function {
    name: String,
    emulator: Child,
    url: String,
    client: reqwest::Client,
    /// What the function prints comes out of the emulator's stdout, and its own log of stderr.
    stdout: Collected,
    stderr: Collected,
}

/// What a process writes.
#[derive(Debug)]
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

/// Starts a function's executable with these settings; what it printed, where it ends instead of
/// asking for its first event.
pub async fn starts(name: &str, settings: &BTreeMap<String, String>) -> Result<(), String> {
    let runtime = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let runtime = runtime.expect("a port is free");
    let address = runtime.local_addr().expect("a listener has an address");
    let mut function = Command::new(executable(name))
        .env_clear()
        .envs(settings)
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", name)
        .env("AWS_LAMBDA_LOG_STREAM_NAME", name)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
    let mut stderr = function.stderr.take().expect("stderr is piped");
    let printed = async {
        let mut text = String::new();
        let read = stderr.read_to_string(&mut text).await;
        read.expect("a function prints text");
        text
    };
    let asked = async {
        tokio::select! {
            accepted = runtime.accept() => {
                accepted.expect("a connection is accepted");
                Ok(())
            }
            printed = printed => Err(printed),
        }
    };
    let asked = timeout(PATIENCE, asked).await;
    asked.unwrap_or_else(|_| panic!("{name} neither asks for an event nor ends"))
}

impl Function {
    /// Makes a function ready for its first event, with this environment and nothing else.
    pub async fn start(name: &str, environment: &BTreeMap<String, String>) -> Self {
        let [events, runtime] = addresses();
        let mut emulator = Command::new(emulator())
            .arg("--runtime-interface-emulator-address")
            .arg(events.to_string())
            .arg("--runtime-api-address")
            .arg(runtime.to_string())
            .arg(executable(name))
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env(
                "AWS_LAMBDA_FUNCTION_TIMEOUT",
                PATIENCE.as_secs().to_string(),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("AWS's Lambda emulator does not start: {error}"));
        let stdout = emulator.stdout.take().expect("stdout is piped");
        let stderr = emulator.stderr.take().expect("stderr is piped");
        let mut function = Self {
            name: name.to_owned(),
            emulator,
            url: format!("http://{events}/2015-03-31/functions/function/invocations"),
            client: reqwest::Client::builder()
                .no_proxy()
                .timeout(PATIENCE)
                .build()
                .expect("an HTTP client can be made"),
            stdout: Collected::from(stdout),
            stderr: Collected::from(stderr),
        };
        // It opens one before the other.
        for address in [events, runtime] {
            let listens = timeout(PATIENCE, function.listens(address)).await;
            if !listens.is_ok_and(|listens| listens) {
                let printed = function.end().await;
                panic!("AWS's Lambda emulator does not listen: {printed:?}");
            }
        }
        function
    }

    /// Waits until the emulator listens; false where it ends instead.
    async fn listens(&mut self, address: SocketAddrV4) -> bool {
        let mut poll = interval(POLL);
        while TcpStream::connect(address).await.is_err() {
            poll.tick().await;
            if !matches!(self.emulator.try_wait(), Ok(None)) {
                return false;
            }
        }
        true
    }

    /// Hands the function an event and waits for what comes of it.
    pub async fn invoke(&mut self, event: &Value) -> Outcome {
        let answer = self.post(event).await;
        let status = answer.status();
        let body = answer.bytes().await.unwrap_or_default();
        match serde_json::from_slice::<Value>(&body) {
            // The emulator does not tell the two apart otherwise; no function answers like this.
            Ok(body) if status.is_success() && body["errorType"].is_string() => {
                Outcome::Error(body)
            }
            Ok(body) if status.is_success() => Outcome::Response(body),
            _ => {
                let printed = self.end().await;
                let name = &self.name;
                panic!("{name} ended instead of answering ({status}): {printed:?}")
            }
        }
    }

    /// Waits until the function has ended at its start, before it asked for any event.
    pub async fn refuse_to_start(mut self) -> Printed {
        let told = self.client.post(&self.url).body("null").send().await;
        let printed = self.end().await;
        let says = |what| printed.emulator.contains(what);
        let ended = match told {
            Ok(answer) => {
                answer.status() == StatusCode::BAD_GATEWAY && says("INIT RTDONE(status: error)")
            }
            // A function that ends before the emulator has noted its start takes the emulator along.
            Err(_) => says("it should have been created just after it was execed"),
        };
        let ended = ended && says("exited: exit status 1");
        // The start is a success as soon as the function asks for an event.
        let asked = says("INIT RTDONE(status: success)");
        assert!(ended && !asked, "{} started: {printed:?}", self.name);
        printed
    }

    /// Kills the function, whatever it is about, and returns what was printed.
    pub async fn kill(mut self) -> Printed {
        self.end().await
    }

    async fn post(&mut self, event: &Value) -> Response {
        let sent = self.client.post(&self.url).body(event.to_string()).send();
        match sent.await {
            Ok(answer) => answer,
            Err(error) => {
                let printed = self.end().await;
                panic!("{} does not answer: {error}: {printed:?}", self.name)
            }
        }
    }

    /// Ends the emulator and the function, and returns what they wrote.
    async fn end(&mut self) -> Printed {
        self.tell_to_end();
        timeout(PATIENCE, self.emulator.wait())
            .await
            .expect("the emulator ends when it is told to")
            .expect("a child can be waited for");
        let stdout = self.stdout.all().await;
        let framed = |line: &&str| !FRAMES.iter().any(|frame| line.starts_with(frame));
        let lines = stdout.split_inclusive('\n').filter(framed);
        Printed {
            function: lines.collect(),
            emulator: self.stderr.all().await,
        }
    }

    /// The emulator kills the function and ends. Killed itself, it would leave the function behind.
    fn tell_to_end(&self) {
        // There is no id any more where it was waited for.
        let id = self.emulator.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.and_then(Pid::from_raw) {
            // An error says that it has just ended.
            let _ = kill_process(id, Signal::TERM);
        }
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.tell_to_end();
    }
}

impl Collected {
    fn from(pipe: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let bytes = Arc::default();
        let reader = tokio::spawn(collect(pipe, Arc::clone(&bytes)));
        Self {
            bytes,
            reader: Some(reader),
        }
    }

    /// What a process that has ended wrote.
    async fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.await.expect("reading does not panic");
        }
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
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

/// Where AWS's emulator lies: `cargo xtask` takes it from the SAM CLI's package.
fn emulator() -> PathBuf {
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    let path = parts().join(format!(
        "emulator/samcli/local/rapid/aws-lambda-rie-{architecture}"
    ));
    assert!(
        path.is_file(),
        "there is no {}; run: cargo xtask test e2e",
        path.display()
    );
    path
}

/// Where an emulator listens for events, and where its function asks for them. The emulator takes
/// no port that the system chooses, so each process of tests has a loopback address of its own,
/// made of its id (on Linux 22 bits, and 127.64.0.0/10 leaves as many), and counts its ports, below
/// those that the system gives away.
pub fn addresses() -> [SocketAddrV4; 2] {
    static NEXT: AtomicU16 = AtomicU16::new(10_000);
    let first = NEXT.fetch_add(2, Ordering::SeqCst);
    assert!(
        first < 32_768,
        "there are too many emulators in one process"
    );
    let host = Ipv4Addr::from_bits(Ipv4Addr::new(127, 64, 0, 0).to_bits() | std::process::id());
    [first, first + 1].map(|port| SocketAddrV4::new(host, port))
}
