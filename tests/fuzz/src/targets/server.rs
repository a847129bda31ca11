//! A local server and its client in one process, over loopback as everybody reaches it.

use std::collections::HashMap;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// The secret of the key that servers are started with.
const KEY: &str = "test";

/// The most requests of one input that are sent.
const MAX_REQUESTS: usize = 16;

/// A server that runs for as long as the process, and what one needs to call it.
pub(super) struct Server {
    runtime: Runtime,
    client: Client,
    endpoint: String,
    /// What `X-Amz-Target` begins with.
    target: &'static str,
}

/// What the answers to one input held so far, for the next requests to refer to: `$Session` is
/// the last member `Session` that was a text.
pub(super) type Known = HashMap<String, String>;

impl Server {
    /// Starts one; `serve` is given a runtime to start it in and the socket.
    pub(super) fn start(target: &'static str, serve: impl FnOnce(&Runtime, TcpListener)) -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(loopback());
        let endpoint = address(&listener);
        serve(&runtime, listener);
        let client = Client::builder().no_proxy().build().expect("a client");
        Self {
            runtime,
            client,
            endpoint,
            target,
        }
    }

    /// Sends an input's requests one after the other: a line each, the operation's name, a space
    /// and the document, in which `$name` stands for what is known of that name.
    pub(super) fn converse(&self, input: &[u8], mut known: Known) {
        let Ok(text) = std::str::from_utf8(input) else {
            return;
        };
        for line in text.lines().take(MAX_REQUESTS) {
            let (operation, body) = line.split_once(' ').unwrap_or((line, ""));
            if body.contains("$code") {
                known.extend(self.code(&known));
            }
            let body = filled_in(body, &known);
            if let Some(answer) = self.call(operation, body) {
                remember(&answer, &mut known);
            }
        }
    }

    /// One request. Whatever it is, the answer is JSON, and either what was asked for or a
    /// refusal with a name, which is never the server's own fault.
    pub(super) fn call(&self, operation: &str, body: String) -> Option<Value> {
        let target = format!("{}{operation}", self.target);
        let secret = only_as_password(&body);
        let mut request = self
            .client
            .post(&self.endpoint)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target);
        for (name, value) in self.signature(body.as_bytes()) {
            request = request.header(name, value);
        }
        // A name that no header can hold cannot be sent.
        let request = request.body(body).build().ok()?;
        let (status, body) = self.runtime.block_on(async {
            let response = self.client.execute(request).await.expect("an answer");
            (
                response.status(),
                response.bytes().await.expect("a whole answer"),
            )
        });
        let answer: Value = serde_json::from_slice(&body).expect("an answer is JSON");
        match status {
            StatusCode::OK => Some(answer),
            StatusCode::BAD_REQUEST => {
                assert!(answer["__type"].is_string(), "{answer}");
                assert!(!secret || !answer.to_string().contains(SECRET), "{answer}");
                None
            }
            other => panic!("{operation}: {other} {answer}"),
        }
    }

    /// The headers that sign a request with the key that both servers are started with.
    fn signature(&self, body: &[u8]) -> Vec<(String, String)> {
        let service = self.target.split("Service").next().unwrap_or_default();
        let service = match service {
            "AWSCognitoIdentityProvider" => "cognito-idp",
            _ => "rekognition",
        };
        let identity = Credentials::new("test", "test", None, None, "fuzz").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name(service)
            .time(now())
            .settings(SigningSettings::default())
            .build()
            .expect("all parameters are set above")
            .into();
        let body = SignableBody::Bytes(body);
        let url = format!("{}/", self.endpoint);
        let request = SignableRequest::new("POST", url, std::iter::empty(), body)
            .expect("the address is well formed");
        let (instructions, _signature) = sign(request, &parameters)
            .expect("the request can be signed")
            .into_parts();
        let headers = instructions.headers();
        headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// The code that was mailed last to the input's own address.
    fn code(&self, known: &Known) -> Option<(String, String)> {
        let url = format!(
            "{}/_local/mailbox?to={}",
            self.endpoint,
            known.get("email")?
        );
        let letters: Value = self.runtime.block_on(async {
            let response = self
                .client
                .get(url)
                .bearer_auth(KEY)
                .send()
                .await
                .expect("an answer");
            response.json().await.expect("the letters")
        });
        Some(("code".to_owned(), letters[0]["code"].as_str()?.to_owned()))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a signature is made for the machine's own time"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

/// A password that the seeds use, and that no refusal repeats.
pub(super) const SECRET: &str = "correct-horse-1";

/// Whether a request names [`SECRET`] as a password and as nothing else: what is sent as a name
/// may be repeated.
fn only_as_password(body: &str) -> bool {
    let members = [
        "Password",
        "PASSWORD",
        "PreviousPassword",
        "TemporaryPassword",
    ];
    let rest = members.iter().fold(body.to_owned(), |body, member| {
        body.replace(&format!("\"{member}\":\"{SECRET}\""), "")
    });
    !rest.contains(SECRET)
}

/// Requests as an input holds them.
pub(super) fn conversation(requests: &[(&str, Value)]) -> Vec<u8> {
    let lines: Vec<String> = requests
        .iter()
        .map(|(operation, body)| format!("{operation} {body}"))
        .collect();
    lines.join("\n").into_bytes()
}

/// A free socket of this machine alone.
pub(super) async fn loopback() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}

/// Where a socket is reached.
pub(super) fn address(listener: &TcpListener) -> String {
    format!("http://{}", listener.local_addr().expect("an address"))
}

/// Longer names first, so that none is taken for the beginning of another.
fn filled_in(body: &str, known: &Known) -> String {
    let mut names: Vec<&String> = known.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse((name.len(), *name)));
    names.into_iter().fold(body.to_owned(), |body, name| {
        let value = Value::from(known[name].as_str()).to_string();
        body.replace(&format!("${name}"), &value[1..value.len() - 1])
    })
}

fn remember(answer: &Value, known: &mut Known) {
    match answer {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Value::String(text) = value {
                    known.insert(name.clone(), text.clone());
                }
                remember(value, known);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| remember(item, known)),
        _ => {}
    }
}
