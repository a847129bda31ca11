//! A developer's machine while a stack is up: what a web page that the developer visits has the
//! browser send gets nothing from any of its servers, and neither does DNS rebinding.
//!
//! Requests are sent as browsers send them where there is no preflight to stop them: forms and
//! plain text, signatures in the query string, pictures, scripts and navigations.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use e2e::browser::{Heard, listeners, port, presigned, send};
use e2e::people::{challenge, confirmed};
use e2e::stack::{Stack, Variant, fresh_email};
use serde_json::json;
use signin_core::factor::Factor;
use signin_core::step::Step;

/// What a browser adds to another site's request, by how the page makes it.
const ANOTHER_SITE: [(&str, &str); 8] = [
    (
        "fetch in no-cors mode",
        "Origin: https://evil.example\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors",
    ),
    (
        "a sandboxed frame",
        "Origin: null\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: cors",
    ),
    (
        "a form that is posted",
        "Origin: https://evil.example\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document",
    ),
    (
        "<img>",
        "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors\nSec-Fetch-Dest: image",
    ),
    (
        "<script>",
        "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors\nSec-Fetch-Dest: script",
    ),
    (
        "a link that is followed",
        "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-User: ?1\nSec-Fetch-Dest: document",
    ),
    (
        "another port of this machine",
        "Origin: http://localhost:8080\nSec-Fetch-Site: same-site\nSec-Fetch-Mode: cors",
    ),
    (
        "<img> of another port",
        "Sec-Fetch-Site: same-site\nSec-Fetch-Mode: no-cors\nSec-Fetch-Dest: image",
    ),
];

/// What a browser sends to a name that the attacker has made lead to this machine: to the page it
/// is the same origin, and over plain HTTP no mark is added at all.
const REBOUND: [&str; 6] = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "localhost.",
    "127.0.0.1.",
    "[::ffff:127.0.0.1]",
];

/// Keys that everybody knows: what MiniStack takes for its root user's, and what this stack's was.
const PUBLISHED: [(&str, &str); 3] = [
    ("test", "test"),
    ("000000000000", "test"),
    ("local-developer", "local-developer-secret"),
];

fn folder() -> PathBuf {
    PathBuf::from(env::var_os("FACE_SIGNIN_OUTPUTS").expect("run: cargo xtask test e2e"))
}

fn gate(stack: &Stack) -> u16 {
    port(&stack.outputs.s3_endpoint)
}

fn host(port: u16) -> String {
    format!("Host: 127.0.0.1:{port}")
}

fn proxy(stack: &Stack) -> u16 {
    port(&stack.by_name["ProxyEndpoint"])
}

/// A request for Lambda to make a function of the attacker's, with its signature in the query
/// string: the kind that needs no preflight. The target and the body.
fn creates_a_function(port: u16, (id, secret): (&str, &str), name: &str) -> (String, String) {
    let body = json!({
        "FunctionName": name, "Runtime": "provided.al2023", "Handler": "bootstrap",
        "Role": "arn:aws:iam::000000000000:role/any", "Code": {"ZipFile": "UEsFBg=="},
    });
    let path = "/2015-03-31/functions";
    let body = body.to_string();
    let target = presigned((id, secret), port, "POST", path, body.as_bytes());
    (target, body)
}

async fn function_exists(stack: &Stack, name: &str) -> bool {
    let outputs = &stack.outputs;
    let key = (
        outputs.access_key_id.as_str(),
        outputs.secret_access_key.as_str(),
    );
    let port = gate(stack);
    let target = presigned(
        key,
        port,
        "GET",
        &format!("/2015-03-31/functions/{name}"),
        b"",
    );
    let heard = send(port, &format!("GET {target} HTTP/1.1\n{}", host(port)), b"").await;
    assert!([200, 404].contains(&heard.status), "{heard:?}");
    heard.status == 200
}

#[tokio::test]
async fn no_page_runs_a_program() {
    let stack = Stack::read(Variant::Default);
    for port in [gate(&stack), proxy(&stack)] {
        let own = (
            stack.outputs.access_key_id.as_str(),
            stack.outputs.secret_access_key.as_str(),
        );
        // The key alone does not do it in a browser, and no browser's silence does without the key.
        for (key, marks) in PUBLISHED
            .iter()
            .flat_map(|key| {
                ANOTHER_SITE
                    .map(|(_, marks)| (*key, marks))
                    .into_iter()
                    .chain([(*key, "")])
            })
            .chain(ANOTHER_SITE.map(|(_, marks)| (own, marks)))
        {
            let name = format!("evil-{}", hex::encode(rand::random::<[u8; 8]>()));
            let (target, body) = creates_a_function(port, key, &name);
            let sent = format!(
                "POST {target} HTTP/1.1\n{}\nContent-Type: text/plain;charset=UTF-8\n{marks}",
                host(port)
            );
            let heard = send(port, &sent, body.as_bytes()).await;
            assert!(heard.is_nothing(), "{} {marks}: {heard:?}", key.0);
            assert!(!function_exists(&stack, &name).await, "{} {marks}", key.0);
        }
    }
}

