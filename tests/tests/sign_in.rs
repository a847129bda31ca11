//! Enrolling and signing in, as an app does it, through the whole stack.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::mutation::Trigger;
use e2e::people::{
    Person, asked_for_face, asked_to_enrol, challenge, confirmed, ended, enrol, enrol_from,
    enrolled, inline, newest_code, refused, reset, signed_up, tokens, with_a_new_password,
};
use e2e::stack::{Stack, Variant, fresh_email};
use e2e::{drawn, pictures};
use signin_client::{Answer, Refusal, SignInClient};
use signin_core::budget;
use signin_core::challenge::{PRIVATE_PARAMETER, PrivateChallenge, Task};
use signin_core::factor::Factor;
use signin_core::id::{ChallengeId, EnrolmentId};
use signin_core::key::DocumentKey;
use signin_core::lockout::{EMPTIED_EVERY, FAILURES_TO_LOCK, Path, SLOW_FALLS};
use signin_core::reason::Reason;
use signin_core::reset::Opening;
use signin_core::step::Step;

#[tokio::test]
async fn a_person_enrols_and_from_then_on_signs_in_by_face_alone() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let (person, first) = enrolled(&stack).await;
    let claims = client
        .verify(&first)
        .await
        .expect("the tokens are the pool's");
    assert_eq!(claims.identity.sub, person.account.sub);
    assert_eq!(
        claims.identity.others["signin_steps"],
        "PASSWORD+ENROL+FACE"
    );

    // Inline.
    let asked = asked_for_face(&client, &person.email).await;
    assert_eq!(asked.attempts_left, 3);
    let signed_in = tokens(client.answer(&asked, inline(pictures::live())).await);
    let claims = client
        .verify(&signed_in)
        .await
        .expect("the tokens are the pool's");
    assert_eq!(claims.identity.others["signin_steps"], "FACE");

    // Uploaded.
    let asked = asked_for_face(&client, &person.email).await;
    client
        .upload(&asked, pictures::live())
        .await
        .expect("the picture is uploaded");
    tokens(client.answer(&asked, Answer::Uploaded).await);
}

#[tokio::test]
async fn nothing_but_the_record_is_left_of_the_pictures() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let (person, _) = enrolled(&stack).await;
    let asked = asked_for_face(&client, &person.email).await;
    client
        .upload(&asked, pictures::live())
        .await
        .expect("the picture is uploaded");
    tokens(client.answer(&asked, Answer::Uploaded).await);

    let user = person.user_name();
    let (documents, sign_ins) = (
        &stack.outputs.document_bucket,
        &stack.outputs.sign_in_bucket,
    );
    let enrolments = stack.enrolments_of(user).await;
    assert_eq!(enrolments.len(), 1);
    let key = format!("enrolments/{}", enrolments[0]);
    assert_eq!(stack.versions(documents, &key).await, 0);
    let key = format!("sign-in/{}", asked.challenge_id);
    assert_eq!(stack.objects(sign_ins, &key).await, 0);
    let profile = stack.profile(user).await;
    assert_eq!(profile["state"]["S"], "ACTIVE");
    assert_eq!(
        profile["faces"]["M"].as_object().map(serde_json::Map::len),
        Some(1)
    );
    assert!(profile["binding"].is_null() && profile["ttl"].is_null());
}

#[tokio::test]
async fn somebody_else_is_refused_and_three_wrong_answers_end_a_session() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let (person, _) = enrolled(&stack).await;
    let asked = asked_for_face(&client, &person.email).await;
    let wrong = client.answer(&asked, inline(pictures::other())).await;
    let asked = refused(wrong, Step::Verify(Factor::Face), Reason::NoMatch);
    assert_eq!(asked.attempts_left, 2);
    client
        .upload(&asked, pictures::two_people())
        .await
        .expect("the picture is uploaded");
    let wrong = client.answer(&asked, Answer::Uploaded).await;
    // Nothing was compared, so that it is none of the three.
    let asked = refused(wrong, Step::Verify(Factor::Face), Reason::ManyFaces);
    assert_eq!(asked.attempts_left, 2);
    let wrong = client.answer(&asked, inline(pictures::other())).await;
    let asked = refused(wrong, Step::Verify(Factor::Face), Reason::NoMatch);
    assert_eq!(asked.attempts_left, 1);
    ended(client.answer(&asked, inline(pictures::other())).await);

    // The owner is not kept out by it.
    let asked = asked_for_face(&client, &person.email).await;
    tokens(client.answer(&asked, inline(pictures::live())).await);
}

