//! What the documents tell people to do, done: each of their lines as it stands there.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use e2e::document::{self, block, checkout};
use e2e::lambda::addresses;
use e2e::people::{
    Person, asked_for_face, enrol, enrolled, inline, refused, reset, tokens, with_a_new_password,
};
use e2e::pictures;
use e2e::program::output;
use e2e::stack::{Stack, Variant, fresh_email};
use regex_lite::Regex;
use signin_client::SignedUp;
use signin_client::samples::parts;
use signin_core::factor::Factor;
use signin_core::lockout::{FAILURES_TO_LOCK, Path as Way};
use signin_core::reason::Reason;
use signin_core::step::Step;
use tokio::process::Command;

/// Where operators are told what to do.
const OPERATIONS: &str = "docs/operations.md";

/// An operator at a shell, in whose folder a portrait lies.
struct Operator<'a> {
    stack: &'a Stack,
    name: String,
    folder: PathBuf,
}

impl<'a> Operator<'a> {
    fn of(stack: &'a Stack, variant: Variant, task: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("operator")
            .join(task);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("portrait.jpg"), pictures::document()).unwrap();
        Self {
            stack,
            name: variant.stack_name(),
            folder,
        }
    }

    /// Follows the page for operators: the lines with which it begins, then those that are named.
    async fn follows(&self, email: &str, begins: &[&str]) {
        let start = block(OPERATIONS, "stack=face-sign-in\n");
        let lines = begins.iter().map(|begins| block(OPERATIONS, begins));
        let lines = lines.collect::<Vec<_>>().concat();
        let start = start.replace("email=ada@example.com\n", &format!("email={email}\n"));
        self.runs(&format!("{start}\n{lines}")).await;
    }

    /// Invites somebody; their address.
    async fn invites(&self) -> String {
        let email = fresh_email();
        self.follows(&email, &["aws cognito-idp admin-create-user"])
            .await;
        email
    }

    /// Runs lines that somebody is told to run; what they print.
    async fn runs(&self, lines: &str) -> String {
        // The suites' stacks stand side by side.
        let script = lines
            .replace("stack=face-sign-in\n", &format!("stack={}\n", self.name))
            .replace(
                "--stack-name face-sign-in ",
                &format!("--stack-name {} ", self.name),
            );
        let outputs = &self.stack.outputs;
        let tools = parts().join("clients/bin");
        let path = std::env::var("PATH").unwrap();
        let mut shell = Command::new("bash");
        shell
            .args(["-euo", "pipefail", "-c", &script])
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", format!("{}:{path}", tools.display()))
            .env("HOME", &self.folder)
            // What `cargo xtask env` prints.
            .env("AWS_DEFAULT_REGION", &outputs.region)
            .env("AWS_ACCESS_KEY_ID", &outputs.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &outputs.secret_access_key)
            .env("AWS_ENDPOINT_URL", &outputs.s3_endpoint)
            .env(
                "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
                &outputs.cognito_endpoint,
            )
            .env(
                "AWS_ENDPOINT_URL_REKOGNITION",
                &outputs.rekognition_endpoint,
            )
            .env("AWS_ENDPOINT_URL_SESV2", &outputs.cognito_endpoint);
        output(&script, shell).await
    }
}

/// Somebody who was invited, and has set a password in their tab.
async fn invited(stack: &Stack, email: String) -> Person {
    let client = stack.client();
    let password = "what the invited person chose 1A".to_owned();
    let binding = reset(&client, &email, &password).await;
    let sub = stack.user_name_of(&email).await;
    Person {
        account: SignedUp { sub, binding },
        email,
        password,
    }
}

