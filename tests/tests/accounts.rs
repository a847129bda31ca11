//! Who may enrol: people who sign up, people who are invited, and owners of addresses that others
//! have used; as an app does it, through the whole stack.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use e2e::people::{
    asked_for_face, asked_to_enrol, begun_bound, challenge, confirmed, enrol, enrol_from, enrolled,
    inline, newest_code, owner_without_consent, refused, reset, signed_up, tokens,
    with_a_new_password,
};
use e2e::pictures;
use e2e::stack::{Stack, Variant, fresh_email};
use serde_json::{Value, json};
use signin_client::{Answer, BindingSecret, Challenge, Refusal, Round, SignInClient, Tokens};
use signin_core::factor::Factor;
use signin_core::reason::Reason;
use signin_core::step::Step;

/// How often a person begins to sign in and breaks off.
const BROKEN_OFF: usize = 120;

/// How many of those at a time.
const AT_ONCE: usize = 8;

/// Enrols and signs in after a reset.
async fn enrolled_after_reset(
    client: &SignInClient,
    email: &str,
    password: &str,
    binding: &BindingSecret,
) -> Tokens {
    let begun = client.begin_bound(email, password, binding).await;
    let asked = challenge(begun, Step::Enrol);
    assert_eq!(asked.consent, None, "the reset has brought consent");
    enrol_from(client, &asked).await;
    // From then on the face alone is enough.
    let asked = asked_for_face(client, email).await;
    tokens(client.answer(&asked, inline(pictures::live())).await)
}

/// A person whom an administrator invites, from the account to tokens.
async fn invited(stack: &Stack) -> (String, Tokens) {
    let client = stack.client();
    let email = fresh_email();
    let made = stack.admin(
        "AdminCreateUser",
        json!({
            "Username": email,
            "MessageAction": "SUPPRESS",
            "UserAttributes": [
                {"Name": "email", "Value": email},
                {"Name": "email_verified", "Value": "true"},
            ],
        }),
    );
    let user = made.await["User"]["Username"].as_str().unwrap().to_owned();
    assert_eq!(stack.profile(&user).await, Value::Null, "nothing is stored");
    let temporary = "a password that nobody needs 1A!";
    let set = json!({"Username": email, "Password": temporary, "Permanent": true});
    stack.admin("AdminSetUserPassword", set).await;

    // That password enrols nobody.
    let begun = client.begin(&email, Some(temporary)).await;
    let asked = challenge(begun, Step::Verify(Factor::Face));
    assert_eq!(asked.reason, Some(Reason::EnrolmentNeedsReset));

    // The person proves the mailbox and agrees.
    let password = "the invited person's own password";
    let binding = reset(&client, &email, password).await;
    let profile = stack.profile(&user).await;
    assert_eq!(profile["consentBy"]["S"], "PERSON");
    let signed_in = enrolled_after_reset(&client, &email, password, &binding).await;
    let profile = stack.profile(&user).await;
    assert_eq!(profile["state"]["S"], "ACTIVE");
    assert!(profile["binding"].is_null(), "the secret is spent");
    (email, signed_in)
}

#[tokio::test]
async fn an_invited_person_comes_from_the_administrators_account_to_tokens() {
    invited(&Stack::read(Variant::Default)).await;
}

#[tokio::test]
async fn where_nobody_signs_up_an_invited_person_comes_to_tokens_all_the_same() {
    let stack = Stack::read(Variant::Lite);
    let client = stack.client();
    let refused = client
        .sign_up(&fresh_email(), "a password of mine", "1")
        .await;
    let refused = refused.expect_err("nobody signs up by themselves");
    assert_eq!(
        refused.refusal(),
        Some(&Refusal::NotAuthorized),
        "{refused}"
    );
    invited(&stack).await;
}

#[tokio::test]
async fn on_lite_an_access_token_changes_no_address_and_letters_go_out() {
    let stack = Stack::read(Variant::Lite);
    let client = stack.client();
    // Its way leads through a letter, which has come.
    let (email, first) = invited(&stack).await;
    let elsewhere = fresh_email();
    for (operation, mut request) in [
        (
            "UpdateUserAttributes",
            json!({"UserAttributes": [{"Name": "email", "Value": elsewhere}]}),
        ),
        (
            "GetUserAttributeVerificationCode",
            json!({"AttributeName": "email"}),
        ),
    ] {
        request["AccessToken"] = json!(first.access);
        let (status, answer) = stack.cognito(operation, &request).await;
        assert_eq!(status, 400, "{operation}: {answer}");
        let kind = answer["__type"].as_str().unwrap();
        assert!(kind.ends_with("UserLambdaValidationException"), "{answer}");
    }
    let letters = client.mailbox(&elsewhere).await;
    assert_eq!(letters.expect("the mailbox opens").len(), 0);
    // The address is the owner's as before.
    let asked = asked_for_face(&client, &email).await;
    tokens(client.answer(&asked, inline(pictures::live())).await);
}