#[tokio::test]
async fn a_picture_that_passed_or_was_enrolled_never_passes_again() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let (document, live) = (pictures::document(), pictures::live());

    let asked = asked_to_enrol(&client, &person).await;
    client
        .upload(&asked, document.clone())
        .await
        .expect("the document is uploaded");
    let asked = challenge(
        client.answer(&asked, Answer::Uploaded).await,
        Step::Verify(Factor::Face),
    );
    let again = client.answer(&asked, inline(document)).await;
    let asked = refused(again, Step::Verify(Factor::Face), Reason::NoMatch);
    tokens(client.answer(&asked, inline(live.clone())).await);

    let asked = asked_for_face(&client, &person.email).await;
    let again = client.answer(&asked, inline(live)).await;
    refused(again, Step::Verify(Factor::Face), Reason::NoMatch);
}

#[tokio::test]
async fn a_document_that_is_not_accepted_can_be_taken_again_in_the_same_session() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let first = asked_to_enrol(&client, &person).await;
    client
        .upload(&first, pictures::two_people())
        .await
        .expect("the picture is uploaded");
    let wrong = client.answer(&first, Answer::Uploaded).await;
    let second = refused(wrong, Step::Enrol, Reason::ManyFaces);
    assert_eq!(
        first.upload.fields["key"], second.upload.fields["key"],
        "one key for all rounds"
    );
    assert_ne!(first.challenge_id, second.challenge_id);
    let asked = challenge(
        client.answer(&second, inline(pictures::document())).await,
        Step::Verify(Factor::Face),
    );
    tokens(client.answer(&asked, inline(pictures::live())).await);
}

#[tokio::test]
async fn a_document_of_somebody_else_enrols_nobody() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let asked = asked_to_enrol(&client, &person).await;
    let asked = challenge(
        client.answer(&asked, inline(pictures::other())).await,
        Step::Verify(Factor::Face),
    );
    let wrong = client.answer(&asked, inline(pictures::live())).await;
    refused(wrong, Step::Verify(Factor::Face), Reason::NoMatch);
    let profile = stack.profile(person.user_name()).await;
    assert_eq!(profile["state"]["S"], "MAY_ENROL");
    assert!(profile["faces"].is_null());
}

#[tokio::test]
async fn an_enrolment_that_was_broken_off_is_replaced_and_its_face_removed() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let asked = asked_to_enrol(&client, &person).await;
    let abandoned = asked.challenge_id.clone();
    challenge(
        client.answer(&asked, inline(pictures::other())).await,
        Step::Verify(Factor::Face),
    );
    assert_eq!(stack.faces_of(&abandoned).await, 1);

    enrol(&client, &person).await;
    stack.sweep(Duration::ZERO).await.expect("nothing fails");
    assert_eq!(stack.faces_of(&abandoned).await, 0);
    assert!(
        stack
            .enrolment(person.user_name(), &abandoned)
            .await
            .is_null()
    );
}

#[tokio::test]
async fn an_enrolment_needs_the_password_in_the_same_session() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let asked = asked_for_face(&client, &person.email).await;
    refused(
        client.answer(&asked, inline(pictures::document())).await,
        Step::Verify(Factor::Face),
        Reason::NoMatch,
    );
}

#[tokio::test]
async fn an_account_opened_by_somebody_else_with_your_address_gives_them_nothing() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let theirs = signed_up(&client, &fresh_email()).await;
    let code = newest_code(&client, &theirs.email).await;
    // The owner of the mailbox enters the code somewhere, without the other party's secret.
    client
        .confirm(&theirs.email, &code, None)
        .await
        .expect("the code is right");
    let begun = client.begin(&theirs.email, Some(&theirs.password)).await;
    let asked = refused(
        begun,
        Step::Verify(Factor::Face),
        Reason::EnrolmentNeedsReset,
    );
    refused(
        client.answer(&asked, inline(pictures::other())).await,
        Step::Verify(Factor::Face),
        Reason::EnrolmentNeedsReset,
    );

    // The owner resets the password, and then it is theirs.
    let mine = with_a_new_password(&client, theirs).await;
    enrol(&client, &mine).await;
}

