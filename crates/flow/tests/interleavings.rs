//! Promises 1, 2, 5 and 10 in every order in which calls can be carried out, with a bounded number of
//! invocations that die and answers that are lost. `support::explorer` says how; each test says how many schedules there are.

mod support;

use std::time::Duration;

use signin_core::challenge::PrivateChallenge;
use signin_core::enrolment::State;
use signin_core::id::EnrolmentId;
use signin_core::lockout::Path;
use signin_core::reason::Verdict;
use signin_core::time::Timestamp;
use support::explorer::{A_JUMP, Bounds, Ended, Scenario, explore, runtime};
use support::fake::{World, picture};
use support::people::{
    Clock, NOW, answered, beginning, indexing, inline, invocation, verifying, with_password,
};

/// Who is in the pictures.
const ADA: u8 = 1;
const EVE: u8 = 2;

/// A trigger's answer must be there before that: promise 2.
const FOUR_SECONDS: Duration = Duration::from_secs(4);

/// What promises 1, 2 and 5 say of answers to challenges, whatever has happened.
fn check(
    world: &World,
    challenges: &[PrivateChallenge],
    answers: &[(usize, String)],
    ended: &Ended,
    clock: Clock,
) -> Result<(), String> {
    let on_record = |to: usize| world.verdict(&challenges[to]).unwrap_or_default();
    for (task, result) in ended.results.iter().enumerate() {
        let (verdict, _) = on_record(answers[task].0);
        if *result == Some("passed") && verdict != Some(Verdict::Passed) {
            return Err(format!("{task} passes, and on record is {verdict:?}"));
        }
        if ended.took[task] > FOUR_SECONDS {
            return Err(format!("{task} takes {:?}", ended.took[task]));
        }
    }
    // Where nobody died and nobody was late, one answer has one verdict, whoever delivers it.
    let all_ended = ended.results.iter().all(Option::is_some);
    if all_ended && ended.jumps == 0 {
        let sound = (0..answers.len()).filter(|task| !ended.faulty.contains(task));
        for (one, other) in sound
            .clone()
            .flat_map(|one| sound.clone().map(move |other| (one, other)))
        {
            if answers[one] == answers[other] && ended.results[one] != ended.results[other] {
                return Err(format!("{one} and {other} deliver one answer, and differ"));
            }
        }
    }
    // What was reserved and never judged is given back by whoever is asked next.
    world.challenge(99, &[], clock.later(Duration::from_secs(30)));
    let records: Vec<_> = (0..challenges.len()).map(on_record).collect();
    let passed = records
        .iter()
        .filter(|(verdict, _)| *verdict == Some(Verdict::Passed));
    if passed.count() > 1 {
        return Err(format!("one picture passes twice: {records:?}"));
    }
    let compared = records.iter().filter(|(_, compared)| *compared).count();
    let attempts = world.attempts(Path::Open);
    let counted = attempts.judged().slow.count;
    if usize::try_from(counted) != Ok(compared) {
        return Err(format!(
            "{counted} failures are counted, and on record are {records:?}"
        ));
    }
    if attempts.reserved() != attempts.judged() {
        return Err(format!("a reservation is left: {attempts:?}"));
    }
    Ok(())
}

/// Ada, who has enrolled, and two challenges for her face, in as many sessions.
struct Asked {
    world: World,
    challenges: Vec<PrivateChallenge>,
    /// When the answers come.
    at: Timestamp,
}

/// An answer to one of the challenges.
type To<'a> = (usize, &'a str);

impl Asked {
    fn new() -> Self {
        runtime().block_on(async {
            let world = World::default();
            world.enrolled(&picture(ADA, 1), &picture(ADA, 2));
            let asked = NOW.plus(Duration::from_mins(1));
            let challenges = [50, 51].map(|number| world.challenge(number, &[], asked));
            Self {
                world,
                challenges: challenges.into(),
                at: NOW.plus(Duration::from_mins(2)),
            }
        })
    }

    /// Puts a picture where the first challenge asks for it.
    fn uploaded(self, picture: Vec<u8>) -> Self {
        let key = format!("sign-ins/{}", self.challenges[0].key);
        self.world.objects.borrow_mut().put(&key, picture);
        self
    }

