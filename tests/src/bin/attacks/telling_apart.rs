//! 6: telling unknown, unenrolled and enrolled users apart.

use std::time::{Duration, Instant};

use e2e::people::{
    Person, asked_for_face, confirmed, confirmed_with, enrolled, enrolled_with_data, inline,
};
use e2e::proxy::{Proxy, Rule};
use e2e::stack::{Stack, Variant, fresh_email};
use e2e::trial::{Ground, Seen};
use e2e::{face_data, pictures};
use serde_json::{Value, json};
use signin_core::face_data::Model;

use crate::common::{calls_since, data_url};

/// Attempts of each user: five that are free, and two in the wait that follows.
const TRIES: usize = 7;

/// What a stranger sees of a user, and what happens behind it.
#[derive(Debug, PartialEq, Eq)]
struct Transcript {
    answers: Vec<String>,
    calls: Vec<Vec<String>>,
}

/// Attempts an address with somebody else's answers, session after session.
async fn transcript(
    stack: &Stack,
    proxy: &Proxy,
    email: &str,
    answer: fn() -> String,
) -> Transcript {
    let client = &stack.outputs.user_pool_client_id;
    let callers = stack.callers().await;
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
                "ANSWER": answer(),
            },
        });
        let (status, answered) = stack.cognito("RespondToAuthChallenge", &respond).await;
        seen.answers.push(format!("{status} {}", shape(&answered)));
        if answered["Session"].is_string() {
            open = Some(answered);
        }
        // S3's event of a document that was uploaded before may be served meanwhile.
        let calls = calls_since(proxy, mark, &callers, "index-images").await;
        seen.calls.push(calls);
    }
    seen
}

/// A value with everything in it that must differ from user to user reduced to its shape; what
/// means something to a client stays as it is.
fn shape(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, member)| match name.as_str() {
                "step" | "model" | "attemptsLeft" | "reason" | "__type" | "message"
                | "ChallengeName" => {
                    format!("{name}={member}")
                }
                // Seconds go by between two users' attempts.
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
    let (stack, proxy) = (&ground.stack, ground.stack.proxy());
    let (with_face, _) = enrolled(stack).await;
    let without_face = confirmed(&stack.client()).await;
    ground.begins().await;
    let answer = || data_url(&pictures::other());
    [
        transcript(stack, &proxy, &with_face.email, answer).await,
        transcript(stack, &proxy, &without_face.email, answer).await,
        transcript(stack, &proxy, &fresh_email(), answer).await,
    ]
}

/// The same where face data are compared.
async fn three_with_data(ground: &Ground) -> [Transcript; 3] {
    const MODEL: Model = Model::Descriptor128;
    let (stack, proxy) = (&ground.stack, ground.stack.proxy());
    let (with_data, _) = enrolled_with_data(stack, MODEL).await;
    let signed_up = face_data::document(MODEL);
    let without_data = confirmed_with(&stack.client(), Some(&signed_up)).await;
    ground.begins().await;
    let answer = || face_data::other(MODEL).to_document().to_string();
    [
        transcript(stack, &proxy, &with_data.email, answer).await,
        transcript(stack, &proxy, &without_data.email, answer).await,
        transcript(stack, &proxy, &fresh_email(), answer).await,
    ]
}

/// What is answered.
pub(crate) async fn by_answers(ground: Ground) -> Seen {
    same_answers(three(&ground).await)
}

/// What is answered to face data.
pub(crate) async fn by_answers_to_data(ground: Ground) -> Seen {
    same_answers(three_with_data(&ground).await)
}

fn same_answers([enrolled, unenrolled, unknown]: [Transcript; 3]) -> Seen {
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
    same_calls(three(&ground).await)
}

/// Which calls of AWS's face data take.
pub(crate) async fn by_calls_for_data(ground: Ground) -> Seen {
    same_calls(three_with_data(&ground).await)
}

fn same_calls([enrolled, unenrolled, unknown]: [Transcript; 3]) -> Seen {
    for (what, other) in [("unenrolled", unenrolled), ("unknown", unknown)] {
        for (number, (one, two)) in enrolled.calls.iter().zip(&other.calls).enumerate() {
            if one != two {
                let (one, two) = (one.join(" "), two.join(" "));
                return Seen::fell(format!("try {}: {one}; {what}: {two}", number + 1));
            }
        }
    }
    Seen::held(format!(
        "the same calls in each of {TRIES} attempts, wait included"
    ))
}

/// The owner signs in with the face, as far as a wait lets them.
async fn sign_in(stack: &Stack, owner: &Person) {
    let client = stack.client();
    let asked = asked_for_face(&client, &owner.email).await;
    let _ = client.answer(&asked, inline(pictures::live())).await;
}