#[tokio::test]
async fn somebody_of_whom_the_table_has_never_heard_begins_with_a_reset() {
    // As after an import, or in a pool that was there before the stack.
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    for (partition, sort) in stack.records_of(person.user_name()).await {
        stack.delete_item(&partition, &sort).await;
    }
    let begun = begun_bound(&client, &person).await;
    let asked = challenge(begun, Step::Verify(Factor::Face));
    assert_eq!(asked.reason, Some(Reason::EnrolmentNeedsReset));
    let password = "the person's next long password";
    let binding = reset(&client, &person.email, password).await;
    enrolled_after_reset(&client, &person.email, password, &binding).await;
}

#[tokio::test]
async fn an_address_that_a_stranger_signed_up_and_left_is_its_owners_after_code_and_reset() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    for swept in [false, true] {
        let strangers = signed_up(&client, &fresh_email()).await;
        if swept {
            // Thirty days later.
            stack.forget_profile(strangers.user_name()).await;
        }
        let code = newest_code(&client, &strangers.email).await;
        let confirmed = client.confirm(&strangers.email, &code, None).await;
        confirmed.expect("the code is right");
        let password = "the owner's own long password";
        let binding = reset(&client, &strangers.email, password).await;
        // Whatever the stranger has is worth nothing.
        assert!(begun_bound(&client, &strangers).await.is_err());
        enrolled_after_reset(&client, &strangers.email, password, &binding).await;
    }
}

#[tokio::test]
async fn a_sign_up_whose_code_came_without_its_secret_begins_with_a_reset() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = signed_up(&client, &fresh_email()).await;
    let code = newest_code(&client, &person.email).await;
    let confirmed = client.confirm(&person.email, &code, None).await;
    confirmed.expect("a missing secret fails nothing");
    // Also with the secret, now.
    for begun in [
        client.begin(&person.email, Some(&person.password)).await,
        begun_bound(&client, &person).await,
    ] {
        let asked = challenge(begun, Step::Verify(Factor::Face));
        assert_eq!(asked.reason, Some(Reason::EnrolmentNeedsReset));
        let answered = client.answer(&asked, inline(pictures::live())).await;
        refused(
            answered,
            Step::Verify(Factor::Face),
            Reason::EnrolmentNeedsReset,
        );
    }
    let person = with_a_new_password(&client, person).await;
    enrol(&client, &person).await;
}

#[tokio::test]
async fn a_reset_without_a_secret_goes_through_and_lets_nobody_enrol() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let sent = client.forgot_password(&person.email).await;
    sent.expect("a code is mailed");
    let code = newest_code(&client, &person.email).await;
    let password = "a new and longer password";
    let reset = client.confirm_forgot_password(&person.email, &code, password);
    reset.await.expect("it brings nothing and goes through");
    let old = &person.account.binding;
    let wait = |asked: &Challenge| {
        assert_eq!(asked.reason, Some(Reason::TryLater));
        let seconds = asked.retry_after.expect("the sixteen minutes").as_secs();
        assert!((900..=960).contains(&seconds), "{seconds}");
    };
    wait(&challenge(
        client.begin_bound(&person.email, password, old).await,
        Step::Verify(Factor::Face),
    ));
    // Sixteen minutes later.
    let long_ago = json!({"N": "1"});
    let user = person.user_name();
    stack.set_in_profile(user, "resetAt", &long_ago).await;
    let begun = client.begin_bound(&person.email, password, old).await;
    let asked = challenge(begun, Step::Verify(Factor::Face));
    assert_eq!(asked.reason, Some(Reason::EnrolmentNeedsReset));
}

