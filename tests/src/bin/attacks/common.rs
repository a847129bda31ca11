//! What many attacks need.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::mutation::Trigger;
use e2e::people::inline;
use e2e::proxy::Proxy;
use e2e::stack::Stack;
use e2e::trial::Seen;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use signin_client::{Answer, Challenge, ClientError, Round, SignInClient, Tokens};
use signin_core::budget;
use signin_core::challenge::{
    Comparison, OnPass, PRIVATE_PARAMETER, PrivateChallenge, Reservation, Task,
};
use signin_core::factor::{Secret, face};
use signin_core::id::{ChallengeId, FaceId};
use signin_core::key;
use signin_core::lockout::{Attempts, Path};
use signin_core::reset::Opening;
use signin_core::step::Step;

/// Fell where a round led to tokens; otherwise held, by what it led to.
pub(crate) fn tokens_or(round: &Result<Round, ClientError>) -> Seen {
    match round {
        Ok(Round::Tokens(_)) => Seen::fell("tokens"),
        other => Seen::held(words(other)),
    }
}

/// What a round led to, in a few words.
pub(crate) fn words(round: &Result<Round, ClientError>) -> String {
    match round {
        Ok(Round::Tokens(_)) => "tokens".to_owned(),
        Ok(Round::Challenge(next)) => match next.reason {
            Some(reason) => format!("{} again, {reason}", next.step.name()),
            None => format!("{} asked for", next.step.name()),
        },
        Err(error) => match error.refusal() {
            Some(refusal) => format!("{refusal:?}"),
            None => format!("{error}"),
        },
    }
}

/// Answers whatever is asked, documents with one picture and faces with another, for as long as it
/// leads somewhere.
pub(crate) async fn walk(
    client: &SignInClient,
    round: Result<Round, ClientError>,
    picture: impl Fn() -> Vec<u8>,
) -> (Option<Tokens>, String) {
    walk_with(client, round, || inline(picture())).await
}

/// The same, with any kind of answer.
pub(crate) async fn walk_with(
    client: &SignInClient,
    mut round: Result<Round, ClientError>,
    answer: impl Fn() -> Answer,
) -> (Option<Tokens>, String) {
    let mut way = Vec::new();
    for _ in 0..3 {
        way.push(words(&round));
        match round {
            Ok(Round::Tokens(tokens)) => return (Some(tokens), way.join(", ")),
            Ok(Round::Challenge(challenge)) if challenge.retry_after.is_none() => {
                round = client.answer(&challenge.agreeing(), answer()).await;
            }
            _ => return (None, way.join(", ")),
        }
    }
    way.push(words(&round));
    match round {
        Ok(Round::Tokens(tokens)) => (Some(tokens), way.join(", ")),
        _ => (None, way.join(", ")),
    }
}

/// Fell where a walk ended in tokens.
pub(crate) async fn walked(
    client: &SignInClient,
    round: Result<Round, ClientError>,
    picture: impl Fn() -> Vec<u8>,
) -> Seen {
    match walk(client, round, picture).await {
        (Some(_), way) => Seen::fell(way),
        (None, way) => Seen::held(way),
    }
}

/// Sends an upload's form with some fields changed or added; the status that S3 answers.
pub(crate) async fn post_form(
    challenge: &Challenge,
    changes: &[(&str, &str)],
    file: Vec<u8>,
) -> u16 {
    let mut fields = challenge.upload.fields.clone();
    for (name, value) in changes {
        fields.insert((*name).to_owned(), (*value).to_owned());
    }
    send_form(&challenge.upload.url, fields, file).await
}

/// Sends a form; the status that S3 answers.
pub(crate) async fn send_form(
    url: &str,
    fields: impl IntoIterator<Item = (String, String)>,
    file: Vec<u8>,
) -> u16 {
    let mut form = Form::new();
    for (name, value) in fields {
        form = form.text(name, value);
    }
    let form = form.part("file", Part::bytes(file).file_name("picture"));
    let http = reqwest::Client::builder().no_proxy().build();
    let request = http.expect("an HTTP client can be made").post(url);
    let response = request.multipart(form).send().await.expect("S3 answers");
    response.status().as_u16()
}

