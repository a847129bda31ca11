//! People who sign up, enrol and sign in, as an app leads them.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use signin_client::{
    Answer, BindingSecret, Challenge, ClientError, Refusal, Round, SignInClient, SignedUp, Tokens,
};
use signin_core::face_data::{FaceData, Model};
use signin_core::factor::Factor;
use signin_core::reason::Reason;
use signin_core::secret::Sha256Digest;
use signin_core::step::Step;

use crate::stack::{Stack, fresh_email};
use crate::{face_data, pictures};

/// How long a letter may take before a test gives it up.
const MAIL_PATIENCE: Duration = Duration::from_mins(1);

/// Somebody with an account.
#[derive(Debug)]
pub struct Person {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The account.
    pub account: SignedUp,
}

impl Person {
    /// The name that every trigger and every key has for the account.
    pub fn user_name(&self) -> &str {
        &self.account.sub
    }
}

/// Signs up with a fresh address, and enters the code that came by mail.
pub async fn confirmed(client: &SignInClient) -> Person {
    confirmed_with(client, None).await
}

/// The same, with face data where there are any.
pub async fn confirmed_with(client: &SignInClient, data: Option<&FaceData>) -> Person {
    let person = signed_up_with(client, &fresh_email(), data).await;
    let code = newest_code(client, &person.email).await;
    let binding = Some(&person.account.binding);
    client
        .confirm(&person.email, &code, binding)
        .await
        .expect("the code is right");
    person
}

/// Signs up, and leaves the code in the mailbox.
pub async fn signed_up(client: &SignInClient, email: &str) -> Person {
    signed_up_with(client, email, None).await
}

/// The same, with face data where there are any.
pub async fn signed_up_with(client: &SignInClient, email: &str, data: Option<&FaceData>) -> Person {
    let password = hex::encode(rand::random::<[u8; 12]>());
    let document = data.map(FaceData::to_document);
    let account = client
        .sign_up_with(
            email,
            &password,
            Some("1"),
            document.as_ref().map(|text| text.as_str()),
        )
        .await
        .expect("the sign-up is accepted");
    Person {
        email: email.to_owned(),
        password,
        account,
    }
}

/// The code of the newest letter of Cognito's to an address; what the stack itself mails may come at any
/// time beside it.
pub async fn newest_code(client: &SignInClient, email: &str) -> String {
    let letters = client.mailbox(email).await.expect("the mailbox opens");
    let mut cognitos = letters
        .into_iter()
        .filter(|letter| !letter.code.is_empty() && !letter.subject.contains("sign-in code"));
    cognitos.next().expect("a letter has come").code
}

/// The sign-in codes that were mailed to an address, the newest first.
pub async fn sign_in_codes(client: &SignInClient, email: &str) -> Vec<String> {
    let letters = client.mailbox(email).await.expect("the mailbox opens");
    let codes = letters.into_iter();
    let codes = codes.filter(|letter| letter.subject.contains("sign-in code"));
    codes.map(|letter| letter.code).collect()
}

/// The newest of the sign-in codes to an address, once there are so many.
pub async fn sign_in_code(client: &SignInClient, email: &str, count: usize) -> String {
    let deadline = Instant::now() + MAIL_PATIENCE;
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    loop {
        let mut codes = sign_in_codes(client, email).await;
        if codes.len() >= count {
            return codes.swap_remove(0);
        }
        assert!(Instant::now() < deadline, "no code has come");
        ticks.tick().await;
    }
}

/// The addresses that letters with such a subject went to, of these, the newest first.
pub async fn told(client: &SignInClient, addresses: &[&str], about: &str) -> Vec<String> {
    let mut told = Vec::new();
    for address in addresses {
        let letters = client.mailbox(address).await.expect("the mailbox opens");
        let about = letters
            .iter()
            .filter(|letter| letter.subject.contains(about));
        told.extend(about.map(|letter| letter.to.clone()));
    }
    told
}

/// The same, once there are so many.
pub async fn told_at_last(
    client: &SignInClient,
    addresses: &[&str],
    about: &str,
    count: usize,
) -> Vec<String> {
    let deadline = Instant::now() + MAIL_PATIENCE;
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    loop {
        let told = told(client, addresses, about).await;
        if told.len() >= count {
            return told;
        }
        assert!(
            Instant::now() < deadline,
            "no letter about {about} has come"
        );
        ticks.tick().await;
    }
}

