//! Sessions under policies of several chains: define, create, verify and the token guard, one after
//! another as Cognito calls them, over services in memory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use signin_aws::table::Offered;
use signin_core::challenge::{OnPass, PrivateChallenge, Task};
use signin_core::face_data::{FaceData, Model};
use signin_core::factor::Factor;
use signin_core::factor::email_code::GOOD_FOR;
use signin_core::id::{ChallengeId, ClientId, EnrolmentId, FaceId, UserName};
use signin_core::key::DocumentKey;
use signin_core::lockout::Path;
use signin_core::pass::{Cause, Guard, TokenRequest};
use signin_core::policy::{Chain, Policy};
use signin_core::profile::EnrolledFace;
use signin_core::reason::{Reason, Verdict};
use signin_core::round::Asked;
use signin_core::secret::Sha256Digest;
use signin_core::session::{Entry, Next, define, progress};
use signin_core::step::Step;
use signin_core::time::Timestamp;
use support::fake::{World, picture};
use support::people::{NOW, SECRET, ada, answered, inline, invocation, with_password};

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

/// A session of Ada's, led as Cognito leads one.
struct Led<'a> {
    world: &'a World,
    policy: Policy,
    entries: Vec<Entry>,
    /// The secret that comes with the password.
    secret: Option<Sha256Digest>,
    at: Timestamp,
    number: u8,
    asked: Option<PrivateChallenge>,
}

impl<'a> Led<'a> {
    fn new(world: &'a World, policy: &Policy, number: u8, entries: Vec<Entry>) -> Self {
        Self {
            world,
            policy: policy.clone(),
            entries,
            secret: Some(Sha256Digest::of(SECRET)),
            at: NOW,
            number,
            asked: None,
        }
    }

    /// One that has proved the password and chosen a chain of [`EITHER`].
    fn choosing(world: &'a World, number: u8, chain: &str) -> Self {
        let mut led = Self::new(world, &policy(EITHER), number, with_password());
        led.passes(Step::Select, chain);
        led
    }

    fn next(&self) -> Next {
        define(&self.policy, &self.entries, false)
    }

    /// What is asked for now.
    fn asked(&mut self) -> PrivateChallenge {
        assert_eq!(self.next(), Next::CustomChallenge, "{:?}", self.entries);
        let progress = progress(&self.policy, &self.entries).expect("the session goes on");
        let first = progress.password_proven && progress.answered().next().is_none();
        self.number += 1;
        let asked = Asked {
            user: ada(),
            progress,
            secret: self.secret.filter(|_| first),
        };
        let creator = self.world.creator(0);
        let id = ChallengeId::from_random([self.number; 16]);
        let created = creator.create(&asked, id, invocation(self.number, self.at));
        let created = self.world.straight(created).expect("nothing fails");
        let metadata = created.metadata;
        self.entries.push(Entry::Custom {
            passed: false,
            metadata,
        });
        // What is told travels as text.
        let text = created.private.to_parameter();
        let private = PrivateChallenge::from_parameter(&text).expect("it is ours");
        assert_eq!(private, created.private);
        self.asked = Some(private.clone());
        private
    }

    /// Answers what was asked; whether that passes.
    fn answers(&mut self, answer: &str) -> bool {
        let asked = self.asked.take().expect("something was asked");
        self.number += 1;
        let verifier = self.world.verifier(0);
        let answered = answered(&asked, answer);
        let judged = verifier.verify(&answered, invocation(self.number, self.at));
        let judged = self.world.straight(judged);
        if let Some(Entry::Custom { passed, .. }) = self.entries.last_mut() {
            *passed = judged;
        }
        judged
    }

    /// Expects a step, and answers it.
    fn step(&mut self, step: Step, answer: &str) -> bool {
        let asked = self.asked();
        assert_eq!(asked.step(), step);
        self.answers(answer)
    }

    /// The same, where the answer must pass.
    fn passes(&mut self, step: Step, answer: &str) {
        assert!(self.step(step, answer), "{step:?}: {:?}", self.reason());
    }

    /// Why the last answer did not pass.
    fn reason(&self) -> Option<Reason> {
        let Some(Entry::Custom { metadata, .. }) = self.entries.last() else {
            return None;
        };
        match self.world.verdict_on(&metadata.id) {
            Some(Verdict::Refused(reason)) => Some(reason),
            Some(Verdict::Passed) | None => None,
        }
    }

    /// The steps that tokens are issued for now, as the claim names them.
    fn tokens(&self) -> Option<String> {
        let guard = self.world.token_guard(Guard {
            policy: self.policy.clone(),
            unguarded: Vec::new(),
        });
        let request = TokenRequest {
            client: ClientId::parse("client").unwrap(),
            cause: Cause::SignIn,
            nonce: None,
            digest: Sha256Digest::of(&[self.number]),
        };
        let user = ada();
        let admitted = guard.admit(&user, &request, invocation(self.number, self.at));
        let admitted = self.world.straight(admitted).expect("nothing fails");
        admitted.ok().flatten().map(|steps| steps.to_string())
    }
}

