//! The proxy's own interface, under `/_proxy/`.

use bytes::Bytes;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fault::Rule;
use crate::record::State;

/// Answers a request for the proxy itself.
pub(crate) async fn control(
    state: &State,
    method: &Method,
    path: &str,
    query: &str,
    body: &Bytes,
) -> (StatusCode, Value) {
    let not_found = (
        StatusCode::NOT_FOUND,
        json!({"message": "there is nothing here"}),
    );
    let segments: Vec<&str> = path.split('/').collect();
    let id = |text: &str| text.parse::<u64>().ok();
    match (method.as_str(), segments.as_slice()) {
        ("GET", ["health"]) => (StatusCode::OK, json!({})),
        ("POST", ["rules"]) => match serde_json::from_slice::<Rule>(body) {
            Ok(rule) => (StatusCode::OK, json!({"id": state.add(rule)})),
            Err(error) => (
                StatusCode::BAD_REQUEST,
                json!({"message": format!("expected a rule: {error}")}),
            ),
        },
        ("GET", ["rules", rule]) => {
            let Some(id) = id(rule) else { return not_found };
            let wants_held = query.split('&').any(|part| part == "held=true");
            let wants_bitten = query
                .split('&')
                .find_map(|part| part.strip_prefix("bitten=")?.parse().ok())
                .unwrap_or(0);
            loop {
                let changed = state.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                match state.progress(id) {
                    None => return not_found,
                    Some(progress) if wants_held && progress.held == 0 => changed.await,
                    Some(progress) if progress.bitten < wants_bitten => changed.await,
                    Some(progress) => return (StatusCode::OK, json!(progress)),
                }
            }
        }
        ("POST", ["rules", rule, "release"]) => match id(rule) {
            Some(id) if state.release(id) => (StatusCode::OK, json!({})),
            _ => not_found,
        },
        ("DELETE", ["rules", rule]) => match id(rule) {
            Some(id) if state.remove(id) => (StatusCode::OK, json!({})),
            _ => not_found,
        },
        ("GET", ["actions"]) => (StatusCode::OK, json!(state.actions())),
        ("GET", ["calls"]) => {
            let values = |name: &str| -> Vec<String> {
                let parts = query.split('&').filter_map(|part| part.split_once('='));
                parts
                    .filter(|(found, _)| *found == name)
                    .map(|(_, value)| value.to_owned())
                    .collect()
            };
            let after = values("after").first().and_then(|text| text.parse().ok());
            let calls = state.calls(after.unwrap_or(0), &values("containing"), &values("any"));
            (
                StatusCode::OK,
                json!({"newest": state.newest(), "calls": calls}),
            )
        }
        _ => not_found,
    }
}
