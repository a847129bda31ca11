//! What the table promises where calls race, repeat and die, on a table that answers as told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ErrorMetadata;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::operation::transact_write_items::{
    TransactWriteItemsError, TransactWriteItemsOutput,
};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::error::{
    ConditionalCheckFailedException, TransactionCanceledException,
};
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, ReturnValue, TransactWriteItem,
};
use aws_smithy_mocks::{MockResponse, Rule, RuleMode, mock, mock_client};
use signin_core::face_data::{FaceData, Model};
use signin_core::factor::Factor;
use signin_core::factor::face_data::EnrolledData;
use signin_core::id::{ChallengeId, ClientId, EnrolmentId, FaceId, InvocationId, UserName};
use signin_core::lockout::{
    Attempt, Attempts, Cost, Level, Levels, Path, Scope, State as AttemptState,
};
use signin_core::pass::{Cause, Guard, TokenRequest};
use signin_core::profile::EnrolledFace;
use signin_core::reason::{Reason, Verdict};
use signin_core::reset::Opening;
use signin_core::secret::Sha256Digest;
use signin_core::session;
use signin_core::time::Timestamp;
use strum::IntoEnumIterator as _;

use super::*;
use crate::stopwatch::Stopwatch;

/// The call that the tests make, and one before it.
const CALL: [u8; 16] = [2; 16];
const FIRST: [u8; 16] = [1; 16];

pub(super) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// How the tests' session began.
const OPENING: Opening = Opening {
    began: NOW,
    bound: false,
};

pub(super) fn table(rules: &[&Rule]) -> UserTable {
    let client = mock_client!(aws_sdk_dynamodb, RuleMode::Sequential, rules);
    UserTable::on(DynamoDb {
        client,
        name: "users".to_owned(),
    })
}

fn written() -> Rule {
    mock!(Client::transact_write_items).then_output(|| TransactWriteItemsOutput::builder().build())
}