/// The ids of a user's active faces.
pub(crate) async fn faces(stack: &Stack, user: &str) -> Vec<String> {
    let profile = stack.profile(user).await;
    let faces = profile["faces"]["M"].as_object();
    faces.map_or_else(Vec::new, |faces| faces.keys().cloned().collect())
}

/// Failures on the path without a password.
pub(crate) async fn open_failures(stack: &Stack, user: &str) -> u32 {
    stack.failures(user, Path::Open).await
}

/// An id of a challenge that was never asked.
pub(crate) fn fresh_id() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}

/// The request of a verify event as create-auth-challenge and Cognito make it, for a face.
pub(crate) fn face_request(user: &str, challenge: &str, face: &str, answer: &str) -> Value {
    face_request_on(Path::Open, user, challenge, face, answer)
}

/// The same, in a session on a path.
pub(crate) fn face_request_on(
    path: Path,
    user: &str,
    challenge: &str,
    face: &str,
    answer: &str,
) -> Value {
    let id = ChallengeId::parse(challenge).expect("a challenge id");
    let now = e2e::attempts::now();
    let private = PrivateChallenge {
        key: key::sign_in(&id),
        id,
        expires_at: now.plus(budget::CHALLENGE),
        session: Opening {
            began: now,
            bound: false,
        },
        secret: None,
        task: Task::Compare(Comparison {
            reservation: Reservation {
                path,
                seen: Attempts::default(),
                empties: Vec::new(),
                empties_at_others: Vec::new(),
                on_pass: OnPass::default(),
                last_reset: None,
            },
            secret: Secret::Face(face::Secret {
                faces: vec![face::ExpectedFace {
                    id: FaceId::new(face),
                    document: None,
                }],
                activates: None,
            }),
        }),
    };
    json!({
        "userAttributes": {"sub": user},
        "privateChallengeParameters": {PRIVATE_PARAMETER: private.to_parameter()},
        "challengeAnswer": answer,
        "userNotFound": false,
    })
}

/// A past custom challenge, as a session holds it.
pub(crate) fn entry(step: Step, passed: bool) -> Value {
    entry_after(step, passed, 0)
}

/// The same, after so many refused comparisons.
pub(crate) fn entry_after(step: Step, passed: bool, wrong: u8) -> Value {
    json!({
        "challengeName": "CUSTOM_CHALLENGE",
        "challengeResult": passed,
        "challengeMetadata": format!("{}:{}:0:{wrong}", step.name(), fresh_id()),
    })
}

/// A picture as the whole of an answer.
pub(crate) fn data_url(picture: &[u8]) -> String {
    format!("data:image/jpeg;base64,{}", STANDARD.encode(picture))
}

/// The calls since a mark, by name and in order of their names, but for those of a function for which
/// nobody waits. (Which of two calls comes first that are made side by side is a matter of chance.)
pub(crate) async fn calls_since(
    proxy: &Proxy,
    mark: u64,
    callers: &BTreeMap<String, String>,
    beside: &str,
) -> Vec<String> {
    let calls = proxy.calls(mark, "").await.into_iter();
    let waited_for = calls.filter(|call| {
        let signer = call.signer.as_ref().and_then(|id| callers.get(id));
        signer.is_none_or(|function| function != beside)
    });
    let mut calls: Vec<String> = waited_for.map(|call| kind(&call.operation)).collect();
    calls.sort();
    calls
}

/// An operation's name; a function's without what a stack adds to it.
fn kind(operation: &str) -> String {
    match operation.split_once("Function") {
        Some((function, _)) => function.rsplit('-').next().unwrap_or(function).to_owned(),
        None => operation.to_owned(),
    }
}

/// What define-auth-challenge decides of a session.
pub(crate) async fn decided(stack: &Stack, session: &Value) -> Value {
    let request = json!({"userAttributes": {}, "session": session, "userNotFound": false});
    let event = stack.event(Trigger::Define, "somebody", &request);
    let answer = stack.invoke(Trigger::Define, &event).await;
    answer.expect("define answers every session")["response"].clone()
}
