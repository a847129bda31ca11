//! Every time limit that has to agree with another one, and what they have to agree on: whoever
//! changes one so that it does not fit the others any more is told by the compiler. Those that the
//! template holds too are held to it by a test.
//!
//! ```text
//! Cognito's patience  5 s  ├──────────────────────────────────────────────────┤ it calls again
//! a challenge's lease 4.5 s├─────────────────────────────────────────────┤
//! a trigger's answer  3.8 s├──────────────────────────────────────┤
//! its judgement       3 s  ├──────────────────────────────┤
//! one operation       2.5 s├─────────────────────────┤ its repeat included
//! one attempt         1.5 s├───────────────┤
//! ```

use std::time::Duration;

/// How long Cognito waits for a trigger before it calls again: three calls at most ("Customizing user
/// pool workflows with Lambda triggers"). A trigger's `Timeout` in the template is the same.
pub const COGNITO_WAITS: Duration = Duration::from_secs(5);

/// When a trigger's answer must be ready, counted from the call.
pub const TRIGGER: Duration = Duration::from_millis(3_800);

/// When judging an answer ends, counted from the call. What is left is for the verdict's record.
pub const JUDGEMENT: Duration = Duration::from_secs(3);

/// What reading a picture may take, its body included: the rest of the time is for comparing.
pub const PICTURE_READ: Duration = Duration::from_millis(1_500);

/// What deleting a picture may take: a verdict does not wait for it.
pub const PICTURE_DELETION: Duration = Duration::from_millis(500);

/// What a call to a service may take, its repeat included, so that one that hangs leaves time to say
/// so.
pub const OPERATION: Duration = Duration::from_millis(2_500);

/// What one attempt may take before it is repeated.
pub const ATTEMPT: Duration = Duration::from_millis(1_500);

/// What reaching a service may take.
pub const CONNECTION: Duration = Duration::from_millis(700);

/// How long the call that consumed a challenge may take to record its verdict, before it counts as
/// dead.
pub const CHALLENGE_LEASE: Duration = Duration::from_millis(4_500);

/// How long the same answer to the same challenge gets the first one's verdict: for all of Cognito's
/// calls, and some.
pub const SAME_ANSWER: Duration = Duration::from_secs(20);

/// How long a call may take to index an enrolment's picture, from its lease on, before it counts as
/// dead.
pub const ENROLMENT_LEASE: Duration = Duration::from_secs(6);

/// How long index-images waits for another call that is at the same enrolment.
pub const INDEXING_PATIENCE: Duration = Duration::from_secs(12);

/// When Lambda ends index-images: its `Timeout` in the template.
pub const INDEXING: Duration = Duration::from_mins(1);

/// How long after its lease, or after somebody has taken over from it, a call counts as ended for
/// good.
pub const ENDED: Duration = Duration::from_mins(1);

/// How long each of sweep's steps may take.
pub const SWEEP_STEP: Duration = Duration::from_secs(50);

/// How many steps sweep has.
pub const SWEEP_STEPS: u32 = 5;

/// When Lambda ends sweep: its `Timeout` in the template.
pub const SWEEP: Duration = Duration::from_mins(5);

/// What mailing one letter may take.
pub const MAILING: Duration = Duration::from_secs(10);

/// When Lambda ends send-mail: its `Timeout` in the template. It is handed one order at a time.
pub const MAIL_FUNCTION: Duration = Duration::from_secs(20);

/// What create-collection may take for what CloudFormation asks of it, before it tells that it failed.
pub const RESOURCE: Duration = Duration::from_secs(10);

/// How often create-collection sends CloudFormation its answer, at most.
pub const ANSWERS: u32 = 4;

/// What reaching CloudFormation may take, each time.
pub const ANSWER_CONNECTION: Duration = Duration::from_secs(2);

/// What CloudFormation may take to say something to an answer, each time.
pub const ANSWER_READ: Duration = Duration::from_secs(4);

/// The pause before the second time; before each further one it is longer by as much.
pub const ANSWER_PAUSE: Duration = Duration::from_millis(200);

/// When Lambda ends create-collection: its `Timeout` in the template.
pub const RESOURCE_FUNCTION: Duration = Duration::from_secs(45);