    /// Runs these answers, each by an invocation of its own, in every order within these bounds.
    fn explore(&self, what: &str, answers: &[To<'_>], bounds: Bounds) {
        let explored = explore(bounds, || {
            let world = self.world.fork();
            let challenges = self.challenges.clone();
            let clock = Clock::start(self.at);
            let answers = answers.iter().enumerate();
            let tasks = answers.clone().map(|(task, (challenge, answer))| {
                let answered = answered(&challenges[*challenge], answer);
                verifying(&world, task, answered, clock)
            });
            Scenario {
                calls: world.calls.clone(),
                tasks: tasks.collect(),
                check: Box::new({
                    let owned = |(_, (to, text)): (usize, &To<'_>)| (*to, (*text).to_owned());
                    let answers: Vec<_> = answers.map(owned).collect();
                    move |ended| check(&world, &challenges, &answers, ended, clock)
                }),
            }
        });
        println!("{what}, {bounds}: {explored}");
    }
}

/// Nothing but ordinary work.
const ORDINARY: Bounds = Bounds {
    faults: 0,
    waits: 0,
    jumps: 0,
};

const ONE_FAULT: Bounds = Bounds {
    faults: 1,
    ..ORDINARY
};

const TWO_FAULTS: Bounds = Bounds {
    faults: 2,
    ..ORDINARY
};

const FAULT_AND_JUMP: Bounds = Bounds {
    faults: 1,
    waits: 0,
    jumps: 1,
};

/// Within which bounds each of the scenarios is run.
const BOUNDS: [Bounds; 3] = [
    Bounds {
        faults: 1,
        waits: 1,
        jumps: 0,
    },
    Bounds {
        faults: 0,
        waits: 0,
        jumps: 1,
    },
    Bounds {
        faults: 0,
        waits: 2,
        jumps: 0,
    },
];

/// Two deliveries of the answer that somebody's picture is uploaded.
fn two_deliveries_of_an_upload(person: u8) {
    let asked = Asked::new().uploaded(picture(person, 3));
    for bounds in BOUNDS {
        asked.explore("two deliveries", &[(0, "uploaded"); 2], bounds);
    }
}

#[test]
fn two_deliveries_of_an_upload_that_matches() {
    two_deliveries_of_an_upload(ADA);
}

#[test]
fn two_deliveries_of_an_upload_that_does_not_match() {
    two_deliveries_of_an_upload(EVE);
}

#[test]
fn two_deliveries_and_another_answer() {
    let asked = Asked::new().uploaded(picture(ADA, 3));
    let other = inline(&picture(EVE, 4));
    let answers: [To<'_>; 3] = [(0, "uploaded"), (0, "uploaded"), (0, &other)];
    for bounds in [ORDINARY, ONE_FAULT] {
        asked.explore("two deliveries and another answer", &answers, bounds);
    }
}

#[test]
fn one_picture_for_two_challenges() {
    let asked = Asked::new();
    let same = inline(&picture(ADA, 5));
    for bounds in BOUNDS {
        asked.explore(
            "one picture, two challenges",
            &[(0, &same), (1, &same)],
            bounds,
        );
    }
}

#[test]
fn two_guesses_at_once() {
    let asked = Asked::new();
    let [one, other] = [5, 6].map(|take| inline(&picture(EVE, take)));
    for bounds in BOUNDS {
        asked.explore("two guesses", &[(0, &one), (1, &other)], bounds);
    }
}

#[test]
fn a_delivery_that_takes_over_from_one_that_died() {
    let asked = Asked::new();
    let bounds = Bounds {
        faults: 1,
        waits: 0,
        jumps: 1,
    };
    for person in [ADA, EVE] {
        let answer = inline(&picture(person, 5));
        asked.explore(
            "two deliveries, one dies",
            &[(0, &answer), (0, &answer)],
            bounds,
        );
    }
}

/// Three deliveries, of which the first has died by then, at each of its calls in turn: the others find
/// its lease over.
#[test]
fn two_deliveries_that_take_over_at_once() {
    for person in [ADA, EVE] {
        let answer = inline(&picture(person, 5));
        for calls in 1..=3 {
            let mut asked = Asked::new();
            runtime().block_on(async {
                let verifier = asked.world.verifier(9);
                let first = answered(&asked.challenges[0], &answer);
                let first = verifier.verify(&first, invocation(90, asked.at));
                asked.world.dies_after(calls, first);
            });
            asked.at = asked.at.plus(A_JUMP);
            let deliveries = [(0, answer.as_str()); 2];
            let what = format!("two deliveries, the first one died after {calls} calls");
            for bounds in BOUNDS {
                asked.explore(&what, &deliveries, bounds);
            }
        }
    }
}

/// Ada, who is asked for a document, and has uploaded some.
struct Enrolling {
    world: World,
    challenge: PrivateChallenge,
    /// The versions of what she has uploaded, the newest last.
    versions: Vec<String>,
}

/// Who comes to the enrolment.
#[derive(Clone, Copy)]
enum Comer<'a> {
    /// A delivery of the answer that the document is uploaded.
    Answer,
    /// S3's event for an upload.
    Event(&'a str),
    /// Another sign-in, which begins another enrolment.
    SignIn,
}

impl Enrolling {
    fn with(documents: &[Vec<u8>]) -> Self {
        runtime().block_on(async {
            let world = World::default();
            world.signed_up();
            let challenge = world.challenge(50, &with_password(), NOW);
            let key = format!("documents/{}", challenge.key);
            let put = |document: &Vec<u8>| world.objects.borrow_mut().put(&key, document.clone());
            Self {
                versions: documents.iter().map(put).collect(),
                world,
                challenge,
            }
        })
    }

    fn explore(&self, what: &str, comers: &[Comer<'_>], bounds: Bounds) {
        let explored = explore(bounds, || {
            let world = self.world.fork();
            let challenge = self.challenge.clone();
            let clock = Clock::start(NOW.plus(Duration::from_mins(1)));
            let comers = comers.iter().enumerate();
            let tasks = comers.map(|(task, comer)| match comer {
                Comer::Answer => verifying(&world, task, answered(&challenge, "uploaded"), clock),
                Comer::Event(version) => indexing(&world, task, &challenge.key, version, clock),
                Comer::SignIn => beginning(&world, task, clock),
            });
            Scenario {
                calls: world.calls.clone(),
                tasks: tasks.collect(),
                check: Box::new(move |ended| check_enrolment(&world, &challenge, ended, clock)),
            }
        });
        println!("{what}, {bounds}: {explored}");
    }
}

/// What promises 2 and 10 say of an enrolment, whatever has happened: faces and records are found to
/// belong together, or undone.
fn check_enrolment(
    world: &World,
    challenge: &PrivateChallenge,
    ended: &Ended,
    clock: Clock,
) -> Result<(), String> {
    for (task, took) in ended.took.iter().enumerate() {
        // index-images has a minute.
        let trigger = !matches!(ended.results[task], Some("done" | "failed"));
        if trigger && *took > FOUR_SECONDS {
            return Err(format!("{task} takes {took:?}"));
        }
    }
    let id = challenge.enrolment().expect("it enrols");
    let state = |world: &World| world.enrolment(id).map(|found| found.state);
    let on_record = world.verdict(challenge).unwrap_or_default();
    if ended.results.contains(&Some("passed")) {
        if on_record.0 != Some(Verdict::Passed) {
            return Err(format!("it passes, and on record is {on_record:?}"));
        }
        if !matches!(state(world), Some(State::Indexed(_) | State::Replaced(_))) {
            return Err(format!(
                "it passes, and its enrolment is {:?}",
                state(world)
            ));
        }
    }
    // What is half done is found by those who come by later, however often that takes.
    for after in [
        Duration::from_mins(3),
        Duration::from_hours(2),
        Duration::from_hours(4),
    ] {
        let (sweeper, anywhere) = (world.sweeper(0), EnrolmentId::from_random([0; 16]));
        let swept = world.straight(sweeper.sweep(clock.later(after), &anywhere));
        if swept.is_err() {
            return Err(format!("a sweep fails: {swept:?}"));
        }
    }
    let recorded = match state(world) {
        Some(State::Indexed(face) | State::Active(face)) => Some(face.id.as_str().to_owned()),
        _ => None,
    };
    let faces = world.collection.borrow();
    let own: Vec<&String> = faces
        .iter()
        .filter(|(_, face)| face.external_id == id.as_str())
        .map(|(face, _)| face)
        .collect();
    if own.iter().copied().ne(recorded.iter()) {
        let record = world.enrolment(id);
        return Err(format!(
            "faces {own:?} are in the collection, on record is {record:?}"
        ));
    }
    let objects = world.objects.borrow();
    let left = objects.versions.values().map(Vec::len).sum::<usize>();
    if left > 0 {
        return Err(format!(
            "{left} documents are left, and on record is {recorded:?}"
        ));
    }
    Ok(())
}

#[test]
fn an_answer_and_the_event_of_its_upload() {
    let enrolling = Enrolling::with(&[picture(ADA, 1)]);
    let event = Comer::Event(&enrolling.versions[0]);
    for bounds in BOUNDS {
        enrolling.explore("answer and event", &[Comer::Answer, event], bounds);
    }
    for bounds in [TWO_FAULTS, FAULT_AND_JUMP] {
        enrolling.explore("answer and event", &[Comer::Answer, event], bounds);
    }
}

#[test]
fn an_answer_and_the_event_of_an_upload_before() {
    let enrolling = Enrolling::with(&[picture(ADA, 1), picture(ADA, 2)]);
    let event = Comer::Event(&enrolling.versions[0]);
    for bounds in BOUNDS {
        enrolling.explore("answer and earlier event", &[Comer::Answer, event], bounds);
    }
    enrolling.explore(
        "answer and earlier event",
        &[Comer::Answer, event],
        FAULT_AND_JUMP,
    );
}

#[test]
fn two_deliveries_and_the_event_of_their_upload() {
    let enrolling = Enrolling::with(&[picture(ADA, 1)]);
    let event = Comer::Event(&enrolling.versions[0]);
    let comers = [Comer::Answer, Comer::Answer, event];
    for bounds in [ORDINARY, ONE_FAULT] {
        enrolling.explore("two deliveries and the event", &comers, bounds);
    }
}

#[test]
fn an_answer_the_event_of_its_upload_and_another_sign_in() {
    let enrolling = Enrolling::with(&[picture(ADA, 1)]);
    let event = Comer::Event(&enrolling.versions[0]);
    let comers = [Comer::Answer, event, Comer::SignIn];
    for bounds in [ORDINARY, ONE_FAULT] {
        enrolling.explore("answer, event and sign-in", &comers, bounds);
    }
}

#[test]
fn an_answer_while_another_sign_in_begins() {
    let enrolling = Enrolling::with(&[picture(ADA, 1)]);
    for bounds in BOUNDS {
        enrolling.explore(
            "answer and sign-in",
            &[Comer::Answer, Comer::SignIn],
            bounds,
        );
    }
}