fn policy(text: &str) -> Policy {
    text.parse().unwrap()
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
    let mut session = Led::choosing(&world, 0, "FACE");
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
    let mut session = Led::choosing(&world, 0, "PASSWORD+FACE_DATA");
    session.passes(Step::Enrol, &sent(&data(3, 0)));
    session.passes(face_data(), &sent(&data(3, 1)));
    assert_eq!(session.next(), Next::IssueTokens);
    assert!(session.tokens().is_some());
    // A face was not enrolled, and nobody's picture passes for one.
    let mut by_face = Led::new(&world, &either, 50, Vec::new());
    assert!(!by_face.step(face(), &inline(&picture(1, 3))));
    assert_eq!(by_face.reason(), Some(Reason::NoMatch));
    // Nor does the other chain's factor without its password.
    let mut with_the_password = Led::choosing(&world, 60, "FACE");
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
    let mut first = Led::choosing(&world, 0, "FACE");
    let begun = first.asked();
    let begun = begun.enrolment().expect("one has begun").clone();
    let mut second = Led::choosing(&world, 50, "PASSWORD+FACE_DATA");
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
    let mut first = Led::choosing(&world, 0, "PASSWORD+FACE_DATA");
    first.asked();
    let mut second = Led::choosing(&world, 50, "FACE");
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
    let mut left = Led::choosing(&world, 0, "PASSWORD+FACE_DATA");
    left.passes(Step::Enrol, &sent(&data(3, 0)));
    let profile = async || world.records().profile(&ada()).await.unwrap();
    assert!(profile().await.data.is_some());
    let mut owner = Led::choosing(&world, 50, "FACE");
    owner.asked();
    assert_eq!(profile().await.data, None);
    // Nor do they come back by what the first session still sends.
    assert!(!left.step(face_data(), &sent(&data(3, 1))));
    assert_eq!(left.reason(), Some(Reason::Superseded));
    assert!(owner.answers(&inline(&picture(1, 1))));
    owner.passes(face(), &inline(&picture(1, 2)));
    assert_eq!(owner.next(), Next::IssueTokens);
    assert_eq!(profile().await.data, None);
    let mut later = Led::choosing(&world, 100, "PASSWORD+FACE_DATA");
    assert!(!later.step(face_data(), &sent(&data(3, 2))));
    assert_eq!(later.reason(), Some(Reason::NoMatch));
}

