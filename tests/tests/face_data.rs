//! Enrolling and signing in with face data, through the whole stack: no picture leaves the app.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use e2e::face_data::{document, live, other};
use e2e::people::{
    asked_for_data, asked_to_enrol, begun_bound, challenge, confirmed_with, ended, enrol_data,
    enrolled_with_data, newest_code, refused, signed_up_with, tokens, with_a_new_password,
};
use e2e::pictures;
use e2e::stack::{Stack, Variant, fresh_email};
use serde_json::Value;
use signin_client::{Answer, Challenge, ClientError, Refusal, Round, SignInClient};
use signin_core::face_data::{FaceData, Model};
use signin_core::factor::Factor;
use signin_core::lockout::Path;
use signin_core::reason::Reason;
use signin_core::step::Step;

const DESCRIPTOR: Model = Model::Descriptor128;
const MESH: Model = Model::Mesh468;

async fn answer(
    client: &SignInClient,
    asked: &Challenge,
    data: &FaceData,
) -> Result<Round, ClientError> {
    client.answer(asked, Answer::FaceData(data.clone())).await
}

/// The names of a profile's attributes that are about face data.
fn about_data(profile: &Value) -> Vec<&str> {
    let names = profile.as_object().unwrap().keys().map(String::as_str);
    let mut names: Vec<&str> = names.filter(|name| name.contains("ata")).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_person_signs_up_with_face_data_and_from_then_on_signs_in_by_them_alone() {
    let stack = Stack::read(Variant::Data);
    let client = stack.client();
    let (person, first) = enrolled_with_data(&stack, DESCRIPTOR).await;
    let claims = client.verify(&first).await.unwrap();
    assert_eq!(
        claims.identity.others["signin_steps"],
        "PASSWORD+ENROL+FACE_DATA"
    );

    let asked = asked_for_data(&client, &person.email).await;
    assert_eq!(asked.model, Some(DESCRIPTOR));
    assert!(asked.upload.url.is_empty(), "nothing is to be uploaded");
    assert_eq!(asked.attempts_left, 3);
    let signed_in = tokens(answer(&client, &asked, &live(DESCRIPTOR)).await);
    let claims = client.verify(&signed_in).await.unwrap();
    assert_eq!(claims.identity.others["signin_steps"], "FACE_DATA");
}

#[tokio::test]
async fn with_a_password_in_the_policy_face_data_alone_open_nothing() {
    let stack = Stack::read(Variant::Mesh);
    let client = stack.client();
    let (person, first) = enrolled_with_data(&stack, MESH).await;
    let claims = client.verify(&first).await.unwrap();
    assert_eq!(
        claims.identity.others["signin_steps"],
        "PASSWORD+ENROL+FACE_DATA"
    );
    ended(client.begin(&person.email, None).await);

    let begun = client.begin(&person.email, Some(&person.password)).await;
    let asked = challenge(begun, Step::Verify(Factor::FaceData));
    assert_eq!(asked.model, Some(MESH));
    let wrong = answer(&client, &asked, &other(MESH)).await;
    let asked = refused(wrong, Step::Verify(Factor::FaceData), Reason::NoMatch);
    let signed_in = tokens(answer(&client, &asked, &live(MESH)).await);
    let claims = client.verify(&signed_in).await.unwrap();
    assert_eq!(claims.identity.others["signin_steps"], "PASSWORD+FACE_DATA");
}

#[tokio::test]
async fn a_sign_ups_face_data_are_pending_until_they_are_enrolled() {
    let stack = Stack::read(Variant::Data);
    let client = stack.client();
    let data = document(DESCRIPTOR);
    let person = signed_up_with(&client, &fresh_email(), Some(&data)).await;
    let profile = stack.profile(person.user_name()).await;
    assert_eq!(profile["state"]["S"], "PENDING");
    assert_eq!(profile["faceDataModel"]["S"], "descriptor-128");
    let kept = ["dataFromSignUp", "faceData", "faceDataModel"];
    assert_eq!(about_data(&profile), kept);
    assert!(profile["ttl"]["N"].is_string(), "it is swept some day");

    let code = newest_code(&client, &person.email).await;
    let binding = Some(&person.account.binding);
    client.confirm(&person.email, &code, binding).await.unwrap();
    enrol_data(&client, &person, data).await;
    let profile = stack.profile(person.user_name()).await;
    assert_eq!(profile["state"]["S"], "ACTIVE");
    assert_eq!(
        about_data(&profile),
        ["dataOf", "faceData", "faceDataModel"]
    );
    for gone in ["binding", "ttl", "enrolment", "ended"] {
        assert!(profile[gone].is_null(), "{gone}");
    }
    assert_eq!(stack.enrolments_of(person.user_name()).await.len(), 0);
}

#[tokio::test]
async fn somebody_elses_face_data_are_refused_and_counted() {
    let stack = Stack::read(Variant::Data);
    let client = stack.client();
    let (person, _) = enrolled_with_data(&stack, DESCRIPTOR).await;
    let user = person.user_name();
    let failures = async || stack.failures(user, Path::Open).await;
    let asked = asked_for_data(&client, &person.email).await;
    let wrong = answer(&client, &asked, &other(DESCRIPTOR)).await;
    let asked = refused(wrong, Step::Verify(Factor::FaceData), Reason::NoMatch);
    assert_eq!(asked.attempts_left, 2);
    let wrong = answer(&client, &asked, &other(DESCRIPTOR)).await;
    let asked = refused(wrong, Step::Verify(Factor::FaceData), Reason::NoMatch);
    ended(answer(&client, &asked, &other(DESCRIPTOR)).await);
    assert_eq!(failures().await, 3);

    // Five in a row cost a wait, in which nothing is compared or counted.
    let asked = asked_for_data(&client, &person.email).await;
    let wrong = answer(&client, &asked, &other(DESCRIPTOR)).await;
    let asked = refused(wrong, Step::Verify(Factor::FaceData), Reason::NoMatch);
    let wrong = answer(&client, &asked, &other(DESCRIPTOR)).await;
    let asked = refused(wrong, Step::Verify(Factor::FaceData), Reason::TryLater);
    assert!(asked.retry_after.is_some());
    ended(answer(&client, &asked, &live(DESCRIPTOR)).await);
    assert_eq!(failures().await, 5);

    // The owner, with the password, does not wait, and opens the other path again.
    let begun = client.begin(&person.email, Some(&person.password)).await;
    let asked = challenge(begun, Step::Verify(Factor::FaceData));
    tokens(answer(&client, &asked, &live(DESCRIPTOR)).await);
    assert_eq!(failures().await, 0);
    let asked = asked_for_data(&client, &person.email).await;
    tokens(answer(&client, &asked, &live(DESCRIPTOR)).await);
}

#[tokio::test]
async fn an_answer_that_is_no_face_data_of_the_model_is_refused_with_a_reason_and_no_guess() {
    let stack = Stack::read(Variant::Data);
    let client = stack.client();
    let (person, _) = enrolled_with_data(&stack, DESCRIPTOR).await;
    let values = |value: &str, count: usize| {
        let values = vec![value; count].join(",");
        format!(r#"{{"model":"descriptor-128","values":[{values}]}}"#)
    };
    let wrong = [
        values("0.1", 127),
        values("0.1", 129),
        values("NaN", 128),
        values("1e999", 128),
        values("1.5", 128),
        values("null", 128),
        live(MESH).to_document().to_string(),
        live(DESCRIPTOR)
            .to_document()
            .replace("descriptor", "Descriptor"),
        live(DESCRIPTOR)
            .to_document()
            .replace('{', r#"{"user":"ada","#),
        "uploaded".to_owned(),
        "null".to_owned(),
        "[".repeat(100_000),
        format!(
            "data:image/jpeg;base64,{}",
            hex::encode(pictures::live()).split_at(400).0
        ),
    ];
    for text in wrong {
        let shown: String = text.chars().take(60).collect();
        let asked = asked_for_data(&client, &person.email).await;
        let answered = client.answer(&asked, Answer::Text(text)).await;
        let next = challenge(answered, Step::Verify(Factor::FaceData));
        assert_eq!(next.reason, Some(Reason::NotFaceData), "{shown}");
        assert_eq!(next.attempts_left, 3, "{shown}: nobody had to compare it");
        let counted = stack.failures(person.user_name(), Path::Open).await;
        assert_eq!(counted, 0, "{shown}");
        tokens(answer(&client, &next, &live(DESCRIPTOR)).await);
    }
}

#[tokio::test]
async fn a_sign_up_without_the_models_face_data_is_refused_with_what_is_expected() {
    let (data, pictures) = (Stack::read(Variant::Data), Stack::read(Variant::Default));
    let mesh = live(MESH).to_document();
    let short = r#"{"model":"descriptor-128","values":[0.123456]}"#;
    for (stack, sent, expected) in [
        (&data, None, "face data of the model descriptor-128"),
        (&data, Some(mesh.as_str()), "the model descriptor-128"),
        (
            &data,
            Some(short),
            "expected 128 values of face data, found 1",
        ),
        (&data, Some("0.123456"), "descriptor-128"),
        (&pictures, Some(short), "must not be sent"),
    ] {
        let (client, email) = (stack.client(), fresh_email());
        let signed_up = client.sign_up_with(&email, "a long enough password", Some("1"), sent);
        let error = signed_up.await.unwrap_err();
        assert_eq!(error.refusal(), Some(&Refusal::UserLambdaValidation));
        let message = error.to_string();
        assert!(message.contains("ClientMetadata.faceData"), "{message}");
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains("0.123456"), "{message}");
    }
}

#[tokio::test]
async fn face_data_other_than_sign_up_brought_enrol_nobody() {
    for (variant, model) in [(Variant::Data, DESCRIPTOR), (Variant::Mesh, MESH)] {
        let stack = Stack::read(variant);
        let client = stack.client();
        let data = document(model);
        let person = confirmed_with(&client, Some(&data)).await;
        let asked = asked_to_enrol(&client, &person).await;
        assert_eq!(asked.model, Some(model));
        // The same person's, and not those that sign-up has brought.
        let wrong = answer(&client, &asked, &document(model)).await;
        let asked = refused(wrong, Step::Enrol, Reason::NoMatch);
        let wrong = client.answer(&asked, Answer::Text("uploaded".to_owned()));
        let asked = refused(wrong.await, Step::Enrol, Reason::NotFaceData);
        let profile = stack.profile(person.user_name()).await;
        assert_eq!(profile["state"]["S"], "MAY_ENROL");
        assert!(profile["dataOf"].is_null());

        // Taken again in the same session; and it is no sign-in yet.
        let asked = challenge(
            answer(&client, &asked, &data).await,
            Step::Verify(Factor::FaceData),
        );
        tokens(answer(&client, &asked, &live(model)).await);
    }
}

#[tokio::test]
async fn face_data_that_passed_or_were_enrolled_never_pass_again() {
    for (variant, model) in [(Variant::Data, DESCRIPTOR), (Variant::Mesh, MESH)] {
        let stack = Stack::read(variant);
        let client = stack.client();
        let (data, passed) = (document(model), live(model));
        let person = confirmed_with(&client, Some(&data)).await;
        let asked = asked_to_enrol(&client, &person).await;
        let asked = challenge(
            answer(&client, &asked, &data).await,
            Step::Verify(Factor::FaceData),
        );
        let again = answer(&client, &asked, &data).await;
        let asked = refused(again, Step::Verify(Factor::FaceData), Reason::NoMatch);
        tokens(answer(&client, &asked, &passed).await);

        let begun = client.begin(&person.email, Some(&person.password)).await;
        let asked = challenge(begun, Step::Verify(Factor::FaceData));
        let again = answer(&client, &asked, &passed).await;
        let asked = refused(again, Step::Verify(Factor::FaceData), Reason::NoMatch);
        // Written in other words they are the same.
        let rewritten = data.to_document().replace('[', "[ ").replace(',', " ,\n");
        let again = client.answer(&asked, Answer::Text(rewritten)).await;
        let asked = refused(again, Step::Verify(Factor::FaceData), Reason::NoMatch);
        tokens(answer(&client, &asked, &live(model)).await);
    }
}

#[tokio::test]
async fn nobody_enrols_face_data_without_the_password_in_the_same_session() {
    let stack = Stack::read(Variant::Data);
    let client = stack.client();
    let data = document(DESCRIPTOR);
    let person = confirmed_with(&client, Some(&data)).await;
    let asked = asked_for_data(&client, &person.email).await;
    let wrong = answer(&client, &asked, &data).await;
    let asked = refused(wrong, Step::Verify(Factor::FaceData), Reason::NoMatch);
    let wrong = answer(&client, &asked, &live(DESCRIPTOR)).await;
    refused(wrong, Step::Verify(Factor::FaceData), Reason::NoMatch);
    let profile = stack.profile(person.user_name()).await;
    assert_eq!(profile["state"]["S"], "MAY_ENROL");
}

#[tokio::test]
async fn face_data_under_your_address_give_whoever_signed_it_up_nothing() {
    let stack = Stack::read(Variant::Data);
    let client = stack.client();
    let theirs = other(DESCRIPTOR);
    let person = signed_up_with(&client, &fresh_email(), Some(&theirs)).await;
    let code = newest_code(&client, &person.email).await;
    // The owner of the mailbox enters the code somewhere, without the other party's secret.
    client.confirm(&person.email, &code, None).await.unwrap();
    let profile = stack.profile(person.user_name()).await;
    assert!(about_data(&profile).is_empty(), "nobody can enrol them");
    let begun = client.begin(&person.email, Some(&person.password)).await;
    let asked = challenge(begun, Step::Verify(Factor::FaceData));
    let wrong = answer(&client, &asked, &theirs).await;
    refused(
        wrong,
        Step::Verify(Factor::FaceData),
        Reason::EnrolmentNeedsReset,
    );

    // The owner resets the password, and then it is theirs, with data of their own.
    let mine = with_a_new_password(&client, person).await;
    enrol_data(&client, &mine, document(DESCRIPTOR)).await;
    let asked = asked_for_data(&client, &mine.email).await;
    let wrong = answer(&client, &asked, &other(DESCRIPTOR)).await;
    refused(wrong, Step::Verify(Factor::FaceData), Reason::NoMatch);
}

#[tokio::test]
async fn a_new_password_ends_the_enrolment_that_began_under_the_old_one() {
    let stack = Stack::read(Variant::Data);
    let client = stack.client();
    let data = document(DESCRIPTOR);
    let person = confirmed_with(&client, Some(&data)).await;
    let asked = asked_to_enrol(&client, &person).await;
    let first = asked_to_enrol(&client, &person).await;
    let old = challenge(
        answer(&client, &first, &data).await,
        Step::Verify(Factor::FaceData),
    );

    let person = with_a_new_password(&client, person).await;
    let profile = stack.profile(person.user_name()).await;
    assert_eq!(profile["state"]["S"], "MAY_ENROL");
    assert!(about_data(&profile).is_empty());
    // One that another session had replaced, and the one that was under way.
    let late = answer(&client, &asked, &data).await;
    refused(late, Step::Verify(Factor::FaceData), Reason::TryLater);
    let late = answer(&client, &old, &live(DESCRIPTOR)).await;
    refused(late, Step::Verify(Factor::FaceData), Reason::TryLater);
    let profile = stack.profile(person.user_name()).await;
    assert_eq!(profile["state"]["S"], "MAY_ENROL");

    // Whoever has the new password enrols what they have now.
    enrol_data(&client, &person, document(DESCRIPTOR)).await;
}

#[tokio::test]
async fn an_enrolment_that_was_broken_off_is_begun_again_with_the_same_face_data() {
    let stack = Stack::read(Variant::Data);
    let client = stack.client();
    let data = document(DESCRIPTOR);
    let person = confirmed_with(&client, Some(&data)).await;
    let asked = asked_to_enrol(&client, &person).await;
    let broken_off = challenge(
        answer(&client, &asked, &data).await,
        Step::Verify(Factor::FaceData),
    );

    // Whoever else has the password has not what sign-up has brought.
    let asked = asked_to_enrol(&client, &person).await;
    let wrong = answer(&client, &asked, &other(DESCRIPTOR)).await;
    refused(wrong, Step::Enrol, Reason::NoMatch);
    enrol_data(&client, &person, data).await;
    // The account is active since; the session that was broken off is not what made it so.
    let late = answer(&client, &broken_off, &live(DESCRIPTOR)).await;
    refused(late, Step::Verify(Factor::FaceData), Reason::Superseded);
}

#[tokio::test]
async fn fresh_face_data_that_were_broken_off_after_a_reset_are_replaced() {
    let stack = Stack::read(Variant::Data);
    let client = stack.client();
    let person = confirmed_with(&client, Some(&other(DESCRIPTOR))).await;
    let person = with_a_new_password(&client, person).await;
    let asked = asked_to_enrol(&client, &person).await;
    let fresh = other(DESCRIPTOR);
    challenge(
        answer(&client, &asked, &fresh).await,
        Step::Verify(Factor::FaceData),
    );
    enrol_data(&client, &person, document(DESCRIPTOR)).await;
}

#[tokio::test]
async fn a_password_reset_never_touches_active_face_data() {
    let stack = Stack::read(Variant::Data);
    let client = stack.client();
    let (person, _) = enrolled_with_data(&stack, DESCRIPTOR).await;
    let before = stack.profile(person.user_name()).await;
    let person = with_a_new_password(&client, person).await;
    let after = stack.profile(person.user_name()).await;
    assert_eq!(before["faceData"], after["faceData"]);
    let begun = begun_bound(&client, &person).await;
    let asked = challenge(begun, Step::Verify(Factor::FaceData));
    let wrong = answer(&client, &asked, &other(DESCRIPTOR)).await;
    let asked = refused(wrong, Step::Verify(Factor::FaceData), Reason::NoMatch);
    tokens(answer(&client, &asked, &live(DESCRIPTOR)).await);
}

#[tokio::test]
async fn unknown_unenrolled_and_enrolled_users_look_alike() {
    let stack = Stack::read(Variant::Data);
    let client = stack.client();
    let (with_data, _) = enrolled_with_data(&stack, DESCRIPTOR).await;
    let data = document(DESCRIPTOR);
    let without_data = confirmed_with(&client, Some(&data)).await;
    let mut seen = Vec::new();
    for email in [with_data.email, without_data.email, fresh_email()] {
        let mut rounds = Vec::new();
        let mut asked = asked_for_data(&client, &email).await;
        for _ in 0..2 {
            rounds.push((
                asked.model,
                asked.attempts_left,
                asked.reason,
                asked.retry_after,
            ));
            let wrong = answer(&client, &asked, &other(DESCRIPTOR)).await;
            asked = refused(wrong, Step::Verify(Factor::FaceData), Reason::NoMatch);
        }
        ended(answer(&client, &asked, &other(DESCRIPTOR)).await);
        seen.push(rounds);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}
