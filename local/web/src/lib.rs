//! Serves the built page as a host of static files would: the files, the stack's outputs as
//! `config.json`, and the headers that the page's README asks of every host.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::{Map, Value};
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// What of a stack's outputs the page may know: everything that is needed to call Cognito, and
/// nothing that opens anything.
const PUBLIC: [&str; 7] = [
    "CognitoEndpoint",
    "ConsentVersion",
    "FaceDataModel",
    "KeepDocuments",
    "SignInChains",
    "UserPoolClientId",
    "UserPoolId",
];

/// Outputs from which the page cannot be served; the message says what was expected.
#[derive(Debug, thiserror::Error)]
pub enum InvalidOutputs {
    /// The file cannot be read.
    #[error("cannot read the stack's outputs: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file is not one flat JSON object.
    #[error("expected the stack's outputs as one JSON object: {0}")]
    NotAnObject(#[from] serde_json::Error),
    /// Without it the page could not be told what it may call.
    #[error("expected {0} among the stack's outputs")]
    Missing(&'static str),
    /// An endpoint that cannot stand in a header.
    #[error("expected addresses among the stack's outputs, found a control character")]
    NotAnAddress,
}

/// The page in a folder, for the stack whose outputs a file holds.
pub fn router(pages: &Path, outputs: &Path) -> Result<Router, InvalidOutputs> {
    let outputs: Map<String, Value> = serde_json::from_slice(&fs::read(outputs)?)?;
    let policy = content_security_policy(&outputs)?;
    let public = outputs
        .into_iter()
        .filter(|(name, _)| PUBLIC.contains(&name.as_str()));
    let config: Arc<str> = Value::Object(public.collect()).to_string().into();
    let config = get(move || async move {
        (
            [(header::CONTENT_TYPE, "application/json")],
            config.to_string(),
        )
    });
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    // Vite names these files after their content.
    let named = Router::new()
        .fallback_service(ServeDir::new(pages.join("assets")))
        .layer(SetResponseHeaderLayer::overriding(
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ));
    Ok(Router::new()
        .route("/config.json", config)
        .route("/_local/health", get(|| async { "ok\n" }))
        .nest("/assets", named)
        .fallback_service(ServeDir::new(pages).fallback(get(not_found)))
        .layer(CompressionLayer::new())
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-cache"),
        ))
        .layer(SetResponseHeaderLayer::overriding(
            header::CONTENT_SECURITY_POLICY,
            policy,
        ))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(
            HeaderName::from_static("permissions-policy"),
            "camera=(self), microphone=(), geolocation=()",
        ))
        .layer(fixed(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        )))
}

async fn not_found() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, "there is no such file\n")
}

