//! Clients that others make sign up, enrol and sign in, unmodified but for their endpoints.
//!
//! Each is a script in `clients/`, which is told a stack's outputs and pictures and says in the
//! end what it saw. Those for Amplify and boto3 go through what `examples/` shows; and the examples'
//! own programs are run as their readers run them.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::document::checkout;
use e2e::pictures;
use e2e::program::{output, seen};
use e2e::stack::{Stack, Variant, fresh_email};
use serde::Deserialize;
use signin_client::Tokens;
use signin_client::samples::parts;
use tokio::process::Command;

/// Wrong attempts that end a session.
const TRIES: usize = 3;

/// What a client saw.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Seen {
    /// The address it signed up with.
    email: String,
    /// The first sign-in: with the password, a document and a face.
    enrolment: SignedIn,
    /// Whether the session was over after it had signed out.
    signed_out: bool,
    /// The second sign-in, with another picture.
    face_alone: SignedIn,
    /// The third, with somebody else's.
    impostor: Refused,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SignedIn {
    rounds: Vec<Round>,
    identity_token: String,
    access_token: String,
    /// The account, asked with the access token; none where the token does not open it.
    account: Option<Account>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    sub: String,
    email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    rounds: Vec<Round>,
    /// The name of the error that ended the session.
    refusal: Option<String>,
}

/// What a challenge asked for, and why the attempt before it did not pass.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Round {
    step: String,
    reason: Option<String>,
}

#[tokio::test]
async fn boto3_enrols_and_signs_in_by_face_and_an_impostor_does_not() {
    holds("boto3", python(&clients().join("boto3_client.py"))).await;
}

#[tokio::test]
async fn amplify_enrols_and_signs_in_by_face_and_an_impostor_does_not() {
    holds(
        "amplify",
        node(&examples().join("amplify"), &clients().join("amplify.mjs")),
    )
    .await;
}

#[tokio::test]
async fn identity_js_enrols_and_signs_in_by_face_and_an_impostor_does_not() {
    let folder = clients().join("identity-js");
    holds("identity-js", node(&folder, &folder.join("client.mjs"))).await;
}

#[tokio::test]
async fn the_example_for_amplify_runs_as_its_readers_run_it() {
    let folder = examples().join("amplify");
    runs("amplify-example", node(&folder, &folder.join("main.mjs"))).await;
}

#[tokio::test]
async fn the_example_for_boto3_runs_as_its_readers_run_it() {
    runs("boto3-example", python(&examples().join("boto3/main.py"))).await;
}

/// Runs an example's program, and holds what it says to what its reader expects.
async fn runs(example: &str, mut program: Command) {
    let stack = Stack::read(Variant::Default);
    let email = fresh_email();
    let mut files = arguments(example, &stack).into_iter();
    program.args(files.next()).arg(&email).args(files.take(3));
    let printed = output(example, alone(program)).await;
    let opened = printed.starts_with(&format!("{email} has an account.\n"));
    assert!(opened, "{printed}");
    let steps = printed.lines().filter(|line| line.starts_with("Signed in"));
    let expected = ["Signed in by PASSWORD+ENROL+FACE.", "Signed in by FACE."];
    assert_eq!(steps.collect::<Vec<_>>(), expected, "{printed}");
}

/// A script that runs in Node.js, whose library has been installed in a folder.
fn node(folder: &Path, script: &Path) -> Command {
    assert!(
        folder.join("node_modules").is_dir(),
        "the library of {} is not installed; run: cargo xtask test e2e",
        folder.display()
    );
    let mut command = Command::new("node");
    command.arg(script);
    command
}

/// A script that runs in the clients' Python.
fn python(script: &Path) -> Command {
    let python = parts().join("clients/bin/python");
    let shown = python.display();
    assert!(
        python.is_file(),
        "{shown} is not there; run: cargo xtask test e2e"
    );
    let mut command = Command::new(python);
    // Nothing is left in the examples' folder.
    command.arg("-B").arg(script);
    command
}

/// Runs a client's script and holds what it saw to what every client must see.
async fn holds(client: &str, mut script: Command) {
    let stack = Stack::read(Variant::Default);
    script.args(arguments(client, &stack));
    let seen = run(client, script).await;

    assert_eq!(asked(&seen.enrolment.rounds), ["ENROL", "FACE"]);
    assert_eq!(asked(&seen.face_alone.rounds), ["FACE"]);
    let account = seen.enrolment.account.as_ref();
    let account = account.expect("password and face open the account");
    assert_eq!(account.email, seen.email);
    let closed = seen.face_alone.account.as_ref();
    assert!(closed.is_none(), "{client}: a face alone opens {closed:?}");
    for signed_in in [&seen.enrolment, &seen.face_alone] {
        let tokens = Tokens {
            identity: signed_in.identity_token.clone(),
            access: signed_in.access_token.clone(),
            refresh: None,
        };
        let claims = stack.client().verify(&tokens).await;
        let claims = claims.unwrap_or_else(|error| panic!("{client}: {error}"));
        assert_eq!(claims.identity.sub, account.sub);
        assert_eq!(claims.identity.others["email"], *seen.email);
    }
    assert!(seen.signed_out, "{client} was still signed in");

    let expected = ["FACE", "FACE after NO_MATCH", "FACE after NO_MATCH"];
    assert_eq!(asked(&seen.impostor.rounds), expected);
    let refusal = seen.impostor.refusal.as_deref();
    assert_eq!(refusal, Some("NotAuthorizedException"));
}

/// What was asked for, in words. How long an enrolment takes is the machine's affair: rounds that
/// only say that it goes on are left out.
fn asked(rounds: &[Round]) -> Vec<String> {
    let words = |round: &Round| match round.reason.as_deref() {
        None => Some(round.step.clone()),
        Some("PENDING") => None,
        Some(reason) => Some(format!("{} after {reason}", round.step)),
    };
    rounds.iter().filter_map(words).collect()
}

/// A script's arguments: the files of the stack's outputs and of pictures that nobody has sent.
fn arguments(client: &str, stack: &Stack) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(client);
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    let outputs = serde_json::to_vec(&stack.by_name).expect("texts become JSON");
    let mut files = vec![
        ("outputs.json".to_owned(), outputs),
        ("document.jpg".to_owned(), pictures::document()),
        ("live.jpg".to_owned(), pictures::live()),
        ("live-again.jpg".to_owned(), pictures::live()),
    ];
    files.extend((0..TRIES).map(|number| (format!("impostor-{number}.jpg"), pictures::other())));
    let write = |(name, content): (String, Vec<u8>)| {
        let path = folder.join(name);
        fs::write(&path, content).expect("the target folder can be written to");
        path
    };
    files.into_iter().map(write).collect()
}

/// Runs a script and reads what it saw from its last line.
async fn run(client: &str, script: Command) -> Seen {
    seen(client, alone(script)).await
}

/// A program that knows the programs' folders and nothing else of this environment: no proxy, no
/// credentials and no settings of an AWS account's.
fn alone(mut program: Command) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    program.env_clear().env("PATH", path);
    program
}

/// The folder of the examples.
fn examples() -> PathBuf {
    checkout().join("examples")
}

/// The folder of the clients' scripts.
fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}
