//! 17: a code by mail.

use std::collections::BTreeSet;

use e2e::people::{
    Person, all_told, another_code, challenge, confirmed, enrol_from, inline, sign_in_code,
    sign_in_codes, tokens as tokens_of, told, told_at_last, with_a_new_password,
};
use e2e::pictures;
use e2e::stack::{Stack, fresh_email};
use e2e::trial::{Ground, Seen};
use serde_json::{Value, json};
use signin_client::{Answer, Challenge, ClientError, Round, SignInClient, Tokens};
use signin_core::factor::Factor;
use signin_core::lockout::{FREE_FAILURES, Path};
use signin_core::mail::CODES_AT_ONCE;
use signin_core::reason::Reason;
use signin_core::session::MAX_FALSE_ENTRIES;
use signin_core::step::Step;

use crate::common::{calls_since, decided, fresh_id, words};

const CODE: Step = Step::Verify(Factor::EmailCode);
/// The chains of the stack that ask for a code, behind the password and without it.
const BEHIND_THE_PASSWORD: &str = "PASSWORD+EMAIL_CODE";
const OPEN: &str = "EMAIL_CODE+FACE_DATA";

/// A session that has chosen a chain with a code, with the password or without.
async fn chosen(
    client: &SignInClient,
    email: &str,
    password: Option<&str>,
) -> Result<Round, ClientError> {
    let chain = password.map_or(OPEN, |_| BEHIND_THE_PASSWORD);
    let asked = challenge(client.begin(email, password).await, Step::Select);
    client.answer(&asked, Answer::Text(chain.to_owned())).await
}

/// The challenge of such a session, which asks for a code.
async fn asked(client: &SignInClient, person: &Person) -> Challenge {
    let password = Some(person.password.as_str());
    challenge(chosen(client, &person.email, password).await, CODE)
}

fn reason(round: &Result<Round, ClientError>) -> Option<Reason> {
    match round {
        Ok(Round::Challenge(next)) => next.reason,
        _ => None,
    }
}

/// A thief of the password answers with codes that are not the session's own.
pub(crate) async fn of_another(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let (victim, somebody) = (confirmed(&client).await, confirmed(&client).await);
    ground.begins().await;
    asked(&client, &somebody).await;
    let theirs = sign_in_code(&client, &somebody.email, 1).await;
    asked(&client, &victim).await;
    let old = sign_in_code(&client, &victim.email, 1).await;
    let mut seen = Vec::new();
    for (number, (whose, code)) in [("somebody else's", &theirs), ("an old one", &old)]
        .into_iter()
        .enumerate()
    {
        let asked = asked(&client, &victim).await;
        sign_in_code(&client, &victim.email, number + 2).await;
        // One of a million is the session's own by chance.
        let answered = client.answer(&asked, Answer::Text(code.clone())).await;
        if matches!(answered, Ok(Round::Tokens(_))) {
            return Seen::fell(format!("tokens for {whose}"));
        }
        seen.push(format!("{whose}: {}", words(&answered)));
    }
    let owner = asked(&client, &victim).await;
    let own = sign_in_code(&client, &victim.email, 4).await;
    match client.answer(&owner, Answer::Text(own)).await {
        Ok(Round::Tokens(_)) => Seen::held(seen.join("; ")),
        other => Seen::fell(format!("the owner is kept out: {}", words(&other))),
    }
}