/// What the page may load and call: itself, WebAssembly, its own camera, Cognito and the stack's own
/// two buckets, in which nothing that is injected could leave a picture for somebody else.
fn content_security_policy(outputs: &Map<String, Value>) -> Result<HeaderValue, InvalidOutputs> {
    let output = |name: &'static str| {
        let value = outputs.get(name).and_then(Value::as_str);
        value.ok_or(InvalidOutputs::Missing(name))
    };
    let cognito = output("CognitoEndpoint")?;
    let buckets = output("S3Endpoint")?;
    let documents = output("DocumentBucket")?;
    let sign_ins = output("SignInBucket")?;
    let policy = [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        // A path that ends with a slash stands for all below it (Content Security Policy, W3C, 6.7.2.12).
        &format!("connect-src 'self' {cognito} {buckets}/{documents}/ {buckets}/{sign_ins}/"),
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    .join("; ");
    HeaderValue::from_str(&policy).map_err(|_| InvalidOutputs::NotAnAddress)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use axum::body::Body;
    use axum::http::{Request, Response};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    /// Every place that names what the page reads names the same, and the template has it.
    #[test]
    fn the_page_is_told_what_it_reads_by_every_host() {
        let read = |path: &str| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            fs::read_to_string(root.join(path)).unwrap()
        };
        let template = read("template.yaml");
        let (_, outputs) = template.split_once("\nOutputs:\n").unwrap();
        let page = read("web/src/client/outputs.ts");
        let hosts = ["web/scripts/host.mjs", "examples/html/serve.mjs"].map(read);
        for name in PUBLIC {
            // That of the real Cognito follows from the pool's region.
            if name != "CognitoEndpoint" {
                let output = format!("\n  {name}:\n");
                assert!(format!("\n{outputs}").contains(&output), "{name}");
                let told = hosts.iter().all(|host| host.contains(&format!("'{name}'")));
                assert!(told, "{name}");
            }
        }
        let asked = ["required('", "oneOf('", "chains('"];
        let asked = asked.into_iter().flat_map(|call| page.split(call).skip(1));
        let mut asked: Vec<&str> = asked.filter_map(|rest| rest.split('\'').next()).collect();
        asked.push("CognitoEndpoint");
        asked.sort_unstable();
        assert_eq!(asked, PUBLIC);
    }

    const OUTPUTS: &str = r#"{
        "UserPoolId": "us-east-1_EXAMPLE",
        "CognitoEndpoint": "http://127.0.0.1:4568",
        "S3Endpoint": "http://127.0.0.1:4566",
        "DocumentBucket": "documents",
        "SignInBucket": "sign-ins",
        "AccessKeyId": "local-developer",
        "SecretAccessKey": "local-developer-secret"
    }"#;

    async fn get(path: &str) -> (Response<()>, String) {
        let folder = tempfile::tempdir().unwrap();
        let outputs = folder.path().join("outputs.json");
        fs::write(&outputs, OUTPUTS).unwrap();
        let pages = folder.path().join("dist");
        fs::create_dir_all(pages.join("assets")).unwrap();
        fs::write(pages.join("index.html"), "<p>the page</p>").unwrap();
        fs::write(pages.join("assets/index-1.js"), "1").unwrap();
        let router = router(&pages, &outputs).unwrap();
        let request = Request::get(path).body(Body::empty()).unwrap();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        (Response::from_parts(parts, ()), text)
    }

    #[tokio::test]
    async fn the_page_learns_nothing_that_opens_anything() {
        let (response, text) = get("/config.json").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(text.contains("us-east-1_EXAMPLE"), "{text}");
        assert!(!text.contains("developer"), "{text}");
    }

    #[tokio::test]
    async fn every_answer_says_what_the_page_may_load_and_call() {
        for path in ["/", "/config.json", "/assets/index-1.js", "/missing"] {
            let (response, _) = get(path).await;
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap();
            assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
            let connect = "connect-src 'self' http://127.0.0.1:4568 \
                           http://127.0.0.1:4566/documents/ http://127.0.0.1:4566/sign-ins/;";
            assert!(policy.contains(connect), "{path}: {policy}");
        }
    }

    #[test]
    fn no_page_is_served_that_could_not_be_told_what_to_call() {
        let outputs: Map<String, Value> = serde_json::from_str(OUTPUTS).unwrap();
        for name in [
            "CognitoEndpoint",
            "S3Endpoint",
            "DocumentBucket",
            "SignInBucket",
        ] {
            let mut lacking = outputs.clone();
            lacking.remove(name);
            let error = content_security_policy(&lacking).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[tokio::test]
    async fn any_host_is_asked_for_the_headers_that_are_sent_here() {
        let (response, _) = get("/").await;
        let readme = include_str!("../../../web/README.md");
        let rows = readme.lines().filter_map(|line| {
            let (name, value) = line
                .strip_prefix("| `")?
                .strip_suffix("` |")?
                .split_once("` | `")?;
            response.headers().get(name).map(|sent| (name, value, sent))
        });
        let mut asked = 0;
        for (name, value, sent) in rows {
            let sent = sent.to_str().unwrap();
            let (mut sent, mut value) = (sent.to_owned(), value.to_owned());
            if name == "Content-Security-Policy" {
                // Which hosts those are is another matter on AWS: each bucket's has its name.
                let buckets = ["<DocumentBucket>", "<SignInBucket>"]
                    .map(|bucket| format!("https://{bucket}.s3.<Region>.amazonaws.com"));
                let cognito = "https://cognito-idp.<Region>.amazonaws.com";
                let on_aws = format!("{cognito} {}", buckets.join(" "));
                let here = "http://127.0.0.1:4568 http://127.0.0.1:4566/documents/ \
                            http://127.0.0.1:4566/sign-ins/";
                assert!(value.contains(&on_aws), "{value}");
                value = value.replace(&on_aws, "");
                sent = sent.replace(here, "");
                assert!(!value.contains('*'), "{value}");
            }
            assert_eq!(sent, value, "{name}");
            asked += 1;
        }
        assert_eq!(asked, 4);
    }

    #[tokio::test]
    async fn files_are_served_and_nothing_outside_their_folder() {
        assert_eq!(get("/").await.1, "<p>the page</p>");
        let (script, _) = get("/assets/index-1.js").await;
        let kept = script.headers()[header::CACHE_CONTROL].to_str().unwrap();
        assert!(kept.contains("immutable"));
        for path in [
            "/outputs.json",
            "/../outputs.json",
            "/assets/../../outputs.json",
        ] {
            assert_eq!(get(path).await.0.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
