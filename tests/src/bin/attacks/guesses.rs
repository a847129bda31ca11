//! 5: guessing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use e2e::people::{
    Person, asked_for_face, challenge, enrolled, inline, refused, with_a_new_password,
};
use e2e::proxy::Proxy;
use e2e::stack::Stack;
use e2e::trial::{Ground, Seen};
use e2e::{drawn, pictures};
use signin_client::{Challenge, ClientError, Round, SignInClient};
use signin_core::budget::CHALLENGE_LEASE;
use signin_core::factor::Factor;
use signin_core::lockout::{
    FAILURES_TO_LOCK, FREE_FAILURES, LONGEST_WAIT, Path, SLOW_FALLS, UNUSABLE_FALLS, UNUSABLE_FREE,
};
use signin_core::reason::Reason;
use signin_core::step::Step;

use crate::common::{open_failures, words};
use crate::replays::{compared, judged};

/// What asks the recognition service for something.
const RECOGNISES: [&str; 4] = [
    "SearchFacesByImage",
    "CompareFaces",
    "DetectFaces",
    "IndexFaces",
];

/// One guess in a session of its own; what it led to.
async fn guess(client: &SignInClient, email: &str) -> Result<Round, ClientError> {
    let asked = asked_for_face(client, email).await;
    client.answer(&asked, inline(pictures::other())).await
}

/// Fails as often as it is free, so that a wait is due.
async fn fail_five_times(stack: &Stack, client: &SignInClient, email: &str, user: &str) {
    while open_failures(stack, user).await < FREE_FAILURES {
        let _ = guess(client, email).await;
    }
}

/// The owner signs in by the face alone, or with the password before it; what it led to.
async fn owner(client: &SignInClient, victim: &Person, path: Path) -> Result<Round, ClientError> {
    let password = (path == Path::Password).then_some(victim.password.as_str());
    let asked = challenge(
        client.begin(&victim.email, password).await,
        Step::Verify(Factor::Face),
    );
    client.answer(&asked, inline(pictures::live())).await
}

/// One guess a session, the waits waited for: 25 within a day, each wait as long as it must be;
/// then the path is locked, and it is one guess a day.
pub(crate) async fn one_after_another(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (client, proxy) = (stack.client(), stack.proxy());
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let user = victim.user_name();
    let mark = proxy.mark().await;
    let mut passed = Duration::ZERO;
    for number in 1..=FAILURES_TO_LOCK {
        let _ = guess(&client, &victim.email).await;
        let counted = open_failures(&stack, user).await;
        if counted != number {
            return Seen::fell(format!("{number} guesses, {counted} counted"));
        }
        let next = asked_for_face(&client, &victim.email).await;
        let told = (next.reason, next.retry_after);
        let as_it_must_be = match told {
            (None, None) => number < FREE_FAILURES,
            (Some(Reason::TryLater), Some(wait)) => {
                let least = if number == FREE_FAILURES { 10 } else { 30 };
                (FREE_FAILURES..FAILURES_TO_LOCK).contains(&number)
                    && wait >= Duration::from_secs(least)
                    && wait <= LONGEST_WAIT
            }
            (Some(Reason::Locked), None) => number == FAILURES_TO_LOCK,
            _ => false,
        };
        if !as_it_must_be {
            return Seen::fell(format!("after {number} guesses {told:?} is told"));
        }
        let wait = next.retry_after.unwrap_or_default();
        stack.time_passes(user, wait).await;
        passed += wait;
    }
    assert!(passed < SLOW_FALLS, "{passed:?} are more than a day");
    // Locked: not even the right face is looked at.
    let last = owner(&client, &victim, Path::Open).await;
    if matches!(last, Ok(Round::Tokens(_))) {
        return Seen::fell("the 26th is compared");
    }
    for day in 1..=2 {
        stack.time_passes(user, SLOW_FALLS).await;
        let _ = guess(&client, &victim.email).await;
        let _ = guess(&client, &victim.email).await;
        let compared = compared(&proxy, mark).await;
        if compared != FAILURES_TO_LOCK as usize + day {
            return Seen::fell(format!("{compared} comparisons after {day} more days"));
        }
    }
    Seen::held(format!(
        "{FAILURES_TO_LOCK} in {} hours, then LOCKED, then one a day",
        passed.as_secs() / 3600
    ))
}

