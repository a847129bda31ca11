//! Promise 2: every Cognito trigger answers within four seconds, whatever AWS does. A service stops
//! answering at each of a trigger's calls in turn, for ever; time passes only as it is told to.

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use signin_core::face_data::{FaceData, Model};
use signin_core::id::{ChallengeId, ClientId, UserPoolId};
use signin_core::pass::{Cause, Guard, TokenRequest};
use signin_core::round::{Confirmed, SigningUp};
use signin_core::secret::Sha256Digest;
use signin_core::session::Entry;
use signin_core::sign_up::{Confirmation, Renewal, SignUp};
use support::explorer::runtime;
use support::fake::{World, picture};
use support::people::{NOW, ada, answered, asked_first, inline, invocation, with_password};
use tokio::time::Instant;

const FOUR_SECONDS: Duration = Duration::from_secs(4);

/// How exactly the time is measured.
const TICK: Duration = Duration::from_millis(50);

/// A trigger, at work in a world.
type Trigger = Box<dyn FnOnce(World) -> std::pin::Pin<Box<dyn Future<Output = ()>>>>;

/// How long a trigger takes of whose calls so many are answered, and then none; and whether it has made
/// more.
async fn takes(world: &World, answered: usize, trigger: Trigger) -> (Duration, bool) {
    let began = Instant::now();
    let mut running = trigger(world.clone());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut left = answered;
    loop {
        if running.as_mut().poll(&mut context).is_ready() {
            return (began.elapsed(), left == 0 && world.calls.some_wait());
        }
        if left > 0 && world.calls.carry_out_one() {
            left -= 1;
            continue;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "it never ends");
        tokio::time::advance(TICK).await;
    }
}

/// Has the services of a trigger stop answering at each of its calls, and says how many it has.
fn always_in_time(what: &str, world: impl Fn() -> World, trigger: impl Fn() -> Trigger) -> usize {
    let mut slowest = BTreeSet::new();
    for answered in 0.. {
        let (took, more) = runtime().block_on(async {
            let world = world();
            takes(&world, answered, trigger()).await
        });
        assert!(
            took <= FOUR_SECONDS,
            "{what} takes {took:?} where its services stop after {answered} calls"
        );
        slowest.insert(took);
        if took.is_zero() && !more {
            println!("{what}: {answered} calls, {:?} at most", slowest.last());
            return answered;
        }
    }
    unreachable!("a trigger makes a finite number of calls")
}

/// Ada, who may enrol.
fn signed_up() -> World {
    let world = World::default();
    world.signed_up();
    world
}

/// Ada, who has enrolled.
fn enrolled() -> World {
    let world = World::default();
    world.enrolled(&picture(1, 1), &picture(1, 2));
    world
}

#[test]
fn create_auth_challenge_answers_in_time() {
    let begins = || -> Trigger {
        Box::new(|world| {
            Box::pin(async move {
                let id = ChallengeId::from_random([60; 16]);
                let creator = world.creator(0);
                let _ = creator.create(&asked_first(), id, invocation(1, NOW)).await;
            })
        })
    };
    assert!(always_in_time("create, which begins an enrolment", signed_up, begins) >= 2);
    assert!(always_in_time("create, for somebody enrolled", enrolled, begins) >= 1);
}

/// An answer to the first challenge of such a session, for which a picture lies in this bucket too.
fn verifies(session: Vec<Entry>, bucket: &'static str, answer: String) -> Trigger {
    Box::new(move |world| {
        let challenge = world.challenge(50, &session, NOW);
        let key = format!("{bucket}/{}", challenge.key);
        world.objects.borrow_mut().put(&key, picture(1, 3));
        let answered = answered(&challenge, &answer);
        Box::pin(async move {
            let verifier = world.verifier(0);
            verifier.verify(&answered, invocation(1, NOW)).await;
        })
    })
}

#[test]
fn verify_auth_challenge_answers_in_time() {
    for answer in [inline(&picture(1, 3)), "uploaded".to_owned()] {
        let face = || verifies(Vec::new(), "sign-ins", answer.clone());
        assert!(always_in_time("verify, a face", enrolled, face) >= 3);
        let document = || verifies(with_password(), "documents", answer.clone());
        assert!(always_in_time("verify, a document", signed_up, document) >= 5);
    }
}

#[test]
fn a_second_delivery_answers_in_time_whoever_it_waits_for() {
    let verifies = || -> Trigger {
        Box::new(move |world| {
            let challenge = world.challenge(50, &[], NOW);
            let answered = answered(&challenge, &inline(&picture(1, 3)));
            let first = world.verifier(0);
            world.dies_after(1, first.verify(&answered, invocation(1, NOW)));
            Box::pin(async move {
                world
                    .verifier(0)
                    .verify(&answered, invocation(2, NOW))
                    .await;
            })
        })
    };
    let world = enrolled;
    let (took, _) = runtime().block_on(async { takes(&world(), usize::MAX, verifies()).await });
    assert!(took <= FOUR_SECONDS, "{took:?}");
}

#[test]
fn the_triggers_of_an_account_answer_in_time() {
    let digest = Sha256Digest::of(b"secret");
    let signs_up = move || -> Trigger {
        Box::new(move |world| {
            let face_data = FaceData::new(Model::Descriptor128, vec![0.125; 128]).ok();
            let signing_up = SigningUp {
                user: ada(),
                sign_up: SignUp {
                    consent: Some("1".to_owned()),
                    binding: digest,
                    face_data,
                },
            };
            Box::pin(async move {
                let _ = world
                    .registrar(0)
                    .store(&signing_up, invocation(1, NOW))
                    .await;
            })
        })
    };
    assert_eq!(always_in_time("pre-signup", World::default, signs_up), 1);
    let confirms = |confirmation: Confirmation| -> Trigger {
        Box::new(move |world| {
            let confirmed = Confirmed {
                user: ada(),
                pool: UserPoolId::parse("eu-central-1_pool").unwrap(),
                confirmation,
            };
            Box::pin(async move {
                let _ = world
                    .confirmer(0)
                    .confirm(&confirmed, invocation(1, NOW))
                    .await;
            })
        })
    };
    let signed_up_for = || confirms(Confirmation::SignUp { secret: None });
    assert!(always_in_time("post-confirmation, a sign-up", signed_up, signed_up_for) >= 1);
    let reset = || {
        confirms(Confirmation::PasswordReset(Renewal {
            binding: Some(digest),
            consent: Some("1".to_owned()),
        }))
    };
    assert!(always_in_time("post-confirmation, a reset", enrolled, reset) >= 4);
}

#[test]
fn pre_token_generation_answers_in_time() {
    let asks = |cause: Cause| -> Trigger {
        Box::new(move |world| {
            let guard = world.token_guard(Guard {
                policy: "FACE".parse().unwrap(),
                unguarded: Vec::new(),
            });
            let request = TokenRequest {
                client: ClientId::parse("client").unwrap(),
                cause,
                nonce: None,
                digest: Sha256Digest::of(b"request"),
            };
            Box::pin(async move {
                let _ = guard.admit(&ada(), &request, invocation(1, NOW)).await;
            })
        })
    };
    let sign_in = || asks(Cause::SignIn);
    assert_eq!(
        always_in_time("pre-token-generation, a sign-in", enrolled, sign_in),
        2
    );
    let refresh = || asks(Cause::Refresh);
    assert_eq!(
        always_in_time("pre-token-generation, a refresh", enrolled, refresh),
        1
    );
}