/// Guesses of the code, and sign-ins with a photograph of the victim between them.
pub(crate) async fn refilled_by_a_photograph(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let victim = confirmed(&client).await;
    let begun = e2e::people::begun_bound(&client, &victim).await;
    let select = challenge(begun, Step::Select);
    let face = client
        .answer(&select, Answer::Text("FACE".to_owned()))
        .await;
    enrol_from(&client, &challenge(face, Step::Enrol)).await;
    ground.begins().await;
    let (mut guesses, mut told) = (0, None);
    // Two a code, since codes have a limit of their own.
    for codes in 1.. {
        let round = chosen(&client, &victim.email, None).await;
        if reason(&round) == Some(Reason::TryLater) {
            return Seen::fell(format!("a wait after {guesses} guesses"));
        }
        let mut asked = challenge(round, CODE);
        let code = sign_in_code(&client, &victim.email, codes).await;
        for _ in 0..2.min(FREE_FAILURES - guesses) {
            let guess = client.answer(&asked, another_code(&code)).await;
            told = reason(&guess);
            guesses += 1;
            asked = challenge(guess, CODE);
        }
        // The photograph signs in, which is what the policy lets it.
        let select = challenge(client.begin(&victim.email, None).await, Step::Select);
        let face = client
            .answer(&select, Answer::Text("FACE".to_owned()))
            .await;
        let asked = challenge(face, Step::Verify(Factor::Face));
        let photograph = client.answer(&asked, inline(pictures::live())).await;
        if !matches!(photograph, Ok(Round::Tokens(_))) {
            return Seen::fell(format!("no photograph: {}", words(&photograph)));
        }
        if guesses == FREE_FAILURES {
            break;
        }
    }
    let next = chosen(&client, &victim.email, None).await;
    match reason(&next) {
        Some(Reason::TryLater) => Seen::held(format!("5 guesses, {told:?}, then TRY_LATER")),
        other => Seen::fell(format!("after 5 guesses {other:?}")),
    }
}

/// Codes are asked for without end, without the password; then the owner signs in with it.
pub(crate) async fn mail_bombing(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let victim = confirmed(&client).await;
    ground.begins().await;
    let mut refused = 0;
    for _ in 0..4 * CODES_AT_ONCE {
        let round = chosen(&client, &victim.email, None).await;
        refused += usize::from(reason(&round) == Some(Reason::TryLater));
    }
    let owner = asked(&client, &victim).await;
    let mailed = 4 * CODES_AT_ONCE as usize - refused;
    let code = sign_in_code(&client, &victim.email, mailed + 1).await;
    let signed_in = client.answer(&owner, Answer::Text(code)).await;
    if !matches!(signed_in, Ok(Round::Tokens(_))) {
        return Seen::fell(format!("the owner is kept out: {}", words(&signed_in)));
    }
    let letters = sign_in_codes(&client, &victim.email).await.len();
    if letters == CODES_AT_ONCE as usize + 1 {
        Seen::held(format!(
            "{CODES_AT_ONCE} codes, then TRY_LATER; one for the owner"
        ))
    } else {
        Seen::fell(format!("{letters} letters"))
    }
}

/// What a stranger is told who asks for codes of an address, and guesses.
async fn shown_to(client: &SignInClient, email: &str) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..=CODES_AT_ONCE {
        let mut round = chosen(client, email, None).await;
        told.push(shown(&round));
        for typed in ["a code", "000 000"] {
            let Ok(Round::Challenge(asked)) = round else {
                break;
            };
            round = client.answer(&asked, Answer::Text(typed.to_owned())).await;
            told.push(shown(&round));
        }
    }
    told
}

/// What means something of an answer.
fn shown(round: &Result<Round, ClientError>) -> String {
    match round {
        Ok(Round::Challenge(asked)) => {
            let names: BTreeSet<&String> = asked.parameters.keys().collect();
            let (reason, left) = (asked.reason, asked.attempts_left);
            format!("{:?} {reason:?} {left} {names:?}", asked.step)
        }
        other => words(other),
    }
}

/// A known address and one that nobody has, by what is answered while mail to the known one fails.
pub(crate) async fn telling_apart(ground: Ground) -> Seen {
    let (stack, client) = (ground.stack.clone(), ground.stack.client());
    let known = confirmed(&client).await;
    stack
        .refuse_mail_to(&known.email, Some("MessageRejected"))
        .await;
    ground.begins().await;
    let unknown = fresh_email();
    let first = [
        shown(&chosen(&client, &known.email, None).await),
        shown(&chosen(&client, &unknown, None).await),
    ];
    // Only an account has mail that can fail.
    stack.mail_has_failed(known.user_name(), Path::Open).await;
    let (one, other) = (
        shown_to(&client, &known.email).await,
        shown_to(&client, &unknown).await,
    );
    stack.refuse_mail_to(&known.email, None).await;
    let pairs = one.iter().zip(&other);
    match pairs.clone().position(|(one, other)| one != other) {
        None if one.len() == other.len() && first[0] == first[1] => {
            Seen::held(format!("{} answers, the same", one.len() + 1))
        }
        place => Seen::fell(format!("answer {place:?} of {one:?} and {other:?}")),
    }
}

