//! Somebody who signs up, enrols and signs in, by the very code that is under test.

use std::time::Duration;

use signin_aws::table::UserTable;
use signin_aws::table::memory::Memory;
use signin_core::challenge::PrivateChallenge;
use signin_core::enrolment::Enrolment;
use signin_core::face::Threshold;
use signin_core::face_data::Model;
use signin_core::factor::Factor;
use signin_core::factor::email_code::CodeKey;
use signin_core::id::{ChallengeId, ClientId, EnrolmentId, InvocationId, UserName, UserPoolId};
use signin_core::idempotency::IdempotencyRecord;
use signin_core::lockout::{Attempts, Path, Scope};
use signin_core::pass::Guard;
use signin_core::policy::{Chain, Policy};
use signin_core::reason::Verdict;
use signin_core::round::{Answered, Asked, Confirmed, Created, Invocation, SigningUp};
use signin_core::secret::Sha256Digest;
use signin_core::session::{Entry, progress};
use signin_core::sign_up::{Confirmation, SignUp};
use signin_core::step::{Metadata, Step};
use signin_core::time::Timestamp;
use signin_flow::address::Teller;
use signin_flow::confirm::Confirmer;
use signin_flow::create::Creator;
use signin_flow::documents::Images;
use signin_flow::enrol::Indexer;
use signin_flow::mail::Mailer;
use signin_flow::sign_up::Registrar;
use signin_flow::sweep::Sweeper;
use signin_flow::tokens::TokenGuard;
use signin_flow::verify::{MatchMode, Verifier};
use strum::IntoEnumIterator as _;
use tokio::time::Instant;

use super::explorer::{Access, Calls, Running, Task};
use super::fake::{Fake, World, now};

/// When everything begins.
pub const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The secret of the browser tab that signed up.
pub const SECRET: &[u8] = b"secret";

pub fn ada() -> UserName {
    UserName::parse("ada").unwrap()
}

fn policy() -> Policy {
    "FACE".parse().unwrap()
}

fn codes() -> CodeKey {
    CodeKey::from_random([7; 32])
}

fn pool() -> UserPoolId {
    UserPoolId::parse("eu-central-1_pool").unwrap()
}

/// An invocation, told from others by a number.
pub fn invocation(number: u8, at: Timestamp) -> Invocation {
    Invocation {
        id: InvocationId::from_random([number; 16]),
        at,
    }
}

impl World {
    fn table(&self, task: Task) -> UserTable<super::fake::Reached> {
        UserTable::on(self.by(task, "table"))
    }

    pub fn indexer(&self, task: Task) -> Indexer<Fake> {
        Indexer {
            table: self.table(task),
            documents: self.by(task, "documents"),
            recognition: self.by(task, "faces"),
            collection: "faces".to_owned(),
            keep_documents: false,
        }
    }

    pub fn verifier(&self, task: Task) -> Verifier<Fake> {
        Verifier {
            sign_ins: self.by(task, "sign-ins"),
            mode: MatchMode::Collection,
            threshold: "99".parse::<Threshold>().unwrap(),
            model: Model::Descriptor128,
            codes: Some(codes()),
            indexer: self.indexer(task),
        }
    }

    pub fn creator(&self, task: Task) -> Creator<Fake> {
        Creator {
            model: Model::Descriptor128,
            consent: "1".to_owned(),
            table: self.table(task),
            documents: self.by(task, "documents"),
            sign_ins: self.by(task, "sign-ins"),
        }
    }

    pub fn mailer(&self, task: Task) -> Mailer<Fake> {
        Mailer {
            table: self.table(task),
            pools: self.by(task, "pool"),
            pool: pool(),
            post: self.by(task, "post"),
            codes: codes(),
        }
    }

    pub fn teller(&self, task: Task) -> Teller<Fake> {
        Teller {
            table: self.table(task),
            pools: self.by(task, "pool"),
        }
    }

    pub fn images(&self, task: Task) -> Images<Fake> {
        Images {
            indexer: self.indexer(task),
            bulk_consent: None,
        }
    }

    pub fn confirmer(&self, task: Task) -> Confirmer<Fake> {
        Confirmer {
            table: self.table(task),
            pools: self.by(task, "pool"),
        }
    }

    pub fn registrar(&self, task: Task) -> Registrar<Fake> {
        Registrar {
            table: self.table(task),
        }
    }

    pub fn token_guard(&self, guard: Guard) -> TokenGuard<Fake> {
        TokenGuard {
            guard,
            table: self.table(0),
        }
    }

