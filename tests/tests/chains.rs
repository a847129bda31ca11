//! A policy of several chains, `FACE` and `PASSWORD+FACE_DATA` among them: with the face alone, or with the
//! password and face data. The functions and Cognito, one after another as a client meets them.

use e2e::face_data;
use e2e::people::{
    asked_for_face, begun_bound, challenge, confirmed, ended, inline, refused, tokens,
};
use e2e::pictures;
use e2e::stack::{Stack, Variant, fresh_email};
use signin_client::{Answer, Challenge, SignInClient};
use signin_core::face_data::Model;
use signin_core::factor::Factor;
use signin_core::reason::Reason;
use signin_core::step::Step;

const FACE: Step = Step::Verify(Factor::Face);
const FACE_DATA: Step = Step::Verify(Factor::FaceData);

fn words(answer: &str) -> Answer {
    Answer::Text(answer.to_owned())
}

/// What a session is offered.
fn offered(asked: &Challenge) -> Vec<String> {
    asked.chains.iter().map(ToString::to_string).collect()
}

/// The steps that an identity token claims.
async fn steps(client: &SignInClient, tokens: &signin_client::Tokens) -> Option<String> {
    let claims = client.verify(tokens).await.expect("they are the pool's");
    let claimed = claims.identity.others.get("signin_steps");
    claimed.map(|steps| steps.as_str().expect("a text").to_owned())
}

#[tokio::test]
async fn a_person_chooses_the_face_enrols_it_and_signs_in_with_it_alone() {
    let stack = Stack::read(Variant::Chains);
    let client = stack.client();
    let policy: Vec<&str> = stack.by_name["SignInChains"].split(',').collect();
    let person = confirmed(&client).await;
    let mut asked = challenge(begun_bound(&client, &person).await, Step::Select);
    assert_eq!(offered(&asked), policy);
    // What is not on offer is no choice, and nothing is lost by it.
    for closed in ["FACE_DATA", "PASSWORD+FACE", "face", "0", "uploaded", ""] {
        let wrong = client.answer(&asked, words(closed)).await;
        asked = refused(wrong, Step::Select, Reason::NotOffered);
        assert_eq!(offered(&asked), policy);
    }
    let asked = challenge(client.answer(&asked, words("FACE")).await, Step::Enrol);
    let document = client.answer(&asked, inline(pictures::document())).await;
    let asked = challenge(document, FACE);
    let signed_in = tokens(client.answer(&asked, inline(pictures::live())).await);
    let claimed = steps(&client, &signed_in).await;
    assert_eq!(claimed.as_deref(), Some("PASSWORD+ENROL+FACE"));

    // Without the password one chain is open, and nothing is asked.
    let asked = asked_for_face(&client, &person.email).await;
    let signed_in = tokens(client.answer(&asked, inline(pictures::live())).await);
    assert_eq!(steps(&client, &signed_in).await.as_deref(), Some("FACE"));

    // With it both are; but an account enrols once, and has no face data.
    let asked = challenge(begun_bound(&client, &person).await, Step::Select);
    let other = client.answer(&asked, words("PASSWORD+FACE_DATA")).await;
    let asked = challenge(other, FACE_DATA);
    let data = Answer::FaceData(face_data::live(Model::Descriptor128));
    refused(
        client.answer(&asked, data).await,
        FACE_DATA,
        Reason::NoMatch,
    );
}

#[tokio::test]
async fn another_person_chooses_face_data_with_the_password() {
    let stack = Stack::read(Variant::Chains);
    let client = stack.client();
    let person = confirmed(&client).await;
    let asked = challenge(begun_bound(&client, &person).await, Step::Select);
    let asked = challenge(
        client.answer(&asked, words("PASSWORD+FACE_DATA")).await,
        Step::Enrol,
    );
    assert_eq!(asked.model, Some(Model::Descriptor128));
    let data = Answer::FaceData(face_data::document(Model::Descriptor128));
    let asked = challenge(client.answer(&asked, data).await, FACE_DATA);
    let live = Answer::FaceData(face_data::live(Model::Descriptor128));
    let signed_in = tokens(client.answer(&asked, live).await);
    let claimed = steps(&client, &signed_in).await;
    assert_eq!(claimed.as_deref(), Some("PASSWORD+ENROL+FACE_DATA"));

    // The other chain is closed to them: no face is enrolled, and nobody's passes for it.
    let asked = asked_for_face(&client, &person.email).await;
    let picture = client.answer(&asked, inline(pictures::live())).await;
    refused(picture, FACE, Reason::NoMatch);
}

#[tokio::test]
async fn an_address_that_nobody_has_is_asked_for_the_same() {
    let stack = Stack::read(Variant::Chains);
    let client = stack.client();
    let asked = asked_for_face(&client, &fresh_email()).await;
    assert!(asked.chains.is_empty());
    let picture = client.answer(&asked, inline(pictures::live())).await;
    refused(picture, FACE, Reason::NoMatch);
}

#[tokio::test]
async fn a_choice_that_is_refused_for_the_tenth_time_ends_the_session() {
    let stack = Stack::read(Variant::Chains);
    let client = stack.client();
    let person = confirmed(&client).await;
    let mut asked = challenge(begun_bound(&client, &person).await, Step::Select);
    for _ in 1..10 {
        let wrong = client.answer(&asked, words("FACE_DATA")).await;
        asked = refused(wrong, Step::Select, Reason::NotOffered);
    }
    ended(client.answer(&asked, words("FACE_DATA")).await);
}
