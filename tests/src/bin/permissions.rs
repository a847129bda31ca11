//! What the template allows each function, held to what the functions were seen to call.
//!
//! That nothing is called which is not allowed, the stacks see to themselves: their IAM is on. Here it
//! is the other way round: an action that is allowed and that no call was for, in all of the
//! end-to-end tests and attacks, is either needed no more or tested by nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use e2e::events::functions;
use e2e::stack::{Stack, Variant};
use e2e::template::Template;

/// Actions that are allowed for another reason than a call that a test can make.
const WITHOUT_A_CALL: [(&str, &str, &str); 11] = [
    (
        "create-collection",
        "rekognition:DeleteCollection",
        "only when the stack is deleted, and the tests' stacks are not",
    ),
    (
        "create-collection",
        "s3:ListBucketVersions",
        "only when the stack is deleted",
    ),
    (
        "create-collection",
        "s3:DeleteObjectVersion",
        "only when the stack is deleted",
    ),
    (
        "create-auth-challenge",
        "s3:PutObject",
        "it signs the form by which the client uploads",
    ),
    (
        "verify-auth-challenge",
        "s3:GetObjectVersion",
        "Rekognition reads what it compares with the rights of whoever calls it",
    ),
    (
        "verify-auth-challenge",
        "s3:ListBucket",
        "without it S3 does not tell a missing object from a forbidden one",
    ),
    (
        "index-images",
        "s3:ListBucket",
        "without it S3 does not tell a missing object from a forbidden one",
    ),
    (
        "send-mail",
        "dynamodb:DescribeStream",
        "Lambda reads the stream with the rights of the function that it calls",
    ),
    (
        "send-mail",
        "dynamodb:GetRecords",
        "Lambda reads the stream with the rights of the function that it calls",
    ),
    (
        "send-mail",
        "dynamodb:GetShardIterator",
        "Lambda reads the stream with the rights of the function that it calls",
    ),
    (
        "send-mail",
        "dynamodb:ListStreams",
        "Lambda reads the stream with the rights of the function that it calls",
    ),
];

/// The product's own functions, under every set of parameters.
const VARIANTS: [Variant; 8] = [
    Variant::Default,
    Variant::Password,
    Variant::Compare,
    Variant::Data,
    Variant::Mesh,
    Variant::Chains,
    Variant::Mailed,
    Variant::Lite,
];

#[tokio::main]
async fn main() -> ExitCode {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let seen = Stack::read(Variant::Default).proxy().actions().await;
    for variant in VARIANTS {
        let callers = Stack::read(variant).callers().await;
        for (id, executable) in callers {
            let actions = seen.get(&id).cloned().unwrap_or_default();
            used.entry(executable).or_default().extend(actions);
        }
    }
    let template = Template::read();
    let mut wrong = Vec::new();
    for executable in functions() {
        let allowed = template.actions_of(&executable);
        let used = used.remove(&executable).unwrap_or_default();
        println!(
            "{executable}: {} allowed, {} used",
            allowed.len(),
            used.len()
        );
        let explained: BTreeSet<String> = WITHOUT_A_CALL
            .iter()
            .filter(|(of, ..)| *of == executable)
            .map(|(_, action, _)| (*action).to_owned())
            .collect();
        for action in allowed.difference(&used) {
            if !explained.contains(action) {
                wrong.push(format!("{executable} may {action}, and no call was for it"));
            }
        }
        for action in used.difference(&allowed) {
            wrong.push(format!("{executable} called for {action}, and may not"));
        }
        for action in explained.difference(&allowed) {
            wrong.push(format!(
                "{executable} may not {action}, which is listed without a call"
            ));
        }
    }
    for line in &wrong {
        println!("{line}");
    }
    if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
