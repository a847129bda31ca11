//! 6: telling unknown, unenrolled and enrolled users apart.

use e2e::people::{confirmed, enrolled};
use e2e::pictures;
use e2e::proxy::Proxy;
use e2e::stack::{Stack, fresh_email};
use e2e::trial::{Ground, Seen};
use serde_json::{Value, json};

use crate::common::data_url;

/// Tries of each user: five that are free, and two in the wait that follows.
const TRIES: usize = 7;

/// What a stranger sees of a user, and what happens behind it.
#[derive(Debug, PartialEq, Eq)]
struct Transcript {
    answers: Vec<String>,
    calls: Vec<Vec<String>>,
}

/// Tries an address with somebody else's face, session after session.
async fn transcript(stack: &Stack, proxy: &Proxy, email: &str) -> Transcript {
    let client = &stack.outputs.user_pool_client_id;
    let mut seen = Transcript {
        answers: Vec::new(),
        calls: Vec::new(),
    };
    let mut open: Option<Value> = None;
    for _ in 0..TRIES {
        let mark = proxy.mark().await;
        let asked = if let Some(asked) = open.take() {
            asked
        } else {
            let request = json!({
                "ClientId": client,
                "AuthFlow": "CUSTOM_AUTH",
                "AuthParameters": {"USERNAME": email},
            });
            let (status, asked) = stack.cognito("InitiateAuth", &request).await;
            seen.answers.push(format!("{status} {}", shape(&asked)));
            asked
        };
        let respond = json!({
            "ClientId": client,
            "ChallengeName": "CUSTOM_CHALLENGE",
            "Session": asked["Session"],
            "ChallengeResponses": {
                "USERNAME": asked["ChallengeParameters"]["USERNAME"],
                "ANSWER": data_url(&pictures::other()),
            },
        });
        let (status, answer) = stack.cognito("RespondToAuthChallenge", &respond).await;
        seen.answers.push(format!("{status} {}", shape(&answer)));
        if answer["Session"].is_string() {
            open = Some(answer);
        }
        let calls = proxy.calls(mark, "").await.into_iter();
        // Which of two calls comes first that are made side by side is a matter of chance.
        let mut calls: Vec<String> = calls.map(|call| kind(&call.operation)).collect();
        calls.sort();
        seen.calls.push(calls);
    }
    seen
}

/// An operation's name; a function's without what a stack adds to it.
fn kind(operation: &str) -> String {
    match operation.split_once("Function") {
        Some((function, _)) => function.rsplit('-').next().unwrap_or(function).to_owned(),
        None => operation.to_owned(),
    }
}

/// A value with everything in it that must differ from user to user reduced to its shape; what
/// means something to a client stays as it is.
fn shape(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, member)| match name.as_str() {
                "step" | "attemptsLeft" | "reason" | "__type" | "message" | "ChallengeName" => {
                    format!("{name}={member}")
                }
                // Seconds go by between two users' tries.
                "retryAfter" | "expiresAt" => format!("{name}=…"),
                // Random, in an alphabet with signs that it may do without.
                "Session" => format!("Session={}", member.as_str().map_or(0, str::len)),
                "uploadFields" => {
                    let text = member.as_str().expect("a text");
                    let fields: Value = serde_json::from_str(text).expect("JSON");
                    format!("{name}={}", shape(&fields))
                }
                _ => format!("{name}={}", shape(member)),
            });
            members.collect::<Vec<_>>().join(",")
        }
        Value::String(text) => {
            let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let signs = if plain { "" } else { " and signs" };
            format!("{} characters{signs}", text.len())
        }
        other => other.to_string(),
    }
}

/// The three kinds of users, and what is seen of each.
async fn three(ground: &Ground) -> [Transcript; 3] {
    let (stack, proxy) = (&ground.stack, Proxy::read());
    let (with_face, _) = enrolled(stack).await;
    let without_face = confirmed(&stack.client()).await;
    ground.begins().await;
    [
        transcript(stack, &proxy, &with_face.email).await,
        transcript(stack, &proxy, &without_face.email).await,
        transcript(stack, &proxy, &fresh_email()).await,
    ]
}

/// What is answered.
pub(crate) async fn by_answers(ground: Ground) -> Seen {
    let [enrolled, unenrolled, unknown] = three(&ground).await;
    for (what, other) in [("unenrolled", unenrolled), ("unknown", unknown)] {
        for (number, (one, two)) in enrolled.answers.iter().zip(&other.answers).enumerate() {
            if one != two {
                return Seen::fell(format!("answer {number}: {one}; {what}: {two}"));
            }
        }
        if enrolled.answers.len() != other.answers.len() {
            return Seen::fell(format!("{what}: another number of answers"));
        }
    }
    Seen::held(format!(
        "{} answers of the same fields, shapes and texts, wait included",
        enrolled.answers.len()
    ))
}

/// Which calls of AWS's it takes.
pub(crate) async fn by_calls(ground: Ground) -> Seen {
    let [enrolled, unenrolled, unknown] = three(&ground).await;
    for (what, other) in [("unenrolled", unenrolled), ("unknown", unknown)] {
        for (number, (one, two)) in enrolled.calls.iter().zip(&other.calls).enumerate() {
            if one != two {
                let (one, two) = (one.join(" "), two.join(" "));
                return Seen::fell(format!("try {}: {one}; {what}: {two}", number + 1));
            }
        }
    }
    Seen::held(format!(
        "the same calls in each of {TRIES} tries, wait included"
    ))
}
