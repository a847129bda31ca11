//! A sign-in by a code, and the letter about a new browser after it: every call that both take, and every
//! fault of it. Where one is broken that a person waits for, they begin again; where one is that mails,
//! the letter comes all the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use e2e::people::{Person, challenge, confirmed};
use e2e::proxy::Rule;
use e2e::stack::{Stack, Variant};
use e2e::trial::{Ground, Seen, Trial};
use signin_client::{Answer, Challenge, ClientError, Round, SignInClient};
use signin_core::factor::Factor;
use signin_core::step::Step;

use crate::common::{failures, late, leases_are_over, rule};

const FAULTS: [&str; 6] = ["throttle", "error", "reset", "stall", "half", "lost"];

/// What the subjects of the two letters say.
const CODE: &str = "sign-in code";
const BROWSER: &str = "new browser";

/// How long a letter may take: longer than a stalled call is given, with as many before it.
const PATIENCE: Duration = Duration::from_mins(1);

/// One row.
#[derive(Clone, Debug)]
struct Row {
    operation: String,
    /// Which of the calls of this operation, counted from 0.
    place: u32,
    fault: &'static str,
    /// Whether it is send-mail's.
    mails: bool,
}

/// The rows: the sign-in is played once without a fault, and every call that it took gets its own.
pub(crate) async fn trials() -> Vec<Trial> {
    let stack = Stack::read(Variant::Mailed);
    let client = stack.client();
    let person = confirmed(&client).await;
    let proxy = stack.proxy();
    let mark = proxy.mark().await;
    let asked = asked(&client, &person).await.expect("nothing is broken");
    let code = arrives(&client, &person, CODE, &[], None).await;
    let tokens = client
        .answer(&asked, Answer::Text(code.expect("it comes")))
        .await;
    assert!(matches!(tokens, Ok(Round::Tokens(_))), "nothing is broken");
    arrives(&client, &person, BROWSER, &[], None).await;
    let calls = proxy.calls_of(mark, &[person.user_name().to_owned()]).await;
    let callers = stack.callers().await;
    let (mut trials, mut seen) = (Vec::new(), Vec::<String>::new());
    for call in calls {
        let operation = call.operation;
        if operation.starts_with("Invoke:") {
            continue;
        }
        let place = seen.iter().filter(|one| **one == operation).count();
        seen.push(operation.clone());
        let caller = call.signer.and_then(|signer| callers.get(&signer));
        for fault in FAULTS {
            trials.push(trial(Row {
                operation: operation.clone(),
                place: u32::try_from(place).expect("a few calls"),
                fault,
                mails: caller.is_some_and(|caller| caller == "send-mail"),
            }));
        }
    }
    trials
}

fn trial(row: Row) -> Trial {
    let which = match row.place {
        0 => String::new(),
        place => format!(" ({})", place + 1),
    };
    let by = if row.mails { ", of send-mail" } else { "" };
    Trial {
        number: "14".to_owned(),
        attempt: format!(
            "a code by mail: {}{which}{by}: {}",
            row.operation, row.fault
        ),
        expected: "in time, not counted, mailed".to_owned(),
        variant: Variant::Mailed,
        proof: match (row.mails, row.fault) {
            (true, _) => "mail-is-forgotten",
            (false, "stall") => "waits-forever",
            (false, _) => "faults-end-the-function",
        },
        run: Arc::new(move |ground| {
            let row = row.clone();
            Box::pin(play(ground, row))
        }),
    }
}

/// The challenge of a session that asks for a code.
async fn asked(client: &SignInClient, person: &Person) -> Result<Challenge, ClientError> {
    let begun = client.begin(&person.email, Some(&person.password)).await?;
    let select = challenge(Ok(begun), Step::Select);
    let chain = Answer::Text("PASSWORD+EMAIL_CODE".to_owned());
    match client.answer(&select, chain).await? {
        Round::Challenge(asked) if asked.step == Step::Verify(Factor::EmailCode) => Ok(asked),
        other => Ok(challenge(Ok(other), Step::Select)),
    }
}