#[tokio::test]
async fn a_new_password_ends_the_enrolment_that_began_under_the_old_one() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let begun = asked_to_enrol(&client, &person).await;
    let enrolment = begun.challenge_id.clone();
    let document = inline(pictures::document());
    let old = challenge(
        client.answer(&begun, document).await,
        Step::Verify(Factor::Face),
    );

    let person = with_a_new_password(&client, person).await;

    let late = client.answer(&old, inline(pictures::live())).await;
    refused(late, Step::Verify(Factor::Face), Reason::TryLater);
    let profile = stack.profile(person.user_name()).await;
    assert_eq!(profile["state"]["S"], "MAY_ENROL");
    assert!(profile["faces"].is_null());

    // Whoever has the new password enrols, and what the old session left is gone.
    enrol(&client, &person).await;
    assert_eq!(stack.faces_of(&enrolment).await, 0);
}

#[tokio::test]
async fn a_password_reset_never_touches_an_active_face() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let (person, _) = enrolled(&stack).await;
    let password = "another and longer password";
    let binding = reset(&client, &person.email, password).await;
    let begun = client.begin_bound(&person.email, password, &binding).await;
    let asked = challenge(begun, Step::Verify(Factor::Face));
    let wrong = client.answer(&asked, inline(pictures::other())).await;
    let asked = refused(wrong, Step::Verify(Factor::Face), Reason::NoMatch);
    tokens(client.answer(&asked, inline(pictures::live())).await);
}

#[tokio::test]
async fn unknown_unenrolled_and_enrolled_users_look_alike() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let (with_face, _) = enrolled(&stack).await;
    let without_face = confirmed(&client).await;
    let mut seen = Vec::new();
    for email in [with_face.email, without_face.email, fresh_email()] {
        let mut rounds = Vec::new();
        let mut asked = asked_for_face(&client, &email).await;
        for _ in 0..2 {
            let fields: Vec<String> = asked.upload.fields.keys().cloned().collect();
            rounds.push((fields, asked.attempts_left, asked.reason, asked.retry_after));
            let wrong = client.answer(&asked, inline(pictures::other())).await;
            asked = refused(wrong, Step::Verify(Factor::Face), Reason::NoMatch);
        }
        ended(client.answer(&asked, inline(pictures::other())).await);
        seen.push(rounds);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

#[tokio::test]
async fn an_answer_with_a_nonce_that_is_none_is_refused_by_name_and_the_enrolment_goes_on() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let mut asked = asked_to_enrol(&client, &person).await;
    for nonce in [String::new(), "x".repeat(257)] {
        let wrong = asked.with_pass_nonce(Some(nonce));
        let answered = client.answer(&wrong, inline(pictures::document())).await;
        asked = refused(answered, Step::Enrol, Reason::NotANonce);
    }
    let asked = asked.with_pass_nonce(Some("a nonce".to_owned()));
    enrol_from(&client, &asked).await;
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_refused_by_name_and_the_enrolment_goes_on() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let asked = asked_to_enrol(&client, &person).await;
    let id = ChallengeId::parse(&asked.challenge_id).unwrap();
    let now = e2e::attempts::now();
    let ended = PrivateChallenge {
        key: DocumentKey::Enrolment(EnrolmentId::from(&id)).to_string(),
        expires_at: now.minus(Duration::from_secs(1)),
        session: Opening {
            began: now.minus(budget::CHALLENGE),
            bound: true,
        },
        secret: None,
        task: Task::Enrol {
            enrolment: EnrolmentId::from(&id),
            consent: None,
        },
        id,
    };
    // Nobody waits for a quarter of an hour: the event is Cognito's, with another end.
    let picture = pictures::document();
    let answer = format!("data:image/jpeg;base64,{}", STANDARD.encode(&picture));
    let late = serde_json::json!({
        "userAttributes": {"sub": person.user_name()},
        "privateChallengeParameters": {PRIVATE_PARAMETER: ended.to_parameter()},
        "challengeAnswer": answer,
        "userNotFound": false,
    });
    let late = stack.event(Trigger::Verify, person.user_name(), &late);
    let verdict = stack.invoke(Trigger::Verify, &late).await.unwrap();
    assert_eq!(verdict["response"]["answerCorrect"], false);

    // The client hears of it, as it does when Cognito asks again.
    let repeated = client.answer(&asked, inline(picture)).await;
    let asked = refused(repeated, Step::Enrol, Reason::Expired);
    enrol_from(&client, &asked).await;
}

