//! 9: an account under somebody else's address.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use e2e::people::{
    Person, asked_for_face, asked_to_enrol, begun_bound, challenge, confirmed, enrol, enrolled,
    inline, newest_code, owner_without_consent, reset, signed_up,
};
use e2e::pictures;
use e2e::stack::{Stack, fresh_email};
use e2e::trial::{Ground, Seen};
use serde_json::json;
use signin_client::{BindingSecret, Challenge, ClientError, Refusal, Round, SignInClient};
use signin_core::factor::Factor;
use signin_core::lockout::{FREE_FAILURES, Path};
use signin_core::reason::Reason;
use signin_core::step::Step;
use tokio::task::JoinSet;

use crate::common::{faces, tokens_or, walk, words};

/// Orders that are played at a time, each over an account of its own.
const AT_ONCE: usize = 6;

/// What the attacker does, in this order, who has signed up first with a password of their own.
#[derive(Clone, Copy, Debug)]
enum Attack {
    Begin,
    Document,
    Face,
}

/// What the owner of the mailbox does, in this order.
#[derive(Clone, Copy, Debug)]
enum Owner {
    Resend,
    Confirm,
    Reset,
    Enrol,
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Attack(Attack),
    Owner(Owner),
}

/// Every order in which two parties' moves can fall.
fn orders(attack: &[Attack], owner: &[Owner]) -> Vec<Vec<Move>> {
    let mut all = Vec::new();
    if let [first, rest @ ..] = attack {
        for mut order in orders(rest, owner) {
            order.insert(0, Move::Attack(*first));
            all.push(order);
        }
    }
    if let [first, rest @ ..] = owner {
        for mut order in orders(attack, rest) {
            order.insert(0, Move::Owner(*first));
            all.push(order);
        }
    }
    if all.is_empty() {
        all.push(Vec::new());
    }
    all
}

/// One order, played; what the attacker got, if anything.
async fn play(client: &SignInClient, order: &[Move]) -> Result<(), String> {
    let account = signed_up(client, &fresh_email()).await;
    let email = account.email.clone();
    let owners_password = "the owner's own long password";
    let mut open: Option<Challenge> = None;
    // What the owner's browser tab keeps of the reset.
    let mut owners_secret: Option<BindingSecret> = None;
    for step in order {
        match step {
            Move::Attack(Attack::Begin) => {
                let begun = begun_bound(client, &account).await;
                open = challenge_of(begun)?;
            }
            // Whatever is asked is answered with the attacker's face.
            Move::Attack(Attack::Document | Attack::Face) => {
                if let Some(asked) = open.take() {
                    let asked = asked.agreeing();
                    let answered = client.answer(&asked, inline(pictures::other())).await;
                    open = challenge_of(answered)?;
                }
            }
            Move::Owner(Owner::Resend) => {
                client
                    .resend(&email)
                    .await
                    .map_err(|error| error.to_string())?;
            }
            Move::Owner(Owner::Confirm) => {
                let code = newest_code(client, &email).await;
                let confirmed = client.confirm(&email, &code, None).await;
                confirmed.map_err(|error| error.to_string())?;
            }
            Move::Owner(Owner::Reset) => {
                let sent = client.forgot_password(&email).await;
                sent.map_err(|error| error.to_string())?;
                let code = newest_code(client, &email).await;
                let reset = client.reset_password(&email, &code, owners_password, Some("1"));
                owners_secret = Some(reset.await.map_err(|error| error.to_string())?);
            }
            Move::Owner(Owner::Enrol) => {
                let begun = match &owners_secret {
                    Some(secret) => client.begin_bound(&email, owners_password, secret).await,
                    None => client.begin(&email, Some(owners_password)).await,
                };
                let asked = AtomicBool::new(false);
                let next = || {
                    // The document first, then the live picture.
                    if asked.swap(true, Ordering::Relaxed) {
                        pictures::live()
                    } else {
                        pictures::document()
                    }
                };
                if let (None, way) = walk(client, begun, next).await {
                    return Err(format!("the owner is kept out: {way}"));
                }
            }
        }
    }
    let begun = client.begin(&email, None).await;
    match walk(client, begun, pictures::other).await {
        (Some(_), _) => Err("the attacker's face opens the account".to_owned()),
        (None, _) => Ok(()),
    }
}

/// The challenge that a call led to, if any; tokens are the attacker's success.
fn challenge_of(round: Result<Round, ClientError>) -> Result<Option<Challenge>, String> {
    match round {
        Ok(Round::Tokens(_)) => Err("the attacker gets tokens".to_owned()),
        Ok(Round::Challenge(asked)) => Ok(Some(asked)),
        Err(_) => Ok(None),
    }
}