    pub fn sweeper(&self, task: Task) -> Sweeper<Fake> {
        Sweeper {
            indexer: self.indexer(task),
            sign_ins: self.by(task, "sign-ins"),
            pools: self.by(task, "pool"),
            pool: pool(),
        }
    }

    /// Does some work with every call carried out as soon as it is made.
    pub fn straight<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        loop {
            if let std::task::Poll::Ready(done) = work.as_mut().poll(&mut context) {
                return done;
            }
            assert!(self.calls.carry_out_all(), "waits for time alone");
        }
    }

    /// Does some work until so many of its calls are carried out; then it dies, and nothing that it has
    /// sent is carried out any more.
    pub fn dies_after<T>(&self, calls: usize, work: impl Future<Output = T>) {
        let mut work = std::pin::pin!(work);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        for _ in 0..calls {
            assert!(
                work.as_mut().poll(&mut context).is_pending(),
                "it has ended"
            );
            assert!(self.calls.carry_out_one(), "waits for time alone");
        }
        self.calls.forget();
    }

    /// Ada, who has signed up and confirmed, and may enrol.
    pub fn signed_up(&self) {
        let binding = Sha256Digest::of(SECRET);
        let signing_up = SigningUp {
            user: ada(),
            sign_up: SignUp {
                consent: Some("1".to_owned()),
                binding,
                face_data: None,
            },
        };
        let stored = self.registrar(0);
        let stored = stored.store(&signing_up, invocation(101, NOW));
        self.straight(stored).unwrap();
        let proven = Confirmed {
            user: ada(),
            pool: pool(),
            confirmation: Confirmation::SignUp {
                secret: Some(binding),
            },
        };
        let confirmer = self.confirmer(0);
        let done = confirmer.confirm(&proven, invocation(102, NOW));
        self.straight(done).unwrap();
    }

    /// The challenge that is due, under an id of this number, in a session of such rounds.
    pub fn challenge(&self, number: u8, session: &[Entry], at: Timestamp) -> PrivateChallenge {
        let progress = progress(&policy(), session).expect("the session goes on");
        let first = progress.password_proven && progress.answered().next().is_none();
        let asked = Asked {
            user: ada(),
            progress,
            secret: first.then(|| Sha256Digest::of(SECRET)),
        };
        let creator = self.creator(0);
        let id = ChallengeId::from_random([number; 16]);
        let created = creator.create(&asked, id, invocation(number, at));
        self.straight(created).unwrap().private
    }

    /// Ada, who has enrolled with this picture, and signed in.
    pub fn enrolled(&self, document: &[u8], live: &[u8]) {
        self.signed_up();
        let mut session = with_password();
        let asked = self.challenge(111, &session, NOW);
        self.objects
            .borrow_mut()
            .put(&format!("documents/{}", asked.key), document.to_vec());
        let passed = self.answer(&asked, "uploaded", 112, NOW);
        assert!(passed, "the document is accepted");
        session.push(entry(&asked, true));
        let asked = self.challenge(113, &session, NOW);
        let passed = self.answer(&asked, &inline(live), 114, NOW);
        assert!(passed, "the face is the document's");
    }

    /// Answers a challenge, and says whether that passes.
    pub fn answer(
        &self,
        challenge: &PrivateChallenge,
        answer: &str,
        number: u8,
        at: Timestamp,
    ) -> bool {
        let verifier = self.verifier(0);
        let answered = answered(challenge, answer);
        self.straight(verifier.verify(&answered, invocation(number, at)))
    }

    /// The verdict on record of a challenge, and whether it came of a comparison.
    pub fn verdict(&self, challenge: &PrivateChallenge) -> Option<(Option<Verdict>, bool)> {
        let last = self.last(&challenge.id);
        last.map(|last| (last.verdict, last.compared))
    }

    /// The verdict on record of the challenge with an id.
    pub fn verdict_on(&self, id: &ChallengeId) -> Option<Verdict> {
        self.last(id)?.verdict
    }

    /// What became of a challenge.
    fn last(&self, id: &ChallengeId) -> Option<IdempotencyRecord> {
        // Whichever it was: it is the last one of some session.
        let metadata = Metadata {
            step: Step::Verify(Factor::Face),
            id: id.clone(),
            chain: 0,
            wrong: 0,
        };
        let session = [Entry::Custom {
            passed: false,
            metadata,
        }];
        let progress = progress(&policy(), &session).unwrap();
        let table = UserTable::on(self.memory.clone());
        now(table.load_state(&ada(), &progress)).unwrap().last
    }

    /// What stands against Ada on a path, at the face.
    pub fn attempts(&self, path: Path) -> Attempts {
        self.attempts_at(path, Factor::Face)
    }

    /// What stands against Ada on a path, at a factor.
    pub fn attempts_at(&self, path: Path, factor: Factor) -> Attempts {
        let table = UserTable::on(self.memory.clone());
        // A policy that counts at every factor.
        let chain = |factor| Chain::new(false, vec![factor]).unwrap();
        let policy = Policy::new(Factor::iter().map(chain).collect()).unwrap();
        let progress = progress(&policy, &[]).unwrap();
        let standing = now(table.load_state(&ada(), &progress)).unwrap();
        standing.on(Scope { path, factor }).attempts
    }

    pub fn enrolment(&self, id: &EnrolmentId) -> Option<Enrolment> {
        now(UserTable::on(self.memory.clone()).enrolment(&ada(), id)).unwrap()
    }

    /// The table itself.
    pub fn records(&self) -> UserTable<Memory> {
        UserTable::on(self.memory.clone())
    }
}