#[tokio::test]
async fn an_invited_person_gets_in_and_a_face_that_was_taken_away_does_not() {
    let (stack, variant) = (Stack::read(Variant::Default), Variant::Default);
    let client = stack.client();
    let operator = Operator::of(&stack, variant, "invites");
    let email = operator.invites().await;
    let person = invited(&stack, email).await;
    let first = enrol(&client, &person).await;

    // The face is taken away.
    let lines = ["user=$(", "faces=$("];
    operator.follows(&person.email, &lines).await;
    let asked = asked_for_face(&client, &person.email).await;
    let answered = client.answer(&asked, inline(pictures::live())).await;
    refused(answered, Step::Verify(Factor::Face), Reason::NoMatch);
    let refresh = first.refresh.expect("a sign-in brings a refresh token");
    client.refresh(&refresh).await.unwrap_err();

    // And they enrol again, as the page says.
    let person = with_a_new_password(&client, person).await;
    enrol(&client, &person).await;
    let asked = asked_for_face(&client, &person.email).await;
    tokens(client.answer(&asked, inline(pictures::live())).await);
}

#[tokio::test]
async fn a_person_is_enrolled_from_the_operators_own_picture() {
    // This stack's operator states that consent was obtained.
    let (stack, variant) = (Stack::read(Variant::Password), Variant::Password);
    let client = stack.client();
    let operator = Operator::of(&stack, variant, "bulk");
    let email = operator.invites().await;
    operator.follows(&email, &["user=$(", "aws s3 cp"]).await;
    let user = stack.user_name_of(&email).await;
    stack
        .until_state(&format!("USER#{user}"), "PROFILE", "ACTIVE")
        .await;
    let person = invited(&stack, email).await;
    let begun = client.begin_bound(&person.email, &person.password, &person.account.binding);
    let asked = e2e::people::challenge(begun.await, Step::Verify(Factor::Face));
    tokens(client.answer(&asked, inline(pictures::live())).await);
}

#[tokio::test]
async fn an_upload_under_an_address_is_told_to_the_operator() {
    let stack = Stack::read(Variant::Default);
    let bucket = &stack.outputs.document_bucket;
    let key = format!("bulk/{}/portrait.jpg", fresh_email());
    stack.put_object(bucket, &key, pictures::document()).await;
    stack.until_logged("expected bulk/<user name>/<file>").await;
    assert_eq!(
        stack.objects(bucket, &key).await,
        1,
        "the picture is still there"
    );
    // Until then the sweep tells of it, too.
    stack.delete_object(bucket, &key).await;
    assert_eq!(stack.versions(bucket, &key).await, 0);
}

#[tokio::test]
async fn a_way_in_is_unlocked() {
    let (stack, variant) = (Stack::read(Variant::Default), Variant::Default);
    let client = stack.client();
    let operator = Operator::of(&stack, variant, "unlocks");
    let (person, _) = enrolled(&stack).await;
    let asked = asked_for_face(&client, &person.email).await;
    let wrong = client.answer(&asked, inline(pictures::other())).await;
    refused(wrong, Step::Verify(Factor::Face), Reason::NoMatch);
    stack
        .fail_so_often(person.user_name(), Way::Open, FAILURES_TO_LOCK)
        .await;
    let asked = asked_for_face(&client, &person.email).await;
    assert_eq!(asked.reason, Some(Reason::Locked));
    let lines = ["user=$(", "aws dynamodb delete-item"];
    operator.follows(&person.email, &lines).await;
    let asked = asked_for_face(&client, &person.email).await;
    tokens(client.answer(&asked, inline(pictures::live())).await);
}

#[tokio::test]
async fn a_host_of_the_page_learns_what_it_needs() {
    let (stack, variant) = (Stack::read(Variant::Password), Variant::Password);
    let host = Operator::of(&stack, variant, "host");
    fs::create_dir_all(host.folder.join("dist")).unwrap();
    fs::create_dir_all(host.folder.join("scripts")).unwrap();
    fs::copy(
        checkout().join("web/scripts/host.mjs"),
        host.folder.join("scripts/host.mjs"),
    )
    .unwrap();
    let lines = block("web/README.md", "aws cloudformation describe-stacks");
    let policy = host.runs(&lines).await;
    let config = fs::read(host.folder.join("dist/config.json")).unwrap();
    let config: BTreeMap<String, String> = serde_json::from_slice(&config).unwrap();
    assert_eq!(config["UserPoolId"], stack.outputs.user_pool_id);
    assert_eq!(config["SignInChains"], "PASSWORD+FACE");
    // It is what the document says, with the stack's names in it.
    let document = fs::read_to_string(checkout().join("web/README.md")).unwrap();
    let (_, row) = document
        .split_once("| `Content-Security-Policy` | `")
        .unwrap();
    let (expected, _) = row.split_once('`').unwrap();
    let expected = ["Region", "DocumentBucket", "SignInBucket"]
        .iter()
        .fold(expected.to_owned(), |text, name| {
            text.replace(&format!("<{name}>"), &stack.by_name[*name])
        });
    assert_eq!(policy.trim(), expected);
}