/// The address is signed up by the attacker first, in every order of what follows.
pub(crate) async fn in_every_order(ground: Ground) -> Seen {
    let _turn = Ground::turn().await;
    let client = Arc::new(ground.stack.client());
    ground.begins().await;
    let attack = [Attack::Begin, Attack::Document, Attack::Face];
    let owner = [Owner::Resend, Owner::Confirm, Owner::Reset, Owner::Enrol];
    let mut orders = orders(&attack, &owner).into_iter();
    let mut played = 0;
    let mut playing = JoinSet::new();
    loop {
        for order in orders.by_ref().take(AT_ONCE - playing.len()) {
            let client = Arc::clone(&client);
            playing.spawn(async move {
                let outcome = play(&client, &order).await;
                outcome.map_err(|harm| format!("{harm} ({order:?})"))
            });
        }
        match playing.join_next().await {
            Some(Ok(Ok(()))) => played += 1,
            Some(Ok(Err(harm))) => return Seen::fell(harm),
            Some(Err(panicked)) => std::panic::resume_unwind(panicked.into_panic()),
            None => break,
        }
    }
    Seen::held(format!(
        "{played} orders: nothing for the attacker, and the owner is in"
    ))
}

/// A thief of the password has begun an enrolment; the owner resets the password; the thief goes on.
pub(crate) async fn thief_goes_on(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let victim = confirmed(&client).await;
    let asked = asked_to_enrol(&client, &victim).await;
    let asked = client.answer(&asked, inline(pictures::other())).await;
    let asked = challenge(asked, Step::Verify(Factor::Face));
    ground.begins().await;
    reset(&client, &victim.email, "a new and longer password").await;
    let round = client.answer(&asked, inline(pictures::other())).await;
    let active = faces(&stack, victim.user_name()).await.len();
    if active > 0 || matches!(round, Ok(Round::Tokens(_))) {
        Seen::fell("the thief's face is active")
    } else {
        Seen::held(words(&round))
    }
}

/// Accounts over which the race is run at a time.
const LANES: usize = 6;

/// Resets of each account.
const RESETS: usize = 20;

/// How the stranger's sign-ins around resets ended.
#[derive(Default)]
struct Tally {
    resets: usize,
    /// Cognito refused the password.
    refused: usize,
    /// The old password was right, and the session is told to come with the reset's secret.
    needs_reset: usize,
    /// Cognito had checked the old password before the reset, and the first challenge was made
    /// after it.
    caught: usize,
}