/// The entries of a session that has proved the password.
pub fn with_password() -> Vec<Entry> {
    vec![
        Entry::SrpA { passed: true },
        Entry::PasswordVerifier { passed: true },
    ]
}

/// What create-auth-challenge is asked first in a session of Ada's with the password.
pub fn asked_first() -> Asked {
    Asked {
        user: ada(),
        progress: progress(&policy(), &with_password()).unwrap(),
        secret: Some(Sha256Digest::of(SECRET)),
    }
}

/// A challenge's entry in its session.
pub fn entry(challenge: &PrivateChallenge, passed: bool) -> Entry {
    Entry::Custom {
        passed,
        metadata: challenge.metadata(0, 0),
    }
}

/// A picture as the whole of an answer.
pub fn inline(picture: &[u8]) -> String {
    use base64::Engine as _;
    let picture = base64::engine::general_purpose::STANDARD.encode(picture);
    format!("data:image/png;base64,{picture}")
}

/// Ada's answer to a challenge.
pub fn answered(challenge: &PrivateChallenge, answer: &str) -> Answered {
    Answered {
        user: ada(),
        client: ClientId::parse("client").unwrap(),
        challenge: challenge.clone(),
        consent: None,
        nonce: None,
        browser: None,
        unfit: None,
        answer: answer.to_owned(),
    }
}

/// The clock of a schedule.
#[derive(Clone, Copy)]
pub struct Clock {
    began: Timestamp,
    instant: Instant,
}

impl Clock {
    pub fn start(began: Timestamp) -> Self {
        Self {
            began,
            instant: Instant::now(),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.began.plus(self.instant.elapsed())
    }

    /// So much later than now.
    pub fn later(&self, by: Duration) -> Timestamp {
        self.now().plus(by)
    }
}

/// Waits until the explorer has an invocation begin.
async fn begins(calls: &Calls, task: Task) {
    let begun = calls.call(task, "begins", Access::default(), || Ok(()));
    // One that "fails" before it has begun begins all the same.
    let _ = begun.await;
}

/// An invocation of verify-auth-challenge: `passed` or `not`.
pub fn verifying(world: &World, task: Task, answered: Answered, clock: Clock) -> Running {
    let world = world.clone();
    Box::pin(async move {
        begins(&world.calls, task).await;
        let number = u8::try_from(task).unwrap() + 1;
        let verifier = world.verifier(task);
        let passed = verifier.verify(&answered, invocation(number, clock.now()));
        if passed.await { "passed" } else { "not" }
    })
}

/// An invocation of index-images for a version of a document: `done` or `failed`.
pub fn indexing(world: &World, task: Task, key: &str, version: &str, clock: Clock) -> Running {
    let world = world.clone();
    let object = Created {
        bucket: "documents".to_owned(),
        key: key.to_owned(),
        version: Some(version.to_owned()),
    };
    Box::pin(async move {
        begins(&world.calls, task).await;
        let number = u8::try_from(task).unwrap() + 1;
        let images = world.images(task);
        let done = images.index(&object, invocation(number, clock.now()));
        if done.await.is_ok() { "done" } else { "failed" }
    })
}

/// An invocation of create-auth-challenge for another sign-in with the password: `asked` or `failed`.
pub fn beginning(world: &World, task: Task, clock: Clock) -> Running {
    let world = world.clone();
    let asked = asked_first();
    Box::pin(async move {
        begins(&world.calls, task).await;
        let number = u8::try_from(task).unwrap() + 1;
        let creator = world.creator(task);
        let id = ChallengeId::from_random([60 + number; 16]);
        let created = creator.create(&asked, id, invocation(number, clock.now()));
        if created.await.is_ok() {
            "asked"
        } else {
            "failed"
        }
    })
}