#[tokio::test]
async fn a_sample_event_is_handed_to_a_function_without_containers() {
    let (stack, variant) = (Stack::read(Variant::Default), Variant::Default);
    let developer = Operator::of(&stack, variant, "events");
    let local = developer.folder.join(".local");
    let _ = fs::remove_dir_all(&local);
    fs::create_dir_all(&local).unwrap();
    fs::copy(&stack.environments, local.join("env.json")).unwrap();
    for linked in ["events", ".local/packages", ".local/parts"] {
        let link = developer.folder.join(linked);
        let _ = fs::remove_file(&link);
        symlink(checkout().join(linked), link).unwrap();
    }
    let lines = block("events/README.md", "cargo xtask setup\n");
    // Setup is done, and ports are whatever is free.
    let [events, runtime] = addresses();
    let lines = lines
        .replace("cargo xtask setup\n", "")
        .replace("127.0.0.1:8080", &events.to_string())
        .replace(
            " .local/function/bootstrap &",
            &format!(" --runtime-api-address {runtime} .local/function/bootstrap &"),
        );
    // The emulator is done with when the shell is.
    let printed = developer
        .runs(&format!("trap 'kill $(jobs -p)' EXIT\n{lines}"))
        .await;
    // The function's own log comes in between.
    let answered = printed.lines().any(|line| {
        let answer: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        answer["response"]["challengeName"] == "CUSTOM_CHALLENGE"
    });
    assert!(answered, "{printed}");
}

#[test]
fn whatever_a_document_calls_json_is_json() {
    let mut seen = 0;
    for document in document::all() {
        let text = document::read(&document);
        for block in text.split("```json\n").skip(1) {
            let block = block.split("```").next().unwrap();
            let read = serde_json::from_str::<serde_json::Value>(block);
            assert!(read.is_ok(), "{document}: {block}");
            seen += 1;
        }
    }
    assert!(seen > 10, "docs/protocol.md has the requests");
}

/// What GitHub calls a heading in an address.
fn anchor(heading: &str) -> String {
    let kept = |letter: &char| letter.is_alphanumeric() || " -_".contains(*letter);
    let text: String = heading.to_lowercase().chars().filter(kept).collect();
    text.replace(' ', "-")
}

/// The headings of a document, as they are linked to.
fn anchors(text: &str) -> Vec<String> {
    let mut code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        code ^= line.starts_with("```");
        let heading = line.trim_start_matches('#');
        if !code && heading.len() < line.len() && heading.starts_with(' ') {
            found.push(anchor(heading.trim()));
        }
    }
    found
}

#[test]
fn every_link_leads_to_a_file_and_to_a_heading_in_it() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut seen = 0;
    for document in document::all() {
        let text = document::read(&document);
        for found in link.captures_iter(&text) {
            let target = &found[1];
            if target.contains("://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let folder = Path::new(&document).parent().unwrap();
            let path = if file.is_empty() {
                PathBuf::from(&document)
            } else {
                folder.join(file)
            };
            assert!(checkout().join(&path).exists(), "{document}: {target}");
            if !heading.is_empty() {
                let there = anchors(&document::read(path.to_str().unwrap()));
                assert!(there.contains(&heading.to_owned()), "{document}: {target}");
            }
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen} links were found");
}
