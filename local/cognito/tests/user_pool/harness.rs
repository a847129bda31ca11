//! The server under test, and the calls that tests make again and again.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cognito_srp::{Challenge, Client, Identity};
use hmac::{Hmac, KeyInit, Mac};
use local_cognito::{Settings, StackAccess, serve};
use local_guard::StackKey;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

use crate::stack::{CLIENT, FakeStack, POOL};

pub(crate) const EMAIL: &str = "ada@example.org";
pub(crate) const PASSWORD: &str = "correct-horse-1";
/// The origin of the page that may call the server.
pub(crate) const PAGE: &str = "http://localhost:5173";
/// The SES identity that is verified.
pub(crate) const IDENTITY: &str = "arn:aws:ses:us-east-1:000000000000:identity/example.com";
pub(crate) const TIMESTAMP: &str = "Sat Nov 21 00:09:05 UTC 2026";

/// A server with a stack of its own.
pub(crate) struct Harness {
    pub(crate) stack: FakeStack,
    pub(crate) endpoint: String,
    http: reqwest::Client,
}

/// What signs a request.
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    /// How far its clock runs ahead.
    pub(crate) ahead: Duration,
}

impl Key {
    /// The one that the server itself has.
    pub(crate) fn own() -> Self {
        Self {
            id: "test".to_owned(),
            secret: "test".to_owned(),
            token: None,
            region: "us-east-1",
            service: "cognito-idp",
            ahead: Duration::ZERO,
        }
    }

    /// A function's.
    pub(crate) fn of_a_function() -> Self {
        let key = StackKey::new("test".to_owned(), "test".to_owned());
        let credentials = key.caller("ASIA0123456789ABCDEF").unwrap();
        Self {
            id: credentials.access_key_id,
            secret: credentials.secret_access_key,
            token: credentials.session_token,
            ..Self::own()
        }
    }