/// The calls that asking for codes and guessing them causes, try by try, by name.
async fn calls_for(stack: &Stack, email: &str) -> Vec<Vec<String>> {
    let (client, proxy) = (stack.client(), stack.proxy());
    let callers = stack.callers().await;
    let mut seen = Vec::new();
    for _ in 0..=CODES_AT_ONCE {
        let mark = proxy.mark().await;
        let mut round = chosen(&client, email, None).await;
        for typed in ["a code", "000 000"] {
            let Ok(Round::Challenge(asked)) = round else {
                break;
            };
            round = client.answer(&asked, Answer::Text(typed.to_owned())).await;
        }
        // Nobody waits for what mails.
        let calls = calls_since(&proxy, mark, &callers, "send-mail").await;
        seen.push(calls);
    }
    seen
}

/// A known address and one that nobody has, by the calls that somebody causes who asks for codes: what
/// is to be mailed is ordered for both.
pub(crate) async fn telling_apart_by_calls(ground: Ground) -> Seen {
    let stack = &ground.stack;
    let known = confirmed(&stack.client()).await;
    ground.begins().await;
    let one = calls_for(stack, &known.email).await;
    let other = calls_for(stack, &fresh_email()).await;
    match one.iter().zip(&other).position(|(one, other)| one != other) {
        None => Seen::held(format!("{} calls, the same", one.concat().len())),
        Some(place) => Seen::fell(format!(
            "try {}: {}; unknown: {}",
            place + 1,
            one[place].join(" "),
            other[place].join(" ")
        )),
    }
}

/// Guesses of the code in sessions that have `SELECT` refused before, or answer it once more between
/// them.
pub(crate) async fn refilled_by_select(ground: Ground) -> Seen {
    let (stack, client) = (ground.stack.clone(), ground.stack.client());
    let victim = confirmed(&client).await;
    ground.begins().await;
    let name = |name: &str| json!({"challengeName": name, "challengeResult": true});
    let (srp, password) = (name("SRP_A"), name("PASSWORD_VERIFIER"));
    let guess = || entry(Factor::EmailCode, 1, false);
    let refused: Vec<Value> = (0..MAX_FALSE_ENTRIES).map(|_| select(false)).collect();
    let refused = [vec![srp.clone(), password.clone()], refused].concat();
    for session in [
        json!([srp, password, select(true), guess(), select(true)]),
        json!([srp, password, select(true), guess(), select(false)]),
        json!(refused),
    ] {
        if decided(&stack, &session).await["failAuthentication"] != true {
            return Seen::fell(format!("goes on after {session}"));
        }
    }
    let mut guesses = 0;
    for codes in 1..=CODES_AT_ONCE as usize {
        let mut round = client.begin(&victim.email, None).await;
        for nonsense in ["0", BEHIND_THE_PASSWORD] {
            let asked = challenge(round, Step::Select);
            let answer = Answer::Text(nonsense.to_owned());
            round = client.answer(&asked, answer).await;
        }
        let asked = challenge(round, Step::Select);
        let mut round = client.answer(&asked, Answer::Text(OPEN.to_owned())).await;
        if reason(&round) == Some(Reason::TryLater) {
            break;
        }
        let code = sign_in_code(&client, &victim.email, codes).await;
        for _ in 0..2 {
            if reason(&round) == Some(Reason::TryLater) {
                break;
            }
            let asked = challenge(round, CODE);
            round = client.answer(&asked, another_code(&code)).await;
            guesses += 1;
        }
    }
    if guesses == FREE_FAILURES {
        Seen::held(format!("sessions end; {guesses} guesses, then TRY_LATER"))
    } else {
        Seen::fell(format!("{guesses} guesses"))
    }
}

/// A past challenge of a chain, as a session holds it.
fn entry(factor: Factor, chain: u8, passed: bool) -> Value {
    json!({
        "challengeName": "CUSTOM_CHALLENGE",
        "challengeResult": passed,
        "challengeMetadata": format!("{}:{}:{chain}:0", factor.name(), fresh_id()),
    })
}

