//! What is mailed: codes, alike for everybody, and what the owner of an account hears.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use signin_aws::fault::Fault;
use signin_aws::mail::Unsent;
use signin_aws::table::Errand;
use signin_core::challenge::{PrivateChallenge, Task};
use signin_core::factor::Factor;
use signin_core::factor::email_code::GOOD_FOR;
use signin_core::id::{ChallengeId, UserName, UserPoolId};
use signin_core::lockout::{FAILURES_TO_LOCK, FREE_FAILURES, LONGEST_WAIT, Path};
use signin_core::mail::Letter;
use signin_core::notice::Notice;
use signin_core::reason::{Reason, Unavailable};
use signin_core::round::{AddressChange, Asked, Confirmed};
use signin_core::secret::Sha256Digest;
use signin_core::session::{Next, progress};
use signin_core::sign_up::{Confirmation, Renewal};
use signin_core::step::Step;
use signin_core::time::Timestamp;
use strum::IntoEnumIterator as _;
use support::fake::{World, picture};
use support::led::{Led, policy};
use support::people::{NOW, ada, inline, invocation, with_password};

const MAILED: &str = "PASSWORD+EMAIL_CODE";

/// Does what an item of the table asks for, as the table's stream has it done.
fn run(world: &World, errand: &Errand, at: Timestamp) -> Result<(), Unavailable> {
    let mailer = world.mailer(0);
    world.straight(mailer.run(errand, invocation(251, at)))
}

/// The table's stream, which tells of each new item.
struct Stream<'a> {
    world: &'a World,
    told: BTreeSet<(String, String)>,
}

impl<'a> Stream<'a> {
    fn of(world: &'a World) -> Self {
        Self {
            world,
            told: BTreeSet::new(),
        }
    }

    /// Does all that new items ask for, and twice, as a stream may; what the owner has heard then, oldest
    /// first.
    fn heard(&mut self, at: Timestamp) -> Vec<Notice> {
        // What was deleted and is there again is new.
        let keys = self.world.memory.keys();
        self.told.retain(|key| keys.contains(key));
        loop {
            let keys = self.world.memory.keys();
            let mut new = keys.into_iter().filter(|key| !self.told.contains(key));
            let Some((partition, sort)) = new.next() else {
                break;
            };
            if let Some(errand) = Errand::of(&partition, &sort) {
                for _ in 0..2 {
                    run(self.world, &errand, at).expect("nothing fails");
                }
            }
            self.told.insert((partition, sort));
        }
        let letters = self.world.letters.borrow();
        let notice = |letter: &Letter| Notice::iter().find(|notice| notice.letter() == *letter);
        letters
            .iter()
            .filter_map(|(_, letter)| notice(letter))
            .collect()
    }
}

fn face() -> Step {
    Step::Verify(Factor::Face)
}

fn code() -> Step {
    Step::Verify(Factor::EmailCode)
}

/// Mails what was ordered for a challenge, as the table's stream has it done; the codes in Ada's mailbox,
/// the newest last.
fn mailbox(world: &World, asked: &PrivateChallenge, at: Timestamp) -> Vec<String> {
    run(world, &Errand::Code(ada(), asked.id.clone()), at).expect("nothing fails");
    let letters = world.letters.borrow();
    let code = |text: &str| {
        let (_, code) = text.split_once("Your code: ")?;
        Some(code[..6].to_owned())
    };
    letters
        .iter()
        .filter_map(|(_, letter)| code(&letter.text))
        .collect()
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
    // Five failures, and two codes.
    for (number, guesses) in [(0, 3), (50, 2)] {
        let mut session = Led::new(&world, &policy(MAILED), number, with_password());
        let asked = session.asked();
        let sent = mailbox(&world, &asked, NOW).pop().unwrap();
        assert!(!session.answers(&beside(&sent)));
        for _ in 1..guesses {
            assert!(!session.step(code(), &beside(&sent)));
        }
    }
    let mut waits = Led::new(&world, &policy(MAILED), 100, with_password());
    let asked = waits.asked();
    assert!(
        matches!(asked.task, Task::Refuse { .. }),
        "{:?}",
        asked.task
    );
    assert_eq!(mailbox(&world, &asked, NOW).len(), 2);
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
    run(&world, &Errand::Code(stranger, id), NOW).expect("nothing fails");
    assert!(world.letters.borrow().is_empty());
}