/// The code in a letter about something that is none of these, once it has come; none once the fault has
/// met a call before, or where none comes. (A letter whose answer was lost is mailed again.)
async fn arrives(
    client: &SignInClient,
    person: &Person,
    about: &str,
    beside: &[String],
    fault: Option<&Rule>,
) -> Option<String> {
    let deadline = Instant::now() + PATIENCE;
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    while Instant::now() < deadline {
        let letters = client.mailbox(&person.email).await.expect("it opens");
        let new = letters
            .into_iter()
            .find(|letter| letter.subject.contains(about) && !beside.contains(&letter.code));
        if let Some(letter) = new {
            return Some(letter.code);
        }
        if let Some(fault) = fault
            && fault.bitten().await > 0
        {
            return None;
        }
        ticks.tick().await;
    }
    None
}

/// Signs in by a code, with a fault about; what came of it.
async fn sign_in(client: &SignInClient, person: &Person, fault: &Rule) -> Result<String, String> {
    let shown = |error: &ClientError| error.to_string();
    let asked = asked(client, person).await.map_err(|error| shown(&error))?;
    if asked.step == Step::Select {
        return Ok(format!("{:?}", asked.reason));
    }
    let Some(code) = arrives(client, person, CODE, &[], Some(fault)).await else {
        return Ok("the code is held up".to_owned());
    };
    match client.answer(&asked, Answer::Text(code)).await {
        Ok(Round::Tokens(_)) => {
            arrives(client, person, BROWSER, &[], Some(fault)).await;
            Ok("tokens".to_owned())
        }
        Ok(Round::Challenge(next)) => Ok(format!("{:?}", next.reason)),
        Err(error) => Err(shown(&error)),
    }
}

async fn play(ground: Ground, row: Row) -> Seen {
    let stack = ground.stack;
    let client = stack.client();
    let person = confirmed(&client).await;
    let user = person.user_name().to_owned();
    let proxy = stack.proxy();
    let mark = proxy.mark().await;
    let order = rule(
        &row.operation,
        row.place,
        std::slice::from_ref(&user),
        row.fault,
    );
    let fault = proxy.rule(&order).await;
    let came = sign_in(&client, &person, &fault).await;
    let bitten = fault.bitten().await;
    fault.remove().await;
    assert!(bitten > 0, "the fault met no call: {came:?}");
    let calls = proxy.calls_of(mark, std::slice::from_ref(&user)).await;
    if let Some(late) = late(&calls) {
        return Seen::fell(late);
    }
    let over = "the session is over";
    if let Err(told) = &came
        && !told.contains("not available right now")
        && told != over
    {
        return Seen::fell(format!("told: {told}"));
    }
    // What was held up comes, without anybody's doing.
    if row.mails && came.as_deref() != Ok("tokens") {
        let held_up = arrives(&client, &person, CODE, &[], None).await;
        if held_up.is_none() {
            return Seen::fell("no code has come");
        }
    }
    leases_are_over(&stack, &user).await;
    let counted = failures(&stack, &user).await;
    if counted > 0 {
        return Seen::fell(format!("{came:?}, and {counted} failures counted"));
    }
    // They come back.
    let letters = client.mailbox(&person.email).await.expect("it opens");
    let codes = letters
        .iter()
        .filter(|letter| letter.subject.contains(CODE));
    let codes: Vec<String> = codes.map(|letter| letter.code.clone()).collect();
    let again = match asked(&client, &person).await {
        Ok(again) => again,
        Err(error) => return Seen::fell(format!("{came:?}, and no way back: {error}")),
    };
    let Some(code) = arrives(&client, &person, CODE, &codes, None).await else {
        return Seen::fell("no second code has come");
    };
    match client.answer(&again, Answer::Text(code)).await {
        Ok(Round::Tokens(_)) => {}
        other => return Seen::fell(format!("{came:?}, and then {other:?}")),
    }
    if arrives(&client, &person, BROWSER, &[], None)
        .await
        .is_none()
    {
        return Seen::fell("the owner does not hear of the browser");
    }
    Seen::held(format!("{came:?}; afterwards signed in"))
}
