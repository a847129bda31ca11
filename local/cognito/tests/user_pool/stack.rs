//! A deployed stack in a few lines: it describes one pool, and its functions answer from a script.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const POOL: &str = "us-east-1_Example";
pub(crate) const CLIENT: &str = "exampleclient";
/// Another client of the same pool, with the same settings.
pub(crate) const OTHER_CLIENT: &str = "otherclient";

/// What a function does with its event.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Returns the event with this response.
    Response(Value),
    /// Returns these bytes.
    Bytes(&'static str),
    /// Fails with this message.
    Error(&'static str),
    /// Is not there.
    Status(u16),
    /// Never answers.
    Hang,
}

type Script = Box<dyn Fn(&Value) -> Reply + Send>;

/// The stack's state, shared with the test.
#[derive(Clone)]
pub(crate) struct FakeStack {
    pub(crate) endpoint: String,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    pool: Value,
    client: Value,
    /// By function.
    scripts: HashMap<&'static str, Script>,
    events: Vec<Value>,
    signed: bool,
    /// What its IAM says of requests with a key of its own, and those requests' operations.
    verdict: Option<&'static str>,
    asked: Vec<String>,
    /// The same of mail, and who it was to be from with which identity.
    verdict_on_mail: Option<&'static str>,
    senders: Vec<Value>,
}

const TRIGGERS: [(&str, &str); 5] = [
    ("PreSignUp", "pre-signup"),
    ("PostConfirmation", "post-confirmation"),
    ("DefineAuthChallenge", "define"),
    ("CreateAuthChallenge", "create"),
    ("VerifyAuthChallengeResponse", "verify"),
];

impl FakeStack {
    /// A pool as the product deploys it, with functions that let `right` answers pass, three
    /// wrong ones fail, and a password count when one is offered.
    pub(crate) async fn start() -> Self {
        let functions: HashMap<_, _> = TRIGGERS.map(|(trigger, name)| (trigger, arn(name))).into();
        let pool = json!({
            "Id": POOL,
            "UsernameAttributes": ["email"],
            "AutoVerifiedAttributes": ["email"],
            "UsernameConfiguration": { "CaseSensitive": false },
            "MfaConfiguration": "OFF",
            "Policies": { "PasswordPolicy": {
                "MinimumLength": 12, "RequireLowercase": true, "RequireUppercase": false,
                "RequireNumbers": true, "RequireSymbols": false
            } },
            "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": false },
            "LambdaConfig": functions,
        });
        let client = json!({
            "ClientId": CLIENT,
            "UserPoolId": POOL,
            "ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            "PreventUserExistenceErrors": "ENABLED",
            "AuthSessionValidity": 15,
            "ReadAttributes": ["email", "email_verified"],
            "WriteAttributes": ["email"],
        });
        let shared = Shared {
            pool,
            client,
            scripts: HashMap::new(),
            events: Vec::new(),
            signed: true,
            verdict: Some("UserNotFoundException"),
            asked: Vec::new(),
            verdict_on_mail: Some("NotFoundException"),
            senders: Vec::new(),
        };
        let shared = Arc::new(Mutex::new(shared));
        let router = Router::new()
            .route("/", post(describe))
            .route("/2015-03-31/functions/{name}/invocations", post(invoke))
            .route("/v2/email/outbound-emails", post(send_email))
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, shared }
    }

    /// Changes the pool's description, as a deployment would.
    pub(crate) fn redeploy_pool(&self, setting: &str, value: Value) {
        self.shared.lock().unwrap().pool[setting] = value;
    }

    /// Changes the client's description.
    pub(crate) fn redeploy_client(&self, setting: &str, value: Value) {
        self.shared.lock().unwrap().client[setting] = value;
    }

    /// Adds a trigger.
    pub(crate) fn deploy_trigger(&self, trigger: &str, function: &str) {
        self.shared.lock().unwrap().pool["LambdaConfig"][trigger] = arn(function).into();
    }

    /// Has the pre-token-generation trigger called with events of this version.
    pub(crate) fn deploy_token_trigger(&self, version: &str) {
        self.shared.lock().unwrap().pool["LambdaConfig"]["PreTokenGenerationConfig"] =
            json!({ "LambdaVersion": version, "LambdaArn": arn("pre-token") });
    }

    /// Replaces what a function does.
    pub(crate) fn script(
        &self,
        function: &'static str,
        script: impl Fn(&Value) -> Reply + Send + 'static,
    ) {
        self.shared
            .lock()
            .unwrap()
            .scripts
            .insert(function, Box::new(script));
    }

    /// The events of triggers whose source begins so, in order.
    pub(crate) fn events(&self, source: &str) -> Vec<Value> {
        let shared = self.shared.lock().unwrap();
        let wanted = |event: &&Value| event["triggerSource"].as_str().unwrap().starts_with(source);
        shared.events.iter().filter(wanted).cloned().collect()
    }

    pub(crate) fn last_event(&self, source: &str) -> Value {
        self.events(source).pop().unwrap()
    }

    /// Forgets past events.
    pub(crate) fn forget(&self) {
        self.shared.lock().unwrap().events.clear();
    }

    /// What its IAM says of requests with keys of its own: an error, or that all is well.
    pub(crate) fn judge(&self, verdict: Option<&'static str>) {
        self.shared.lock().unwrap().verdict = verdict;
    }

    /// The operations that its IAM was asked about.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.lock().unwrap().asked.clone()
    }

    /// What its IAM says of mail that is signed with keys of its own.
    pub(crate) fn judge_mail(&self, verdict: Option<&'static str>) {
        self.shared.lock().unwrap().verdict_on_mail = verdict;
    }

    /// The requests for mail that its IAM was asked about.
    pub(crate) fn senders(&self) -> Vec<Value> {
        self.shared.lock().unwrap().senders.clone()
    }

    /// Whether every request so far was signed.
    pub(crate) fn all_signed(&self) -> bool {
        self.shared.lock().unwrap().signed
    }
}