/// 64 sessions, opened before the first guess, all answered at once.
pub(crate) async fn all_at_once(ground: Ground) -> Seen {
    let _turn = Ground::turn().await;
    let stack = ground.stack.clone();
    let (client, proxy) = (Arc::new(stack.client()), stack.proxy());
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let mut asked: Vec<Challenge> = Vec::new();
    for _ in 0..64 {
        asked.push(asked_for_face(&client, &victim.email).await);
    }
    let challenges: Vec<String> = asked
        .iter()
        .map(|asked| asked.challenge_id.clone())
        .collect();
    let mark = proxy.mark().await;
    let mut guesses = tokio::task::JoinSet::new();
    for asked in asked {
        let client = Arc::clone(&client);
        guesses.spawn(async move { client.answer(&asked, inline(pictures::other())).await });
    }
    let passed = guesses
        .join_all()
        .await
        .iter()
        .filter(|round| matches!(round, Ok(Round::Tokens(_))))
        .count();
    assert_eq!(passed, 0, "somebody else's face passes nothing");
    let compared = compared(&proxy, mark).await;
    let user = victim.user_name();
    let judged = judged(&stack, user, &challenges).await;
    let mut counted = open_failures(&stack, user).await;
    // A call that was too slow for a verdict holds its place until its lease is over; the next sign-in
    // gives it back.
    let deadline = Instant::now() + 4 * CHALLENGE_LEASE;
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    while counted as usize > judged && Instant::now() < deadline {
        ticks.tick().await;
        let _ = asked_for_face(&client, &victim.email).await;
        counted = open_failures(&stack, user).await;
    }
    let seen = format!("64 guesses, {compared} compared, {judged} judged, {counted} counted");
    if judged <= FREE_FAILURES as usize && counted as usize == judged {
        Seen::held(seen)
    } else {
        Seen::fell(seen)
    }
}

/// Sessions with a stolen password, to set the open path's failures back.
pub(crate) async fn stolen_password(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let user = victim.user_name();
    fail_five_times(&stack, &client, &victim.email, user).await;
    let begun = client.begin(&victim.email, Some(&victim.password)).await;
    let asked = challenge(begun, Step::Verify(Factor::Face));
    let wrong = client.answer(&asked, inline(pictures::other())).await;
    refused(wrong, Step::Verify(Factor::Face), Reason::NoMatch);
    let asked = asked_for_face(&client, &victim.email).await;
    let counted = open_failures(&stack, user).await;
    if asked.retry_after.is_some() && counted == FREE_FAILURES {
        Seen::held("the open path still waits; the password's has a failure of its own")
    } else {
        Seen::fell(format!("{counted} failures are left of 5"))
    }
}

/// A stranger fails until a wait is due; the owner comes with password and face.
pub(crate) async fn owner_is_delayed(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    fail_five_times(&stack, &client, &victim.email, victim.user_name()).await;
    let round = owner(&client, &victim, Path::Password).await;
    if matches!(round, Ok(Round::Tokens(_))) {
        Seen::held("the owner is in at once")
    } else {
        Seen::fell(format!("the owner gets {}", words(&round)))
    }
}

/// Guesses while a wait is due.
pub(crate) async fn during_a_wait(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (client, proxy) = (stack.client(), stack.proxy());
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    fail_five_times(&stack, &client, &victim.email, victim.user_name()).await;
    let mark = proxy.mark().await;
    let mut asked = asked_for_face(&client, &victim.email).await;
    for _ in 0..2 {
        match client.answer(&asked, inline(pictures::other())).await {
            Ok(Round::Challenge(next)) => asked = next,
            other => panic!("expected another challenge, found {}", words(&other)),
        }
    }
    let cost = recognised(&proxy, mark).await;
    let counted = open_failures(&stack, victim.user_name()).await;
    let seen = format!("{cost} calls of the recognition service, {counted} counted");
    if cost == 0 && counted == FREE_FAILURES {
        Seen::held(seen)
    } else {
        Seen::fell(seen)
    }
}

/// The owner signs in on the same path after every guess.
pub(crate) async fn between_an_owners_sign_ins(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    for number in 1..=FREE_FAILURES {
        let _ = guess(&client, &victim.email).await;
        let round = owner(&client, &victim, Path::Open).await;
        let passed = matches!(round, Ok(Round::Tokens(_)));
        // The fifth guess costs the owner a wait on this path, too.
        if number < FREE_FAILURES {
            assert!(passed, "{}", words(&round));
        } else if passed {
            return Seen::fell("the fifth guess cost no wait");
        }
    }
    let asked = asked_for_face(&client, &victim.email).await;
    let counted = open_failures(&stack, victim.user_name()).await;
    let seen = format!("{counted} counted, then {:?}", asked.reason);
    if counted == FREE_FAILURES && asked.retry_after.is_some() {
        Seen::held(seen)
    } else {
        Seen::fell(seen)
    }
}

