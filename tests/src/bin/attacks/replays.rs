//! 2: what was used before is used again, or twice at once.

use std::sync::Arc;

use e2e::mutation::Trigger;
use e2e::people::{asked_for_face, asked_to_enrol, challenge, confirmed, enrolled, inline};
use e2e::pictures;
use e2e::proxy::Proxy;
use e2e::stack::Stack;
use e2e::trial::{Ground, Seen};
use serde_json::json;
use signin_client::{Answer, Round};
use signin_core::factor::Factor;
use signin_core::reason::Reason;
use signin_core::step::Step;

use crate::common::{
    data_url, face_request, faces, fresh_id, open_failures, post_form, tokens_or, words,
};

/// A session is answered as if the picture of the one before lay at its key.
pub(crate) async fn used_upload(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let asked = asked_for_face(&client, &victim.email).await;
    client
        .upload(&asked, pictures::live())
        .await
        .expect("the victim's picture is uploaded");
    let round = client.answer(&asked, Answer::Uploaded).await;
    assert!(matches!(round, Ok(Round::Tokens(_))), "{}", words(&round));
    let asked = asked_for_face(&client, &victim.email).await;
    tokens_or(&client.answer(&asked, Answer::Uploaded).await)
}

/// A used session's token, and behind it a used challenge, with another picture.
pub(crate) async fn used_session_and_challenge(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let asked = asked_for_face(&client, &victim.email).await;
    let round = client.answer(&asked, inline(pictures::live())).await;
    assert!(matches!(round, Ok(Round::Tokens(_))), "{}", words(&round));
    let again = client.answer(&asked, inline(pictures::live())).await;
    if let Ok(Round::Tokens(_)) = again {
        return Seen::fell("tokens for a used session");
    }

    // As if Cognito had let it through: the function itself, half a minute later.
    let user = victim.user_name();
    let challenge = fresh_id();
    let face = faces(&stack, user).await.remove(0);
    let event = || {
        let request = face_request(user, &challenge, &face, &data_url(&pictures::live()));
        stack.event(Trigger::Verify, user, &request)
    };
    let first = stack.invoke(Trigger::Verify, &event()).await;
    let first = first.expect("the challenge is judged");
    assert_eq!(
        first["response"]["answerCorrect"], true,
        "the first answer passes"
    );
    let later = stack.invoke(Trigger::Verify, &event()).await;
    let later = later.expect("the challenge is judged");
    if later["response"]["answerCorrect"] == true {
        Seen::fell("a used challenge passes again")
    } else {
        Seen::held(format!("session: {}; challenge: consumed", words(&again)))
    }
}

/// The very bytes that passed before.
pub(crate) async fn accepted_picture(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let picture = pictures::live();
    let asked = asked_for_face(&client, &victim.email).await;
    let round = client.answer(&asked, inline(picture.clone())).await;
    assert!(matches!(round, Ok(Round::Tokens(_))), "{}", words(&round));
    let asked = asked_for_face(&client, &victim.email).await;
    tokens_or(&client.answer(&asked, inline(picture)).await)
}

/// The very bytes of the document, as the live picture.
pub(crate) async fn documents_bytes(ground: Ground) -> Seen {
    let client = ground.stack.client();
    ground.begins().await;
    let person = confirmed(&client).await;
    let document = pictures::document();
    let asked = asked_to_enrol(&client, &person).await;
    let asked = client.answer(&asked, inline(document.clone())).await;
    let asked = challenge(asked, Step::Verify(Factor::Face));
    tokens_or(&client.answer(&asked, inline(document)).await)
}

/// A picture that has been used takes the place of a fresh one between reading and comparing.
pub(crate) async fn overwritten_upload(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (client, proxy) = (stack.client(), stack.proxy());
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let used = pictures::live();
    let asked = asked_for_face(&client, &victim.email).await;
    let round = client.answer(&asked, inline(used.clone())).await;
    assert!(matches!(round, Ok(Round::Tokens(_))), "{}", words(&round));

    let asked = asked_for_face(&client, &victim.email).await;
    client
        .upload(&asked, pictures::other())
        .await
        .expect("a fresh picture of somebody else is uploaded");
    let id = asked.challenge_id.clone();
    let mark = proxy.mark().await;
    // The picture is read while the challenge is consumed; that waits, so that the swap comes
    // after the one and before the comparison.
    let held = proxy.hold("TransactWriteItems", &[&id]).await;
    let swap = async {
        held.held().await;
        while !proxy
            .calls(mark, &id)
            .await
            .iter()
            .any(|call| call.operation == "GetObject" && call.status.is_some())
        {
            tokio::task::yield_now().await;
        }
        let status = post_form(&asked, &[], used).await;
        held.remove().await;
        status
    };
    let (round, status) = tokio::join!(client.answer(&asked, Answer::Uploaded), swap);
    assert!(
        status < 300,
        "the form is good until it expires, S3 answered {status}"
    );
    tokens_or(&round)
}