/// A choice of a chain, as a session holds it.
fn select(taken: bool) -> Value {
    json!({
        "challengeName": "CUSTOM_CHALLENGE",
        "challengeResult": taken,
        "challengeMetadata": format!("SELECT:{}:0:0", fresh_id()),
    })
}

/// Sessions that take a code where it does not belong.
pub(crate) async fn mixed(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    ground.begins().await;
    let name = |name: &str| json!({"challengeName": name, "challengeResult": true});
    let (srp, password) = (name("SRP_A"), name("PASSWORD_VERIFIER"));
    let select = select(true);
    let code = |chain, passed| entry(Factor::EmailCode, chain, passed);
    let data = |chain| entry(Factor::FaceData, chain, true);
    let sessions = [
        // An alternative's factor before its password, or on the other's chain.
        json!([code(1, true)]),
        json!([select, code(1, true)]),
        json!([select, code(0, true)]),
        json!([srp, select, code(1, true)]),
        // The first of two factors, or the second without it, or in another order.
        json!([select, code(2, true)]),
        json!([select, data(2)]),
        json!([select, data(2), code(2, true)]),
        // From one chain to the other.
        json!([srp, password, select, code(2, true), code(1, true)]),
        json!([
            srp,
            password,
            select,
            code(1, false),
            entry(Factor::Face, 0, true)
        ]),
        json!([srp, password, code(1, true)]),
    ];
    for session in &sessions {
        if decided(&stack, session).await["issueTokens"] == true {
            return Seen::fell(format!("tokens for {session}"));
        }
    }
    Seen::held(format!("{} sessions end without tokens", sessions.len()))
}

/// After the owner's reset, a session that proved the old password answers with the owner's mail.
pub(crate) async fn after_a_reset(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let victim = confirmed(&client).await;
    ground.begins().await;
    let open = asked(&client, &victim).await;
    let code = sign_in_code(&client, &victim.email, 1).await;
    with_a_new_password(&client, victim).await;
    match client.answer(&open, Answer::Text(code)).await {
        Ok(Round::Tokens(_)) => Seen::fell("tokens"),
        other => Seen::held(words(&other)),
    }
}

/// A sign-in by password and code from a browser; the tokens.
async fn signed_in(client: &SignInClient, person: &Person, codes: usize) -> Tokens {
    let asked = asked(client, person).await;
    let code = sign_in_code(client, &person.email, codes).await;
    tokens_of(client.answer(&asked, Answer::Text(code)).await)
}

/// A thief of password and mailbox signs in with the owner's account, in silence if that goes.
pub(crate) async fn from_an_unknown_browser(ground: Ground) -> Seen {
    const ABOUT: &str = "new browser";
    let owner = ground.stack.client().known_by("the owner's");
    let victim = confirmed(&owner).await;
    signed_in(&owner, &victim, 1).await;
    let addresses = [victim.email.as_str()];
    told_at_last(&owner, &addresses, ABOUT, 1).await;
    // A day later.
    ground.stack.forget_notices(victim.user_name()).await;
    ground.begins().await;
    // One that says nothing of itself is another one too.
    let thief = ground.stack.client();
    signed_in(&thief, &victim, 2).await;
    all_told(&ground.stack, &victim).await;
    match told(&owner, &addresses, ABOUT).await.len() {
        2 => Seen::held("the owner is told"),
        letters => Seen::fell(format!("{letters} letters of two sign-ins")),
    }
}

/// A thief of password and mailbox signs in on a day on which the owner has had the letter about their own
/// new browser, and comes back.
pub(crate) async fn behind_the_owners_browser(ground: Ground) -> Seen {
    const ABOUT: &str = "new browser";
    let stack = &ground.stack;
    let (owner, thief) = (stack.client(), stack.client().known_by("the thief's"));
    let victim = confirmed(&owner).await;
    signed_in(&owner, &victim, 1).await;
    let addresses = [victim.email.as_str()];
    told_at_last(&owner, &addresses, ABOUT, 1).await;
    ground.begins().await;
    signed_in(&thief, &victim, 2).await;
    all_told(stack, &victim).await;
    let that_day = told(&owner, &addresses, ABOUT).await.len();
    // A day later.
    stack.forget_notices(victim.user_name()).await;
    signed_in(&thief, &victim, 3).await;
    all_told(stack, &victim).await;
    match told(&owner, &addresses, ABOUT).await.len() {
        2 if that_day == 1 => Seen::held("the owner is told the next time"),
        letters => Seen::fell(format!("{letters} letters, {that_day} of them that day")),
    }
}