/// An operator's upload becomes active without an enrolment that the person begins.
#[tokio::test(start_paused = true)]
async fn a_face_that_becomes_active_leaves_no_face_data_beside_it() {
    let world = World::default();
    world.signed_up();
    let mut left = Led::choosing(&world, 0, "PASSWORD+FACE_DATA");
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
    let mut person = Led::choosing(&world, 0, "PASSWORD+FACE_DATA");
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
    let mut one = Led::choosing(&world, 0, "PASSWORD+FACE_DATA");
    let mut other = Led::choosing(&world, 50, "PASSWORD+FACE_DATA");
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

const MAILED: &str = "PASSWORD+EMAIL_CODE";

fn code() -> Step {
    Step::Verify(Factor::EmailCode)
}

/// Mails what was ordered for a challenge, as the table's stream has it done; the codes in Ada's mailbox,
/// the newest last.
fn mailbox(world: &World, asked: &PrivateChallenge, at: Timestamp) -> Vec<String> {
    let (mailer, user) = (world.mailer(0), ada());
    let mailed = mailer.mail(&user, &asked.id, invocation(251, at));
    world.straight(mailed).expect("nothing fails");
    let letters = world.letters.borrow();
    let code = |text: &str| {
        let (_, code) = text.split_once(": ").expect("a letter names its code");
        code[..6].to_owned()
    };
    letters.iter().map(|(_, letter)| code(&letter.text)).collect()
}

/// Another code than this one.
fn beside(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

#[tokio::test(start_paused = true)]
async fn a_code_is_good_for_all_attempts_of_its_session_and_mailed_once() {
    let world = World::default();
    world.signed_up();
    let mut session = Led::new(&world, &policy(MAILED), 0, with_password());
    let asked = session.asked();
    assert_eq!(asked.step(), code());
    let [sent] = mailbox(&world, &asked, NOW).try_into().unwrap();
    assert!(!session.answers(&beside(&sent)));
    assert_eq!(session.reason(), Some(Reason::NoMatch));
    // What is no code costs nothing.
    for typed in ["", "12345", "uploaded", "a code"] {
        assert!(!session.step(code(), typed), "{typed}");
        assert_eq!(session.reason(), Some(Reason::NotACode), "{typed}");
    }
    let again = session.asked();
    assert_eq!(again.code(), asked.code());
    // Whatever the stream repeats.
    assert_eq!(mailbox(&world, &again, NOW).len(), 1);
    assert_eq!(mailbox(&world, &asked, NOW).len(), 1);
    let (first, last) = sent.split_at(3);
    assert!(session.answers(&format!("{first} {last}")));
    assert_eq!(session.next(), Next::IssueTokens);
    assert_eq!(session.tokens().as_deref(), Some(MAILED));
    let attempts = world.attempts_at(Path::Password, Factor::EmailCode);
    assert_eq!(attempts.reserved().slow.count, 1);
}

#[tokio::test(start_paused = true)]
async fn a_code_is_another_sessions_and_an_old_one_is_nobodys() {
    let world = World::default();
    world.signed_up();
    let mut first = Led::new(&world, &policy(MAILED), 0, with_password());
    let mut second = Led::new(&world, &policy(MAILED), 100, with_password());
    let (one, other) = (first.asked(), second.asked());
    let codes = [mailbox(&world, &one, NOW), mailbox(&world, &other, NOW)].concat();
    let [of_the_first, _, of_the_second] = codes.try_into().unwrap();
    assert!(!second.answers(&of_the_first));
    assert_eq!(second.reason(), Some(Reason::NoMatch));
    // Five minutes later it is not looked at any more, and another one comes.
    second.at = NOW.plus(GOOD_FOR + Duration::from_millis(1));
    assert!(!first.answers(&of_the_second));
    let late = second.asked();
    assert_ne!(late.code(), other.code());
    assert!(!second.answers(&of_the_second));
    assert_eq!(second.reason(), Some(Reason::NoMatch));
    let new = mailbox(&world, &late, second.at).pop().unwrap();
    assert!(second.step(code(), &new));
    assert_eq!(second.next(), Next::IssueTokens);
    // An answer to the first challenge after its code's time.
    first.at = second.at;
    let mut third = Led::new(&world, &policy(MAILED), 200, with_password());
    let asked = third.asked();
    let sent = mailbox(&world, &asked, NOW).pop().unwrap();
    third.at = NOW.plus(GOOD_FOR + Duration::from_millis(1));
    assert!(!third.answers(&sent));
    assert_eq!(third.reason(), Some(Reason::Expired));
}

#[tokio::test(start_paused = true)]
async fn codes_are_mailed_so_often_by_path_and_then_it_takes_a_wait() {
    let world = World::default();
    world.signed_up();
    let alone = policy("EMAIL_CODE");
    for number in 0..5 {
        let mut session = Led::new(&world, &alone, number * 10, Vec::new());
        let asked = session.asked();
        assert_eq!(mailbox(&world, &asked, NOW).len(), usize::from(number) + 1);
    }
    let mut sixth = Led::new(&world, &alone, 100, Vec::new());
    let asked = sixth.asked();
    let refused = matches!(
        asked.task,
        Task::Refuse {
            reason: Reason::TryLater,
            ..
        }
    );
    assert!(refused, "{:?}", asked.task);
    assert_eq!(mailbox(&world, &asked, NOW).len(), 5);
    // The owner, who has the password, is on a path of their own.
    let mut owner = Led::new(&world, &alone, 150, with_password());
    let asked = owner.asked();
    let sent = mailbox(&world, &asked, NOW).pop().unwrap();
    assert!(owner.answers(&sent));
    assert_eq!(owner.next(), Next::IssueTokens);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_mailed_for_what_would_not_be_looked_at() {
    let world = World::default();
    world.signed_up();
    for number in 0..5 {
        let mut session = Led::new(&world, &policy(MAILED), number * 10, with_password());
        session.at = NOW.plus(Duration::from_mins(10) * u32::from(number));
        let asked = session.asked();
        let sent = mailbox(&world, &asked, session.at).pop().unwrap();
        assert!(!session.answers(&beside(&sent)));
    }
    let mut waits = Led::new(&world, &policy(MAILED), 100, with_password());
    waits.at = NOW.plus(Duration::from_mins(40) + Duration::from_secs(1));
    let asked = waits.asked();
    assert!(matches!(asked.task, Task::Refuse { .. }), "{:?}", asked.task);
    assert_eq!(mailbox(&world, &asked, waits.at).len(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_user_causes_the_same_writes_and_no_mail() {
    let world = World::default();
    let stranger = UserName::parse("nobody").unwrap();
    let asked = Asked {
        user: stranger.clone(),
        progress: progress(&policy("EMAIL_CODE"), &[]).unwrap(),
        secret: None,
    };
    let creator = world.creator(0);
    let id = ChallengeId::from_random([1; 16]);
    let created = creator.create(&asked, id.clone(), invocation(1, NOW));
    let created = world.straight(created).expect("nothing fails");
    assert!(created.private.code().is_some());
    let table = world.records();
    assert!(table.order(&stranger, &id).await.unwrap().is_some());
    let mailer = world.mailer(0);
    let mailed = mailer.mail(&stranger, &id, invocation(2, NOW));
    world.straight(mailed).expect("nothing fails");
    assert!(world.letters.borrow().is_empty());
}
