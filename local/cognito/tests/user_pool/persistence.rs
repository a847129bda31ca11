//! What a restart remembers, with the server as a process of its own that is killed.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::harness::{EMAIL, Key, PASSWORD};
use crate::stack::{CLIENT, FakeStack, POOL};

/// A running server, killed when it is dropped.
struct Server {
    process: Child,
    endpoint: String,
    http: reqwest::Client,
}

impl Server {
    fn start(stack: &FakeStack, state: &Path) -> Self {
        let mut process = command(stack, state)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let endpoint = line.trim().strip_prefix("listening on ").unwrap();
        Self {
            process,
            endpoint: endpoint.to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// One operation; none where the server is gone before it has answered.
    async fn call(&self, operation: &str, request: Value) -> Option<Value> {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let body = request.to_string();
        let mut call = self
            .http
            .post(&self.endpoint)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target);
        for (name, value) in Key::own().sign(&self.endpoint, operation, body.as_bytes()) {
            call = call.header(name, value);
        }
        let sent = call.body(body).send().await.ok()?;
        sent.json().await.ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGKILL: nothing is tidied up.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(stack: &FakeStack, state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local-cognito"));
    command
        .env_clear()
        .args(["--listen", "127.0.0.1:0"])
        .arg("--state")
        .arg(state)
        .env("AWS_ENDPOINT_URL", &stack.endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .stderr(Stdio::null());
    command
}

/// A file of this test's own, removed at its end with what lies beside it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("cognito-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("state.json")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let stack = FakeStack::start().await;
    let scratch = Scratch::new("kill");
    let acknowledged = Arc::new(Mutex::new(Vec::<(String, Value)>::new()));
    for round in 0..6_usize {
        let server = Arc::new(Server::start(&stack, &scratch.file()));
        let known = acknowledged.lock().unwrap().clone();
        for (name, sub) in known {
            let request = json!({ "UserPoolId": POOL, "Username": name });
            let found = server.call("AdminGetUser", request).await.unwrap();
            assert_eq!(found["Username"], sub, "{name} in round {round}");
        }
        // Several sign up at once; the server is killed in the middle of it, a little later in
        // every round.
        let before = acknowledged.lock().unwrap().len();
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..4 {
            let (server, acknowledged) = (Arc::clone(&server), Arc::clone(&acknowledged));
            writers.spawn(async move {
                for number in 0.. {
                    let name = format!("u{round}-{writer}-{number}@example.org");
                    let request =
                        json!({ "ClientId": CLIENT, "Username": name, "Password": PASSWORD });
                    match server.call("SignUp", request).await {
                        Some(answer) => {
                            let entry = (name, answer["UserSub"].clone());
                            acknowledged.lock().unwrap().push(entry);
                        }
                        None => return,
                    }
                }
            });
        }
        while acknowledged.lock().unwrap().len() < before + 1 + 3 * round {
            tokio::task::yield_now().await;
        }
        let process = rustix::process::Pid::from_child(&server.process);
        rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
        writers.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_goes_on_where_a_restart_interrupted_it() {
    let stack = FakeStack::start().await;
    let scratch = Scratch::new("sign-in");
    let server = Server::start(&stack, &scratch.file());
    let sign_up = json!({ "ClientId": CLIENT, "Username": EMAIL, "Password": PASSWORD });
    server.call("SignUp", sign_up).await.unwrap();
    drop(server);

    let server = Server::start(&stack, &scratch.file());
    let mailbox = format!("{}/_local/mailbox?to={EMAIL}", server.endpoint);
    let mailbox = reqwest::Client::new().get(mailbox).bearer_auth("test");
    let letters: Value = mailbox.send().await.unwrap().json().await.unwrap();
    let confirm = json!({
        "ClientId": CLIENT, "Username": EMAIL, "ConfirmationCode": letters[0]["code"]
    });
    assert_eq!(server.call("ConfirmSignUp", confirm).await, Some(json!({})));
    let begin = json!({
        "ClientId": CLIENT, "AuthFlow": "CUSTOM_AUTH", "AuthParameters": { "USERNAME": EMAIL }
    });
    let asked = server.call("InitiateAuth", begin).await.unwrap();
    drop(server);

    let server = Server::start(&stack, &scratch.file());
    let answer = json!({
        "ClientId": CLIENT, "ChallengeName": "CUSTOM_CHALLENGE", "Session": asked["Session"],
        "ChallengeResponses": {
            "USERNAME": asked["ChallengeParameters"]["USERNAME"], "ANSWER": "right"
        },
    });
    let tokens = server
        .call("RespondToAuthChallenge", answer.clone())
        .await
        .unwrap();
    let tokens = &tokens["AuthenticationResult"];
    drop(server);

    // The same key still signs, the token still stands, and the session is still used up.
    let server = Server::start(&stack, &scratch.file());
    let get = json!({ "AccessToken": tokens["AccessToken"] });
    let user = server.call("GetUser", get).await.unwrap();
    assert!(user["Username"].is_string(), "{user}");
    let again = server.call("RespondToAuthChallenge", answer).await.unwrap();
    assert_eq!(again["__type"], "NotAuthorizedException");
    let refresh = json!({
        "ClientId": CLIENT, "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": { "REFRESH_TOKEN": tokens["RefreshToken"] }
    });
    let refreshed = server.call("InitiateAuth", refresh).await.unwrap();
    assert!(refreshed["AuthenticationResult"].is_object());
}

#[tokio::test]
async fn a_file_that_is_no_state_is_refused_and_left_alone() {
    let stack = FakeStack::start().await;
    let scratch = Scratch::new("foreign");
    for foreign in ["", "{}", "not JSON", r#"{"version":2}"#] {
        std::fs::write(scratch.file(), foreign).unwrap();
        let ended = command(&stack, &scratch.file())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .output()
            .unwrap();
        assert!(!ended.status.success());
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(told.contains("move it away to start again"), "{told}");
        assert_eq!(std::fs::read_to_string(scratch.file()).unwrap(), foreign);
    }
}
