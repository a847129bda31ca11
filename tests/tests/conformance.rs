//! The local stand-ins for AWS against what AWS says of itself, and against another stand-in.
//!
//! Each is a program in `conformance/`, which is told a stack's outputs and says in the end what was
//! not as it should be.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::program::seen;
use e2e::stack::{Stack, Variant};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use signin_client::samples::parts;
use tokio::process::Command;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Constraints {
    /// Those that the pool serves.
    operations: Vec<String>,
    sent: usize,
    wrong: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Compared {
    compared: usize,
    wrong: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forms {
    posted: usize,
    wrong: Vec<String>,
}

#[tokio::test]
async fn every_constraint_of_cognitos_api_model_is_kept() {
    let seen: Constraints = run("constraints").await;
    assert!(seen.wrong.is_empty(), "{}", seen.wrong.join("\n"));
    // As many as the pool serves: fewer would mean that the program did not find them.
    assert_eq!(seen.operations.len(), 29, "{:?}", seen.operations);
    assert!(seen.sent > 1_000, "only {} requests were sent", seen.sent);
}

#[tokio::test]
async fn the_local_user_pool_differs_from_another_one_only_where_it_says_why() {
    let seen: Compared = run("two_pools").await;
    assert!(seen.wrong.is_empty(), "{}", seen.wrong.join("\n"));
    assert!(seen.compared > 100, "only {} were compared", seen.compared);
}

#[tokio::test]
async fn a_bucket_answers_forms_as_s3_does() {
    let seen: Forms = run("forms").await;
    assert!(seen.wrong.is_empty(), "{}", seen.wrong.join("\n"));
    assert!(seen.posted > 30, "only {} were posted", seen.posted);
}

/// Runs a program on a stack and reads what it saw from its last line. It knows nothing of this
/// environment: no proxy, no credentials and no settings of an AWS account's.
async fn run<T: DeserializeOwned>(program: &str) -> T {
    let stack = Stack::read(Variant::Default);
    let outputs = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{program}.json"));
    let text = serde_json::to_vec(&stack.by_name).expect("texts become JSON");
    fs::write(&outputs, text).expect("the target folder can be written to");
    let python = parts().join("clients/bin/python");
    let shown = python.display();
    assert!(
        python.is_file(),
        "{shown} is not there; run: cargo xtask test e2e"
    );
    let mut command = Command::new(python);
    command
        .env_clear()
        // Python would otherwise leave what it has compiled beside the sources.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(programs().join(format!("{program}.py")))
        .arg(outputs);
    seen(program, command).await
}

fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}