#[tokio::test]
async fn an_unconfirmed_user_gets_no_challenge() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = signed_up(&client, &fresh_email()).await;
    let error = client.begin(&person.email, None).await.unwrap_err();
    assert_eq!(error.refusal(), Some(&Refusal::UserNotConfirmed));
}

#[tokio::test]
async fn a_sign_up_without_consent_is_refused_with_what_is_expected() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let error = client
        .sign_up(&fresh_email(), "a long enough password", "0")
        .await
        .unwrap_err();
    assert_eq!(error.refusal(), Some(&Refusal::UserLambdaValidation));
    assert!(error.to_string().contains("consent"), "{error}");
}

#[tokio::test]
async fn with_a_password_in_the_policy_the_face_alone_opens_nothing() {
    let stack = Stack::read(Variant::Password);
    let client = stack.client();
    let (person, _) = enrolled(&stack).await;
    ended(client.begin(&person.email, None).await);
    let begun = client.begin(&person.email, Some(&person.password)).await;
    let asked = challenge(begun, Step::Verify(Factor::Face));
    tokens(client.answer(&asked, inline(pictures::live())).await);
    ended(
        client
            .begin(&person.email, Some("not the right password"))
            .await,
    );
}

#[tokio::test]
async fn where_documents_are_kept_the_face_is_compared_with_the_document() {
    let stack = Stack::read(Variant::Compare);
    let client = stack.client();
    let (person, _) = enrolled(&stack).await;
    let documents = &stack.outputs.document_bucket;
    let kept = stack.kept_document(person.user_name()).await;
    assert_eq!(stack.versions(documents, &kept).await, 1);

    let asked = asked_for_face(&client, &person.email).await;
    let wrong = client.answer(&asked, inline(pictures::other())).await;
    let asked = refused(wrong, Step::Verify(Factor::Face), Reason::NoMatch);
    tokens(client.answer(&asked, inline(pictures::live())).await);

    // Somebody without a document is compared with nobody.
    let asked = asked_for_face(&client, &fresh_email()).await;
    refused(
        client.answer(&asked, inline(pictures::live())).await,
        Step::Verify(Factor::Face),
        Reason::NoMatch,
    );
}

#[tokio::test]
async fn an_inline_document_is_kept_where_documents_are_kept() {
    let stack = Stack::read(Variant::Compare);
    let client = stack.client();
    let person = confirmed(&client).await;
    let asked = asked_to_enrol(&client, &person).await;
    let asked = challenge(
        client.answer(&asked, inline(pictures::document())).await,
        Step::Verify(Factor::Face),
    );
    tokens(client.answer(&asked, inline(pictures::live())).await);
    let kept = stack.kept_document(person.user_name()).await;
    assert_eq!(
        stack.versions(&stack.outputs.document_bucket, &kept).await,
        1
    );
}

/// Fails on a user's open path until a wait is due.
async fn fail_five_times(client: &SignInClient, email: &str) {
    for _ in 0..2 {
        let mut asked = asked_for_face(client, email).await;
        while asked.attempts_left > 1 && asked.retry_after.is_none() {
            let wrong = client.answer(&asked, inline(pictures::other())).await;
            asked = challenge(wrong, Step::Verify(Factor::Face));
        }
        if asked.retry_after.is_none() {
            ended(client.answer(&asked, inline(pictures::other())).await);
        }
    }
}

/// Signs in with password and face.
async fn by_password_and_face(client: &SignInClient, person: &Person) {
    let begun = client.begin(&person.email, Some(&person.password)).await;
    let asked = challenge(begun, Step::Verify(Factor::Face));
    assert_eq!(asked.retry_after, None);
    tokens(client.answer(&asked, inline(pictures::live())).await);
}

