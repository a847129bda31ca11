//! 16: a policy of several chains.

use e2e::face_data::{again, data, population};
use e2e::people::{begun_bound, challenge, confirmed, inline};
use e2e::pictures;
use e2e::trial::{Ground, Seen};
use serde_json::{Value, json};
use signin_client::{Answer, Round};
use signin_core::factor::Factor;
use signin_core::step::Step;

use crate::common::{decided, fresh_id, tokens_or, walk, words};

/// A past challenge of a chain, as a session holds it.
fn entry(step: Step, chain: u8, passed: bool) -> Value {
    json!({
        "challengeName": "CUSTOM_CHALLENGE",
        "challengeResult": passed,
        "challengeMetadata": format!("{}:{}:{chain}:0", step.name(), fresh_id()),
    })
}

/// Sessions that take a step from here and a step from there.
pub(crate) async fn mixed(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    ground.begins().await;
    let name = |name: &str| json!({"challengeName": name, "challengeResult": true});
    let (srp, password) = (name("SRP_A"), name("PASSWORD_VERIFIER"));
    let select = |passed| entry(Step::Select, 0, passed);
    let face = |chain| entry(Step::Verify(Factor::Face), chain, true);
    let data = |chain| entry(Step::Verify(Factor::FaceData), chain, true);
    let wrong = entry(Step::Verify(Factor::FaceData), 1, false);
    let sessions = [
        // An alternative's factor without its password.
        json!([data(1)]),
        json!([data(0)]),
        json!([face(1)]),
        json!([select(true), face(0)]),
        // Nothing chosen, or not by an answer that was taken, or twice.
        json!([srp, password, face(0)]),
        json!([srp, password, data(1)]),
        json!([srp, password, select(false), face(0)]),
        json!([srp, password, select(true), select(true), face(0)]),
        // One chain's factor on the other chain, or on none.
        json!([srp, password, select(true), face(1)]),
        json!([srp, password, select(true), data(0)]),
        json!([srp, password, select(true), face(2)]),
        // From one chain to the other, once one of them is walked.
        json!([srp, password, select(true), wrong, face(0)]),
        json!([
            srp,
            password,
            select(true),
            entry(Step::Enrol, 1, true),
            face(0)
        ]),
    ];
    for session in &sessions {
        if decided(&stack, session).await["issueTokens"] == true {
            return Seen::fell(format!("tokens for {session}"));
        }
    }
    Seen::held(format!("{} sessions end without tokens", sessions.len()))
}

/// A thief of the password, before the owner has enrolled, attempts either chain.
pub(crate) async fn thief_of_the_password(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let victim = confirmed(&client).await;
    ground.begins().await;
    let begun = client.begin(&victim.email, Some(&victim.password)).await;
    let asked = challenge(begun, Step::Select);
    let chosen = client.answer(&asked, Answer::Text("FACE".to_owned())).await;
    let (tokens, way) = walk(&client, chosen, pictures::other).await;
    if tokens.is_some() {
        return Seen::fell(way);
    }
    // And the owner's tab still can.
    let begun = begun_bound(&client, &victim).await;
    let asked = challenge(begun, Step::Select);
    let chosen = client.answer(&asked, Answer::Text("FACE".to_owned())).await;
    challenge(chosen, Step::Enrol);
    Seen::held(way)
}

/// At an open tab of the owner's, somebody has their own face data accepted for the one chain, and never
/// signs in with them; then the owner enrols a face for the other.
pub(crate) async fn left_in_the_other_chain(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let victim = confirmed(&client).await;
    let strangers = population().swap_remove(0);
    ground.begins().await;
    let chosen = |asked, chain: &str| {
        let (client, chain) = (&client, Answer::Text(chain.to_owned()));
        async move { client.answer(&asked, chain).await }
    };
    let asked = challenge(begun_bound(&client, &victim).await, Step::Select);
    let asked = challenge(chosen(asked, "PASSWORD+FACE_DATA").await, Step::Enrol);
    let left = client
        .answer(&asked, Answer::FaceData(data(&strangers)))
        .await;
    challenge(left, Step::Verify(Factor::FaceData));

    let asked = challenge(begun_bound(&client, &victim).await, Step::Select);
    let asked = challenge(chosen(asked, "FACE").await, Step::Enrol);
    let document = client.answer(&asked, inline(pictures::document())).await;
    let asked = challenge(document, Step::Verify(Factor::Face));
    let owner = client.answer(&asked, inline(pictures::live())).await;
    if !matches!(owner, Ok(Round::Tokens(_))) {
        return Seen::fell(format!("the owner is kept out: {}", words(&owner)));
    }

    let begun = client.begin(&victim.email, Some(&victim.password)).await;
    let asked = challenge(begun, Step::Select);
    let asked = chosen(asked, "PASSWORD+FACE_DATA").await;
    let asked = challenge(asked, Step::Verify(Factor::FaceData));
    let again = client
        .answer(&asked, Answer::FaceData(again(&strangers)))
        .await;
    tokens_or(&again)
}