/// A stranger keeps sign-ins with the old password in the air while the owner resets it, again and
/// again, with every offset that chance makes. Half of the strangers have signed up with the
/// owner's address themselves, half have stolen the password of an account that is the owner's.
pub(crate) async fn around_a_reset(ground: Ground) -> Seen {
    let _turn = Ground::turn().await;
    ground.begins().await;
    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        let stack = ground.stack.clone();
        lanes.spawn(async move { Box::pin(race(&stack, lane % 2 == 0)).await });
    }
    let mut all = Tally::default();
    while let Some(lane) = lanes.join_next().await {
        match lane {
            Ok(Ok(tally)) => {
                all.resets += tally.resets;
                all.refused += tally.refused;
                all.needs_reset += tally.needs_reset;
                all.caught += tally.caught;
            }
            Ok(Err(harm)) => return Seen::fell(harm),
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
    let seen = format!(
        "{} resets, 0 come through: {} before one, {} after, {} in between",
        all.resets, all.needs_reset, all.refused, all.caught
    );
    // That some fall in between, too, is shown where the defence is missing.
    assert!(
        all.refused > 0 && all.needs_reset > 0,
        "the sign-ins should fall on both sides of the resets: {seen}"
    );
    Seen::held(seen)
}

/// Whether a sign-in was refused by Cognito, or by a trigger.
fn refused(error: &ClientError) -> bool {
    matches!(
        error.refusal(),
        Some(Refusal::NotAuthorized | Refusal::UserLambdaValidation)
    )
}

/// One account's resets; what came of the stranger's sign-ins, or the harm that was done.
async fn race(stack: &Stack, signed_up_by_the_stranger: bool) -> Result<Tally, String> {
    let client = stack.client();
    let account = signed_up(&client, &fresh_email()).await;
    let code = newest_code(&client, &account.email).await;
    let secret = (!signed_up_by_the_stranger).then_some(&account.account.binding);
    let confirmed = client.confirm(&account.email, &code, secret).await;
    confirmed.expect("the code is right");
    let mut tally = Tally::default();
    // What the stranger has: the password, and the secret of their own sign-up.
    let strangers = BindingSecret::random();
    let strangers = if signed_up_by_the_stranger {
        &account.account.binding
    } else {
        &strangers
    };
    let mut old = account.password.clone();
    // How long a sign-in takes as far as its first challenge, which the offsets spread over: what
    // they are to meet is the moment between Cognito's look at the password and that challenge.
    let mut takes = Duration::from_millis(100);
    for number in 0..RESETS {
        let new = format!("the owner's long password {number}");
        let sent = client.forgot_password(&account.email).await;
        sent.expect("a code is mailed");
        let code = newest_code(&client, &account.email).await;
        let sign_in = async || {
            at_random(takes).await;
            let began = Instant::now();
            let round = client.begin_bound(&account.email, &old, strangers).await;
            (round, began.elapsed())
        };
        let reset = async {
            at_random(takes).await;
            client
                .reset_password(&account.email, &code, &new, Some("1"))
                .await
        };
        let (owners, a, b, c, d) = tokio::join!(reset, sign_in(), sign_in(), sign_in(), sign_in());
        takes = (a.1 + b.1 + c.1 + d.1) / 4;
        let rounds = [a.0, b.0, c.0, d.0];
        let owners = owners.expect("the code is right");
        tally.resets += 1;
        for round in rounds {
            match round {
                Ok(Round::Challenge(asked)) => match (asked.step, asked.reason) {
                    (Step::Verify(Factor::Face), Some(Reason::EnrolmentNeedsReset)) => {
                        tally.needs_reset += 1;
                    }
                    (Step::Verify(Factor::Face), Some(Reason::TryLater)) => tally.caught += 1,
                    (step, reason) => {
                        return Err(format!("the stranger is asked for {step:?} ({reason:?})"));
                    }
                },
                Ok(Round::Tokens(_)) => return Err("the stranger gets tokens".to_owned()),
                // Also by create-auth-challenge, which gives up where too many begin at once.
                Err(error) if refused(&error) => tally.refused += 1,
                Err(error) => panic!("a sign-in failed otherwise: {error}"),
            }
        }
        // The owner's tab may enrol, whatever was in the air.
        let begun = client.begin_bound(&account.email, &new, &owners).await;
        let asked = challenge_of(begun)?.map(|asked| asked.step);
        if asked != Some(Step::Enrol) {
            return Err(format!("the owner is asked for {asked:?}"));
        }
        // Then sixteen minutes pass, and the stranger learns the new password.
        let long_ago = json!({"N": "1"});
        stack
            .set_in_profile(account.user_name(), "resetAt", &long_ago)
            .await;
        old = new;
    }
    Ok(tally)
}

/// Lets a random part of a time pass.
async fn at_random(within: Duration) {
    tokio::time::sleep(within.mul_f64(rand::random::<f64>())).await;
}

/// Sessions with the old password are kept over the owner's reset, and answered with wrong faces.
pub(crate) async fn guesses_of_old_sessions(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let (victim, _) = enrolled(&ground.stack).await;
    let mut kept = Vec::new();
    for _ in 0..FREE_FAILURES {
        let begun = client.begin(&victim.email, Some(&victim.password)).await;
        kept.push(challenge(begun, Step::Verify(Factor::Face)));
    }
    let password = "a new and longer password";
    let secret = reset(&client, &victim.email, password).await;
    ground.begins().await;
    for asked in &kept {
        let _ = client.answer(asked, inline(pictures::other())).await;
    }
    let begun = client.begin_bound(&victim.email, password, &secret).await;
    match &begun {
        Ok(Round::Challenge(asked)) if asked.reason.is_none() => {
            Seen::held("nothing is counted, and the owner need not wait")
        }
        _ => Seen::fell(format!("the owner gets {}", words(&begun))),
    }
}

/// Sessions without a password are opened, the owner resets, and one of them shows the owner's
/// photograph, another one somebody else's.
pub(crate) async fn photograph_in_an_old_session(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    let matching = asked_for_face(&client, &victim.email).await;
    let other = asked_for_face(&client, &victim.email).await;
    reset(&client, &victim.email, "a new and longer password").await;
    ground.begins().await;
    let mut told = Vec::new();
    for (asked, picture) in [(matching, pictures::live()), (other, pictures::other())] {
        let before = stack.failures(victim.user_name(), Path::Open).await;
        let round = client.answer(&asked, inline(picture)).await;
        let counted = stack.failures(victim.user_name(), Path::Open).await - before;
        told.push(format!("{}, {counted} counted", words(&round)));
    }
    if told[0] == told[1] {
        Seen::held(format!("both: {}", told[0]))
    } else {
        Seen::fell(told.join("; somebody else's: "))
    }
}

/// A thief of the password is there before the owner's browser tab enrols.
pub(crate) async fn thief_of_the_password(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let victim = confirmed(&client).await;
    ground.begins().await;
    let mut ways = Vec::new();
    for secret in [None, Some(BindingSecret::random())] {
        let begun = match &secret {
            None => client.begin(&victim.email, Some(&victim.password)).await,
            Some(guess) => {
                let (email, password) = (&victim.email, &victim.password);
                client.begin_bound(email, password, guess).await
            }
        };
        let (tokens, way) = walk(&client, begun, pictures::other).await;
        if tokens.is_some() {
            return Seen::fell(way);
        }
        ways.push(way);
    }
    // And the owner's tab still can.
    enrol(&client, &victim).await;
    Seen::held(ways.join("; "))
}

/// A session is opened with the old password, and goes on after the owner's reset with a picture
/// that matches.
pub(crate) async fn old_password_session(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    let begun = client.begin(&victim.email, Some(&victim.password)).await;
    let asked = challenge(begun, Step::Verify(Factor::Face));
    ground.begins().await;
    reset(&client, &victim.email, "a new and longer password").await;
    tokens_or(&client.answer(&asked, inline(pictures::live())).await)
}

/// A stranger has signed up with the owner's address and agreed to the consent text; the owner takes
/// the account over and agrees to nothing.
pub(crate) async fn strangers_consent(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    ground.begins().await;
    let account = owner_without_consent(&client).await;
    let begun = begun_bound(&client, &account).await;
    let asked = challenge(begun, Step::Enrol);
    let asked_for = asked.consent.clone();
    let silent = client.answer(&asked, inline(pictures::document())).await;
    let told = words(&silent);
    let by = stack.profile(account.user_name()).await["consentBy"]["S"].take();
    match (asked_for, challenge_of(silent)) {
        (Some(_), Ok(Some(again)))
            if again.reason == Some(Reason::ConsentNeeded) && by == "SIGN_UP" =>
        {
            let agreeing = again.agreeing();
            let agreed = client.answer(&agreeing, inline(pictures::document()));
            let face = challenge(agreed.await, Step::Verify(Factor::Face));
            let passed = client.answer(&face, inline(pictures::live())).await;
            assert!(matches!(passed, Ok(Round::Tokens(_))), "{}", words(&passed));
            Seen::held(told)
        }
        _ => Seen::fell(format!("{told}, under a consent by {by}")),
    }
}

/// One's own account is given somebody else's address.
pub(crate) async fn changed_address(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    let (attacker, tokens) = enrolled(&stack).await;
    ground.begins().await;
    let change = |email: &str| {
        json!({
            "AccessToken": tokens.access,
            "UserAttributes": [{"Name": "email", "Value": email}],
        })
    };
    let (_, taken) = stack
        .cognito("UpdateUserAttributes", &change(&victim.email))
        .await;
    let unused = fresh_email();
    let (_, asked) = stack
        .cognito("UpdateUserAttributes", &change(&unused))
        .await;
    // Without the code from the new mailbox, nothing has changed.
    for (whose, address) in [("the victim's", &victim.email), ("an unproven", &unused)] {
        let begun = client.begin(address, None).await;
        let reached = client_user(begun);
        if reached.as_deref() == Some(attacker.user_name()) {
            return Seen::fell(format!("{whose} address leads to the attacker's account"));
        }
    }
    let Person { email, .. } = &attacker;
    let begun = client.begin(email, None).await;
    if client_user(begun).as_deref() != Some(attacker.user_name()) {
        return Seen::fell("the old address leads nowhere before the new one is proven");
    }
    Seen::held(format!(
        "taken: {}; new: {} before its code",
        taken["__type"].as_str().unwrap_or("answered"),
        if asked["CodeDeliveryDetailsList"].is_array() {
            "nothing changes"
        } else {
            "refused"
        }
    ))
}

fn client_user(round: Result<Round, ClientError>) -> Option<String> {
    match round {
        Ok(Round::Challenge(asked)) => Some(asked.user_name().to_owned()),
        _ => None,
    }
}