/// A thief of the password uses up the codes; the owner, who has no face, resets the password.
pub(crate) async fn codes_used_up(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let victim = confirmed(&client).await;
    ground.begins().await;
    let mut last = None;
    for _ in 0..=CODES_AT_ONCE {
        last = reason(&chosen(&client, &victim.email, Some(&victim.password)).await);
    }
    if last != Some(Reason::TryLater) {
        return Seen::fell(format!("codes without end: {last:?}"));
    }
    let owner = with_a_new_password(&client, victim).await;
    let select = challenge(
        e2e::people::begun_bound(&client, &owner).await,
        Step::Select,
    );
    let chain = Answer::Text(BEHIND_THE_PASSWORD.to_owned());
    let round = client.answer(&select, chain).await;
    if let Some(reason) = reason(&round) {
        return Seen::fell(format!("the owner is told {reason:?}"));
    }
    let owners = challenge(round, CODE);
    let code = sign_in_code(&client, &owner.email, CODES_AT_ONCE as usize + 1).await;
    match client.answer(&owners, Answer::Text(code)).await {
        Ok(Round::Tokens(_)) => Seen::held("the owner gets in after the reset"),
        other => Seen::fell(format!("the owner is kept out: {}", words(&other))),
    }
}

/// On a day on which the owner has changed the address themselves, somebody else changes it again.
pub(crate) async fn changed_again(ground: Ground) -> Seen {
    const ABOUT: &str = "address is being changed";
    let (stack, client) = (&ground.stack, ground.stack.client());
    let victim = confirmed(&client).await;
    let tokens = signed_in(&client, &victim, 1).await;
    ground.begins().await;
    let (owners, _) = moved(stack, &client, &tokens).await;
    told_at_last(&client, &[victim.email.as_str()], ABOUT, 1).await;
    let (email, _) = moved(stack, &client, &tokens).await;
    // Letters go to the account's address, which is the new one now.
    all_told(stack, &Person { email, ..victim }).await;
    match told(&client, &[owners.as_str()], ABOUT).await.len() {
        1 => Seen::held("the address before is told each time"),
        letters => Seen::fell(format!("{letters} letters")),
    }
}

/// Gives an account another address, and proves it; the address, and what is answered to the proof.
async fn moved(stack: &Stack, client: &SignInClient, tokens: &Tokens) -> (String, u16) {
    let address = fresh_email();
    let change = json!({
        "AccessToken": tokens.access,
        "UserAttributes": [{"Name": "email", "Value": address}],
    });
    stack.cognito("UpdateUserAttributes", &change).await;
    let letters = client.mailbox(&address).await.expect("the mailbox opens");
    let code = letters.first().map(|letter| letter.code.clone());
    let proven = json!({"AccessToken": tokens.access, "AttributeName": "email", "Code": code});
    let (status, _) = stack.cognito("VerifyUserAttribute", &proven).await;
    (address, status)
}

/// Whoever holds the owner's tokens gives the account an address of their own, and proves it at once.
pub(crate) async fn changed_address(ground: Ground) -> Seen {
    const ABOUT: &str = "address is being changed";
    let client = ground.stack.client();
    let victim = confirmed(&client).await;
    let tokens = signed_in(&client, &victim, 1).await;
    // The order is held until the new address is the account's.
    let proxy = ground.stack.proxy();
    ground.begins().await;
    let held = proxy.hold("SendEmail", &[ABOUT]).await;
    let (theirs, status) = moved(&ground.stack, &client, &tokens).await;
    held.remove().await;
    let addresses = [victim.email.as_str(), theirs.as_str()];
    let told = told_at_last(&client, &addresses, ABOUT, 1).await;
    if told == [victim.email.clone()] {
        Seen::held(format!(
            "the old address is told; the new one is proven: {status}"
        ))
    } else {
        Seen::fell("the thief is told")
    }
}
