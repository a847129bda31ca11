//! Sessions under policies of several chains: define, create, verify and the token guard, one after
//! another as Cognito calls them, over services in memory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use signin_aws::table::Offered;
use signin_core::challenge::{OnPass, Task};
use signin_core::face_data::{FaceData, Model};
use signin_core::factor::Factor;
use signin_core::id::{ChallengeId, EnrolmentId, FaceId};
use signin_core::key::DocumentKey;
use signin_core::lockout::Path;
use signin_core::policy::{Chain, Policy};
use signin_core::profile::EnrolledFace;
use signin_core::reason::Reason;
use signin_core::secret::Sha256Digest;
use signin_core::session::Next;
use signin_core::step::Step;
use support::fake::{World, picture};
use support::led::{Led, policy};
use support::people::{NOW, ada, inline, invocation, with_password};

const EITHER: &str = "FACE,PASSWORD+FACE_DATA";

fn data(person: u8, take: u8) -> FaceData {
    let value = |place: usize| {
        let own = f32::from(u8::try_from((place * usize::from(person)) % 17).unwrap());
        let shaken = if place == 0 {
            f32::from(take) / 1000.0
        } else {
            0.0
        };
        own / 17.0 + shaken
    };
    FaceData::new(Model::Descriptor128, (0..128).map(value).collect()).unwrap()
}

fn sent(data: &FaceData) -> String {
    data.to_document().to_string()
}

/// A session that has proved the password and chosen a chain of [`EITHER`].
fn choosing<'a>(world: &'a World, number: u8, chain: &str) -> Led<'a> {
    let mut led = Led::new(world, &policy(EITHER), number, with_password());
    led.passes(Step::Select, chain);
    led
}

fn face() -> Step {
    Step::Verify(Factor::Face)
}

fn face_data() -> Step {
    Step::Verify(Factor::FaceData)
}

#[tokio::test(start_paused = true)]
async fn the_chain_that_is_chosen_is_enrolled_for_and_signs_in() {
    let (document, live) = (picture(1, 1), picture(1, 2));
    let world = World::default();
    world.signed_up();
    let mut session = choosing(&world, 0, "FACE");
    session.passes(Step::Enrol, &inline(&document));
    session.passes(face(), &inline(&live));
    assert_eq!(session.next(), Next::IssueTokens);
    // Without a nonce a pass is worth what every chain asks for: nothing that both do.
    assert_eq!(session.tokens().as_deref(), Some(""));
    assert_eq!(session.tokens(), None, "a pass is good once");
    // From now on the face signs in alone.
    let mut alone = Led::new(&world, &policy(EITHER), 50, Vec::new());
    alone.passes(face(), &inline(&picture(1, 3)));
    assert_eq!(alone.next(), Next::IssueTokens);
}

