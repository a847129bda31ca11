//! The table in memory, on which the tests of the orders of calls rest, means by its conditional writes
//! what DynamoDB means: random lives of accounts are written to both at once, and each answer compared.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use e2e::stack::{Stack, Variant};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use signin_aws::client;
use signin_aws::stopwatch::Stopwatch;
use signin_aws::table::memory::Twin;
use signin_aws::table::{
    Answering, Claim, DynamoDb, EmptiedBy, PassedFace, PassedFactor, Ticket, UserTable,
};
use signin_core::challenge::OnPass;
use signin_core::factor::Factor;
use signin_core::id::{ChallengeId, ClientId, EnrolmentId, FaceId, InvocationId, UserName};
use signin_core::key::DocumentKey;
use signin_core::lockout::{Attempts, Cost, Path, Scope};
use signin_core::pass::{Cause, TokenRequest};
use signin_core::profile::EnrolledFace;
use signin_core::reason::Reason;
use signin_core::reset::Opening;
use signin_core::secret::Sha256Digest;
use signin_core::session::{Entry, Progress, progress};
use signin_core::sign_up::{Confirmation, Renewal, SignUp};
use signin_core::step::{Metadata, Step};
use signin_core::time::Timestamp;

/// Lives, and what happens in each.
const LIVES: u64 = 5;
const EVENTS: usize = 60;

/// An account to which anything may happen, in any order: few names, so that they meet again.
struct Life {
    table: UserTable<Twin>,
    random: StdRng,
    user: UserName,
    now: Timestamp,
    enrolments: Vec<EnrolmentId>,
    tickets: Vec<Ticket>,
    count: u8,
}

impl Life {
    fn some(&mut self) -> bool {
        self.random.random_bool(0.5)
    }

    fn secret(&mut self) -> Sha256Digest {
        Sha256Digest::of(&[self.random.random_range(0..2)])
    }

    fn call(&mut self) -> InvocationId {
        InvocationId::from_random([self.random.random_range(0..3); 16])
    }

    fn picture(&mut self) -> Sha256Digest {
        Sha256Digest::of(&[10 + self.random.random_range(0..4_u8)])
    }

    fn fresh(&mut self) -> [u8; 16] {
        self.count += 1;
        let mut id = self.random.random::<[u8; 16]>();
        id[0] = self.count;
        id
    }

    fn enrolment(&mut self) -> Option<EnrolmentId> {
        let count = self.enrolments.len();
        (count > 0).then(|| self.enrolments[self.random.random_range(0..count)].clone())
    }

    fn face(&mut self) -> EnrolledFace {
        EnrolledFace {
            id: FaceId::new(format!("face-{}", self.random.random_range(0..3))),
            collection: "faces".to_owned(),
            model_version: "1".to_owned(),
            indexed_at: self.now,
            document: None,
        }
    }

    /// Whatever comes of it is the same for both: a refusal, or a fault of what cannot be.
    async fn happens(&mut self) {
        let (now, user) = (self.now, self.user.clone());
        match self.random.random_range(0..16) {
            0 => {
                let sign_up = SignUp {
                    consent: Some("1".to_owned()),
                    binding: self.secret(),
                    face_data: None,
                };
                self.table
                    .store_sign_up(&user, &sign_up, now)
                    .await
                    .unwrap();
            }
            1 => {
                let secret = self.some().then(|| self.secret());
                let confirmation = Confirmation::SignUp { secret };
                let _ = self.table.confirm(&user, &confirmation, now).await;
            }
            2 => {
                let renewal = Renewal {
                    binding: self.some().then(|| self.secret()),
                    consent: self.some().then(|| "1".to_owned()),
                };
                let confirmation = Confirmation::PasswordReset(renewal);
                let _ = self.table.confirm(&user, &confirmation, now).await;
            }
            3 | 4 => {
                let seen = self.table.profile(&user).await.unwrap();
                let id = EnrolmentId::from_random(self.fresh());
                self.table
                    .begin_enrolment(&user, &id, &seen, seen.enrolment.as_ref(), now)
                    .await
                    .unwrap();
                self.enrolments.push(id);
            }
            5..=7 => self.indexes().await,
            8 => {
                let Some(id) = self.enrolment() else { return };
                let face = self.face();
                let consent = self.some().then_some("1");
                let offered = self.table.activate_bulk(&user, &id, &face, consent, now);
                let _ = offered.await;
            }
            9 => {
                let Some(id) = self.enrolment() else { return };
                let key = DocumentKey::Enrolment(id.clone());
                let _ = self.table.await_bulk(&user, &id, &key, now).await;
                let _ = self.table.agree(&user, &id, "1", now).await;
                let _ = self.table.forget_enrolment(&user, &id).await;
            }
            10..=12 => self.answers().await,
            13 => self.settles().await,
            14 => {
                let request = TokenRequest {
                    client: ClientId::parse("client").unwrap(),
                    cause: Cause::SignIn,
                    nonce: None,
                    digest: self.secret(),
                };
                let _ = self.table.use_up_pass(&user, &request, now).await;
            }
            _ => {
                let scope = Scope {
                    path: Path::Password,
                    factor: Factor::Face,
                };
                let emptied = self
                    .table
                    .empty_attempts(&user, scope, EmptiedBy::Reset, now);
                let _ = emptied.await;
                let _ = self.table.owe_sign_out(&user, now).await;
                let owed = if self.some() {
                    now
                } else {
                    Timestamp::default()
                };
                let _ = self.table.settle_sign_out(&user, owed).await;
            }
        }
    }

