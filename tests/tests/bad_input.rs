//! Bad input is a verdict with a reason, through the whole stack.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use e2e::people::{
    asked_for_face, asked_to_enrol, challenge, confirmed, ended, enrolled, inline, refused, tokens,
};
use e2e::stack::{Stack, Variant, fresh_email};
use e2e::{drawn, pictures};
use signin_client::Answer;
use signin_core::factor::Factor;
use signin_core::reason::Reason;
use signin_core::step::Step;

/// The reason that an answer gets; asked as somebody whom nobody knows, for whom reasons are the
/// same as for everybody.
async fn reason_for(answer: Answer) -> Option<Reason> {
    let client = Stack::read(Variant::Default).client();
    let asked = asked_for_face(&client, &fresh_email()).await;
    challenge(
        client.answer(&asked, answer).await,
        Step::Verify(Factor::Face),
    )
    .reason
}

/// The reason that an uploaded file gets.
async fn reason_for_upload(bytes: Vec<u8>) -> Option<Reason> {
    let client = Stack::read(Variant::Default).client();
    let asked = asked_for_face(&client, &fresh_email()).await;
    client
        .upload(&asked, bytes)
        .await
        .expect("the form takes any bytes");
    challenge(
        client.answer(&asked, Answer::Uploaded).await,
        Step::Verify(Factor::Face),
    )
    .reason
}

#[tokio::test]
async fn a_picture_that_cannot_be_compared_gets_its_reason() {
    let live = pictures::live();
    let cut = live[..live.len() / 2].to_vec();
    for (what, bytes, reason) in [
        (
            "not an image",
            b"%PDF-1.7 not an image".to_vec(),
            Reason::NotAnImage,
        ),
        ("a truncated JPEG", cut, Reason::NotAnImage),
        (
            "60,000 × 60,000",
            drawn::png_that_declares(60_000, 60_000),
            Reason::TooLarge,
        ),
        ("nobody", drawn::plain(128), Reason::NoFace),
        ("black", drawn::plain(0), Reason::NoFace),
        (
            "a face in the dark",
            drawn::darkened(&live, 0.35),
            Reason::TooDark,
        ),
        (
            "a face out of focus",
            drawn::blurred(&live, 6.0),
            Reason::Blurred,
        ),
        (
            "a 30-pixel face",
            drawn::shrunk(&live, 90),
            Reason::TooSmall,
        ),
    ] {
        assert_eq!(
            reason_for(inline(bytes.clone())).await,
            Some(reason),
            "{what}, inline"
        );
        assert_eq!(
            reason_for_upload(bytes).await,
            Some(reason),
            "{what}, uploaded"
        );
    }
    assert_eq!(
        reason_for_upload(pictures::two_people()).await,
        Some(Reason::ManyFaces)
    );
}

#[tokio::test]
async fn an_answer_that_is_not_understood_gets_its_reason() {
    for (what, text) in [
        ("noise", "x".repeat(131_072)),
        (
            "a key",
            "enrolments/somebody/0123456789abcdef0123456789abcdef".to_owned(),
        ),
        (
            "an address",
            "http://169.254.169.254/latest/meta-data".to_owned(),
        ),
        ("no base64", "data:image/jpeg;base64,@@@@".to_owned()),
        (
            "JSON",
            r#"{"model":"descriptor-128","values":null}"#.to_owned(),
        ),
        ("nothing uploaded", "uploaded".to_owned()),
    ] {
        assert_eq!(
            reason_for(Answer::Text(text)).await,
            Some(Reason::NotAnImage),
            "{what}"
        );
    }
}

/// Otherwise a stranger who sends noise would keep the owner's attempt waiting, for nothing.
#[tokio::test]
async fn an_answer_that_shows_no_picture_reserves_no_try() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let (person, _) = enrolled(&stack).await;
    let partition = format!("USER#{}", person.user_name());
    let before = stack.item(&partition, "TRIES#OPEN#FACE").await;
    assert!(before.is_null(), "nobody has tried on this path");
    let asked = asked_for_face(&client, &person.email).await;
    let noise = client
        .answer(&asked, Answer::Text("noise".to_owned()))
        .await;
    let asked = refused(noise, Step::Verify(Factor::Face), Reason::NotAnImage);
    let noise = client
        .answer(&asked, inline(b"\xff\xd8\xff no picture".to_vec()))
        .await;
    refused(noise, Step::Verify(Factor::Face), Reason::NotAnImage);
    let after = stack.item(&partition, "TRIES#OPEN#FACE").await;
    assert!(after.is_null(), "{after}");
}

#[tokio::test]
async fn an_empty_answer_passes_nothing() {
    let client = Stack::read(Variant::Default).client();
    let asked = asked_for_face(&client, &fresh_email()).await;
    match client.answer(&asked, Answer::Text(String::new())).await {
        Ok(signin_client::Round::Challenge(next)) => {
            assert_eq!(next.reason, Some(Reason::NotAnImage));
        }
        Ok(signin_client::Round::Tokens(_)) => panic!("an empty answer signed in"),
        // Cognito itself may refuse it before any function sees it.
        Err(error) => assert!(error.refusal().is_some(), "{error}"),
    }
}

#[tokio::test]
async fn a_passport_page_with_its_ghost_portrait_enrols() {
    let client = Stack::read(Variant::Default).client();
    let person = confirmed(&client).await;
    let asked = asked_to_enrol(&client, &person).await;
    let page = drawn::passport_page(&pictures::document());
    client
        .upload(&asked, page)
        .await
        .expect("the page is uploaded");
    let asked = challenge(
        client.answer(&asked, Answer::Uploaded).await,
        Step::Verify(Factor::Face),
    );
    tokens(client.answer(&asked, inline(pictures::live())).await);
}

#[tokio::test]
async fn an_answer_for_another_challenge_passes_nothing() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let (person, _) = e2e::people::enrolled(&stack).await;
    let one = asked_for_face(&client, &person.email).await;
    let other = asked_for_face(&client, &person.email).await;
    // The picture lies where one challenge wants it; the other is answered.
    client
        .upload(&one, pictures::live())
        .await
        .expect("the picture is uploaded");
    let answered = client.answer(&other, Answer::Uploaded).await;
    refused(answered, Step::Verify(Factor::Face), Reason::NotAnImage);
    // A session is good once.
    let used = client.answer(&other, inline(pictures::live())).await;
    ended(used);
    tokens(client.answer(&one, Answer::Uploaded).await);
}