#[tokio::test(start_paused = true)]
async fn the_other_chain_takes_face_data_and_nothing_of_the_first() {
    let world = World::default();
    world.signed_up();
    let either = policy(EITHER);
    let mut session = choosing(&world, 0, "PASSWORD+FACE_DATA");
    session.passes(Step::Enrol, &sent(&data(3, 0)));
    session.passes(face_data(), &sent(&data(3, 1)));
    assert_eq!(session.next(), Next::IssueTokens);
    assert!(session.tokens().is_some());
    // A face was not enrolled, and nobody's picture passes for one.
    let mut by_face = Led::new(&world, &either, 50, Vec::new());
    assert!(!by_face.step(face(), &inline(&picture(1, 3))));
    assert_eq!(by_face.reason(), Some(Reason::NoMatch));
    // Nor does the other chain's factor without its password.
    let mut with_the_password = choosing(&world, 60, "FACE");
    assert!(!with_the_password.step(face(), &sent(&data(3, 2))));
    assert_eq!(with_the_password.reason(), Some(Reason::NotAnImage));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_names_no_chain_on_offer_is_refused_and_the_choice_is_asked_again() {
    let world = World::default();
    world.signed_up();
    let mut session = Led::new(&world, &policy(EITHER), 0, with_password());
    for wrong in [
        "",
        "0",
        "face",
        "FACE ",
        "FACE_DATA",
        "PASSWORD+FACE",
        "uploaded",
        EITHER,
    ] {
        assert!(!session.step(Step::Select, wrong), "{wrong}");
        assert_eq!(session.reason(), Some(Reason::NotOffered), "{wrong}");
    }
    // Nothing is lost by it: not the secret either, by which an enrolment may begin.
    assert!(session.step(Step::Select, "FACE"));
    assert_eq!(session.asked().step(), Step::Enrol);
    assert_eq!(world.attempts(Path::Password).reserved().slow.count, 0);
    assert!(!session.answers("no picture"));
    // Ten answers that did not pass end a session, whatever they were.
    assert_eq!(session.asked().step(), Step::Enrol);
    assert!(!session.answers("no picture"));
    assert_eq!(session.next(), Next::Fail);
}

#[tokio::test(start_paused = true)]
async fn a_choice_is_asked_again_where_the_answer_came_too_late() {
    let world = World::default();
    world.signed_up();
    let mut session = Led::new(&world, &policy(EITHER), 0, with_password());
    session.asked();
    session.at = NOW.plus(signin_core::budget::CHALLENGE + Duration::from_secs(1));
    assert!(!session.answers("FACE"));
    assert_eq!(session.reason(), Some(Reason::Expired));
    session.at = NOW;
    assert!(session.step(Step::Select, "FACE"));
    assert_eq!(session.asked().step(), Step::Enrol);
}

#[tokio::test(start_paused = true)]
async fn without_the_secret_no_choice_lets_anybody_enrol() {
    for chain in ["FACE", "PASSWORD+FACE_DATA"] {
        let world = World::default();
        world.signed_up();
        let mut session = Led::new(&world, &policy(EITHER), 0, with_password());
        session.secret = Some(Sha256Digest::of(b"another"));
        assert!(session.step(Step::Select, chain));
        let asked = session.asked();
        let refused = matches!(
            asked.task,
            Task::Refuse {
                reason: Reason::EnrolmentNeedsReset,
                ..
            }
        );
        assert!(refused, "{:?}", asked.task);
    }
}

#[tokio::test(start_paused = true)]
async fn an_enrolment_of_one_chain_is_replaced_by_one_of_the_other() {
    let world = World::default();
    world.signed_up();
    let mut first = choosing(&world, 0, "FACE");
    let begun = first.asked();
    let begun = begun.enrolment().expect("one has begun").clone();
    let mut second = choosing(&world, 50, "PASSWORD+FACE_DATA");
    second.passes(Step::Enrol, &sent(&data(3, 0)));
    // The first one's picture comes to nothing, and is to be undone.
    assert!(!first.answers(&inline(&picture(1, 1))));
    let record = world.enrolment(&begun).expect("its record stands");
    assert_eq!(record.state.name(), "REPLACED");
    second.passes(face_data(), &sent(&data(3, 1)));
    assert_eq!(second.next(), Next::IssueTokens);
    // And the other way round: what has no record needs none.
    let world = World::default();
    world.signed_up();
    let mut first = choosing(&world, 0, "PASSWORD+FACE_DATA");
    first.asked();
    let mut second = choosing(&world, 50, "FACE");
    second.passes(Step::Enrol, &inline(&picture(1, 1)));
    assert!(!first.answers(&sent(&data(3, 0))));
    second.passes(face(), &inline(&picture(1, 2)));
    assert_eq!(second.next(), Next::IssueTokens);
}

/// Face data were accepted, and nobody has signed in with them.
#[tokio::test(start_paused = true)]
async fn what_one_chain_left_unproven_is_gone_once_the_other_begins() {
    let world = World::default();
    world.signed_up();
    let mut left = choosing(&world, 0, "PASSWORD+FACE_DATA");
    left.passes(Step::Enrol, &sent(&data(3, 0)));
    let profile = async || world.records().profile(&ada()).await.unwrap();
    assert!(profile().await.data.is_some());
    let mut owner = choosing(&world, 50, "FACE");
    owner.asked();
    assert_eq!(profile().await.data, None);
    // Nor do they come back by what the first session still sends.
    assert!(!left.step(face_data(), &sent(&data(3, 1))));
    assert_eq!(left.reason(), Some(Reason::Superseded));
    assert!(owner.answers(&inline(&picture(1, 1))));
    owner.passes(face(), &inline(&picture(1, 2)));
    assert_eq!(owner.next(), Next::IssueTokens);
    assert_eq!(profile().await.data, None);
    let mut later = choosing(&world, 100, "PASSWORD+FACE_DATA");
    assert!(!later.step(face_data(), &sent(&data(3, 2))));
    assert_eq!(later.reason(), Some(Reason::NoMatch));
}

/// An operator's upload becomes active without an enrolment that the person begins.
#[tokio::test(start_paused = true)]
async fn a_face_that_becomes_active_leaves_no_face_data_beside_it() {
    let world = World::default();
    world.signed_up();
    let mut left = choosing(&world, 0, "PASSWORD+FACE_DATA");
    left.passes(Step::Enrol, &sent(&data(3, 0)));
    let (id, face) = uploaded_by_an_operator(&world).await;
    let records = world.records();
    let user = ada();
    let offered = records.activate_bulk(&user, &id, &face, Some("1"), NOW);
    assert_eq!(offered.await.unwrap(), Offered::Active);
    let profile = records.profile(&user).await.unwrap();
    assert!(profile.is_active() && profile.data.is_none());
}

/// An operator's picture waits for a consent, and the person enrols face data.
#[tokio::test(start_paused = true)]
async fn what_waits_for_a_consent_is_given_up_once_face_data_are_active() {
    let world = World::default();
    world.signed_up();
    let (user, records) = (ada(), world.records());
    let (id, face) = uploaded_by_an_operator(&world).await;
    let offered = records.activate_bulk(&user, &id, &face, None, NOW);
    assert_eq!(offered.await.unwrap(), Offered::Waits);
    let mut person = choosing(&world, 0, "PASSWORD+FACE_DATA");
    person.passes(Step::Enrol, &sent(&data(3, 0)));
    person.passes(face_data(), &sent(&data(3, 1)));
    assert_eq!(person.next(), Next::IssueTokens);
    assert_eq!(records.profile(&user).await.unwrap().waiting, None);
}

/// Two tabs take up one enrolment of face data: what becomes active is what was compared.
#[tokio::test(start_paused = true)]
async fn face_data_that_another_tab_has_put_in_their_place_are_not_made_active_unseen() {
    let world = World::default();
    world.signed_up();
    let mut one = choosing(&world, 0, "PASSWORD+FACE_DATA");
    let mut other = choosing(&world, 50, "PASSWORD+FACE_DATA");
    let (begun, same) = (one.asked(), other.asked());
    assert_eq!(begun.enrolment(), same.enrolment());
    assert!(other.answers(&sent(&data(3, 0))));
    other.asked();
    assert!(one.answers(&sent(&data(5, 0))));
    // It was asked before the data were others.
    assert!(!other.answers(&sent(&data(3, 1))));
    assert_eq!(other.reason(), Some(Reason::Superseded));
    assert!(!world.records().profile(&ada()).await.unwrap().is_active());
    one.passes(face_data(), &sent(&data(5, 1)));
    assert_eq!(one.next(), Next::IssueTokens);
}

/// The enrolment of a picture of Ada's that an operator has uploaded, and its face in the collection.
async fn uploaded_by_an_operator(world: &World) -> (EnrolmentId, EnrolledFace) {
    let (user, records) = (ada(), world.records());
    let id = EnrolmentId::from(&ChallengeId::from_random([200; 16]));
    let face = EnrolledFace {
        id: FaceId::new("0f8fad5b-d9cb-469f-a165-70867728950e"),
        collection: "faces".to_owned(),
        model_version: "1.0".to_owned(),
        indexed_at: NOW,
        document: None,
    };
    let key = DocumentKey::Enrolment(id.clone());
    records.await_bulk(&user, &id, &key, NOW).await.unwrap();
    let awaited = records.enrolment(&user, &id).await.unwrap().unwrap();
    let call = invocation(200, NOW).id;
    let leased = records
        .lease_enrolment(&awaited, Some("1"), call, NOW)
        .await;
    let lease = leased.unwrap().unwrap();
    let digest = Sha256Digest::of(b"an operator's picture");
    let indexed = records.record_indexed(&lease, &face, Some("1"), digest);
    assert!(indexed.await.unwrap());
    (id, face)
}

/// A chain of two factors, as those of the steps to come. No account is enrolled for both of these, so
/// the first one passes and the second is where it ends.
#[tokio::test(start_paused = true)]
async fn the_first_of_two_factors_is_worth_no_tokens_and_its_picture_does_not_pass_again() {
    let world = World::default();
    world.enrolled(&picture(1, 1), &picture(1, 2));
    let chain = Chain::new(false, vec![Factor::Face, Factor::FaceData]).unwrap();
    let both = Policy::new(vec![chain]).unwrap();
    let mut session = Led::new(&world, &both, 0, Vec::new());
    // What the sign-in at enrolment has left.
    assert!(session.tokens().is_none());
    let asked = session.asked();
    let reservation = asked.task.reservation().expect("a comparison is reserved");
    assert_eq!(reservation.on_pass, OnPass::GoesOn);
    assert!(reservation.empties.is_empty() && reservation.empties_at_others.is_empty());
    assert!(session.answers(&inline(&picture(1, 3))));
    assert_eq!(session.next(), Next::CustomChallenge);
    assert_eq!(session.tokens(), None, "one of two steps has passed");
    assert!(!session.step(face_data(), &sent(&data(3, 0))));
    assert_eq!(session.reason(), Some(Reason::NoMatch));
    // The failure is counted where it was made, and nowhere else.
    let counted = |factor| world.attempts_at(Path::Open, factor).reserved().slow.count;
    assert_eq!((counted(Factor::FaceData), counted(Factor::Face)), (1, 0));
    // Byte for byte it passes once, whatever became of its session.
    let mut another = Led::new(&world, &both, 50, Vec::new());
    assert!(!another.step(face(), &inline(&picture(1, 3))));
}

/// Guessing at one factor of a chain leaves the other's attempts alone, and passing one refills none of
/// the other.
#[tokio::test(start_paused = true)]
async fn a_factor_that_passes_refills_no_other_factors_attempts() {
    let world = World::default();
    world.enrolled(&picture(1, 1), &picture(1, 2));
    let chain = Chain::new(false, vec![Factor::Face, Factor::FaceData]).unwrap();
    let both = Policy::new(vec![chain]).unwrap();
    let guessed = || {
        world
            .attempts_at(Path::Open, Factor::FaceData)
            .reserved()
            .slow
            .count
    };
    for guesses in 0..3 {
        let number = 20 * guesses;
        let mut session = Led::new(&world, &both, number, Vec::new());
        session.passes(face(), &inline(&picture(1, 10 + guesses)));
        assert_eq!(guessed(), u32::from(guesses));
        assert!(!session.step(face_data(), &sent(&data(3, 0))));
        assert_eq!(guessed(), u32::from(guesses) + 1);
    }
}