/// A person of [`World::enrolled`] signs in by face from a browser.
fn signs_in(world: &World, number: u8, browser: Option<&[u8]>, at: Timestamp) {
    let mut session = Led::new(world, &policy("FACE"), number, Vec::new());
    session.browser = browser.map(Sha256Digest::of);
    session.at = at;
    session.passes(face(), &inline(&picture(1, number)));
    assert_eq!(session.next(), Next::IssueTokens);
}

#[tokio::test(start_paused = true)]
async fn the_owner_hears_of_a_face_and_of_each_new_browser_once() {
    use Notice::{FaceEnrolled, NewBrowser};
    let world = World::default();
    world.enrolled(&picture(1, 1), &picture(1, 2));
    let mut stream = Stream::of(&world);
    // The browser that enrolled is no news beside that.
    assert_eq!(stream.heard(NOW), [FaceEnrolled]);
    signs_in(&world, 10, None, NOW);
    assert_eq!(
        stream.heard(NOW),
        [FaceEnrolled],
        "it is the one that enrolled"
    );
    signs_in(&world, 20, Some(b"one"), NOW);
    assert_eq!(stream.heard(NOW), [FaceEnrolled, NewBrowser]);
    signs_in(&world, 30, Some(b"one"), NOW);
    signs_in(&world, 40, Some(b"other"), NOW);
    assert_eq!(stream.heard(NOW).len(), 2, "once a day");
    let tomorrow = NOW.plus(Duration::from_hours(24));
    signs_in(&world, 50, Some(b"one"), tomorrow);
    assert_eq!(stream.heard(tomorrow).len(), 2, "it is known");
    signs_in(&world, 60, Some(b"other"), tomorrow);
    assert_eq!(
        stream.heard(tomorrow),
        [FaceEnrolled, NewBrowser, NewBrowser],
        "of the other one nobody has heard yet"
    );
    let later = tomorrow.plus(Duration::from_hours(24));
    signs_in(&world, 70, Some(b"other"), later);
    assert_eq!(stream.heard(later).len(), 3, "now it is known");
}

#[tokio::test(start_paused = true)]
async fn after_a_reset_no_browser_is_known() {
    let world = World::default();
    world.enrolled(&picture(1, 1), &picture(1, 2));
    let mut stream = Stream::of(&world);
    signs_in(&world, 10, Some(b"theirs"), NOW);
    stream.heard(NOW);
    let reset = Confirmed {
        user: ada(),
        pool: UserPoolId::parse("eu-central-1_pool").unwrap(),
        confirmation: Confirmation::PasswordReset(Renewal::default()),
    };
    let tomorrow = NOW.plus(Duration::from_hours(24));
    let resets = world.confirmer(0);
    let confirmed = resets.confirm(&reset, invocation(100, tomorrow));
    world.straight(confirmed).expect("nothing fails");
    let before = stream.heard(tomorrow).len();
    let later = tomorrow.plus(Duration::from_hours(1));
    signs_in(&world, 20, Some(b"theirs"), later);
    assert_eq!(stream.heard(later)[before..], [Notice::NewBrowser]);
}