pub(super) fn cancelled_with(codes: [&'static str; 2]) -> Rule {
    cancelled_for(&codes)
}

fn cancelled_for(codes: &[&'static str]) -> Rule {
    let codes = codes.to_vec();
    mock!(Client::transact_write_items).then_error(move || {
        let reason = |code: &&str| CancellationReason::builder().code(*code).build();
        let reasons = codes.iter().map(reason).collect();
        TransactWriteItemsError::TransactionCanceledException(
            TransactionCanceledException::builder()
                .set_cancellation_reasons(Some(reasons))
                .build(),
        )
    })
}

pub(super) fn found(attributes: &[(&str, AttributeValue)]) -> Rule {
    let item: HashMap<_, _> = attributes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let tables = HashMap::from([("users".to_owned(), vec![item])]);
    mock!(Client::batch_get_item)
        .match_requests(|request| {
            let wanted = request
                .request_items()
                .and_then(|tables| tables.get("users"));
            wanted.is_some_and(|wanted| wanted.consistent_read() == Some(true))
        })
        .then_output(move || {
            BatchGetItemOutput::builder()
                .set_responses(Some(tables.clone()))
                .build()
        })
}

pub(super) fn s(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn n(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// What the tests' attempts are counted by.
const OPEN: Scope = Scope {
    path: Path::Open,
    factor: Factor::Face,
};

/// The same behind a password.
const PASSWORD: Scope = Scope {
    path: Path::Password,
    factor: Factor::Face,
};

fn ada() -> UserName {
    UserName::parse("ada").unwrap()
}

/// The challenge that the tests answer, and one that somebody else does.
fn own() -> ChallengeId {
    ChallengeId::from_random([1; 16])
}

fn another() -> ChallengeId {
    ChallengeId::from_random([7; 16])
}

/// Attempts with this many failures of just now in the levels.
fn failed(count: u32) -> Attempts {
    let level = Level { count, since: NOW };
    Attempts {
        levels: Levels {
            fast: level,
            slow: level,
            not_before: NOW.plus(signin_core::lockout::wait_after(count)),
            ..Levels::default()
        },
        ..Attempts::default()
    }
}

/// The same with another attempt, made then and come to this.
fn with_try(
    mut attempts: Attempts,
    id: ChallengeId,
    at: Timestamp,
    state: AttemptState,
) -> Attempts {
    attempts.recent.insert(id, Attempt { at, state });
    attempts
}

fn attempt(at: Timestamp, state: &str) -> AttributeValue {
    let attributes = [("at", n(at.as_millis())), ("state", s(state))];
    AttributeValue::M(
        attributes
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
    )
}

/// A read that finds attempts.
fn found_attempts(attempts: &Attempts) -> Rule {
    let levels = attempts.levels;
    let recent = attempts
        .recent
        .iter()
        .map(|(id, tried)| (id.to_string(), attempt(tried.at, tried.state.name())));
    found(&[
        ("PK", s("USER#ada")),
        ("SK", s("TRIES#OPEN#FACE")),
        ("fast", n(levels.fast.count.into())),
        ("fastSince", n(levels.fast.since.as_millis())),
        ("slow", n(levels.slow.count.into())),
        ("slowSince", n(levels.slow.since.as_millis())),
        ("notBefore", n(levels.not_before.as_millis())),
        ("recent", AttributeValue::M(recent.collect())),
    ])
}

/// The sort key of the tests' own challenge.
const OWN: &str = "CHALLENGE#01010101010101010101010101010101";

fn used(consumed: Timestamp, verdict: Option<&str>) -> Rule {
    let lease = consumed.plus(signin_core::budget::CHALLENGE_LEASE);
    let mut attributes = vec![
        ("PK", s("USER#ada")),
        ("SK", s(OWN)),
        ("user", s("ada")),
        ("answer", s(&Sha256Digest::of(b"uploaded").to_hex())),
        ("consumedAt", n(consumed.as_millis())),
        ("call", s(&InvocationId::from_random(FIRST).to_string())),
        ("lease", n(lease.as_millis())),
    ];
    attributes.extend(verdict.map(|verdict| ("verdict", s(verdict))));
    found(&attributes)
}

/// The ticket of a claim that the table's first rule lets pass.
pub(super) async fn ticket(table: &UserTable) -> Ticket {
    let user = UserName::parse("ada").unwrap();
    let id = ChallengeId::from_random([1; 16]);
    let watch = Stopwatch::start(NOW);
    let answering = Answering {
        user: &user,
        id: &id,
        opening: OPENING,
        enrolment: None,
        secret: None,
        code: None,
        answer: Sha256Digest::of(b"uploaded"),
        call: InvocationId::from_random(CALL),
        watch,
        until: watch.after(Duration::from_secs(3)),
    };
    match table
        .claim_attempt(answering, OPEN, &Attempts::default())
        .await
    {
        Ok(Claim::Acquired(ticket)) => ticket,
        other => panic!("expected a ticket, found {other:?}"),
    }
}

async fn claim(rules: &[&Rule], answer: &[u8], seen: &Attempts) -> Result<Claim, Fault> {
    claim_in(rules, answer, seen, OPEN, OPENING, None).await
}

async fn claim_in(
    rules: &[&Rule],
    answer: &[u8],
    seen: &Attempts,
    scope: Scope,
    opening: Opening,
    enrolment: Option<&EnrolmentId>,
) -> Result<Claim, Fault> {
    let (user, id) = (ada(), own());
    let watch = Stopwatch::start(NOW);
    let answering = Answering {
        user: &user,
        id: &id,
        opening,
        enrolment,
        secret: None,
        code: None,
        answer: Sha256Digest::of(answer),
        call: InvocationId::from_random(CALL),
        watch,
        until: watch.after(Duration::from_secs(3)),
    };
    table(rules).claim_attempt(answering, scope, seen).await
}

/// What a claim in a session with a password requires of the profile.
#[tokio::test]
async fn a_claim_behind_a_password_is_good_only_while_session_and_enrolment_count() {
    let sixteen_minutes = Duration::from_mins(16);
    for (bound, enrolment, before, condition) in [
        (
            false,
            None,
            NOW.minus(sixteen_minutes),
            "(attribute_not_exists(#resetAt) OR #resetAt < :v0)",
        ),
        (
            true,
            Some(enrolment()),
            NOW,
            "(attribute_not_exists(#resetAt) OR #resetAt < :v0) AND #enrolment = :v1",
        ),
    ] {
        let of = enrolment.clone();
        let rule = mock!(Client::transact_write_items)
            .match_requests(move |request| {
                let [_, _, check, _] = request.transact_items() else {
                    return false;
                };
                let check = check.condition_check().expect("the profile is checked");
                let values = check.expression_attribute_values().expect("values");
                let named = of.as_ref().map(|of| s(of.as_str()));
                check.key().get("PK") == Some(&s("USER#ada"))
                    && check.key().get("SK") == Some(&s("PROFILE"))
                    && check.condition_expression() == condition
                    && values.get(":v0") == Some(&n(before.as_millis()))
                    && values.get(":v1") == named.as_ref()
            })
            .then_output(|| TransactWriteItemsOutput::builder().build());
        let (began, seen) = (NOW, Attempts::default());
        let opening = Opening { began, bound };
        let of = enrolment.as_ref();
        let claimed = claim_in(&[&rule], b"uploaded", &seen, PASSWORD, opening, of).await;
        assert!(matches!(claimed, Ok(Claim::Acquired(_))), "{claimed:?}");
    }
}

/// A profile on which a reset left its mark.
fn reset_at(at: Timestamp) -> Rule {
    let at = n(at.as_millis());
    found(&[("PK", s("USER#ada")), ("SK", s("PROFILE")), ("resetAt", at)])
}

/// A profile without one.
fn never_reset() -> Rule {
    found(&[("PK", s("USER#ada")), ("SK", s("PROFILE"))])
}

#[tokio::test]
async fn a_claim_that_counts_no_more_is_used_up_says_why_and_reserves_nothing() {
    let shortly_before = NOW.minus(Duration::from_mins(15));
    for (profile, reason) in [
        (never_reset(), Reason::Superseded),
        // The session does count; so it is its enrolment that is over.
        (
            reset_at(NOW.minus(Duration::from_mins(17))),
            Reason::Superseded,
        ),
        (reset_at(shortly_before), Reason::TryLater),
        (reset_at(NOW.plus(Duration::from_secs(1))), Reason::TryLater),
    ] {
        let unmet = cancelled_for(&["None", "None", "ConditionalCheckFailed"]);
        let consumed = consumed_for(reason.name());
        let (rules, seen) = ([&unmet, &profile, &consumed], Attempts::default());
        let of = enrolment();
        let claimed = claim_in(&rules, b"uploaded", &seen, PASSWORD, OPENING, Some(&of)).await;
        let Ok(Claim::Settled(verdict, None)) = claimed else {
            panic!("expected a reason, found {claimed:?}")
        };
        assert_eq!(verdict, Verdict::Refused(reason));
    }
}

#[tokio::test]
async fn a_pass_that_does_not_stand_says_why() {
    let face = || EnrolledFace {
        id: FaceId::new("own"),
        collection: "faces".to_owned(),
        model_version: "7".to_owned(),
        indexed_at: NOW,
        document: None,
    };
    let known = || PassedFace::Known(FaceId::new("own"));
    let activates = || PassedFace::Activates(enrolment(), face());
    let used = ["None", "ConditionalCheckFailed", "None", "None", "None"];
    let profile = ["None", "None", "None", "ConditionalCheckFailed", "None"];
    let record = ["None", "None", "None", "None", "ConditionalCheckFailed"];
    let both = [
        "None",
        "ConditionalCheckFailed",
        "None",
        "ConditionalCheckFailed",
        "None",
    ];
    let shortly_before = NOW.minus(Duration::from_mins(15));
    for (passed, unmet, profile, settled) in [
        (known(), used, None, Settled::PictureUsed),
        (known(), profile, Some(never_reset()), Settled::FaceGone),
        (
            known(),
            profile,
            Some(reset_at(shortly_before)),
            Settled::BeforeReset,
        ),
        (activates(), used, None, Settled::PictureUsed),
        (activates(), profile, None, Settled::Superseded),
        (activates(), record, None, Settled::Superseded),
        // Nothing else is told of an enrolment that is over.
        (activates(), both, None, Settled::Superseded),
    ] {
        let (first, unmet) = (written(), cancelled_for(&unmet));
        let rules: Vec<&Rule> = [&first, &unmet].into_iter().chain(&profile).collect();
        let table = table(&rules);
        let ticket = ticket(&table).await;
        let client = ClientId::parse("app").unwrap();
        let pass = PassedFactor {
            picture: Sha256Digest::of(b"picture"),
            face: Some(passed),
            path: Path::Password,
            steps: Some("PASSWORD+FACE".parse().unwrap()),
            client: &client,
            session: OPENING,
            nonce: None,
            browser: None,
            last_reset: None,
        };
        assert_eq!(table.settle_pass(&ticket, &pass, NOW).await, Ok(settled));
    }
}

#[tokio::test]
async fn consuming_a_challenge_and_reserving_a_try_is_one_conditional_transaction() {
    let rule = mock!(Client::transact_write_items)
        .match_requests(|request| {
            let [consume, reserve, unused] = request.transact_items() else {
                return false;
            };
            assert!(is_unused_by_versions_before(unused));
            let consume = consume.put().and_then(|put| put.condition_expression());
            let reserve = reserve.update().expect("the attempts are updated");
            let condition = reserve.condition_expression().unwrap_or_default();
            let values = reserve.expression_attribute_values().expect("values");
            let new = AttributeValue::M([(own().to_string(), attempt(NOW, "RESERVED"))].into());
            consume == Some("attribute_not_exists(PK)")
                && reserve.key().get("SK") == Some(&s("TRIES#OPEN#FACE"))
                && condition
                    == "#fast = :v0 AND #fastSince = :v1 AND #slow = :v2 AND #slowSince = :v3 AND \
                        #notBefore = :v4 AND \
                        (attribute_not_exists(#unusable) OR #unusable = :v5) AND \
                        (attribute_not_exists(#unusableSince) OR #unusableSince = :v6) AND \
                        (attribute_not_exists(#recent) OR #recent = :v12)"
                && values.get(":v0") == Some(&n(3))
                && values.get(":v1") == Some(&n(NOW.as_millis()))
                && values.get(":v13") == Some(&new)
                && reserve
                    .update_expression()
                    .contains("#recent = :v13, #ttl = :v14")
        })
        .then_output(|| TransactWriteItemsOutput::builder().build());
    let claimed = claim(&[&rule], b"uploaded", &failed(3)).await;
    assert!(matches!(claimed, Ok(Claim::Acquired(_))));
}

#[tokio::test]
async fn a_reservation_is_good_only_while_the_latest_attempts_are_what_they_were() {
    let before = NOW.minus(Duration::from_secs(1));
    let rule = mock!(Client::transact_write_items)
        .match_requests(move |request| {
            let reserve = request.transact_items()[1].update().expect("an update");
            let condition = reserve.condition_expression().unwrap_or_default();
            let values = reserve.expression_attribute_values().expect("values");
            let seen =
                AttributeValue::M([(another().to_string(), attempt(before, "RESERVED"))].into());
            condition.ends_with("AND #recent = :v7") && values.get(":v7") == Some(&seen)
        })
        .then_output(|| TransactWriteItemsOutput::builder().build());
    let seen = with_try(
        Attempts::default(),
        another(),
        before,
        AttemptState::Reserved,
    );
    let claimed = claim(&[&rule], b"uploaded", &seen).await;
    assert!(matches!(claimed, Ok(Claim::Acquired(_))));
}

#[tokio::test]
async fn a_try_that_lost_the_race_for_the_attempts_is_counted_on_top_of_the_winners() {
    let lost = cancelled_with(["None", "ConditionalCheckFailed"]);
    let anew = found_attempts(&failed(4));
    let on_top = mock!(Client::transact_write_items)
        .match_requests(|request| {
            let reserve = request.transact_items()[1].update();
            let values = reserve.and_then(|reserve| reserve.expression_attribute_values());
            values.is_some_and(|values| values.get(":v0") == Some(&n(4)))
        })
        .then_output(|| TransactWriteItemsOutput::builder().build());
    let claimed = claim(&[&lost, &anew, &on_top], b"uploaded", &Attempts::default()).await;
    assert!(matches!(claimed, Ok(Claim::Acquired(_))));
}

/// Whether a part requires that no version before has used the challenge up.
fn is_unused_by_versions_before(part: &TransactWriteItem) -> bool {
    part.condition_check().is_some_and(|check| {
        check.key()["PK"] == s("CHALLENGE#01010101010101010101010101010101")
            && check.condition_expression() == "attribute_not_exists(#PK)"
    })
}

/// A write that consumes a challenge, by this verdict and nothing else.
fn consumed_for(verdict: &'static str) -> Rule {
    mock!(Client::transact_write_items)
        .match_requests(move |request| {
            let [consumed, unused] = request.transact_items() else {
                return false;
            };
            let item = consumed.put().expect("the challenge is put").item();
            item.get("verdict") == Some(&s(verdict)) && is_unused_by_versions_before(unused)
        })
        .then_output(|| TransactWriteItemsOutput::builder().build())
}

#[tokio::test]
async fn a_try_during_a_wait_consumes_its_challenge_and_reserves_nothing() {
    for (failures, reason) in [(5, Reason::TryLater), (25, Reason::Locked)] {
        let (waiting, consumed) = (
            found_attempts(&failed(failures)),
            consumed_for(reason.name()),
        );
        let claimed = claim(&[&waiting, &consumed], b"uploaded", &failed(failures)).await;
        let Ok(Claim::Settled(verdict, None)) = claimed else {
            panic!("expected a wait")
        };
        assert_eq!(verdict, Verdict::Refused(reason));
    }
}

#[tokio::test]
async fn a_wait_that_was_emptied_since_is_no_wait() {
    let emptied = found_attempts(&Attempts::default());
    let claimed = claim(&[&emptied, &written()], b"uploaded", &failed(5)).await;
    assert!(matches!(claimed, Ok(Claim::Acquired(_))));
}

#[tokio::test(start_paused = true)]
async fn a_try_that_only_a_running_one_keeps_back_waits_for_it() {
    let running = with_try(failed(4), another(), NOW, AttemptState::Reserved);
    let compared = with_try(failed(4), another(), NOW, AttemptState::Compared);
    // The other one passes and leaves no trace, or it fails.
    for (then, last) in [
        (failed(4), written()),
        (compared, consumed_for("TRY_LATER")),
    ] {
        let (first, then) = (found_attempts(&running), found_attempts(&then));
        let mine = claim(&[&first, &then, &last], b"uploaded", &running).await;
        match mine.unwrap() {
            Claim::Acquired(_) | Claim::Settled(Verdict::Refused(Reason::TryLater), None) => {}
            other => panic!("unexpected {other:?}"),
        }
        assert_eq!(last.num_calls(), 1);
    }
}

#[tokio::test]
async fn the_same_answer_gets_the_first_verdict_and_another_one_none() {
    for (answer, same) in [(&b"uploaded"[..], true), (b"other", false)] {
        let lost = cancelled_with(["ConditionalCheckFailed", "ConditionalCheckFailed"]);
        let first = used(NOW, Some("PASSED"));
        let claimed = claim(&[&lost, &first], answer, &Attempts::default())
            .await
            .unwrap();
        match claimed {
            Claim::Settled(Verdict::Passed, _) => assert!(same),
            Claim::AlreadyUsed => assert!(!same),
            other => panic!("unexpected {other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_still_running_is_waited_for() {
    let lost = cancelled_with(["ConditionalCheckFailed", "None"]);
    let (running, done) = (used(NOW, None), used(NOW, Some("NO_MATCH")));
    let claimed = claim(&[&lost, &running, &done], b"uploaded", &Attempts::default()).await;
    let Ok(Claim::Settled(verdict, _)) = claimed else {
        panic!("expected the first verdict")
    };
    assert_eq!(verdict, Verdict::Refused(Reason::NoMatch));
}

#[tokio::test]
async fn a_call_that_died_is_taken_over_without_counting_again() {
    let lost = cancelled_with(["ConditionalCheckFailed", "None"]);
    let died = used(NOW.minus(Duration::from_secs(5)), None);
    let take = mock!(Client::update_item)
        .match_requests(|request| {
            let condition = request.condition_expression().unwrap_or_default();
            condition == "#call = :v3 AND attribute_not_exists(#verdict)"
        })
        .then_output(|| UpdateItemOutput::builder().build());
    let claimed = claim(&[&lost, &died, &take], b"uploaded", &Attempts::default()).await;
    assert!(matches!(claimed, Ok(Claim::Acquired(_))));
}

/// A transaction of a verdict and of what becomes of the attempt behind it.
fn settled(verdict: &'static str, compared: bool, update: &'static str) -> Rule {
    mock!(Client::transact_write_items)
        .match_requests(move |request| {
            let [judged, tried] = request.transact_items() else {
                return false;
            };
            let judged = judged.update().expect("the challenge is updated");
            let tried = tried.update().expect("the attempts are updated");
            let names = tried.expression_attribute_names().expect("names");
            judged.condition_expression() == Some("#call = :v1 AND attribute_not_exists(#verdict)")
                && judged.update_expression().contains("#compared") == compared
                && judged
                    .expression_attribute_values()
                    .is_some_and(|values| values.get(":v0") == Some(&s(verdict)))
                && tried.key().get("SK") == Some(&s("TRIES#OPEN#FACE"))
                && tried.update_expression() == update
                && tried.condition_expression() == Some("attribute_exists(#recent.#entry)")
                && names.get("#entry") == Some(&own().to_string())
        })
        .then_output(|| TransactWriteItemsOutput::builder().build())
}

const GIVEN_BACK: &str = "REMOVE #recent.#entry";
const COUNTED: &str = "SET #recent.#entry.#state = :v0";

#[tokio::test]
async fn a_fault_gives_the_try_back_in_the_same_transaction_as_the_verdict() {
    let back = settled("TRY_LATER", false, GIVEN_BACK);
    let table = table(&[&written(), &back]);
    let ticket = ticket(&table).await;
    let settled = table.settle_fault(&ticket).await;
    assert_eq!(settled, Ok(Verdict::Refused(Reason::TryLater).into()));
}

#[tokio::test]
async fn a_refusal_settles_the_try_as_what_it_was_in_the_same_transaction() {
    for (reason, cost, rule) in [
        (
            Reason::NoMatch,
            Cost::Comparison,
            settled("NO_MATCH", true, COUNTED),
        ),
        (
            Reason::NoFace,
            Cost::Acquisition,
            settled("NO_FACE", false, COUNTED),
        ),
        (
            Reason::NotAnImage,
            Cost::Nothing,
            settled("NOT_AN_IMAGE", false, GIVEN_BACK),
        ),
    ] {
        let table = table(&[&written(), &rule]);
        let ticket = ticket(&table).await;
        let settled = table.settle_refusal(&ticket, reason, cost, None).await;
        assert_eq!(settled, Ok(Verdict::Refused(reason).into()));
        assert_eq!(rule.num_calls(), 1);
    }
}

#[tokio::test]
async fn a_verdict_on_a_try_that_was_emptied_meanwhile_stands_without_it() {
    let gone = cancelled_with(["None", "ConditionalCheckFailed"]);
    let alone = mock!(Client::update_item)
        .match_requests(|request| request.key().is_some_and(|key| key["SK"] == s(OWN)))
        .then_output(|| UpdateItemOutput::builder().build());
    let table = table(&[&written(), &gone, &alone]);
    let ticket = ticket(&table).await;
    let settled = table.settle_fault(&ticket).await;
    assert_eq!(settled, Ok(Verdict::Refused(Reason::TryLater).into()));
}

/// The record of a challenge that a call of the tests' own consumed.
fn consumed_by(call: [u8; 16], verdict: Option<&str>) -> Rule {
    recorded(("USER#ada", OWN), call, NOW, verdict)
}

/// The record of a challenge at a key.
fn recorded(
    (partition, sort): (&str, &str),
    call: [u8; 16],
    at: Timestamp,
    verdict: Option<&str>,
) -> Rule {
    let lease = at.plus(signin_core::budget::CHALLENGE_LEASE);
    let mut attributes = vec![
        ("PK", s(partition)),
        ("SK", s(sort)),
        ("user", s("ada")),
        ("answer", s(&Sha256Digest::of(b"uploaded").to_hex())),
        ("consumedAt", n(at.as_millis())),
        ("call", s(&InvocationId::from_random(call).to_string())),
        ("lease", n(lease.as_millis())),
    ];
    attributes.extend(verdict.map(|verdict| ("verdict", s(verdict))));
    found(&attributes)
}

pub(super) fn nothing() -> Rule {
    mock!(Client::batch_get_item).then_output(|| BatchGetItemOutput::builder().build())
}

#[tokio::test]
async fn a_throttled_table_is_a_fault_and_not_a_lost_race() {
    let throttled = cancelled_with(["ThrottlingError", "None"]);
    let claimed = claim(&[&throttled, &nothing()], b"uploaded", &Attempts::default()).await;
    assert!(claimed.is_err());
}

#[tokio::test]
async fn a_claim_that_was_written_without_an_answer_gives_its_try_back() {
    let lost = cancelled_with(["ThrottlingError", "None"]);
    let mine = consumed_by(CALL, None);
    let back = settled("TRY_LATER", false, GIVEN_BACK);
    let rules = [&lost, &mine, &back];
    let claimed = claim(&rules, b"uploaded", &Attempts::default()).await;
    let Ok(Claim::Settled(verdict, None)) = claimed else {
        panic!("expected the try to be given back")
    };
    assert_eq!(verdict, Verdict::Refused(Reason::TryLater));
    assert_eq!(back.num_calls(), 1);
}

#[tokio::test]
async fn a_claim_whose_repeat_finds_it_written_is_this_calls() {
    let again = cancelled_with(["ConditionalCheckFailed", "ConditionalCheckFailed"]);
    let mine = consumed_by(CALL, None);
    let claimed = claim(&[&again, &mine], b"uploaded", &Attempts::default()).await;
    assert!(matches!(claimed, Ok(Claim::Acquired(_))));
    let again = cancelled_with(["ConditionalCheckFailed", "ConditionalCheckFailed"]);
    let (others, judged) = (consumed_by(FIRST, None), consumed_by(FIRST, Some("PASSED")));
    let rules = [&again, &others, &judged];
    let claimed = claim(&rules, b"uploaded", &Attempts::default()).await;
    assert!(matches!(claimed, Ok(Claim::Settled(Verdict::Passed, _))));
}

#[tokio::test]
async fn a_challenge_that_a_version_before_used_up_is_used_up_and_its_record_stays_where_it_is() {
    let former = (OWN, "CHALLENGE");
    let unmet = || cancelled_for(&["None", "None", "ConditionalCheckFailed"]);
    // Judged: its verdict counts.
    let (again, judged) = (unmet(), recorded(former, FIRST, NOW, Some("NO_MATCH")));
    let claimed = claim(&[&again, &judged], b"uploaded", &Attempts::default()).await;
    let no_match = Verdict::Refused(Reason::NoMatch);
    let stands = matches!(claimed, Ok(Claim::Settled(verdict, _)) if verdict == no_match);
    assert!(stands, "{claimed:?}");
    // With another answer: refused.
    let (again, judged) = (unmet(), recorded(former, FIRST, NOW, None));
    let claimed = claim(&[&again, &judged], b"another", &Attempts::default()).await;
    assert!(matches!(claimed, Ok(Claim::AlreadyUsed)), "{claimed:?}");
    // Its call died: this one takes over, there.
    let (again, died) = (
        unmet(),
        recorded(former, FIRST, NOW.minus(Duration::from_secs(9)), None),
    );
    let taken = mock!(Client::update_item)
        .match_requests(|request| request.key().is_some_and(|key| key["PK"] == s(OWN)))
        .then_output(|| UpdateItemOutput::builder().build());
    let claimed = claim(&[&again, &died, &taken], b"uploaded", &Attempts::default()).await;
    assert!(matches!(claimed, Ok(Claim::Acquired(_))), "{claimed:?}");
}

#[tokio::test]
async fn a_pass_whose_repeat_finds_it_written_stands() {
    for (verdict, settled) in [
        (Some("PASSED"), Settled::Recorded),
        (None, Settled::TakenOver),
    ] {
        let again = cancelled_with(["ConditionalCheckFailed", "ConditionalCheckFailed"]);
        let found = consumed_by(CALL, verdict);
        let table = table(&[&written(), &again, &found]);
        let ticket = ticket(&table).await;
        let client = ClientId::parse("app").unwrap();
        let pass = PassedFactor {
            picture: Sha256Digest::of(b"picture"),
            face: Some(PassedFace::Known(FaceId::new("own"))),
            path: Path::Open,
            steps: Some("FACE".parse().unwrap()),
            client: &client,
            session: OPENING,
            nonce: None,
            browser: None,
            last_reset: None,
        };
        assert_eq!(table.settle_pass(&ticket, &pass, NOW).await, Ok(settled));
    }
}

/// Attempts with one of the tests' own whose call has had its time.
fn overdue() -> Attempts {
    let at = NOW.minus(Duration::from_secs(9));
    with_try(failed(4), own(), at, AttemptState::Reserved)
}

#[tokio::test]
async fn a_try_whose_call_died_is_given_back_where_it_was_not_judged() {
    let died = used(NOW.minus(Duration::from_secs(9)), None);
    let back = settled("TRY_LATER", false, GIVEN_BACK);
    let table = table(&[&died, &back, &found_attempts(&failed(4))]);
    let (user, seen) = (ada(), overdue());
    let given = table.give_back_abandoned(&user, OPEN, &seen, NOW);
    assert_eq!(given.await, Ok(failed(4)));
}

#[tokio::test]
async fn a_try_that_another_call_is_at_is_left_alone() {
    // It took over when the first one's lease was over.
    let running = used(NOW.minus(Duration::from_secs(1)), None);
    let given = table(&[&running]);
    let (user, seen) = (ada(), overdue());
    let given = given.give_back_abandoned(&user, OPEN, &seen, NOW);
    assert_eq!(given.await, Ok(overdue()));
    // Judged, and what is seen is only late.
    let judged = used(NOW.minus(Duration::from_secs(9)), Some("NO_MATCH"));
    let given = table(&[&judged]);
    let (user, seen) = (ada(), overdue());
    let given = given.give_back_abandoned(&user, OPEN, &seen, NOW);
    assert_eq!(given.await, Ok(overdue()));
}

#[tokio::test]
async fn a_try_that_still_runs_costs_no_read() {
    let running = with_try(failed(4), own(), NOW, AttemptState::Reserved);
    let given = table(&[]);
    let user = ada();
    let given = given.give_back_abandoned(&user, OPEN, &running, NOW);
    assert_eq!(given.await, Ok(running.clone()));
}

#[tokio::test]
async fn a_pass_gives_its_own_try_back_and_touches_no_other() {
    let rule = mock!(Client::transact_write_items)
        .match_requests(|request| {
            let tried = request.transact_items()[2].update();
            tried.is_some_and(|tried| {
                tried.update_expression() == GIVEN_BACK
                    && tried.condition_expression() == Some("attribute_exists(#recent.#entry)")
                    && tried.key().get("SK") == Some(&s("TRIES#OPEN#FACE"))
            })
        })
        .then_output(|| TransactWriteItemsOutput::builder().build());
    // Where the levels were emptied meanwhile, the pass stands without it.
    let emptied = cancelled_for(&["None", "None", "ConditionalCheckFailed", "None"]);
    let without = mock!(Client::transact_write_items)
        .match_requests(|request| request.transact_items().len() == 5)
        .then_output(|| TransactWriteItemsOutput::builder().build());
    for rules in [vec![&rule], vec![&emptied, &without]] {
        let first = written();
        let rules: Vec<&Rule> = [&first].into_iter().chain(rules).collect();
        let table = table(&rules);
        let ticket = ticket(&table).await;
        let client = ClientId::parse("app").unwrap();
        let pass = PassedFactor {
            picture: Sha256Digest::of(b"picture"),
            face: Some(PassedFace::Known(FaceId::new("own"))),
            path: Path::Open,
            steps: Some("FACE".parse().unwrap()),
            client: &client,
            session: OPENING,
            nonce: None,
            browser: None,
            last_reset: None,
        };
        let settled = table.settle_pass(&ticket, &pass, NOW).await;
        assert_eq!(settled, Ok(Settled::Recorded));
    }
}

/// An update that empties attempts, remembers when by an attribute, and creates nothing.
fn empties(sort: impl Into<String>, attribute: &'static str) -> Rule {
    let sort = sort.into();
    mock!(Client::update_item)
        .match_requests(move |request| {
            let key = request.key().expect("a key");
            let values = request.expression_attribute_values().expect("values");
            let last = NOW.minus(Duration::from_hours(24));
            let whole = if sort.starts_with("TRIES#") {
                ", #unusable, #unusableSince, #notBefore, #recent"
            } else {
                ""
            };
            key["SK"] == s(&sort)
                && request.update_expression()
                    == Some(&format!(
                        "SET #{attribute} = :v0 REMOVE #fast, #fastSince, #slow, #slowSince{whole}"
                    ))
                && request.condition_expression()
                    == Some(&format!(
                        "attribute_exists(#ttl) AND \
                         (attribute_not_exists(#{attribute}) OR #{attribute} < :v1)"
                    ))
                && values.get(":v1") == Some(&n(last.as_millis()))
        })
        .then_output(|| UpdateItemOutput::builder().build())
}

#[tokio::test]
async fn another_paths_sign_in_empties_once_a_day_and_creates_nothing() {
    let rule = empties("TRIES#OPEN#FACE", "emptiedAt");
    let table = table(&[&rule]);
    let emptied = table
        .empty_attempts(&ada(), OPEN, EmptiedBy::OtherPath, NOW)
        .await;
    assert_eq!(emptied, Ok(()));
}

#[tokio::test]
async fn a_reset_empties_its_path_once_a_day_whatever_the_factor_and_creates_nothing() {
    let sort = |factor: Factor| format!("TRIES#PASSWORD#{}", factor.name());
    let sorts = Factor::iter()
        .map(sort)
        .chain(["MAILS#PASSWORD".to_owned()]);
    let rules: Vec<Rule> = sorts
        .map(|sort| empties(sort, "emptiedByResetAt"))
        .collect();
    let table = table(&rules.iter().collect::<Vec<_>>());
    assert_eq!(table.empty_by_reset(&ada(), NOW).await, Ok(()));
    assert!(rules.iter().all(|rule| rule.num_calls() == 1));
}

#[tokio::test]
async fn the_attempts_of_every_path_are_read_in_the_one_batch_for_everybody_alike() {
    let rule = mock!(Client::batch_get_item)
        .match_requests(|request| {
            let wanted = request
                .request_items()
                .and_then(|tables| tables.get("users"));
            let sorts: Vec<_> = wanted
                .map(|wanted| wanted.keys().iter().map(|key| key["SK"].clone()).collect())
                .unwrap_or_default();
            sorts
                == [
                    s("PROFILE"),
                    s("TRIES#OPEN#FACE"),
                    s("TRIES#MAILBOX#FACE"),
                    s("TRIES#PASSWORD#FACE"),
                ]
        })
        .then_output(|| {
            let item = |sort: &str, more: Vec<(&str, AttributeValue)>| {
                let key = [("PK", s("USER#ada")), ("SK", s(sort))];
                let attributes = key.into_iter().chain(more);
                attributes
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<HashMap<_, _>>()
            };
            let level = |count| vec![("slow", n(count)), ("slowSince", n(NOW.as_millis()))];
            let mut emptied = level(25);
            emptied.push((
                "emptiedAt",
                n(NOW.minus(Duration::from_hours(1)).as_millis()),
            ));
            let items = vec![
                item("TRIES#OPEN#FACE", level(3)),
                item("TRIES#PASSWORD#FACE", emptied),
            ];
            BatchGetItemOutput::builder()
                .responses("users", items)
                .build()
        });
    let table = table(&[&rule]);
    let progress = session::progress(&"FACE".parse().unwrap(), &[]).unwrap();
    let user = ada();
    let standing = table.load_state(&user, &progress).await.unwrap();
    let at = |path| Scope {
        path,
        factor: Factor::Face,
    };
    let on = |path| standing.on(at(path));
    let emptied_by = |path, now| standing.to_empty(path, now).collect::<Vec<_>>();
    assert_eq!(on(Path::Open).attempts.levels.slow.count, 3);
    assert_eq!(on(Path::Mailbox).attempts, Attempts::default());
    assert_eq!(on(Path::Password).attempts.levels.slow.count, 25);
    // What another path has emptied rests for a day, and nothing is emptied by its own.
    assert_eq!(emptied_by(Path::Mailbox, NOW), [at(Path::Open)]);
    assert_eq!(emptied_by(Path::Open, NOW), []);
    let tomorrow = NOW.plus(Duration::from_hours(24));
    assert_eq!(emptied_by(Path::Open, tomorrow), [at(Path::Password)]);
}

fn token_request(digest: &[u8], nonce: Option<&str>) -> TokenRequest {
    TokenRequest {
        client: ClientId::parse("app").unwrap(),
        cause: Cause::SignIn,
        nonce: nonce.and_then(signin_core::pass::nonce),
        digest: Sha256Digest::of(digest),
    }
}

/// The sort key of the pass with a nonce, or of the one without.
fn pass_of(nonce: Option<Sha256Digest>) -> AttributeValue {
    s(&format!(
        "PASS#{}",
        nonce.map_or_else(|| "-".to_owned(), Sha256Digest::to_hex)
    ))
}

#[tokio::test]
async fn a_pass_is_recorded_beside_those_of_other_nonces() {
    for nonce in [None, signin_core::pass::nonce("mine")] {
        let rule = mock!(Client::transact_write_items)
            .match_requests(move |request| {
                // The last is the browser.
                let last = request.transact_items().iter().nth_back(1);
                let recorded = last.and_then(|last| last.update()).expect("an update");
                let values = recorded.expression_attribute_values().expect("values");
                let hex = nonce.map(|nonce| s(&nonce.to_hex()));
                recorded.key().get("PK") == Some(&s("USER#ada"))
                    && recorded.key().get("SK") == Some(&pass_of(nonce))
                    && recorded.condition_expression().is_none()
                    && recorded
                        .update_expression()
                        .contains("REMOVE #usedAt, #usedBy")
                    && hex.is_none_or(|hex| values.values().any(|value| *value == hex))
            })
            .then_output(|| TransactWriteItemsOutput::builder().build());
        let table = table(&[&written(), &rule]);
        let ticket = ticket(&table).await;
        let client = ClientId::parse("app").unwrap();
        let pass = PassedFactor {
            picture: Sha256Digest::of(b"picture"),
            face: Some(PassedFace::Known(FaceId::new("own"))),
            path: Path::Password,
            steps: Some("PASSWORD+FACE".parse().unwrap()),
            client: &client,
            session: OPENING,
            nonce,
            browser: None,
            last_reset: None,
        };
        let settled = table.settle_pass(&ticket, &pass, NOW).await;
        assert_eq!(settled, Ok(Settled::Recorded));
    }
}

#[tokio::test]
async fn a_pass_is_used_up_by_one_conditional_write_and_then_the_account_is_read() {
    for name in [None, Some("mine")] {
        let request = token_request(b"request", name);
        let nonce = request.nonce;
        let taken = mock!(Client::update_item)
            .match_requests(move |request| {
                let key = request.key().expect("a key");
                let fresh = "#at >= :v2 AND #client = :v3 AND attribute_not_exists(#usedAt)";
                key.get("SK") == Some(&pass_of(nonce))
                    && request.condition_expression() == Some(fresh)
                    && request.return_values() == Some(&ReturnValue::AllOld)
            })
            .then_output(move || {
                let taken = UpdateItemOutput::builder()
                    .attributes("PK", s("USER#ada"))
                    .attributes("SK", pass_of(nonce))
                    .attributes("at", n(NOW.as_millis()))
                    .attributes("steps", s("PASSWORD+FACE"))
                    .attributes("client", s("app"))
                    .attributes("began", n(NOW.as_millis()));
                let hex = nonce.map(|nonce| ("nonce".to_owned(), s(&nonce.to_hex())));
                let attributes = taken.get_attributes().clone().unwrap_or_default();
                let attributes = attributes.into_iter().chain(hex).collect();
                taken.set_attributes(Some(attributes)).build()
            });
        let table = table(&[&taken, &reset_at(NOW)]);
        let account = table.use_up_pass(&ada(), &request, NOW).await.unwrap();
        let pass = account.pass.expect("a pass is on record");
        assert_eq!(pass.steps.to_string(), "PASSWORD+FACE");
        assert_eq!(pass.used, None);
        assert_eq!(account.reset_at, Some(NOW));
    }
}

/// What DynamoDB answers to a write whose condition does not hold.
fn unmet() -> UpdateItemError {
    let code = ErrorMetadata::builder().code("ConditionalCheckFailedException");
    let unmet = ConditionalCheckFailedException::builder().meta(code.build());
    UpdateItemError::ConditionalCheckFailedException(unmet.build())
}

/// The profile of somebody with an active face.
fn active_profile() -> HashMap<String, AttributeValue> {
    let face = HashMap::from([
        ("collection".to_owned(), s("faces")),
        ("modelVersion".to_owned(), s("7.0")),
        ("indexedAt".to_owned(), n(NOW.as_millis())),
    ]);
    HashMap::from([
        ("PK".to_owned(), s("USER#ada")),
        ("SK".to_owned(), s("PROFILE")),
        ("state".to_owned(), s("ACTIVE")),
        (
            "faces".to_owned(),
            AttributeValue::M(HashMap::from([(
                "face".to_owned(),
                AttributeValue::M(face),
            )])),
        ),
    ])
}

/// A table that holds one fresh pass, and keeps its conditions as DynamoDB does.
fn with_a_pass(nonce: Option<&'static str>) -> [Rule; 2] {
    let nonce = nonce.and_then(signin_core::pass::nonce);
    let used: Arc<Mutex<Option<[AttributeValue; 2]>>> = Arc::default();
    let item = {
        let used = Arc::clone(&used);
        move || {
            let mut item = HashMap::from([
                ("PK".to_owned(), s("USER#ada")),
                ("SK".to_owned(), pass_of(nonce)),
                ("at".to_owned(), n(NOW.as_millis())),
                ("steps".to_owned(), s("FACE")),
                ("client".to_owned(), s("app")),
                ("began".to_owned(), n(NOW.as_millis())),
            ]);
            item.extend(nonce.map(|nonce| ("nonce".to_owned(), s(&nonce.to_hex()))));
            if let Some([at, by]) = used.lock().unwrap().clone() {
                item.insert("usedAt".to_owned(), at);
                item.insert("usedBy".to_owned(), by);
            }
            item
        }
    };
    let before = item.clone();
    let update = mock!(Client::update_item).then_compute_response(move |request| {
        let values = request.expression_attribute_values().expect("values");
        let key = request.key().expect("a key");
        let before = before();
        let mut used = used.lock().unwrap();
        if used.is_some() || key.get("SK") != before.get("SK") {
            return MockResponse::Error(unmet());
        }
        *used = Some([values[":v0"].clone(), values[":v1"].clone()]);
        MockResponse::Output(
            UpdateItemOutput::builder()
                .set_attributes(Some(before))
                .build(),
        )
    });
    let read = mock!(Client::batch_get_item).then_compute_output(move |_request| {
        BatchGetItemOutput::builder()
            .responses("users", vec![active_profile(), item()])
            .build()
    });
    [update, read]
}

/// How many of some requests, all at once, are admitted.
async fn admitted(nonce: Option<&'static str>, requests: Vec<TokenRequest>) -> usize {
    let rules = with_a_pass(nonce);
    let client = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &rules);
    let table = UserTable::on(DynamoDb {
        client,
        name: "users".to_owned(),
    });
    let mut running = tokio::task::JoinSet::new();
    for request in requests {
        let table = table.clone();
        running.spawn(async move {
            let user = UserName::parse("ada").unwrap();
            let account = table.use_up_pass(&user, &request, NOW).await.unwrap();
            let guard = Guard {
                policy: "FACE".parse().unwrap(),
                unguarded: Vec::new(),
            };
            guard.admit(&request, &account, NOW).is_ok()
        });
    }
    let decided = running.join_all().await;
    assert_eq!(decided.len(), 64);
    decided.into_iter().filter(|admitted| *admitted).count()
}

#[tokio::test]
async fn of_64_requests_at_once_one_gets_the_pass_and_with_a_nonce_those_that_carry_it() {
    let alike = || vec![token_request(b"request", None); 64];
    assert_eq!(admitted(None, alike()).await, 1);
    let different = (0..64).map(|number| token_request(&[number], None));
    assert_eq!(admitted(None, different.collect()).await, 1);
    let some_with_it = (0..64).map(|number| {
        let nonce = ["mine", "another"][usize::from(number % 2)];
        token_request(&[number], Some(nonce).filter(|_| number % 4 < 2))
    });
    assert_eq!(admitted(Some("mine"), some_with_it.collect()).await, 16);
    assert_eq!(admitted(Some("mine"), alike()).await, 0);
}

#[tokio::test]
async fn an_account_is_read_with_what_it_has_enrolled_and_what_it_owes() {
    let face = AttributeValue::M(HashMap::from([(
        "face".to_owned(),
        AttributeValue::M(HashMap::from([
            ("collection".to_owned(), s("faces")),
            ("modelVersion".to_owned(), s("7.0")),
            ("indexedAt".to_owned(), n(NOW.as_millis())),
        ])),
    )]));
    let profile = |state: &str| {
        found(&[
            ("PK", s("USER#ada")),
            ("SK", s("PROFILE")),
            ("state", s(state)),
            ("faces", face.clone()),
            ("signOutOwed", n(NOW.as_millis())),
        ])
    };
    for (state, active) in [("ACTIVE", true), ("MAY_ENROL", false)] {
        let user = UserName::parse("ada").unwrap();
        let account = table(&[&profile(state)]).account(&user).await.unwrap();
        assert_eq!(account.face, active, "{state}");
        assert!(!account.face_data);
        assert_eq!(account.sign_out_owed, Some(NOW));
    }
}

#[tokio::test]
async fn a_pass_of_which_something_cannot_be_read_is_a_fault() {
    for (name, value) in [
        ("began", s("long ago")),
        ("nonce", s("mine")),
        // Another pass than the one that lies here.
        ("nonce", s(&Sha256Digest::of(b"mine").to_hex())),
        ("usedBy", s("somebody")),
        ("steps", s("EVERYTHING")),
    ] {
        let mut attributes = HashMap::from([
            ("PK", s("USER#ada")),
            ("SK", s("PASS#-")),
            ("at", n(NOW.as_millis())),
            ("steps", s("FACE")),
            ("client", s("app")),
            ("began", n(NOW.as_millis())),
            ("usedAt", n(NOW.as_millis())),
            ("usedBy", s(&Sha256Digest::of(b"request").to_hex())),
        ]);
        let read = async |attributes: &HashMap<&str, AttributeValue>| {
            let attributes: Vec<_> = attributes.clone().into_iter().collect();
            let used = mock!(Client::update_item).then_error(unmet);
            let stands = found(&attributes);
            let table = table(&[&used, &stands]);
            let request = token_request(b"request", None);
            let account = table.use_up_pass(&ada(), &request, NOW).await;
            account.map(|account| account.pass.is_some())
        };
        assert_eq!(read(&attributes).await, Ok(true));
        attributes.insert(name, value);
        let kind = format!("attribute {name} not understood");
        assert_eq!(read(&attributes).await, Err(Fault::new("ReadPass", &kind)));
    }
}

#[tokio::test]
async fn a_sign_out_is_settled_only_while_its_own_mark_stands() {
    let settled = mock!(Client::update_item)
        .match_requests(|request| {
            request.update_expression() == Some("REMOVE #owed, #owedAt, #signOutOwed")
                && request.condition_expression() == Some("#signOutOwed = :v0")
                && request
                    .expression_attribute_values()
                    .and_then(|v| v.get(":v0"))
                    == Some(&n(NOW.as_millis()))
        })
        .then_output(|| UpdateItemOutput::builder().build());
    let newer = mock!(Client::update_item).then_error(unmet);
    let user = UserName::parse("ada").unwrap();
    let table = table(&[&settled, &newer]);
    assert_eq!(table.settle_sign_out(&user, NOW).await, Ok(()));
    assert_eq!(table.settle_sign_out(&user, NOW).await, Ok(()));
    assert_eq!((settled.num_calls(), newer.num_calls()), (1, 1));
}

fn face_data() -> FaceData {
    FaceData::new(Model::Descriptor128, vec![0.125; 128]).unwrap()
}

fn enrolment() -> EnrolmentId {
    EnrolmentId::from_random([1; 16])
}

#[tokio::test]
async fn face_data_are_enrolled_in_one_transaction_while_their_enrolment_goes_on() {
    let rule = mock!(Client::transact_write_items)
        .match_requests(|request| {
            let [verdict, profile, remembered] = request.transact_items() else {
                return false;
            };
            let verdict = verdict.update().expect("the challenge is updated");
            let profile = profile.update().expect("the profile is updated");
            let remembered = remembered.update().expect("the digest is remembered");
            let key = format!("PICTURE#{}", face_data().digest().to_hex());
            verdict.condition_expression() == Some("#call = :v1 AND attribute_not_exists(#verdict)")
                && profile.condition_expression() == Some("#state = :v3 AND #enrolment = :v4")
                && remembered.key().get("SK") == Some(&s(&key))
        })
        .then_output(|| TransactWriteItemsOutput::builder().build());
    let table = table(&[&written(), &rule]);
    let ticket = ticket(&table).await;
    let (of, data) = (enrolment(), face_data());
    let settled = table.settle_data_enrolment(&ticket, &of, &data, NOW);
    assert_eq!(settled.await, Ok(Settled::Recorded));
}

#[tokio::test]
async fn face_data_of_an_enrolment_that_is_over_are_not_enrolled() {
    let over = cancelled_with(["None", "ConditionalCheckFailed"]);
    let table = table(&[&written(), &over]);
    let ticket = ticket(&table).await;
    let (of, data) = (enrolment(), face_data());
    let settled = table.settle_data_enrolment(&ticket, &of, &data, NOW);
    assert_eq!(settled.await, Ok(Settled::FaceGone));
}

#[tokio::test]
async fn face_data_pass_only_while_they_are_the_ones_that_were_compared() {
    for (face, condition) in [
        (
            PassedFace::KnownData(enrolment()),
            "(attribute_not_exists(#resetAt) OR #resetAt < :v0) AND #state = :v1 AND #dataOf = :v2",
        ),
        (
            PassedFace::ActivatesData(EnrolledData {
                of: enrolment(),
                data: face_data(),
            }),
            "(attribute_not_exists(#resetAt) OR #resetAt < :v0) AND #state = :v2 AND \
             #enrolment = :v3 AND #dataOf = :v4 AND #faceData = :v5 AND attribute_not_exists(#faces)",
        ),
    ] {
        let rule = mock!(Client::transact_write_items)
            .match_requests(move |request| {
                let profile = &request.transact_items()[3];
                let known = profile.condition_check();
                let changed = profile
                    .update()
                    .and_then(|update| update.condition_expression());
                changed.or(known.map(ConditionCheck::condition_expression)) == Some(condition)
            })
            .then_output(|| TransactWriteItemsOutput::builder().build());
        let table = table(&[&written(), &rule]);
        let ticket = ticket(&table).await;
        let client = ClientId::parse("app").unwrap();
        let pass = PassedFactor {
            picture: face_data().digest(),
            face: Some(face),
            path: Path::Open,
            steps: Some("FACE_DATA".parse().unwrap()),
            client: &client,
            session: OPENING,
            nonce: None,
            browser: None,
            last_reset: None,
        };
        let settled = table.settle_pass(&ticket, &pass, NOW).await;
        assert_eq!(settled, Ok(Settled::Recorded));
    }
}

#[tokio::test]
async fn stored_face_data_are_read_back_and_what_is_none_is_a_fault() {
    let data = |model: &str, bytes: Vec<u8>| {
        found(&[
            ("PK", s("USER#ada")),
            ("SK", s("PROFILE")),
            ("faceDataModel", s(model)),
            ("faceData", AttributeValue::B(bytes.into())),
            ("dataOf", s(enrolment().as_str())),
            ("dataFromSignUp", AttributeValue::Bool(true)),
        ])
    };
    let bytes = face_data().to_bytes().to_vec();
    let rule = data("descriptor-128", bytes.clone());
    let profile = table(&[&rule]).profile(&ada()).await.unwrap();
    assert!(profile.data_from_sign_up);
    let stored = profile.data.map(|stored| (stored.data, stored.of));
    assert_eq!(stored, Some((face_data(), Some(enrolment()))));
    for (rule, attribute) in [
        (data("mesh-468", bytes.clone()), "faceData"),
        (data("another", bytes.clone()), "faceDataModel"),
        (data("descriptor-128", bytes[1..].to_vec()), "faceData"),
        (data("descriptor-128", vec![0xff; 512]), "faceData"),
    ] {
        let kind = format!("attribute {attribute} not understood");
        let fault = Fault::new("ReadProfile", &kind);
        assert_eq!(table(&[&rule]).profile(&ada()).await, Err(fault));
    }
}
