//! Programs of others' that tests run: clients, the AWS CLI, comparisons in Python.

use std::process::Stdio;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::process::Command;
use tokio::time::timeout;

/// How long a program may take before the test gives it up. Without a bound, one that hangs would
/// hang the tests.
const PATIENCE: Duration = Duration::from_mins(5);

/// Runs a program to its success and returns what it printed to stdout.
pub async fn output(name: &str, mut program: Command) -> String {
    let running = program.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(PATIENCE, running)
        .await
        .unwrap_or_else(|_| panic!("{name} does not come to an end"))
        .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
    assert!(
        output.status.success(),
        "{name} failed ({}):\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("programs print text")
}

/// Runs a program whose last line says as JSON what it saw.
pub async fn seen<T: DeserializeOwned>(name: &str, program: Command) -> T {
    let printed = output(name, program).await;
    let last = printed.lines().last().unwrap_or_default();
    serde_json::from_str(last)
        .unwrap_or_else(|error| panic!("{name}: the last line is not what it saw: {error}"))
}