#[tokio::test]
async fn nobody_without_the_key_wipes_the_stack_or_changes_it() {
    let stack = Stack::read(Variant::Default);
    let person = confirmed(&stack.client()).await;
    let port = gate(&stack);
    for (method, path) in [
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/reset?init=1"),
        ("POST", "//_ministack/reset"),
        ("POST", "/%5Fministack/reset"),
        ("POST", "/_ministack/../_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/health"),
        ("GET", "/_ministack/ses/messages"),
        ("GET", "/_localstack/health"),
        ("GET", "/health"),
        ("PUT", "/_ministack/cfn-response/../reset"),
        (
            "POST",
            "/_ministack/cfn-response/0123456789abcdef0123456789abcdef",
        ),
    ] {
        for marks in ANOTHER_SITE.map(|(_, marks)| marks).into_iter().chain([""]) {
            for content in [
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
            ] {
                let sent = format!(
                    "{method} {path} HTTP/1.1\n{}\nContent-Type: {content}\n{marks}",
                    host(port)
                );
                let heard = send(port, &sent, b"").await;
                assert!(heard.is_nothing(), "{method} {path} {marks}: {heard:?}");
            }
        }
    }
    // It is all still there, and the key would have opened it.
    assert!(stack.profile(person.user_name()).await.is_object());
    let key = &stack.outputs.secret_access_key;
    let sent = format!(
        "GET /_ministack/health HTTP/1.1\n{}\nAuthorization: Bearer {key}",
        host(port)
    );
    assert_eq!(send(port, &sent, b"").await.status, 200);
}

#[tokio::test]
async fn no_page_uploads_or_reads_without_a_signature() {
    let stack = Stack::read(Variant::Default);
    let port = gate(&stack);
    let bucket = &stack.outputs.document_bucket;
    let form = "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nbulk/evil\r\n--x\r\n\
                Content-Disposition: form-data; name=\"file\"\r\n\r\nevil\r\n--x--\r\n";
    for marks in ANOTHER_SITE.map(|(_, marks)| marks).into_iter().chain([""]) {
        for (request, body) in [
            (format!("POST /{bucket} HTTP/1.1"), form),
            (format!("POST /{bucket}/ HTTP/1.1"), form),
            (format!("GET /{bucket}?list-type=2 HTTP/1.1"), ""),
            ("GET / HTTP/1.1".to_owned(), ""),
        ] {
            let sent = format!(
                "{request}\n{}\nContent-Type: multipart/form-data; boundary=x\n{marks}",
                host(port)
            );
            let heard = send(port, &sent, body.as_bytes()).await;
            assert!(heard.is_nothing(), "{request} {marks}: {heard:?}");
        }
    }
    assert_eq!(stack.versions(bucket, "bulk/evil").await, 0);
}

/// A form's body: its fields, and a picture behind them where there is one.
fn body_of(fields: &BTreeMap<String, String>, file: Option<&str>) -> String {
    let field = |(name, value): (&String, &String)| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let fields: String = fields.iter().map(field).collect();
    let file = file.map(|file| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\
             Content-Type: image/jpeg\r\n\r\n{file}\r\n"
        )
    });
    format!("{fields}{}--b--", file.unwrap_or_default())
}

/// Whoever asks for a sign-in is given a form, which is good for one upload and for nothing else.
#[tokio::test]
async fn a_form_is_good_for_its_bucket_and_for_an_upload_alone() {
    let stack = Stack::read(Variant::Default);
    let asked = stack.client().begin(&fresh_email(), None).await;
    let asked = challenge(asked, Step::Verify(Factor::Face));
    let fields = &asked.upload.fields;
    let bucket = &stack.outputs.document_bucket;
    let key = "somebodys/picture";
    stack.put_object(bucket, key, b"a picture".to_vec()).await;
    let whole = body_of(fields, Some("picture"));
    let deletes = format!(
        "<Delete><Object><Key>{key}</Key></Object><X><![CDATA[{}]]></X></Delete>",
        body_of(fields, None)
    );
    let port = port(&stack.outputs.s3_endpoint);
    let sent = async |path: &str, more: &str, body: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\nHost: 127.0.0.1:{port}\n{more}\
             Content-Type: multipart/form-data; boundary=b"
        );
        send(port, &head, body.as_bytes()).await
    };
    let sign_ins = &stack.outputs.sign_in_bucket;
    for path in [
        format!("/{bucket}?delete"),
        format!("/{bucket}"),
        format!("/{sign_ins}?delete"),
        format!("/{sign_ins}/"),
    ] {
        let answer = sent(&path, "", &deletes).await;
        assert!(answer.status >= 400, "{path}: {answer:?}");
    }
    assert_eq!(stack.versions(bucket, key).await, 1, "it is still there");
    // Another bucket's, or what is none to MiniStack.
    for path in [
        format!("/{bucket}"),
        "/clusters".into(),
        "/login".into(),
        "/oauth2".into(),
    ] {
        let answer = sent(&path, "", &whole).await;
        assert_eq!(answer.status, 403, "{path}: {answer:?}");
        assert!(
            answer.body.contains("<Code>AccessDenied</Code>"),
            "{answer:?}"
        );
    }
    // What names another service by its signature is no form.
    let ecs = "Authorization: AWS4-HMAC-SHA256 Cred=x/20260101/us-east-1/ecs/aws4_request\n";
    let answer = sent(&format!("/{sign_ins}"), ecs, &whole).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    // To its own bucket it is an upload, whatever else the request says that it is.
    let target = "X-Amz-Target: AmazonEC2ContainerServiceV20141113.CreateCluster\n";
    let answer = sent(&format!("/{sign_ins}"), target, &whole).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[tokio::test]