fn arn(function: &str) -> String {
    format!("arn:aws:lambda:us-east-1:000000000000:function:{function}")
}

/// The four operations that tell a server what is deployed.
async fn describe(
    State(shared): State<Arc<Mutex<Shared>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut shared = shared.lock().unwrap();
    let signature = headers["authorization"].to_str().unwrap();
    if signature.contains("Credential=A") {
        let target = headers["x-amz-target"].to_str().unwrap();
        shared
            .asked
            .push(target.split_once('.').unwrap().1.to_owned());
        return match shared.verdict {
            None => "{}".into_response(),
            Some(error) => {
                let error = json!({ "__type": error, "message": error });
                (StatusCode::BAD_REQUEST, error.to_string()).into_response()
            }
        };
    }
    shared.note_signature(&headers, "cognito-idp");
    let request: Value = serde_json::from_slice(&body).unwrap();
    let known = |name: &str, ids: &[&str]| {
        request[name].is_null() || ids.iter().any(|id| request[name] == *id)
    };
    if !known("UserPoolId", &[POOL]) || !known("ClientId", &[CLIENT, OTHER_CLIENT]) {
        return (StatusCode::BAD_REQUEST, "ResourceNotFoundException").into_response();
    }
    let target = headers["x-amz-target"].to_str().unwrap();
    let answer = match target.split_once('.').unwrap().1 {
        // One of them is deleted before anything else can be asked about it.
        "ListUserPools" => json!({ "UserPools": [
            { "Id": "us-east-1_deleted", "Name": "deleted" },
            { "Id": POOL, "Name": "example" },
        ] }),
        "ListUserPoolClients" => json!({
            "UserPoolClients": [{ "ClientId": CLIENT }, { "ClientId": OTHER_CLIENT }]
        }),
        "DescribeUserPool" => json!({ "UserPool": shared.pool }),
        "DescribeUserPoolClient" => {
            let mut client = shared.client.clone();
            client["ClientId"] = request["ClientId"].clone();
            json!({ "UserPoolClient": client })
        }
        other => panic!("the server asked for {other}"),
    };
    answer.to_string().into_response()
}

