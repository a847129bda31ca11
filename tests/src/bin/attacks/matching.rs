//! 7: whose face it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::people::{Person, asked_for_face, asked_to_enrol, challenge, confirmed, enrolled, inline};
use e2e::stack::Stack;
use e2e::trial::{Ground, Seen};
use e2e::{drawn, pictures};
use serde_json::json;
use signin_client::{Answer, Round, SignInClient};
use signin_core::factor::Factor;
use signin_core::reason::Reason;
use signin_core::step::Step;

use crate::common::{fresh_id, tokens_or, words};

/// Enrols an account with a picture of its own.
async fn enrolled_with(client: &SignInClient, document: Vec<u8>, live: Vec<u8>) -> Person {
    let person = confirmed(client).await;
    let asked = asked_to_enrol(client, &person).await;
    let asked = client.answer(&asked, inline(document)).await;
    let asked = challenge(asked, Step::Verify(Factor::Face));
    let round = client.answer(&asked, inline(live)).await;
    assert!(matches!(round, Ok(Round::Tokens(_))), "{}", words(&round));
    person
}

/// The attacker's own face, which is in the collection under the attacker's own account.
pub(crate) async fn somebody_elses_face(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    enrolled_with(&client, pictures::other(), pictures::other()).await;
    ground.begins().await;
    let asked = asked_for_face(&client, &victim.email).await;
    tokens_or(&client.answer(&asked, inline(pictures::other())).await)
}

/// Puts a face into the collection that is nobody's enrolment, as somebody would who crowds it.
async fn index(stack: &Stack, picture: &[u8]) {
    let request = json!({
        "CollectionId": stack.outputs.face_collection,
        "Image": {"Bytes": STANDARD.encode(picture)},
        "ExternalImageId": fresh_id(),
        "MaxFaces": 1,
    });
    stack.recognition("IndexFaces", &request).await;
}

/// A face that resembles the probe more than the victim's own, to lock the victim out.
pub(crate) async fn better_match(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    let live = pictures::live();
    index(&stack, &live).await;
    ground.begins().await;
    let asked = asked_for_face(&client, &victim.email).await;
    let round = client.answer(&asked, inline(live)).await;
    match round {
        Ok(Round::Tokens(_)) => Seen::held("the victim's own face is found behind it"),
        other => Seen::fell(format!("the victim is locked out: {}", words(&other))),
    }
}

/// One picture, enrolled by two accounts.
pub(crate) async fn twins(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let document = pictures::document();
    let one = enrolled_with(&client, document.clone(), pictures::live()).await;
    let two = enrolled_with(&client, document, pictures::live()).await;
    ground.begins().await;
    for (who, twin) in [("first", one), ("second", two)] {
        let asked = asked_for_face(&client, &twin.email).await;
        let round = client.answer(&asked, inline(pictures::live())).await;
        if !matches!(round, Ok(Round::Tokens(_))) {
            return Seen::fell(format!("the {who} is locked out: {}", words(&round)));
        }
    }
    Seen::held("each signs in by the face of their own account")
}

/// The victim's picture under many other accounts.
pub(crate) async fn crowd(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    let live = pictures::live();
    for _ in 0..200 {
        index(&stack, &live).await;
    }
    ground.begins().await;
    let asked = asked_for_face(&client, &victim.email).await;
    match client.answer(&asked, inline(live)).await {
        Ok(Round::Tokens(_)) => Seen::held("the victim signs in among 200 better matches"),
        other => Seen::fell(format!("the victim is locked out: {}", words(&other))),
    }
}

/// Two people in one picture.
pub(crate) async fn two_faces(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let asked = asked_for_face(&client, &victim.email).await;
    client
        .upload(&asked, pictures::two_people())
        .await
        .expect("the picture is uploaded");
    let round = client.answer(&asked, Answer::Uploaded).await;
    match &round {
        Ok(Round::Challenge(next)) if next.reason == Some(Reason::ManyFaces) => {
            Seen::held("MANY_FACES")
        }
        other => Seen::fell(format!("one of them is compared: {}", words(other))),
    }
}

/// How an account comes by its face.
#[derive(Clone, Copy)]
enum Way {
    /// By its owner, in a session.
    Own,
    /// By an operator's upload.
    Bulk,
}

/// An account that is enrolled with this document.
async fn with_document(stack: &Stack, way: Way, document: Vec<u8>) -> Person {
    let client = stack.client();
    let person = confirmed(&client).await;
    match way {
        Way::Own => {
            let asked = asked_to_enrol(&client, &person).await;
            let uploaded = client.upload(&asked, document).await;
            uploaded.expect("the document is uploaded");
            let asked = challenge(
                client.answer(&asked, Answer::Uploaded).await,
                Step::Verify(Factor::Face),
            );
            let round = client.answer(&asked, inline(pictures::live())).await;
            assert!(matches!(round, Ok(Round::Tokens(_))), "{}", words(&round));
        }
        Way::Bulk => {
            let user = person.user_name();
            let key = format!("bulk/{user}/passport.jpg");
            let bucket = &stack.outputs.document_bucket;
            stack.put_object(bucket, &key, document).await;
            let partition = format!("USER#{user}");
            stack.until_state(&partition, "PROFILE", "ACTIVE").await;
        }
    }
    person
}

/// Signs in as the victim with a picture that is too large for an answer.
async fn with_picture(stack: &Stack, victim: &Person, picture: Vec<u8>) -> Seen {
    let client = stack.client();
    let asked = asked_for_face(&client, &victim.email).await;
    let uploaded = client.upload(&asked, picture).await;
    uploaded.expect("the picture is uploaded");
    tokens_or(&client.answer(&asked, Answer::Uploaded).await)
}

/// The attacker before a poster of the victim: a small second face in the probe.
pub(crate) async fn poster(ground: Ground) -> Seen {
    before_a_poster(ground, Way::Own).await
}

/// The same, with a victim whom an operator has enrolled.
pub(crate) async fn poster_of_bulk(ground: Ground) -> Seen {
    before_a_poster(ground, Way::Bulk).await
}

async fn before_a_poster(ground: Ground, way: Way) -> Seen {
    let stack = ground.stack.clone();
    let victim = with_document(&stack, way, pictures::document()).await;
    ground.begins().await;
    let picture = drawn::with_poster(&pictures::other(), &pictures::live());
    with_picture(&stack, &victim, picture).await
}

/// The attacker in the background of the victim's document.
pub(crate) async fn bystander(ground: Ground) -> Seen {
    behind_the_victim(ground, Way::Own).await
}

/// The same, where an operator has uploaded it.
pub(crate) async fn bystander_in_bulk(ground: Ground) -> Seen {
    behind_the_victim(ground, Way::Bulk).await
}

async fn behind_the_victim(ground: Ground, way: Way) -> Seen {
    let stack = ground.stack.clone();
    let document = drawn::with_bystander(&pictures::document(), &pictures::other());
    let victim = with_document(&stack, way, document).await;
    ground.begins().await;
    with_picture(&stack, &victim, pictures::other()).await
}
