//! The gate before an upstream of the tests' own, on a Unix socket as MiniStack is.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderName;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN};
use local_gate::{Settings, router};
use local_guard::StackKey;
use reqwest::Method;
use tempfile::TempDir;
use tokio::net::{TcpListener, UnixListener};

const ID: &str = "LOCAL1";
const SECRET: &str = "secret";
const FUNCTION: &str = "ASIA0123456789ABCDEF";
const PAGE: &str = "http://localhost:5173";
const RESPONSE: &str = "/_ministack/cfn-response/0f8fad5b-d9cb-469f-a165-70867728950e";

/// What came through, as `METHOD /path`.
type Through = Arc<Mutex<Vec<String>>>;

struct Setting {
    gate: String,
    through: Through,
    client: reqwest::Client,
    _folder: TempDir,
}

/// An upstream that remembers what it got, and says what MiniStack says of CORS.
async fn remember(
    State(through): State<Through>,
    request: Request,
) -> ([(HeaderName, &'static str); 1], &'static str) {
    let line = format!("{} {}", request.method(), request.uri().path());
    through.lock().unwrap().push(line);
    // A bucket's rules name the page; everything else is open to everybody.
    let page = request.headers().contains_key(ORIGIN) && request.uri().path() == "/bucket";
    let origin = if page { PAGE } else { "*" };
    ([(ACCESS_CONTROL_ALLOW_ORIGIN, origin)], "through")
}

async fn setting() -> Setting {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("aws.sock");
    let through = Through::default();
    let upstream = Router::new()
        .fallback(remember)
        .with_state(Arc::clone(&through));
    let listener = UnixListener::bind(&socket).unwrap();
    tokio::spawn(async move { axum::serve(listener, upstream).await });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = router(Settings {
        port: address.port(),
        siblings: Vec::new(),
        pages: vec![PAGE.to_owned()],
        key: StackKey::new(ID.to_owned(), SECRET.to_owned()),
        upstream: socket,
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    Setting {
        gate: format!("http://{address}"),
        through,
        client: reqwest::Client::builder().no_proxy().build().unwrap(),
        _folder: folder,
    }
}

impl Setting {
    /// Sends a request; its status, and what CORS says.
    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
    ) -> (u16, Option<String>) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.gate));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await.unwrap();
        let origin = response.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN);
        let origin = origin.map(|origin| origin.to_str().unwrap().to_owned());
        (response.status().as_u16(), origin)
    }

    /// The headers that sign a request, with a key of this stack's by its id.
    fn signed(&self, id: &str, method: &str, path: &str) -> Vec<(String, String)> {
        let key = StackKey::new(ID.to_owned(), SECRET.to_owned());
        let caller = key.caller(id).unwrap();
        let (secret, token) = (caller.secret_access_key, caller.session_token);
        let identity = Credentials::new(id, secret, token, None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name("lambda")
            .time(now())
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let url = format!("{}{path}", self.gate);
        let body = SignableBody::Bytes(b"");
        let request = SignableRequest::new(method, url, std::iter::empty(), body).unwrap();
        let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
        instructions
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn through(&self) -> Vec<String> {
        self.through.lock().unwrap().clone()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a signature is made for the machine's own time"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test]
async fn what_the_stack_or_a_function_signed_goes_through_and_nothing_unsigned() {
    let setting = setting().await;
    let path = "/2015-03-31/functions";
    for id in [ID, FUNCTION] {
        let headers = setting.signed(id, "GET", path);
        assert_eq!(setting.send("GET", path, &headers).await, (200, None));
    }
    for (method, path) in [
        ("GET", path),
        ("POST", "/"),
        ("PUT", "/bucket"),
        ("GET", "/latest/"),
    ] {
        assert_eq!(
            setting.send(method, path, &[]).await,
            (403, None),
            "{method} {path}"
        );
    }
    let of_another = setting.signed(ID, "GET", "/2015-03-31/layers");
    assert_eq!(setting.send("GET", path, &of_another).await.0, 403);
    assert_eq!(setting.through(), ["GET /2015-03-31/functions"; 2]);
}

#[tokio::test]
async fn the_local_aws_own_routes_open_for_the_stacks_key_alone() {
    let setting = setting().await;
    let path = "/_ministack/reset";
    let function = setting.signed(FUNCTION, "POST", path);
    let wrong = [header("authorization", "Bearer wrong")];
    for headers in [&[][..], &function, &wrong] {
        assert_eq!(setting.send("POST", path, headers).await.0, 403);
    }
    assert!(setting.through().is_empty());
    let shown = [header("authorization", "Bearer secret")];
    assert_eq!(setting.send("POST", path, &shown).await.0, 200);
    let signed = setting.signed(ID, "POST", path);
    assert_eq!(setting.send("POST", path, &signed).await.0, 200);
}

#[tokio::test]
async fn a_custom_resource_answers_at_its_own_address_and_not_beside_it() {
    let setting = setting().await;
    assert_eq!(setting.send("PUT", RESPONSE, &[]).await.0, 200);
    let beside = "/_ministack/cfn-response/0f8fad5b%2f..%2f..%2freset";
    for (method, path) in [
        ("POST", RESPONSE),
        ("PUT", beside),
        ("PUT", "/_ministack/reset"),
    ] {
        assert_eq!(
            setting.send(method, path, &[]).await.0,
            403,
            "{method} {path}"
        );
    }
    let page = [header("origin", PAGE)];
    assert_eq!(setting.send("PUT", RESPONSE, &page).await.0, 403);
    assert_eq!(setting.through().len(), 1);
}

#[tokio::test]
async fn a_page_hears_from_buckets_that_name_it_and_from_nothing_else() {
    let setting = setting().await;
    let page = [
        header("origin", PAGE),
        header("sec-fetch-site", "cross-site"),
    ];
    let named = Some(PAGE.to_owned());
    assert_eq!(
        setting.send("OPTIONS", "/bucket", &page).await,
        (200, named)
    );
    // `*`, as MiniStack says where there is no such bucket, is not passed on.
    assert_eq!(
        setting.send("OPTIONS", "/another", &page).await,
        (200, None)
    );
    let mut signed = setting.signed(ID, "GET", "/2015-03-31/functions");
    signed.extend(page);
    let refused = setting.send("GET", "/2015-03-31/functions", &signed).await;
    assert_eq!(refused, (403, None));
    let other = [header("origin", "http://localhost:8080")];
    assert_eq!(
        setting.send("OPTIONS", "/bucket", &other).await,
        (403, None)
    );
}

#[tokio::test]
async fn it_is_ready_when_the_upstream_is() {
    let setting = setting().await;
    assert_eq!(setting.send("GET", "/_local/health", &[]).await.0, 200);
    assert_eq!(setting.through(), ["GET /_ministack/health"]);
}
