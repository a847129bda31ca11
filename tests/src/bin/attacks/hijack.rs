//! 9: an account under somebody else's address.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::people::{
    Person, asked_to_enrol, begun_bound, challenge, confirmed, enrolled, inline, newest_code,
    reset, signed_up,
};
use e2e::pictures;
use e2e::stack::fresh_email;
use e2e::trial::{Ground, Seen};
use serde_json::json;
use signin_client::{BindingSecret, Challenge, Round, SignInClient};
use signin_core::step::Step;
use tokio::task::JoinSet;

use crate::common::{faces, walk, words};

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
fn challenge_of(
    round: Result<Round, signin_client::ClientError>,
) -> Result<Option<Challenge>, String> {
    match round {
        Ok(Round::Tokens(_)) => Err("the attacker gets tokens".to_owned()),
        Ok(Round::Challenge(asked)) => Ok(Some(asked)),
        Err(_) => Ok(None),
    }
}

/// The address is signed up by the attacker first, in every order of what follows.
pub(crate) async fn in_every_order(ground: Ground) -> Seen {
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
    let asked = challenge(asked, Step::Face);
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

fn client_user(round: Result<Round, signin_client::ClientError>) -> Option<String> {
    match round {
        Ok(Round::Challenge(asked)) => {
            let key = asked.upload.fields.get("key")?;
            key.split('/').nth(1).map(str::to_owned)
        }
        _ => None,
    }
}