/// Waits until the owner has heard whatever they are to hear by now: what they are told goes out in order,
/// and what comes of a sign-in from a new browser is ordered before the second letter is.
pub async fn all_told(stack: &Stack, person: &Person) {
    const ABOUT: &str = "face was removed";
    let (client, addresses) = (stack.client(), [person.email.as_str()]);
    for _ in 0..2 {
        let before = told(&client, &addresses, ABOUT).await.len();
        stack.tell_of_a_removed_face(person.user_name()).await;
        told_at_last(&client, &addresses, ABOUT, before + 1).await;
    }
}

/// Six digits that are not these.
pub fn another_code(code: &str) -> Answer {
    let number: u32 = code.parse().expect("six digits");
    Answer::Text(format!("{:06}", (number + 1) % 1_000_000))
}

/// Signs up, confirms, enrols with the document and signs in with a live picture, in one browser
/// tab.
pub async fn enrolled(stack: &Stack) -> (Person, Tokens) {
    let client = stack.client();
    let person = confirmed(&client).await;
    let live = pictures::live();
    match enrolled_with(&client, &person, live.clone()).await {
        Ok(Round::Tokens(tokens)) => (person, tokens),
        other => panic!(
            "expected tokens, found {other:?}\n{}",
            why_not(stack, &person, &live).await
        ),
    }
}

/// What stands on record of somebody whose picture did not pass, and what the recogniser finds for it
/// now.
async fn why_not(stack: &Stack, person: &Person, live: &[u8]) -> String {
    let request = json!({
        "CollectionId": stack.outputs.face_collection,
        "Image": {"Bytes": STANDARD.encode(live)},
        "MaxFaces": 4096,
        "FaceMatchThreshold": 0,
    });
    let found = stack.recognition("SearchFacesByImage", &request).await;
    let mut said = vec![format!(
        "the picture's digest is {}",
        Sha256Digest::of(live).to_hex()
    )];
    for id in stack.enrolments_of(person.user_name()).await {
        let all = found["FaceMatches"].as_array().into_iter().flatten();
        let own: Vec<&Value> = all
            .filter(|found| found["Face"]["ExternalImageId"] == id.as_str())
            .collect();
        said.push(format!("a search for it finds, of enrolment {id}: {own:?}"));
    }
    for (partition, sort) in stack.records_of(person.user_name()).await {
        said.push(stack.item(&partition, &sort).await.to_string());
    }
    said.join("\n")
}

/// Signs up with face data, confirms, enrols them and signs in with others of the same person, in
/// one browser tab.
pub async fn enrolled_with_data(stack: &Stack, model: Model) -> (Person, Tokens) {
    let client = stack.client();
    let data = face_data::document(model);
    let person = confirmed_with(&client, Some(&data)).await;
    let tokens = enrol_data(&client, &person, data).await;
    (person, tokens)
}

/// Enrols face data for an account that may, and signs it in.
pub async fn enrol_data(client: &SignInClient, person: &Person, data: FaceData) -> Tokens {
    let model = data.model();
    let asked = asked_to_enrol(client, person).await;
    let asked = client.answer(&asked, Answer::FaceData(data)).await;
    let asked = challenge(asked, Step::Verify(Factor::FaceData));
    let live = Answer::FaceData(face_data::live(model));
    tokens(client.answer(&asked, live).await)
}

/// Begins a session without a password, in which face data are asked for.
pub async fn asked_for_data(client: &SignInClient, email: &str) -> Challenge {
    challenge(
        client.begin(email, None).await,
        Step::Verify(Factor::FaceData),
    )
}

/// Has a code mailed and sets a new password with it, as the owner of the mailbox can who agrees to
/// the consent text. Returns what from then on goes with the password.
pub async fn reset(client: &SignInClient, email: &str, password: &str) -> BindingSecret {
    let sent = client.forgot_password(email).await;
    sent.expect("a code is mailed");
    let code = newest_code(client, email).await;
    let reset = client.reset_password(email, &code, password, Some("1"));
    reset.await.expect("the code is right")
}