/// How long CloudFormation waits for create-collection: `ServiceTimeout` in the template.
pub const RESOURCE_WAITS: Duration = Duration::from_mins(1);

/// How long Cognito keeps a session for the next answer: the app client's `AuthSessionValidity` in the
/// template.
pub const ROUND: Duration = Duration::from_mins(15);

/// How long a challenge is good, so that an answer in time still finds its session.
pub const CHALLENGE: Duration = Duration::from_secs(15 * 60 - 30);

/// How long after a reset a session that began before it may still be answered.
pub const OLD_SESSIONS_LIVE: Duration = Duration::from_mins(16);

/// How long a picture may lie before it counts as left over: longer than a challenge is good, and than
/// S3's event takes to be served.
pub const PICTURE_STALE: Duration = Duration::from_hours(1);

/// Whether times go up, each by so much at least.
const fn rise<const N: usize>(times: [Duration; N], by: Duration) -> bool {
    let mut place = 1;
    while place < N {
        if times[place].as_millis() < times[place - 1].as_millis() + by.as_millis() {
            return false;
        }
        place += 1;
    }
    true
}

/// Enough for one write to the table and the answer's way back, where no service is slow.
const A_WRITE: Duration = Duration::from_millis(500);

// An operation ends before the judgement that it is for, the judgement before the answer is due, with
// time for the verdict's record between them, and the answer a second before Cognito calls again.
const _: () = assert!(rise(
    [CONNECTION, ATTEMPT, OPERATION, JUDGEMENT, TRIGGER],
    A_WRITE
));
const _: () = assert!(rise([TRIGGER, COGNITO_WAITS], Duration::from_secs(1)));
// Whoever reads a picture can still compare it.
const _: () = assert!(PICTURE_READ.as_millis() + ATTEMPT.as_millis() <= JUDGEMENT.as_millis());
// And what was judged last can still be deleted.
const _: () = assert!(JUDGEMENT.as_millis() + PICTURE_DELETION.as_millis() <= TRIGGER.as_millis());
// A call that holds a lease has answered before it counts as dead, and Cognito's repeat comes after.
const _: () = assert!(rise([TRIGGER, CHALLENGE_LEASE, COGNITO_WAITS], A_WRITE));
const _: () = assert!(SAME_ANSWER.as_millis() >= 3 * COGNITO_WAITS.as_millis());
// A trigger that indexes has ended before its lease has, and two operations fit into one.
const _: () = assert!(rise([COGNITO_WAITS, ENROLMENT_LEASE], A_WRITE));
const _: () =
    assert!(ENROLMENT_LEASE.as_millis() >= 2 * OPERATION.as_millis() + A_WRITE.as_millis());
// Whoever waits for a lease sees its end, and has time to index after it.
const _: () = assert!(rise(
    [ENROLMENT_LEASE, INDEXING_PATIENCE, INDEXING],
    ENROLMENT_LEASE
));
const _: () = assert!(ENDED.as_millis() >= INDEXING.as_millis());
const _: () = assert!(
    SWEEP_STEPS as u128 * SWEEP_STEP.as_millis() + 4 * OPERATION.as_millis() <= SWEEP.as_millis()
);
// Three calls, and one more to note it.
const _: () = assert!(rise([OPERATION, MAILING, MAIL_FUNCTION], OPERATION));
const _: () = assert!(4 * OPERATION.as_millis() <= MAILING.as_millis());
// CloudFormation is told, however often that has to be tried.
const _: () = assert!(
    RESOURCE.as_millis()
        + ANSWERS as u128 * (ANSWER_CONNECTION.as_millis() + ANSWER_READ.as_millis())
        + ANSWERS as u128 * (ANSWERS as u128 - 1) / 2 * ANSWER_PAUSE.as_millis()
        <= RESOURCE_FUNCTION.as_millis()
);
const _: () = assert!(rise(
    [RESOURCE, RESOURCE_FUNCTION, RESOURCE_WAITS],
    Duration::from_secs(15)
));
const _: () = assert!(rise(
    [CHALLENGE, ROUND, OLD_SESSIONS_LIVE, PICTURE_STALE],
    Duration::from_secs(30)
));
