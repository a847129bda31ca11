//! What the rows share.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::proxy::Call;
use e2e::stack::Stack;
use serde_json::{Value, json};
use signin_core::budget::CHALLENGE_LEASE;
use signin_core::lockout::Path;

/// Lets every lease of a user's be over that a call has left which is dead, as time would.
pub(crate) async fn leases_are_over(stack: &Stack, user: &str) {
    for (partition, sort) in stack.records_of(user).await {
        stack.end_lease(&partition, &sort).await;
    }
    stack.time_passes(user, 2 * CHALLENGE_LEASE).await;
}

/// Failures that stand against a user, whatever the path.
pub(crate) async fn failures(stack: &Stack, user: &str) -> u32 {
    let mut failures = 0;
    for path in Path::ALL {
        failures += stack.failures(user, path).await;
    }
    failures
}

/// What is left of somebody who has signed in and belongs to nothing: faces without a record or too
/// many, documents.
pub(crate) async fn leftovers(stack: &Stack, user: &str, enrolments: &[String]) -> Vec<String> {
    let mut left = Vec::new();
    let mut own: BTreeSet<String> = enrolments.iter().cloned().collect();
    own.extend(stack.enrolments_of(user).await);
    let faces = async || {
        let all = stack.enrolments_of_faces().await;
        all.iter().filter(|id| own.contains(*id)).count()
    };
    if faces().await > 1 {
        // What was replaced is undone later, by itself. Whatever else is owed on this stack, and may
        // be broken, is others' business.
        leases_are_over(stack, user).await;
        let swept = stack.sweep(Duration::ZERO).await;
        let faces = faces().await;
        if faces > 1 {
            let mut states = Vec::new();
            for id in stack.enrolments_of(user).await {
                let record = stack.enrolment(user, &id).await;
                states.push((record["state"]["S"].clone(), record["owedAt"]["N"].clone()));
            }
            left.push(format!(
                "{faces} faces of theirs in the collection after a sweep ({swept:?}), and on record: \
                 {states:?}"
            ));
        }
    }
    let profile = stack.profile(user).await;
    let recorded = profile["faces"]["M"]
        .as_object()
        .map_or(0, serde_json::Map::len);
    if recorded != 1 {
        left.push(format!("{recorded} faces in the profile"));
    }
    left
}

/// Whether every trigger that Cognito called for somebody answered before Cognito gave it up, to call
/// again; what is wrong otherwise. (That the functions mean to answer a second earlier stands in
/// `core::budget`; what a busy machine adds is not theirs.)
pub(crate) fn late(calls: &[Call]) -> Option<String> {
    let mut triggers = calls
        .iter()
        .filter(|call| call.operation.starts_with("Invoke:"));
    triggers.find_map(|call| match call.milliseconds {
        Some(_) if call.status == Some(200) => None,
        taken => {
            let name = trigger(&call.operation);
            Some(format!(
                "{name} took {taken:?} ms, status {:?}",
                call.status
            ))
        }
    })
}

/// The trigger of a function's name.
fn trigger(operation: &str) -> String {
    let name = operation.trim_start_matches("Invoke:");
    let name = name.split("Function").next().unwrap_or(name);
    name.rsplit('-').next().unwrap_or(name).to_owned()
}

/// A rule for the calls of somebody's own.
pub(crate) fn rule(operation: &str, skip: u32, any_of: &[String], fault: &str) -> Value {
    json!({"operation": operation, "any_of": any_of, "skip": skip, "fault": fault})
}

/// A picture as the whole of an answer.
pub(crate) fn data_url(picture: &[u8]) -> String {
    format!("data:image/jpeg;base64,{}", STANDARD.encode(picture))
}