#[tokio::test(start_paused = true)]
async fn the_owner_hears_of_a_reset_and_where_the_address_is_about_to_change() {
    let world = World::default();
    world.enrolled(&picture(1, 1), &picture(1, 2));
    let mut stream = Stream::of(&world);
    stream.heard(NOW);
    let reset = Confirmed {
        user: ada(),
        pool: UserPoolId::parse("eu-central-1_pool").unwrap(),
        confirmation: Confirmation::PasswordReset(Renewal::default()),
    };
    let resets = world.confirmer(0);
    for number in 100..102 {
        let confirmed = resets.confirm(&reset, invocation(number, NOW));
        world.straight(confirmed).expect("nothing fails");
    }
    assert_eq!(stream.heard(NOW)[1..], [Notice::PasswordReset]);
    let watcher = world.teller(0);
    let change = AddressChange {
        user: ada(),
        pool: UserPoolId::parse("eu-central-1_pool").unwrap(),
    };
    // The owner changes it; then somebody else does, on the same day, and asks once more.
    let mut number = 110;
    for proven in ["new@example.com", "thief@example.com"] {
        for _ in 0..2 {
            let told = watcher.tell(&change, invocation(number, NOW));
            world.straight(told).expect("nothing fails");
            number += 1;
        }
        // The new address is proven before the letter is on its way.
        *world.address.borrow_mut() = proven.to_owned();
    }
    let told = [Notice::AddressChange, Notice::AddressChange];
    assert_eq!(stream.heard(NOW)[2..], told);
    let letters = world.letters.borrow();
    let told: Vec<_> = letters[2..].iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(told, ["ada@example.com", "new@example.com"]);
    // The address is kept no longer than it takes.
    assert!(!world.memory.dump().concat().contains("example.com"));
}

#[tokio::test(start_paused = true)]
async fn the_owner_hears_of_a_lock_out() {
    let world = World::default();
    world.signed_up();
    let mut stream = Stream::of(&world);
    let (mut at, alone) = (NOW, policy("FACE"));
    for number in 0..FAILURES_TO_LOCK {
        assert!(stream.heard(at).is_empty(), "after {number}");
        let first = u8::try_from(2 * number).unwrap();
        let mut session = Led::new(&world, &alone, first, Vec::new());
        session.at = at;
        assert!(!session.step(face(), &inline(&picture(1, 3))));
        assert_eq!(session.reason(), Some(Reason::NoMatch));
        // All of them within a day, after which one would not count any more.
        if number + 1 >= FREE_FAILURES {
            at = at.plus(LONGEST_WAIT);
        }
    }
    assert_eq!(stream.heard(at), [Notice::LockedOut]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_code_is_told_where_it_could_not_be_mailed_once_the_password_is_proven() {
    let world = World::default();
    world.signed_up();
    let alone = policy("EMAIL_CODE");
    for (number, entries, reason) in [
        (0, Vec::new(), None),
        (50, with_password(), Some(Reason::TryLater)),
    ] {
        let mut first = Led::new(&world, &alone, number, entries.clone());
        let asked = first.asked();
        *world.unsent.borrow_mut() = Some(Unsent::NotYet(Fault::new("SendEmail", "Throttling")));
        let order = Errand::Code(ada(), asked.id.clone());
        assert!(run(&world, &order, NOW).is_err(), "it is tried again");
        let mut second = Led::new(&world, &alone, number + 10, entries.clone());
        second.asked();
        assert_eq!(second.told, reason);
        // It is mailed all the same, and then all is well.
        *world.unsent.borrow_mut() = None;
        assert_eq!(run(&world, &order, NOW), Ok(()));
        let mut third = Led::new(&world, &alone, number + 20, entries);
        third.asked();
        assert_eq!(third.told, None);
    }
    // What is never taken keeps nothing else waiting.
    let mut session = Led::new(&world, &alone, 100, with_password());
    let asked = session.asked();
    *world.unsent.borrow_mut() = Some(Unsent::Refused(Fault::new("SendEmail", "MessageRejected")));
    assert_eq!(run(&world, &Errand::Code(ada(), asked.id), NOW), Ok(()));
}