/// What a stranger sees who guesses while the owner, if there is one, signs in on the same path:
/// before each session, between question and answer, and while the session is asked for.
async fn beside(stack: &Stack, proxy: &Proxy, email: &str, owner: Option<&Person>) -> Vec<String> {
    let client = &stack.outputs.user_pool_client_id;
    let begin = json!({
        "ClientId": client,
        "AuthFlow": "CUSTOM_AUTH",
        "AuthParameters": {"USERNAME": email},
    });
    let mut seen = Vec::new();
    for _ in 0..TRIES {
        if let Some(owner) = owner {
            sign_in(stack, owner).await;
        }
        // The owner's attempt runs meanwhile: it is reserved, and not judged.
        let running = match owner {
            Some(owner) => Some(held_sign_in(stack, proxy, owner).await),
            None => None,
        };
        let (status, asked) = stack.cognito("InitiateAuth", &begin).await;
        seen.push(format!("{status} {}", shape(&asked)));
        if let Some((hold, signing_in)) = running {
            hold.remove().await;
            signing_in.await.expect("the owner's sign-in ends");
        }
        if let Some(owner) = owner {
            sign_in(stack, owner).await;
        }
        let respond = json!({
            "ClientId": client,
            "ChallengeName": "CUSTOM_CHALLENGE",
            "Session": asked["Session"],
            "ChallengeResponses": {
                "USERNAME": asked["ChallengeParameters"]["USERNAME"],
                "ANSWER": data_url(&pictures::other()),
            },
        });
        let (status, answered) = stack.cognito("RespondToAuthChallenge", &respond).await;
        seen.push(format!("{status} {}", shape(&answered)));
    }
    seen
}

/// Begins an owner's sign-in and holds it where the face is looked for; one that a wait keeps from
/// being looked at is over at once.
async fn held_sign_in(
    stack: &Stack,
    proxy: &Proxy,
    owner: &Person,
) -> (Rule, tokio::task::JoinHandle<()>) {
    let client = stack.client();
    let asked = asked_for_face(&client, &owner.email).await;
    let picture = pictures::live();
    let hold = proxy
        .hold("SearchFacesByImage", &[&pictures::fragment(&picture)])
        .await;
    let waits = asked.retry_after.is_some();
    let answering = tokio::spawn(async move {
        let _ = client.answer(&asked, inline(picture)).await;
    });
    if !waits {
        hold.held().await;
    }
    (hold, answering)
}

/// Whether an owner signs in on the same path, at any point.
pub(crate) async fn by_an_owners_sign_ins(ground: Ground) -> Seen {
    let (stack, proxy) = (&ground.stack, ground.stack.proxy());
    let (victim, _) = enrolled(stack).await;
    ground.begins().await;
    let enrolled = beside(stack, &proxy, &victim.email, Some(&victim)).await;
    let unknown = beside(stack, &proxy, &fresh_email(), None).await;
    for (number, (one, two)) in enrolled.iter().zip(&unknown).enumerate() {
        if one != two {
            return Seen::fell(format!("answer {number}: {one}; unknown: {two}"));
        }
    }
    Seen::held(format!(
        "{} answers alike, whatever the owner does meanwhile",
        enrolled.len()
    ))
}

/// Attempts of one user that are timed: those that are free of waiting.
const TIMED: usize = 5;

/// Users of each kind.
const USERS: usize = 12;

/// Prints how long Cognito takes to ask and to refuse, by kind of user, side by side: fresh users for
/// every five attempts, the kinds in turn, so that what else the machine does falls on all alike. A
/// benchmark; nothing is held to it.
pub(crate) async fn times() {
    for (mode, variant) in [
        ("COLLECTION", Variant::Default),
        ("COMPARE", Variant::Compare),
    ] {
        let stack = Stack::read(variant);
        let mut asked: [Vec<Duration>; 3] = Default::default();
        let mut refused: [Vec<Duration>; 3] = Default::default();
        for _ in 0..USERS {
            let (with_face, _) = enrolled(&stack).await;
            let without_face = confirmed(&stack.client()).await;
            let emails = [with_face.email, without_face.email, fresh_email()];
            for _ in 0..TIMED {
                for (kind, email) in emails.iter().enumerate() {
                    let picture = data_url(&pictures::other());
                    let began = Instant::now();
                    let request = json!({
                        "ClientId": stack.outputs.user_pool_client_id,
                        "AuthFlow": "CUSTOM_AUTH",
                        "AuthParameters": {"USERNAME": email},
                    });
                    let (_, challenge) = stack.cognito("InitiateAuth", &request).await;
                    asked[kind].push(began.elapsed());
                    let began = Instant::now();
                    let request = json!({
                        "ClientId": stack.outputs.user_pool_client_id,
                        "ChallengeName": "CUSTOM_CHALLENGE",
                        "Session": challenge["Session"],
                        "ChallengeResponses": {
                            "USERNAME": challenge["ChallengeParameters"]["USERNAME"],
                            "ANSWER": picture,
                        },
                    });
                    stack.cognito("RespondToAuthChallenge", &request).await;
                    refused[kind].push(began.elapsed());
                }
            }
        }
        println!(
            "{mode}, {} attempts of each kind, milliseconds",
            USERS * TIMED
        );
        println!("| user | asked: quartiles and median | refused: quartiles and median |");
        println!("| --- | --- | --- |");
        for (kind, name) in ["enrolled", "unenrolled", "unknown"].iter().enumerate() {
            let (asked, refused) = (quartiles(&mut asked[kind]), quartiles(&mut refused[kind]));
            println!("| {name} | {asked} | {refused} |");
        }
    }
}

/// The quartiles and the median of some times, in milliseconds.
pub(crate) fn quartiles(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |part: usize| times[times.len() * part / 4].as_secs_f64() * 1000.0;
    format!("{:.0} – **{:.0}** – {:.0}", at(1), at(2), at(3))
}