async fn the_mailbox_opens_for_the_key_and_for_no_page() {
    let stack = Stack::read(Variant::Default);
    let port = port(&stack.outputs.cognito_endpoint);
    let client = stack.client();
    let email = fresh_email();
    let _ = client
        .sign_up(&email, "correct-horse-1A", "1")
        .await
        .unwrap();
    let code = client.mailbox(&email).await.unwrap()[0].code.clone();
    let key = format!("Authorization: Bearer {}", stack.outputs.secret_access_key);
    let ask = async |extra: &str| {
        let sent = format!(
            "GET /_local/mailbox?to={email} HTTP/1.1\n{}\n{extra}",
            host(port)
        );
        send(port, &sent, b"").await
    };
    let heard = ask(&key).await;
    assert!(
        heard.status == 200 && heard.body.contains(&code),
        "{heard:?}"
    );
    for wrong in [
        "",
        "Authorization: Bearer ",
        "Authorization: Bearer local-developer-secret",
    ] {
        let heard = ask(wrong).await;
        assert!(
            heard.is_nothing() && !heard.body.contains(&code),
            "{wrong}: {heard:?}"
        );
    }
    let page = format!(
        "Origin: {}\nSec-Fetch-Site: cross-site",
        stack.outputs.web_url
    );
    for marks in ANOTHER_SITE
        .map(|(_, marks)| marks)
        .into_iter()
        .chain([page.as_str()])
    {
        for key in ["", &key] {
            let heard = ask(&format!("{marks}\n{key}")).await;
            assert!(
                heard.is_nothing() && !heard.body.contains(&code),
                "{marks}: {heard:?}"
            );
        }
    }
    let clock = format!(
        "POST /_local/clock HTTP/1.1\n{}\nContent-Type: application/json",
        host(port)
    );
    let heard = send(port, &clock, br#"{"offsetSeconds": 86400}"#).await;
    assert!(heard.is_nothing(), "{heard:?}");
}

/// What there is to ask a server for, ours and those that MiniStack opens for its functions.
const WORTH_ASKING: [(&str, &str); 11] = [
    ("GET", "/"),
    ("POST", "/"),
    ("GET", "/config.json"),
    ("GET", "/_local/health"),
    ("GET", "/_local/mailbox"),
    ("GET", "/_local/calls"),
    ("GET", "/_proxy/calls?after=0"),
    ("GET", "/_ministack/health"),
    ("GET", "/2018-06-01/runtime/invocation/next"),
    ("POST", "/2018-06-01/runtime/init/error"),
    ("OPTIONS", "/"),
];

#[tokio::test]
async fn every_server_of_the_stack_refuses_names_and_pages_that_are_not_its_own() {
    let stack = Stack::read(Variant::Default);
    // A function runs, and with it the interface that it is given its work by.
    confirmed(&stack.client()).await;
    let all = listeners(&folder());
    let known = [
        gate(&stack),
        proxy(&stack),
        port(&stack.outputs.cognito_endpoint),
        port(&stack.outputs.rekognition_endpoint),
        port(&stack.outputs.web_url),
    ];
    for port in known {
        assert!(
            all.iter().any(|(_, other)| *other == port),
            "{port}: {all:?}"
        );
    }
    assert!(
        all.len() > known.len(),
        "no function's interface is listed: {all:?}"
    );
    for (address, port) in all {
        assert_eq!(address, "0100007F", "port {port} is open to other machines");
        for (method, path) in WORTH_ASKING {
            for name in REBOUND {
                let sent = format!("{method} {path} HTTP/1.1\nHost: {name}:{port}");
                refused(port, &sent, &send(port, &sent, b"").await);
            }
            for (_, marks) in ANOTHER_SITE {
                let sent = format!("{method} {path} HTTP/1.1\n{}\n{marks}", host(port));
                refused(port, &sent, &send(port, &sent, b"").await);
            }
        }
        for sent in [
            "GET / HTTP/1.1".to_owned(),
            format!("GET / HTTP/1.1\n{}\nHost: evil.example", host(port)),
            format!("GET / HTTP/1.1\nHost: evil.example\n{}", host(port)),
            format!("GET / HTTP/1.1\nHost: 127.0.0.1:{port}@evil.example"),
            format!("GET http://evil.example:{port}/ HTTP/1.1\nHost: evil.example:{port}"),
            format!(
                "GET / HTTP/1.1\n{}\nUpgrade: websocket\nOrigin: https://evil.example\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                host(port)
            ),
        ] {
            refused(port, &sent, &send(port, &sent, b"").await);
        }
    }
}

fn refused(port: u16, sent: &str, heard: &Heard) {
    assert!(heard.is_nothing(), "port {port}: {sent}\n{heard:?}");
}

#[tokio::test]
async fn the_page_may_call_cognito_and_upload_and_nothing_else() {
    let stack = Stack::read(Variant::Default);
    let page = &stack.outputs.web_url;
    let cognito = port(&stack.outputs.cognito_endpoint);
    let gate = gate(&stack);
    let bucket = format!("/{}", stack.outputs.document_bucket);
    let preflight = |port: u16, path: &str, origin: &str| {
        format!(
            "OPTIONS {path} HTTP/1.1\n{}\nOrigin: {origin}\nSec-Fetch-Site: cross-site\n\
             Access-Control-Request-Method: POST",
            host(port)
        )
    };
    for (port, path) in [(cognito, "/"), (gate, bucket.as_str())] {
        let heard = send(port, &preflight(port, path, page), b"").await;
        assert!((200..300).contains(&heard.status), "{path}: {heard:?}");
        assert_eq!(
            heard.header("access-control-allow-origin"),
            Some(page.as_str())
        );
        let other = preflight(port, path, "http://localhost:8080");
        refused(port, &other, &send(port, &other, b"").await);
    }
    let ask = format!(
        "POST / HTTP/1.1\n{}\nOrigin: {page}\nSec-Fetch-Site: cross-site\n\
         Content-Type: application/x-amz-json-1.1\n\
         X-Amz-Target: AWSCognitoIdentityProviderService.ForgotPassword",
        host(cognito)
    );
    let request = json!({"ClientId": stack.outputs.user_pool_client_id, "Username": fresh_email()});
    let heard = send(cognito, &ask, request.to_string().as_bytes()).await;
    assert_eq!(heard.status, 200, "{heard:?}");
    assert_eq!(
        heard.header("access-control-allow-origin"),
        Some(page.as_str())
    );
    for (port, path) in [
        (cognito, "/_local/mailbox"),
        (cognito, "/_local/clock"),
        (cognito, "/_local/ses"),
        (cognito, "/v2/email/outbound-emails"),
        (gate, "/"),
        (gate, "/2015-03-31/functions"),
        (gate, "/_ministack/reset"),
        (port_of_recognition(&stack), "/"),
    ] {
        let sent = preflight(port, path, page);
        refused(port, &sent, &send(port, &sent, b"").await);
    }
}

fn port_of_recognition(stack: &Stack) -> u16 {
    port(&stack.outputs.rekognition_endpoint)
}

#[tokio::test]
async fn recognition_is_for_those_who_sign() {
    let stack = Stack::read(Variant::Default);
    let port = port_of_recognition(&stack);
    let sent = format!(
        "POST / HTTP/1.1\n{}\nContent-Type: application/x-amz-json-1.1\n\
         X-Amz-Target: RekognitionService.ListFaces",
        host(port)
    );
    let faces = json!({"CollectionId": stack.by_name["FaceCollection"]});
    refused(
        port,
        &sent,
        &send(port, &sent, faces.to_string().as_bytes()).await,
    );
    let faces = stack.recognition("ListFaces", &faces).await;
    assert!(faces["Faces"].is_array());
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_holds_the_key_is_the_developers_alone() {
    let dir = folder();
    assert_eq!(mode(dir.parent().unwrap()), 0o700);
    assert_eq!(mode(&dir.join("outputs.json")), 0o600);
    assert_eq!(mode(&dir.join("stack.json")), 0o600);
    assert_eq!(mode(&dir.join("run")), 0o700);
    let socket = dir.join("run/aws.sock");
    assert!(fs::metadata(&socket).unwrap().file_type().is_socket());
    assert_eq!(mode(&socket), 0o600);
}