    /// The headers that sign an operation.
    pub(crate) fn sign(
        &self,
        endpoint: &str,
        operation: &str,
        body: &[u8],
    ) -> Vec<(String, String)> {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target.as_str()),
        ];
        self.sign_request(&format!("{endpoint}/"), &headers, body)
    }

    /// The headers that sign a request.
    pub(crate) fn sign_request(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Vec<(String, String)> {
        let (id, secret, token) = (&self.id, &self.secret, self.token.clone());
        let identity = Credentials::new(id, secret, token, None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(now() + self.ahead)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let headers = headers.iter().copied();
        let request = SignableRequest::new("POST", url, headers, SignableBody::Bytes(body));
        let (instructions, _signature) = sign(request.unwrap(), &parameters).unwrap().into_parts();
        let headers = instructions.headers();
        headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a signature is made for the machine's own time"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

/// An error as the wire has it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Harness {
    /// Triggers may take as long as the machine needs.
    pub(crate) async fn start() -> Self {
        Self::with_trigger_timeout(Duration::from_mins(10)).await
    }

    pub(crate) async fn with_trigger_timeout(trigger_timeout: Duration) -> Self {
        let stack = FakeStack::start().await;
        let settings = Settings {
            stack: StackAccess {
                endpoint: stack.endpoint.clone(),
                region: "us-east-1".to_owned(),
                access_key_id: "test".to_owned(),
                secret_access_key: "test".to_owned(),
                session_token: None,
            },
            trigger_timeout,
            state: None,
            pages: vec![PAGE.to_owned()],
            siblings: Vec::new(),
            identities: vec![IDENTITY.parse().unwrap()],
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, settings, std::future::pending()));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            stack,
            endpoint,
            http,
        }
    }

    /// A server with a confirmed account, whose events so far are forgotten.
    pub(crate) async fn with_account() -> Self {
        let harness = Self::start().await;
        harness.sign_up(EMAIL).await.unwrap();
        harness.confirm(EMAIL).await.unwrap();
        harness.stack.forget();
        harness
    }

    /// One operation, unsigned, as apps call it.
    pub(crate) async fn call(&self, operation: &str, request: Value) -> Result<Value, Refused> {
        let request = self.request(operation).body(request.to_string());
        Self::outcome(request.send().await.unwrap()).await
    }

    /// One operation, signed, as administrators call it.
    pub(crate) async fn administer(&self, operation: &str, name: &str) -> Result<Value, Refused> {
        self.administrate(operation, json!({ "Username": name }))
            .await
    }

    /// One operation on the pool, signed.
    pub(crate) async fn administrate(
        &self,
        operation: &str,
        mut body: Value,
    ) -> Result<Value, Refused> {
        body["UserPoolId"] = POOL.into();
        self.administrate_as(&Key::own(), operation, &body).await
    }

    /// One operation, signed with some key.
    pub(crate) async fn administrate_as(
        &self,
        key: &Key,
        operation: &str,
        body: &Value,
    ) -> Result<Value, Refused> {
        let body = body.to_string();
        let mut request = self.request(operation);
        for (name, value) in key.sign(&self.endpoint, operation, body.as_bytes()) {
            request = request.header(name, value);
        }
        Self::outcome(request.body(body).send().await.unwrap()).await
    }

    /// One operation, with an `Authorization` header as it is here.
    pub(crate) async fn authorized_by(
        &self,
        header: &str,
        operation: &str,
        body: &Value,
    ) -> Result<Value, Refused> {
        let request = self
            .request(operation)
            .header("authorization", header)
            .body(body.to_string());
        Self::outcome(request.send().await.unwrap()).await
    }

    pub(crate) fn request(&self, operation: &str) -> reqwest::RequestBuilder {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        self.http
            .post(&self.endpoint)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target)
    }

    async fn outcome(response: reqwest::Response) -> Result<Value, Refused> {
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        if status.is_success() {
            return Ok(body);
        }
        Err(Refused {
            code: body["__type"].as_str().unwrap().to_owned(),
            message: body["message"].as_str().unwrap().to_owned(),
        })
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let response = self
            .http
            .get(format!("{}{path}", self.endpoint))
            .bearer_auth("test")
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Moves the pool's clock.
    pub(crate) async fn pass(&self, seconds: i64) {
        let offset = json!({ "offsetSeconds": seconds });
        assert_eq!(self.set("clock", &offset).await, 200);
    }

    /// Sets what is the local server's own.
    pub(crate) async fn set(&self, what: &str, value: &Value) -> u16 {
        let request = self
            .http
            .post(format!("{}/_local/{what}", self.endpoint))
            .bearer_auth("test")
            .json(value);
        request.send().await.unwrap().status().as_u16()
    }

    pub(crate) async fn sign_up(&self, email: &str) -> Result<Value, Refused> {
        let metadata = json!({ "consent": "1" });
        self.call("SignUp", json!({
            "ClientId": CLIENT, "Username": email, "Password": PASSWORD, "ClientMetadata": metadata
        }))
        .await
    }

    pub(crate) async fn confirm(&self, email: &str) -> Result<Value, Refused> {
        let code = self.code(email).await;
        self.enter_code(email, &code).await
    }

    pub(crate) async fn enter_code(&self, email: &str, code: &str) -> Result<Value, Refused> {
        self.call(
            "ConfirmSignUp",
            json!({
                "ClientId": CLIENT, "Username": email, "ConfirmationCode": code,
                "ClientMetadata": { "bindingSecret": "s" }
            }),
        )
        .await
    }

    /// How many letters came, and the newest one's code.
    pub(crate) async fn letters(&self, email: &str) -> Vec<Value> {
        let (_status, letters) = self.get(&format!("/_local/mailbox?to={email}")).await;
        letters.as_array().unwrap().clone()
    }

    pub(crate) async fn code(&self, email: &str) -> String {
        self.letters(email).await[0]["code"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Begins a sign-in without a password.
    pub(crate) async fn begin(&self, email: &str) -> Result<Value, Refused> {
        self.call("InitiateAuth", json!({
            "ClientId": CLIENT, "AuthFlow": "CUSTOM_AUTH", "AuthParameters": { "USERNAME": email },
            "ClientMetadata": { "sent": "with InitiateAuth" }
        }))
        .await
    }

    /// Begins a sign-in with a password's proof.
    pub(crate) async fn begin_with_password(
        &self,
        email: &str,
        srp: &Client,
    ) -> Result<Value, Refused> {
        self.call(
            "InitiateAuth",
            json!({
                "ClientId": CLIENT, "AuthFlow": "CUSTOM_AUTH", "AuthParameters": {
                    "USERNAME": email, "CHALLENGE_NAME": "SRP_A", "SRP_A": srp.public_value()
                }
            }),
        )
        .await
    }

    /// Answers `PASSWORD_VERIFIER`.
    pub(crate) async fn prove(
        &self,
        begun: &Value,
        srp: &Client,
        password: &str,
    ) -> Result<Value, Refused> {
        let text = |name: &str| begun["ChallengeParameters"][name].as_str().unwrap();
        let identity = Identity {
            pool_id: POOL,
            user_id: text("USER_ID_FOR_SRP"),
        };
        let challenge = Challenge {
            salt: text("SALT"),
            public_value: text("SRP_B"),
            secret_block: &STANDARD.decode(text("SECRET_BLOCK")).unwrap(),
        };
        let signature = srp.sign(identity, &challenge, password, TIMESTAMP).unwrap();
        self.call("RespondToAuthChallenge", json!({
            "ClientId": CLIENT, "ChallengeName": "PASSWORD_VERIFIER", "Session": begun["Session"],
            "ChallengeResponses": {
                "USERNAME": text("USERNAME"), "TIMESTAMP": TIMESTAMP,
                "PASSWORD_CLAIM_SECRET_BLOCK": text("SECRET_BLOCK"),
                "PASSWORD_CLAIM_SIGNATURE": signature
            }
        }))
        .await
    }

    /// Answers a custom challenge.
    pub(crate) async fn answer(&self, asked: &Value, answer: &str) -> Result<Value, Refused> {
        let name = asked["ChallengeParameters"]["USERNAME"].as_str().unwrap();
        self.answer_as(name, &asked["Session"], answer).await
    }

    pub(crate) async fn answer_as(
        &self,
        name: &str,
        session: &Value,
        answer: &str,
    ) -> Result<Value, Refused> {
        self.call(
            "RespondToAuthChallenge",
            json!({
                "ClientId": CLIENT, "ChallengeName": "CUSTOM_CHALLENGE", "Session": session,
                "ChallengeResponses": { "USERNAME": name, "ANSWER": answer },
                "ClientMetadata": { "sent": "with RespondToAuthChallenge" }
            }),
        )
        .await
    }

    /// Signs the account in.
    pub(crate) async fn tokens(&self) -> Value {
        let asked = self.begin(EMAIL).await.unwrap();
        self.answer(&asked, "right").await.unwrap()["AuthenticationResult"].clone()
    }

    pub(crate) async fn refresh(&self, tokens: &Value) -> Result<Value, Refused> {
        self.call(
            "InitiateAuth",
            json!({
                "ClientId": CLIENT, "AuthFlow": "REFRESH_TOKEN_AUTH",
                "AuthParameters": { "REFRESH_TOKEN": tokens["RefreshToken"] }
            }),
        )
        .await
    }

    pub(crate) async fn get_user(&self, tokens: &Value) -> Result<Value, Refused> {
        self.call("GetUser", json!({ "AccessToken": tokens["AccessToken"] }))
            .await
    }
}

/// An error to compare with.
pub(crate) fn refused(code: &str, message: &str) -> Refused {
    Refused {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

pub(crate) fn wrong_credentials() -> Refused {
    refused("NotAuthorizedException", "Incorrect username or password.")
}

pub(crate) fn invalid_session() -> Refused {
    refused("NotAuthorizedException", "Invalid session for the user.")
}

/// A token's claims, unverified.
pub(crate) fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// What an app with a secret shows: the HMAC of user name and client id.
pub(crate) fn secret_hash(secret: &str, name: &str, client: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{name}{client}").as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