/// 64 different answers at once: to one session, and to one challenge behind Cognito's back.
pub(crate) async fn race(ground: Ground) -> Seen {
    let _turn = Ground::turn().await;
    let stack = ground.stack.clone();
    let (client, proxy) = (Arc::new(stack.client()), stack.proxy());
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let asked = asked_for_face(&client, &victim.email).await;
    let mut answers = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (client, asked) = (Arc::clone(&client), asked.clone());
        answers.spawn(async move { client.answer(&asked, inline(pictures::other())).await });
    }
    let accepted = answers
        .join_all()
        .await
        .iter()
        .filter(|r| r.is_ok())
        .count();
    if accepted > 1 {
        return Seen::fell(format!("{accepted} answers to one session"));
    }

    let user = victim.user_name().to_owned();
    let before = open_failures(&stack, &user).await;
    let (id, face) = (fresh_id(), faces(&stack, &user).await.remove(0));
    let mark = proxy.mark().await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let request = face_request(&user, &id, &face, &data_url(&pictures::other()));
        let event = stack.event(Trigger::Verify, &user, &request);
        let stack = stack.clone();
        calls.spawn(async move { stack.invoke(Trigger::Verify, &event).await });
    }
    let answered = calls.join_all().await;
    assert!(answered.iter().all(Result::is_ok), "every call is answered");
    let compared = compared(&proxy, mark).await;
    let counted = open_failures(&stack, &user).await - before;
    let judged = judged(&stack, &user, std::slice::from_ref(&id)).await;
    let seen = format!("64 calls, {compared} compared, {judged} judged, {counted} counted");
    if compared == 1 && (judged..=1).contains(&(counted as usize)) {
        Seen::held(format!("one answer to one session; {seen}"))
    } else {
        Seen::fell(seen)
    }
}

/// The same answer twice, as when Cognito repeats itself: one verdict, counted once.
pub(crate) async fn same_answer_twice(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let proxy = stack.proxy();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let user = victim.user_name();
    let face = faces(&stack, user).await.remove(0);
    let answer = data_url(&pictures::other());
    let request = face_request(user, &fresh_id(), &face, &answer);
    let event = stack.event(Trigger::Verify, user, &request);
    let mark = proxy.mark().await;
    let (one, two) = tokio::join!(
        stack.invoke(Trigger::Verify, &event),
        stack.invoke(Trigger::Verify, &event),
    );
    let three = stack.invoke(Trigger::Verify, &event).await;
    let verdicts = [one, two, three].map(|answer| {
        let answer = answer.expect("every call is answered");
        answer["response"]["answerCorrect"].clone()
    });
    assert!(verdicts.iter().all(|verdict| *verdict == json!(false)));
    let compared = compared(&proxy, mark).await;
    let counted = open_failures(&stack, user).await;
    let seen = format!("3 calls, {compared} compared, {counted} counted, one verdict");
    if compared == 1 && counted == 1 {
        Seen::held(seen)
    } else {
        Seen::fell(seen)
    }
}

/// To how many of these challenges the answer was told not to match. A comparison that ended too late for
/// a verdict tells nobody anything, and is not counted.
pub(crate) async fn judged(stack: &Stack, user: &str, challenges: &[String]) -> usize {
    let mut judged = 0;
    for id in challenges {
        let item = stack
            .item(&format!("USER#{user}"), &format!("CHALLENGE#{id}"))
            .await;
        judged += usize::from(item["verdict"]["S"] == Reason::NoMatch.name());
    }
    judged
}

/// How many comparisons have been made since a mark.
pub(crate) async fn compared(proxy: &Proxy, mark: u64) -> usize {
    let calls = proxy.calls(mark, "").await;
    let compares = ["SearchFacesByImage", "CompareFaces"];
    calls
        .iter()
        .filter(|call| compares.contains(&call.operation.as_str()))
        .count()
}
