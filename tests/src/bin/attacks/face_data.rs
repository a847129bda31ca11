//! 11: face data instead of pictures.

use e2e::face_data::{
    again, average_of_the_nearest, averages, data, document, each_and_others, other,
};
use e2e::people::{
    asked_for_data, asked_to_enrol, begun_bound, challenge, confirmed_with, enrol_data,
    enrolled_with_data, newest_code, signed_up_with, tokens, with_a_new_password,
};
use e2e::stack::fresh_email;
use e2e::trial::{Ground, Seen};
use signin_client::{Answer, ClientError, Round, SignInClient};
use signin_core::face::Threshold;
use signin_core::face_data::Model;
use signin_core::factor::Factor;
use signin_core::step::Step;

use crate::common::{tokens_or, walk_with, words};

/// The model of the stack that these attacks are made on.
const MODEL: Model = Model::Descriptor128;

/// Whatever is asked is answered with the attacker's data; fell where it ends in tokens.
async fn walked(client: &SignInClient, round: Result<Round, ClientError>) -> Seen {
    match walk_with(client, round, || Answer::FaceData(other(MODEL))).await {
        (Some(_), way) => Seen::fell(way),
        (None, way) => Seen::held(way),
    }
}

/// The attacker's own data, which pass for the attacker's own account.
pub(crate) async fn somebody_elses(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled_with_data(&stack, MODEL).await;
    ground.begins().await;
    let asked = asked_for_data(&client, &victim.email).await;
    let theirs = Answer::FaceData(other(MODEL));
    tokens_or(&client.answer(&asked, theirs).await)
}

/// The very data that were enrolled, as somebody has them who has read them somewhere.
pub(crate) async fn enrolled_again(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let data = document(MODEL);
    let victim = confirmed_with(&client, Some(&data)).await;
    enrol_data(&client, &victim, data.clone()).await;
    ground.begins().await;
    let asked = asked_for_data(&client, &victim.email).await;
    tokens_or(&client.answer(&asked, Answer::FaceData(data)).await)
}

/// An enrolment by somebody who knows the address alone, where any data would do.
pub(crate) async fn without_password(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let victim = confirmed_with(&client, Some(&document(MODEL))).await;
    let victim = with_a_new_password(&client, victim).await;
    ground.begins().await;
    let begun = client.begin(&victim.email, None).await;
    walked(&client, begun).await
}

/// An enrolment by a thief of the password, between the owner's sign-up and enrolment.
pub(crate) async fn with_a_stolen_password(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let victim = confirmed_with(&client, Some(&document(MODEL))).await;
    ground.begins().await;
    let begun = begun_bound(&client, &victim).await;
    walked(&client, begun).await
}

/// An account under the victim's address with the attacker's data, which the victim takes over.
pub(crate) async fn signed_up_first(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    ground.begins().await;
    let account = signed_up_with(&client, &fresh_email(), Some(&other(MODEL))).await;
    let code = newest_code(&client, &account.email).await;
    let confirmed = client.confirm(&account.email, &code, None).await;
    confirmed.expect("the code is right");
    let begun = begun_bound(&client, &account).await;
    if let fell @ Seen::Fell(_) = walked(&client, begun).await {
        return fell;
    }
    let owner = with_a_new_password(&client, account).await;
    let begun = begun_bound(&client, &owner).await;
    let owners = || Answer::FaceData(document(MODEL));
    if let (None, way) = walk_with(&client, begun, owners).await {
        return Seen::fell(format!("the owner is kept out: {way}"));
    }
    let begun = client.begin(&owner.email, None).await;
    walked(&client, begun).await
}

/// The mean of five people whom the victim resembles, where nothing but face data is asked for and
/// the operator has not said that this is meant.
pub(crate) async fn look_alikes(ground: Ground) -> Seen {
    let nearest =
        |person: &[f32], others: &[Vec<f32>]| vec![average_of_the_nearest(person, others)];
    let lax = ("ALLOW_FACE_DATA_ONLY", "false");
    Box::pin(averaged(ground, nearest, "99", lax)).await
}

/// The mean of everybody else, and the means of four clusters of them, under a lower threshold.
pub(crate) async fn averages_of_others(ground: Ground) -> Seen {
    let averages = |_: &[f32], others: &[Vec<f32>]| averages(others);
    let lax = ("SIMILARITY_THRESHOLD", "95");
    Box::pin(averaged(ground, averages, "95", lax)).await
}

/// Sends numbers that are nobody's face to a stack that is set up as its operator should not have
/// it; the victim is somebody whom one of them resembles closely enough.
async fn averaged(
    ground: Ground,
    guesses: impl Fn(&[f32], &[Vec<f32>]) -> Vec<Vec<f32>>,
    threshold: &str,
    lax: (&'static str, &'static str),
) -> Seen {
    let threshold: Threshold = threshold.parse().expect("a threshold");
    let (victim, guess) = each_and_others()
        .into_iter()
        .find_map(|(person, others)| {
            let passes = |guess: &Vec<f32>| data(guess).resembles(&data(&person), threshold);
            let guess = guesses(&person, &others).into_iter().find(passes)?;
            Some((person, data(&guess)))
        })
        .expect("averages pass for somebody");
    let stack = ground.stack.clone();
    let client = stack.client();
    let account = confirmed_with(&client, Some(&data(&victim))).await;
    let asked = asked_to_enrol(&client, &account).await;
    let enrolled = client.answer(&asked, Answer::FaceData(data(&victim))).await;
    let asked = challenge(enrolled, Step::Verify(Factor::FaceData));
    let live = Answer::FaceData(again(&victim));
    tokens(client.answer(&asked, live).await);
    ground.begins().await;
    let attack = async move {
        match client.begin(&account.email, None).await {
            Ok(Round::Challenge(asked)) => {
                tokens_or(&client.answer(&asked, Answer::FaceData(guess)).await)
            }
            other => Seen::held(format!("the functions do not start: {}", words(&other))),
        }
    };
    stack.with_settings(&[lax], attack).await
}