/// An address that a stranger signed up, and agreed for; its owner has confirmed it, reset the
/// password in their browser tab, and agreed to nothing.
pub async fn owner_without_consent(client: &SignInClient) -> Person {
    let person = signed_up(client, &fresh_email()).await;
    let code = newest_code(client, &person.email).await;
    let confirmed = client.confirm(&person.email, &code, None).await;
    confirmed.expect("the code is right");
    let sent = client.forgot_password(&person.email).await;
    sent.expect("a code is mailed");
    let code = newest_code(client, &person.email).await;
    let password = "the owner's own long password".to_owned();
    let reset = client.reset_password(&person.email, &code, &password, None);
    let account = SignedUp {
        binding: reset.await.expect("the code is right"),
        ..person.account
    };
    Person {
        password,
        account,
        ..person
    }
}

/// The same person, who has reset the password in their browser tab.
pub async fn with_a_new_password(client: &SignInClient, person: Person) -> Person {
    let password = "a new and longer password".to_owned();
    let binding = reset(client, &person.email, &password).await;
    let account = SignedUp {
        binding,
        ..person.account
    };
    Person {
        password,
        account,
        ..person
    }
}

/// Begins a session with the password and the secret of the browser tab that chose it.
pub async fn begun_bound(client: &SignInClient, person: &Person) -> Result<Round, ClientError> {
    let binding = &person.account.binding;
    client
        .begin_bound(&person.email, &person.password, binding)
        .await
}

/// Begins a session with the password, in which a document is asked for.
pub async fn asked_to_enrol(client: &SignInClient, person: &Person) -> Challenge {
    challenge(begun_bound(client, person).await, Step::Enrol)
}

/// Begins a session without a password, in which a face is asked for.
pub async fn asked_for_face(client: &SignInClient, email: &str) -> Challenge {
    challenge(client.begin(email, None).await, Step::Verify(Factor::Face))
}

/// Enrols an account that may, and signs it in.
pub async fn enrol(client: &SignInClient, person: &Person) -> Tokens {
    tokens(enrolled_with(client, person, pictures::live()).await)
}

/// Enrols an account that may, and answers with this live picture.
async fn enrolled_with(
    client: &SignInClient,
    person: &Person,
    live: Vec<u8>,
) -> Result<Round, ClientError> {
    let asked = asked_to_enrol(client, person).await;
    client
        .upload(&asked, pictures::document())
        .await
        .expect("the document is uploaded");
    let asked = challenge(
        client.answer(&asked, Answer::Uploaded).await,
        Step::Verify(Factor::Face),
    );
    client.answer(&asked, inline(live)).await
}

/// Goes on from where a document is asked for, to tokens.
pub async fn enrol_from(client: &SignInClient, asked: &Challenge) -> Tokens {
    let document = client.answer(asked, inline(pictures::document())).await;
    let asked = challenge(document, Step::Verify(Factor::Face));
    tokens(client.answer(&asked, inline(pictures::live())).await)
}

/// A picture as an inline answer.
pub fn inline(bytes: Vec<u8>) -> Answer {
    Answer::Inline {
        bytes,
        mime: "image/jpeg",
    }
}

/// The challenge that a call must have led to.
pub fn challenge(round: Result<Round, ClientError>, step: Step) -> Challenge {
    match round {
        Ok(Round::Challenge(challenge)) if challenge.step == step => challenge,
        other => panic!("expected a challenge {step:?}, found {other:?}"),
    }
}

/// The challenge that a call must have led to, which says why the last answer did not pass.
pub fn refused(round: Result<Round, ClientError>, step: Step, reason: Reason) -> Challenge {
    let challenge = challenge(round, step);
    assert_eq!(challenge.reason, Some(reason));
    challenge
}

/// The tokens that a call must have led to.
pub fn tokens(round: Result<Round, ClientError>) -> Tokens {
    match round {
        Ok(Round::Tokens(tokens)) => tokens,
        other => panic!("expected tokens, found {other:?}"),
    }
}

/// Fails unless the session ended without tokens.
pub fn ended(round: Result<Round, ClientError>) {
    match round {
        Err(error) if error.refusal() == Some(&Refusal::NotAuthorized) => {}
        other => panic!("expected the session's end, found {other:?}"),
    }
}
