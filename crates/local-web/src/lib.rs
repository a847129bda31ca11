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
    "SignInPolicy",
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

/// What the page may load and call: itself, WebAssembly, its own camera, Cognito and the buckets.
fn content_security_policy(outputs: &Map<String, Value>) -> Result<HeaderValue, InvalidOutputs> {
    let endpoints: Vec<&str> = ["CognitoEndpoint", "S3Endpoint"]
        .iter()
        .filter_map(|name| outputs.get(*name)?.as_str())
        .collect();
    let policy = [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        &format!("connect-src 'self' {}", endpoints.join(" ")),
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

    const OUTPUTS: &str = r#"{
        "UserPoolId": "us-east-1_EXAMPLE",
        "CognitoEndpoint": "http://127.0.0.1:4568",
        "S3Endpoint": "http://127.0.0.1:4566",
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
            let connect = "connect-src 'self' http://127.0.0.1:4568 http://127.0.0.1:4566;";
            assert!(policy.contains(connect), "{path}: {policy}");
        }
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