/// Mail, which only asks what IAM says of it.
async fn send_email(
    State(shared): State<Arc<Mutex<Shared>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let signature = headers["authorization"].to_str().unwrap();
    assert!(signature.contains("Credential=A") && signature.contains("/us-east-1/ses/"));
    assert_eq!(headers["x-relayed-by"], "local-cognito");
    let mut shared = shared.lock().unwrap();
    let request: Value = serde_json::from_slice(&body).unwrap();
    shared.senders.push(request);
    match shared.verdict_on_mail {
        None => json!({ "MessageId": "1" }).to_string().into_response(),
        Some(error) => {
            let header = [("x-amzn-errortype", error)];
            let body = json!({ "message": error }).to_string();
            (StatusCode::BAD_REQUEST, header, body).into_response()
        }
    }
}

async fn invoke(
    State(shared): State<Arc<Mutex<Shared>>>,
    Path(function): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let event: Value = serde_json::from_slice(&body).unwrap();
    let reply = {
        let mut shared = shared.lock().unwrap();
        shared.note_signature(&headers, "lambda");
        shared.events.push(event.clone());
        match shared.scripts.get(function.as_str()) {
            Some(script) => script(&event),
            None => by_default(&function, &event),
        }
    };
    match reply {
        Reply::Response(response) => {
            let mut event = event;
            event["response"] = response;
            event.to_string().into_response()
        }
        Reply::Bytes(bytes) => bytes.into_response(),
        Reply::Error(message) => {
            let header = [("x-amz-function-error", "Unhandled")];
            let error = json!({ "errorMessage": message, "errorType": "Error" });
            (header, error.to_string()).into_response()
        }
        Reply::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Reply::Hang => std::future::pending().await,
    }
}

impl Shared {
    fn note_signature(&mut self, headers: &HeaderMap, service: &str) {
        let signature = headers
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        let scope = format!("/us-east-1/{service}/aws4_request");
        self.signed &= signature.is_some_and(|signature| {
            signature.starts_with("AWS4-HMAC-SHA256 Credential=test/") && signature.contains(&scope)
        });
    }
}

/// What the functions do unless a test says otherwise.
fn by_default(function: &str, event: &Value) -> Reply {
    let request = &event["request"];
    Reply::Response(match function {
        "define" => {
            let session = request["session"].as_array().unwrap();
            let custom = session
                .iter()
                .filter(|entry| entry["challengeName"] == "CUSTOM_CHALLENGE");
            let wrong = custom
                .filter(|entry| entry["challengeResult"] == false)
                .count();
            match session.last() {
                Some(last) if last["challengeName"] == "SRP_A" => go_on("PASSWORD_VERIFIER"),
                Some(last)
                    if last["challengeName"] == "CUSTOM_CHALLENGE"
                        && last["challengeResult"] == true =>
                {
                    json!({ "issueTokens": true, "failAuthentication": false })
                }
                _ if wrong == 3 => json!({ "issueTokens": false, "failAuthentication": true }),
                _ => go_on("CUSTOM_CHALLENGE"),
            }
        }
        "create" => json!({
            "publicChallengeParameters": {
                "step": "FACE", "challengeId": "c1", "uploadUrl": "http://127.0.0.1:9/bucket",
                "uploadFields": "{\"key\":\"sign-in/c1\"}", "expiresAt": "2026-11-21T00:15:00Z",
                "attemptsLeft": "3",
            },
            "privateChallengeParameters": { "secret": "for verify alone" },
            "challengeMetadata": "FACE:c1",
        }),
        "verify" => json!({ "answerCorrect": request["challengeAnswer"] == "right" }),
        "pre-signup" => {
            json!({ "autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false })
        }
        _ => json!({}),
    })
}

pub(crate) fn go_on(challenge: &str) -> Value {
    json!({ "challengeName": challenge, "issueTokens": false, "failAuthentication": false })
}