#[tokio::test]
async fn failures_count_across_sessions_and_fall_by_time_alone() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let (person, _) = enrolled(&stack).await;
    let user = person.user_name();
    fail_five_times(&client, &person.email).await;
    assert_eq!(stack.failures(user, Path::Open).await, 5);
    assert_eq!(stack.failures(user, Path::Password).await, 0);

    // A wait is due, and even the right face is not looked at; that is not counted.
    let asked = asked_for_face(&client, &person.email).await;
    assert_eq!(asked.reason, Some(Reason::TryLater));
    let wait = asked.retry_after.expect("a wait is due");
    assert!((1..=30).contains(&wait.as_secs()), "{wait:?}");
    let asked = refused(
        client.answer(&asked, inline(pictures::live())).await,
        Step::Verify(Factor::Face),
        Reason::TryLater,
    );
    assert!(asked.retry_after.is_some());
    assert_eq!(asked.attempts_left, 3, "it was no comparison");
    assert_eq!(stack.failures(user, Path::Open).await, 5);

    // When the wait is over, a pass on this path leaves what stands against it.
    stack.time_passes(user, wait).await;
    let asked = asked_for_face(&client, &person.email).await;
    assert_eq!(asked.retry_after, None);
    tokens(client.answer(&asked, inline(pictures::live())).await);
    assert_eq!(stack.failures(user, Path::Open).await, 5);
    stack.time_passes(user, 5 * SLOW_FALLS).await;
    assert_eq!(stack.failures(user, Path::Open).await, 0);
}

#[tokio::test]
async fn a_sign_in_with_the_password_opens_the_locked_path_without_it_once_a_day() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let (person, _) = enrolled(&stack).await;
    let user = person.user_name();
    fail_five_times(&client, &person.email).await;
    let lock = || stack.fail_so_often(user, Path::Open, FAILURES_TO_LOCK);
    lock().await;
    let asked = asked_for_face(&client, &person.email).await;
    assert_eq!(asked.reason, Some(Reason::Locked));
    assert_eq!(asked.retry_after, None);
    let locked = client.answer(&asked, inline(pictures::live())).await;
    refused(locked, Step::Verify(Factor::Face), Reason::Locked);

    by_password_and_face(&client, &person).await;
    let asked = asked_for_face(&client, &person.email).await;
    assert_eq!((asked.reason, asked.retry_after), (None, None));
    tokens(client.answer(&asked, inline(pictures::live())).await);

    // Again on the same day: no more guesses for whoever made them.
    lock().await;
    by_password_and_face(&client, &person).await;
    let asked = asked_for_face(&client, &person.email).await;
    assert_eq!(asked.reason, Some(Reason::Locked));
    stack.time_passes(user, EMPTIED_EVERY + SLOW_FALLS).await;
    assert!(stack.failures(user, Path::Open).await > 0);
    by_password_and_face(&client, &person).await;
    assert_eq!(stack.failures(user, Path::Open).await, 0);

    // An operator sets it back at any time.
    let wrong = asked_for_face(&client, &person.email).await;
    let wrong = client.answer(&wrong, inline(pictures::other())).await;
    refused(wrong, Step::Verify(Factor::Face), Reason::NoMatch);
    lock().await;
    stack.set_attempts_back(user, Path::Open).await;
    let asked = asked_for_face(&client, &person.email).await;
    tokens(client.answer(&asked, inline(pictures::live())).await);
}

#[tokio::test]
async fn a_picture_that_shows_nothing_is_no_guess_and_ten_of_them_end_a_session() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let (person, _) = enrolled(&stack).await;
    let mut asked = asked_for_face(&client, &person.email).await;
    for number in 1..10 {
        let black = client.answer(&asked, inline(drawn::plain(0))).await;
        asked = refused(black, Step::Verify(Factor::Face), Reason::NoFace);
        assert_eq!(asked.attempts_left, 3.min(10 - number));
    }
    ended(client.answer(&asked, inline(drawn::plain(0))).await);
    let attempts = stack
        .attempts(person.user_name(), Path::Open)
        .await
        .judged();
    assert_eq!((attempts.slow.count, attempts.unusable.count), (0, 10));
    let asked = asked_for_face(&client, &person.email).await;
    tokens(client.answer(&asked, inline(pictures::live())).await);
}

#[tokio::test]
async fn an_upload_that_differs_from_what_was_granted_is_refused() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let asked = asked_for_face(&client, &fresh_email()).await;
    let mut elsewhere = asked.clone();
    elsewhere
        .upload
        .fields
        .insert("key".into(), "sign-in/somebody/else".into());
    client
        .upload(&elsewhere, pictures::live())
        .await
        .unwrap_err();
    let mut of_another_type = asked.clone();
    of_another_type
        .upload
        .fields
        .insert("Content-Type".into(), "text/html".into());
    client
        .upload(&of_another_type, pictures::live())
        .await
        .unwrap_err();
    client
        .upload(&asked, vec![0; 5 * 1024 * 1024 + 1])
        .await
        .unwrap_err();
    client
        .upload(&asked, pictures::live())
        .await
        .expect("what was granted is accepted");
}
