//! 5: guessing.

use std::sync::Arc;

use e2e::people::{asked_for_face, challenge, enrolled, inline, refused};
use e2e::pictures;
use e2e::proxy::Proxy;
use e2e::stack::Stack;
use e2e::trial::{Ground, Seen};
use serde_json::json;
use signin_client::{Challenge, Round, SignInClient};
use signin_core::lockout::{FAILURES_TO_OFF, FREE_FAILURES, wait_after};
use signin_core::reason::Reason;
use signin_core::step::Step;

use crate::common::{open_failures, words};
use crate::replays::compared;

/// Lets the wait of a user's open path be over.
async fn wait_is_over(stack: &Stack, user: &str) {
    stack
        .set_in_profile(user, "openNotBefore", &json!({"N": "0"}))
        .await;
}

/// Fails as often as it is free, so that a wait is due.
async fn fail_five_times(stack: &Stack, client: &SignInClient, email: &str, user: &str) {
    while open_failures(stack, user).await < u64::from(FREE_FAILURES) {
        let asked = asked_for_face(client, email).await;
        // The third wrong answer ends the session, which is as well.
        let _ = client.answer(&asked, inline(pictures::other())).await;
    }
}

/// One guess a session, the waits waited for: 25 and no more, and each wait as long as it must be.
pub(crate) async fn one_after_another(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (client, proxy) = (stack.client(), Proxy::read());
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let user = victim.user_name();
    let mark = proxy.mark().await;
    for number in 1..=FAILURES_TO_OFF {
        if open_failures(&stack, user).await > 0 {
            wait_is_over(&stack, user).await;
        }
        let asked = asked_for_face(&client, &victim.email).await;
        let _ = client.answer(&asked, inline(pictures::other())).await;
        let counted = open_failures(&stack, user).await;
        if counted != u64::from(number) {
            return Seen::fell(format!("{number} guesses, {counted} counted"));
        }
        let next = asked_for_face(&client, &victim.email).await;
        let due = wait_after(number).as_secs();
        let told = next.retry_after.map(|wait| wait.as_secs());
        let expected = if due == 0 || number == FAILURES_TO_OFF {
            told.is_none()
        } else {
            // What has passed of the wait meanwhile is a matter of seconds.
            told.is_some_and(|told| told <= due && told + 20 >= due)
        };
        if !expected {
            return Seen::fell(format!(
                "after {number} guesses a wait of {told:?} s is told"
            ));
        }
    }
    wait_is_over(&stack, user).await;
    let asked = asked_for_face(&client, &victim.email).await;
    let last = client.answer(&asked, inline(pictures::live())).await;
    let compared = compared(&proxy, mark).await;
    let seen = format!("{compared} comparisons, then {}", words(&last));
    if compared == FAILURES_TO_OFF as usize && !matches!(last, Ok(Round::Tokens(_))) {
        Seen::held(seen)
    } else {
        Seen::fell(seen)
    }
}

/// 64 sessions, opened before the first guess, all answered at once.
pub(crate) async fn all_at_once(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (client, proxy) = (Arc::new(stack.client()), Proxy::read());
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let mut asked: Vec<Challenge> = Vec::new();
    for _ in 0..64 {
        asked.push(asked_for_face(&client, &victim.email).await);
    }
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
    let counted = open_failures(&stack, victim.user_name()).await;
    let seen = format!("64 guesses, {compared} compared, {counted} counted");
    if compared <= FREE_FAILURES as usize && counted == compared as u64 {
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
    let asked = challenge(begun, Step::Face);
    let wrong = client.answer(&asked, inline(pictures::other())).await;
    refused(wrong, Step::Face, Reason::NoMatch);
    let asked = asked_for_face(&client, &victim.email).await;
    let counted = open_failures(&stack, user).await;
    if asked.retry_after.is_some() && counted == 5 {
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
    let begun = client.begin(&victim.email, Some(&victim.password)).await;
    let asked = challenge(begun, Step::Face);
    let round = client.answer(&asked, inline(pictures::live())).await;
    if matches!(round, Ok(Round::Tokens(_))) {
        Seen::held("the owner is in at once")
    } else {
        Seen::fell(format!("the owner gets {}", words(&round)))
    }
}

/// Guesses while a wait is due.
pub(crate) async fn during_a_wait(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (client, proxy) = (stack.client(), Proxy::read());
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
    let calls = proxy.calls(mark, "").await;
    let recognised = [
        "SearchFacesByImage",
        "CompareFaces",
        "DetectFaces",
        "IndexFaces",
    ];
    let cost = calls
        .iter()
        .filter(|call| recognised.contains(&call.operation.as_str()))
        .count();
    let counted = open_failures(&stack, victim.user_name()).await;
    let seen = format!("{cost} calls of the recognition service, {counted} counted");
    if cost == 0 && counted == 5 {
        Seen::held(seen)
    } else {
        Seen::fell(seen)
    }
}