    /// Somebody takes a lease, and records what came of it, in time or too late.
    async fn indexes(&mut self) {
        let (now, user) = (self.now, self.user.clone());
        let Some(id) = self.enrolment() else { return };
        let Some(found) = self.table.enrolment(&user, &id).await.unwrap() else {
            return;
        };
        let version = self.some().then_some("v1");
        let (call, other) = (self.call(), self.call());
        let lease = self.table.lease_enrolment(&found, version, call, now);
        let Some(lease) = lease.await.unwrap() else {
            return;
        };
        if self.random.random_bool(0.3) {
            let found = self.table.enrolment(&user, &id).await.unwrap().unwrap();
            let taken = self.table.lease_enrolment(&found, version, other, now);
            let _ = taken.await;
        }
        match self.random.random_range(0..4) {
            0 => {
                let reason = Reason::Blurred;
                let rejected = self.table.record_rejected(&lease, reason, version, now);
                let _ = rejected.await;
            }
            1 => {
                let _ = self.table.replace_enrolment(&found, now).await;
                let _ = self.table.look_again(&found, now).await;
            }
            _ => {
                let (face, picture) = (self.face(), self.picture());
                let recorded = self.table.record_indexed(&lease, &face, version, picture);
                let _ = recorded.await;
                let found = self.table.enrolment(&user, &id).await.unwrap();
                if let Some(found) = found.filter(|_| self.some()) {
                    let _ = self.table.settle_enrolment_record(&found).await;
                }
            }
        }
    }

    /// An answer comes, by what was seen a while ago or now; perhaps twice.
    async fn answers(&mut self) {
        let user = self.user.clone();
        let id = ChallengeId::from_random(self.fresh());
        let enrolment = self.enrolment().filter(|_| self.some());
        let watch = Stopwatch::start(self.now);
        let path = Path::ALL[self.random.random_range(0..3)];
        let scope = Scope {
            path,
            factor: Factor::Face,
        };
        let before = session(None);
        let standing = self.table.load_state(&user, &before);
        let seen = standing.await.unwrap().on(scope).attempts;
        let seen = if self.some() {
            seen
        } else {
            Attempts::default()
        };
        let (answer, call, bound) = (self.secret(), self.call(), self.some());
        let answering = Answering {
            user: &user,
            id: &id,
            opening: Opening {
                began: self.now,
                bound,
            },
            enrolment: enrolment.as_ref(),
            secret: None,
            code: None,
            answer,
            call,
            watch,
            until: watch.after(Duration::from_millis(1)),
        };
        for _ in 0..self.random.random_range(1..3) {
            let claim = self.table.claim_attempt(answering, scope, &seen).await;
            if let Ok(Claim::Acquired(ticket)) = claim {
                self.tickets.push(ticket);
            }
        }
        let after = session(Some(id));
        self.table.load_state(&user, &after).await.unwrap();
    }

    /// A verdict is recorded, of an answer of late or of one that has one.
    async fn settles(&mut self) {
        let count = self.tickets.len();
        if count == 0 {
            return;
        }
        let place = self.random.random_range(0..count);
        let (face, picture, enrolment) = (self.face(), self.picture(), self.enrolment());
        let (known, kind) = (self.some(), self.random.random_range(0..3));
        let ticket = &self.tickets[place];
        match kind {
            0 => {
                let (reason, cost) = (Reason::NoMatch, Cost::Comparison);
                let settled = self
                    .table
                    .settle_refusal(ticket, reason, cost, Some(picture));
                let _ = settled.await;
            }
            1 => {
                let _ = self.table.settle_fault(ticket).await;
            }
            _ => {
                let client = ClientId::parse("client").unwrap();
                let face = match enrolment {
                    Some(id) if !known => PassedFace::Activates(id, face),
                    _ => PassedFace::Known(face.id),
                };
                let pass = PassedFactor {
                    picture,
                    path: Path::Password,
                    steps: OnPass::default().steps(Path::Password, !known, Factor::Face),
                    face: Some(face),
                    client: &client,
                    session: Opening {
                        began: self.now,
                        bound: known,
                    },
                    nonce: None,
                    browser: None,
                    last_reset: None,
                };
                self.table
                    .settle_pass(ticket, &pass, self.now)
                    .await
                    .unwrap();
            }
        }
    }
}

/// Where a session with the password stands that was asked for this.
fn session(last: Option<ChallengeId>) -> Progress {
    let mut entries = vec![
        Entry::SrpA { passed: true },
        Entry::PasswordVerifier { passed: true },
    ];
    entries.extend(last.map(|id| Entry::Custom {
        passed: false,
        metadata: Metadata {
            step: Step::Verify(Factor::Face),
            id,
            chain: 0,
            wrong: 0,
        },
    }));
    progress(&"FACE".parse().unwrap(), &entries).unwrap()
}

#[tokio::test]
async fn memory_and_dynamodb_answer_alike() {
    let stack = Stack::read(Variant::Default);
    let outputs = &stack.outputs;
    let config = client::at(
        &outputs.lambda_endpoint,
        &outputs.region,
        &outputs.access_key_id,
        &outputs.secret_access_key,
    );
    for seed in 0..LIVES {
        println!("life {seed}");
        let name = format!("memory-{}", uuid::Uuid::new_v4());
        let dynamodb = DynamoDb::open(&config, outputs.user_table.clone());
        let mut life = Life {
            table: UserTable::on(Twin::of(dynamodb)),
            random: StdRng::seed_from_u64(seed),
            user: UserName::parse(&name).unwrap(),
            now: e2e::attempts::now(),
            enrolments: Vec::new(),
            tickets: Vec::new(),
            count: 0,
        };
        for _ in 0..EVENTS {
            life.happens().await;
            let minutes = [0, 1, 40][life.random.random_range(0..3)];
            life.now = life.now.plus(Duration::from_mins(minutes));
        }
    }
}