#[tokio::test]
async fn for_sixteen_minutes_after_a_reset_an_enrolled_owner_needs_its_secret_with_the_password() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let (person, _) = enrolled(&stack).await;
    let password = "a new and longer password";
    let binding = reset(&client, &person.email, password).await;
    let begun = client.begin(&person.email, Some(password)).await;
    let asked = challenge(begun, Step::Verify(Factor::Face));
    assert_eq!(asked.reason, Some(Reason::TryLater));
    assert!(asked.retry_after.is_some());
    // Not even the right face helps, and it is not looked at.
    let answered = client.answer(&asked, inline(pictures::live())).await;
    refused(answered, Step::Verify(Factor::Face), Reason::TryLater);
    // The reset's own tab signs in, and so does the face alone.
    let begun = client.begin_bound(&person.email, password, &binding).await;
    let asked = challenge(begun, Step::Verify(Factor::Face));
    tokens(client.answer(&asked, inline(pictures::live())).await);
    let asked = asked_for_face(&client, &person.email).await;
    tokens(client.answer(&asked, inline(pictures::live())).await);
}

#[tokio::test]
async fn sign_ins_that_were_broken_off_leave_one_record_and_the_next_one_enrols() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let first = asked_to_enrol(&client, &person).await;
    let key = first.upload.fields["key"].clone();
    let same = async || {
        let asked = asked_to_enrol(&client, &person).await;
        assert_eq!(
            asked.upload.fields["key"], key,
            "the same is taken up again"
        );
    };
    for _ in 0..BROKEN_OFF / AT_ONCE {
        // Eight at once.
        tokio::join!(
            same(),
            same(),
            same(),
            same(),
            same(),
            same(),
            same(),
            same()
        );
    }
    assert_eq!(stack.enrolments_of(person.user_name()).await.len(), 1);
    enrol(&client, &person).await;
}

#[tokio::test]
async fn two_sign_ins_of_one_tab_go_on_with_one_enrolment() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let first = asked_to_enrol(&client, &person).await;
    let second = asked_to_enrol(&client, &person).await;
    let document = inline(pictures::document());
    let first = challenge(
        client.answer(&first, document).await,
        Step::Verify(Factor::Face),
    );
    // What the first has enrolled, the second finds done.
    let second = client.answer(&second, inline(pictures::document())).await;
    let second = challenge(second, Step::Verify(Factor::Face));
    tokens(client.answer(&second, inline(pictures::live())).await);
    let late = client.answer(&first, inline(pictures::live())).await;
    refused(late, Step::Verify(Factor::Face), Reason::Superseded);
}

#[tokio::test]
async fn an_enrolment_asks_for_the_consent_that_is_not_on_record() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let owner = owner_without_consent(&client).await;
    let begun = begun_bound(&client, &owner).await;
    let asked = challenge(begun, Step::Enrol);
    assert_eq!(asked.consent.as_deref(), Some("1"));

    let user = owner.user_name();
    for asked in [asked.clone(), asked.agreeing_to("0")] {
        let answered = client.answer(&asked, inline(pictures::document())).await;
        if let Ok(Round::Challenge(again)) = &answered {
            assert_eq!(again.reason, Some(Reason::ConsentNeeded));
        }
        // The second answers a session that the first has used up.
        assert!(!matches!(answered, Ok(Round::Tokens(_))));
        assert_eq!(stack.profile(user).await["consentBy"]["S"], "SIGN_UP");
    }

    let begun = begun_bound(&client, &owner).await;
    let asked = challenge(begun, Step::Enrol).agreeing();
    client
        .upload(&asked, pictures::document())
        .await
        .expect("the document is uploaded");
    let asked = challenge(
        client.answer(&asked, Answer::Uploaded).await,
        Step::Verify(Factor::Face),
    );
    let profile = stack.profile(user).await;
    assert_eq!(profile["consentBy"]["S"], "PERSON");
    assert_eq!(profile["consent"]["S"], "1");
    tokens(client.answer(&asked, inline(pictures::live())).await);
}

#[tokio::test]
async fn a_sign_out_that_is_owed_is_carried_out_by_sweep() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let (person, signed_in) = enrolled(&stack).await;
    let user = person.user_name();
    for (attribute, value) in [
        ("signOutOwed", json!({"N": "1"})),
        ("owed", json!({"S": "SIGN_OUT"})),
        ("owedAt", json!({"N": "1"})),
    ] {
        stack.set_in_profile(user, attribute, &value).await;
    }
    let swept = stack.sweep(Duration::ZERO).await;
    assert!(swept.is_ok(), "{swept:?}");
    let profile = stack.profile(user).await;
    assert!(
        profile["signOutOwed"].is_null() && profile["owed"].is_null(),
        "{profile}"
    );
    // It is not the mark that refuses it now.
    let refresh = signed_in.refresh.expect("a sign-in brings a refresh token");
    client.refresh(&refresh).await.unwrap_err();
}