/// Pictures that show nothing: they are no guesses, and have a bound of their own.
pub(crate) async fn unusable_pictures(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (client, proxy) = (stack.client(), stack.proxy());
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let mut open: Option<Challenge> = None;
    for number in 0..UNUSABLE_FREE {
        let asked = match open.take() {
            Some(asked) => asked,
            None => asked_for_face(&client, &victim.email).await,
        };
        let answered = client.answer(&asked, inline(drawn::plain(0))).await;
        if let Ok(Round::Challenge(next)) = answered {
            if next.reason != Some(Reason::NoFace) {
                let told = next.reason;
                return Seen::fell(format!("after {} pictures {told:?}", number + 1));
            }
            open = Some(next);
        }
        if number + 1 == FREE_FAILURES {
            let round = owner(&client, &victim, Path::Open).await;
            if !matches!(round, Ok(Round::Tokens(_))) {
                return Seen::fell(format!("the right face gets {}", words(&round)));
            }
        }
    }
    let counted = open_failures(&stack, victim.user_name()).await;
    let mark = proxy.mark().await;
    let asked = asked_for_face(&client, &victim.email).await;
    let told = asked.retry_after;
    let _ = client.answer(&asked, inline(drawn::plain(0))).await;
    let cost = recognised(&proxy, mark).await;
    let seen = format!("{counted} failures, then a wait of {told:?} and {cost} calls");
    if counted == 0 && cost == 0 && told.is_some_and(|wait| wait <= UNUSABLE_FALLS) {
        Seen::held(seen)
    } else {
        Seen::fell(seen)
    }
}

/// A stranger's failures have locked the open path; the owner comes with password and face.
pub(crate) async fn locked_for_good(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let _ = guess(&client, &victim.email).await;
    stack
        .fail_so_often(victim.user_name(), Path::Open, FAILURES_TO_LOCK)
        .await;
    let locked = owner(&client, &victim, Path::Open).await;
    refused(locked, Step::Verify(Factor::Face), Reason::Locked);
    let round = owner(&client, &victim, Path::Password).await;
    assert!(matches!(round, Ok(Round::Tokens(_))), "{}", words(&round));
    let round = owner(&client, &victim, Path::Open).await;
    if matches!(round, Ok(Round::Tokens(_))) {
        Seen::held("password and face open it again")
    } else {
        Seen::fell(format!("the owner gets {}", words(&round)))
    }
}

/// Somebody who reads the victim's mail sets the password again and again, and guesses at the face
/// in between.
pub(crate) async fn between_resets(ground: Ground) -> Seen {
    const RESETS: usize = 4;
    let stack = ground.stack.clone();
    let (client, proxy) = (stack.client(), stack.proxy());
    let (mut victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let mark = proxy.mark().await;
    for _ in 0..RESETS {
        victim = with_a_new_password(&client, victim).await;
        for _ in 0..FREE_FAILURES {
            let begun =
                client.begin_bound(&victim.email, &victim.password, &victim.account.binding);
            let asked = challenge(begun.await, Step::Verify(Factor::Face));
            let _ = client.answer(&asked, inline(pictures::other())).await;
        }
    }
    // The first reset empties nothing, there is nothing yet; and it is the one of this day.
    let compared = compared(&proxy, mark).await;
    let free = FREE_FAILURES as usize;
    let seen = format!("{compared} comparisons in {RESETS} resets");
    if compared <= 2 * free {
        Seen::held(seen)
    } else {
        Seen::fell(seen)
    }
}

/// Guesses while the collection is so full of look-alikes that a search says nothing.
pub(crate) async fn in_a_crowd(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (client, proxy) = (stack.client(), stack.proxy());
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let crowd = serde_json::json!({"operation": "SearchFacesByImage", "fault": "crowd"});
    let crowd = proxy.rule(&crowd).await;
    for _ in 0..FREE_FAILURES {
        let _ = guess(&client, &victim.email).await;
    }
    let bitten = crowd.bitten().await;
    crowd.remove().await;
    assert_eq!(bitten, u64::from(FREE_FAILURES), "searches that were full");
    let counted = open_failures(&stack, victim.user_name()).await;
    let asked = asked_for_face(&client, &victim.email).await;
    let seen = format!("{counted} counted, then {:?}", asked.reason);
    if counted == FREE_FAILURES && asked.retry_after.is_some() {
        Seen::held(seen)
    } else {
        Seen::fell(seen)
    }
}

/// How often the recognition service was called since a mark.
async fn recognised(proxy: &Proxy, mark: u64) -> usize {
    let calls = proxy.calls(mark, "").await;
    let recognises = |operation: &str| RECOGNISES.contains(&operation);
    calls
        .iter()
        .filter(|call| recognises(&call.operation))
        .count()
}
