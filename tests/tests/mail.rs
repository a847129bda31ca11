//! A stack that mails: a person without a face, and what owners hear.

use e2e::people::{
    Person, begun_bound, challenge, confirmed, inline, newest_code, refused, reset, sign_in_code,
    tokens, told_at_last,
};
use e2e::pictures;
use e2e::stack::{Stack, Variant, fresh_email};
use serde_json::json;
use signin_client::{Answer, Challenge, SignInClient, Tokens};
use signin_core::factor::Factor;
use signin_core::reason::Reason;
use signin_core::step::Step;

const CODE: Step = Step::Verify(Factor::EmailCode);
const FACE: Step = Step::Verify(Factor::Face);
const BY_MAIL: &str = "PASSWORD+EMAIL_CODE";

fn words(answer: &str) -> Answer {
    Answer::Text(answer.to_owned())
}

/// Somebody who has agreed to nothing.
async fn without_a_face(client: &SignInClient) -> Person {
    let (email, password) = (fresh_email(), "a long enough password".to_owned());
    let account = client.sign_up_with(&email, &password, None, None).await;
    let account = account.expect("no consent is needed without a face");
    let code = newest_code(client, &email).await;
    let confirmed = client.confirm(&email, &code, Some(&account.binding));
    confirmed.await.expect("the code is right");
    Person {
        email,
        password,
        account,
    }
}

/// The challenge of a session with the password that asks for a code.
async fn asked(client: &SignInClient, person: &Person) -> Challenge {
    let begun = client.begin(&person.email, Some(&person.password)).await;
    let select = challenge(begun, Step::Select);
    challenge(client.answer(&select, words(BY_MAIL)).await, CODE)
}

async fn by_mail(client: &SignInClient, person: &Person, codes: usize) -> Tokens {
    let asked = asked(client, person).await;
    let code = sign_in_code(client, &person.email, codes).await;
    tokens(client.answer(&asked, words(&code)).await)
}

/// The steps that an identity token claims.
async fn steps(client: &SignInClient, tokens: &Tokens) -> String {
    let claims = client.verify(tokens).await.expect("they are the pool's");
    let claimed = claims.identity.others.get("signin_steps");
    let claimed = claimed.and_then(|steps| steps.as_str());
    claimed.expect("a text").to_owned()
}

#[tokio::test]
async fn a_person_who_wants_no_face_signs_up_without_consent_and_in_by_a_code() {
    let stack = Stack::read(Variant::Mailed);
    let client = stack.client();
    let person = without_a_face(&client).await;
    let asked = asked(&client, &person).await;
    let code = sign_in_code(&client, &person.email, 1).await;
    let again = client.answer(&asked, words("no code")).await;
    let again = refused(again, CODE, Reason::NotACode);
    // As it stands in the mail, and as people type it.
    let (first, last) = code.split_at(3);
    let signed_in = tokens(
        client
            .answer(&again, words(&format!(" {first}-{last}")))
            .await,
    );
    assert_eq!(steps(&client, &signed_in).await, BY_MAIL);
    // Who changes their mind is asked for the consent.
    let select = challenge(begun_bound(&client, &person).await, Step::Select);
    let asked = challenge(client.answer(&select, words("FACE")).await, Step::Enrol);
    assert_eq!(asked.consent.as_deref(), Some("1"));
    let document = || inline(pictures::document());
    let refused = refused(
        client.answer(&asked, document()).await,
        Step::Enrol,
        Reason::ConsentNeeded,
    );
    let face = client.answer(&refused.agreeing(), document()).await;
    let asked = challenge(face, FACE);
    let signed_in = tokens(client.answer(&asked, inline(pictures::live())).await);
    assert_eq!(steps(&client, &signed_in).await, "PASSWORD+ENROL+FACE");
}

#[tokio::test]
async fn without_a_way_in_beside_the_face_consent_is_needed() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let email = fresh_email();
    let refused = client.sign_up_with(&email, "a long enough password", None, None);
    let refused = refused.await.expect_err("there is no consent").to_string();
    assert!(refused.contains("ClientMetadata.consent"), "{refused}");
}

#[tokio::test]
async fn the_owner_hears_of_a_face_a_new_browser_a_reset_and_a_changed_address() {
    let stack = Stack::read(Variant::Mailed);
    let client = stack.client().known_by("the owner's");
    let mut person = confirmed(&client).await;
    let select = challenge(begun_bound(&client, &person).await, Step::Select);
    let asked = challenge(client.answer(&select, words("FACE")).await, Step::Enrol);
    let face = client.answer(&asked, inline(pictures::document())).await;
    let asked = challenge(face, FACE);
    tokens(client.answer(&asked, inline(pictures::live())).await);
    let email = person.email.clone();
    let heard = async |about| told_at_last(&client, &[&email], about, 1).await.len();
    assert_eq!(heard("A face was added").await, 1);
    // Another browser, and then what its holder does.
    let other = stack.client().known_by("another one");
    let signed_in = by_mail(&other, &person, 1).await;
    assert_eq!(heard("new browser").await, 1);
    let change = json!({
        "AccessToken": signed_in.access,
        "UserAttributes": [{"Name": "email", "Value": fresh_email()}],
    });
    let (status, answer) = stack.cognito("UpdateUserAttributes", &change).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(heard("address is being changed").await, 1);
    person.password = "another long password".to_owned();
    reset(&client, &email, &person.password).await;
    assert_eq!(heard("password was reset").await, 1);
}
