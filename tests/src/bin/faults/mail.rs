//! A sign-in by a code, and the letter about a new browser after it: every call that both take, and every
//! fault of it. Where one is broken that a person waits for, they begin again; where one is that mails,
//! the letter comes all the same.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use e2e::people::{Person, all_told, challenge, confirmed};
use e2e::proxy::Rule;
use e2e::stack::{Stack, Variant};
use e2e::trial::{Ground, Seen, Trial};
use serde_json::json;
use signin_client::{Answer, Challenge, ClientError, Round, SignInClient};
use signin_core::factor::Factor;
use signin_core::reason::Reason;
use signin_core::step::Step;

use crate::common::{failures, late, leases_are_over, rule};

const FAULTS: [&str; 6] = ["throttle", "error", "reset", "stall", "half", "lost"];

/// What the subjects of the two letters say.
const CODE: &str = "sign-in code";
const BROWSER: &str = "new browser";

/// What comes of a sign-in whose code does not come while the fault is there.
const HELD_UP: &str = "the code is held up";

/// How long a letter may take: longer than a stalled call is given, with as many before it.
const PATIENCE: Duration = Duration::from_mins(1);

/// One row.
#[derive(Clone, Debug)]
struct Row {
    /// The function that makes the call.
    by: String,
    operation: String,
    /// Which of its calls of this operation, counted from 0.
    place: u32,
    fault: &'static str,
}

impl Row {
    /// Whether nobody waits for the call.
    fn mails(&self) -> bool {
        self.by == "send-mail"
    }

    /// Whether something can be lost by the fault. What is noted once a letter is out can lose nothing, at
    /// worst the letter goes out again; and a notice that was ordered is ordered, whatever became of the
    /// answer.
    fn loses_something(&self) -> bool {
        let ordered = ["half", "lost"].contains(&self.fault);
        match (self.mails(), self.operation.as_str(), self.place) {
            (true, "TransactWriteItems", _) | (true, "UpdateItem", 1) => false,
            (true, "UpdateItem", 0) => !ordered,
            _ => true,
        }
    }

    /// After how many tries of the call it has failed for good: as often as a function tries itself.
    fn enough(&self) -> u64 {
        if self.mails() { 2 } else { 1 }
    }
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
    let (mut trials, mut seen) = (Vec::new(), Vec::new());
    for call in calls {
        // What Cognito calls is no function's call.
        let Some(by) = call.signer.and_then(|signer| callers.get(&signer)) else {
            continue;
        };
        let one = (by.clone(), call.operation.clone());
        let place = seen.iter().filter(|seen| **seen == one).count();
        seen.push(one);
        for fault in FAULTS {
            let row = Row {
                by: by.clone(),
                operation: call.operation.clone(),
                place: u32::try_from(place).expect("a few calls"),
                fault,
            };
            if row.loses_something() {
                trials.push(trial(row));
            }
        }
    }
    trials
}

fn trial(row: Row) -> Trial {
    let which = match row.place {
        0 => String::new(),
        place => format!(" ({})", place + 1),
    };
    Trial {
        number: "14".to_owned(),
        attempt: format!(
            "a code by mail: {} of {}{which}: {}",
            row.operation, row.by, row.fault
        ),
        expected: "in time, not counted, mailed".to_owned(),
        variant: Variant::Mailed,
        proof: match (row.mails(), row.fault) {
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
    fault: Option<(&Rule, u64)>,
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
        if let Some((fault, enough)) = fault
            && fault.bitten().await >= enough
        {
            return None;
        }
        ticks.tick().await;
    }
    None
}

/// The codes that have come, none twice.
async fn codes_of(client: &SignInClient, person: &Person) -> Vec<String> {
    let letters = client.mailbox(&person.email).await.expect("it opens");
    let codes = letters.into_iter();
    let codes = codes.filter(|letter| letter.subject.contains(CODE));
    let codes: BTreeSet<String> = codes.map(|letter| letter.code).collect();
    codes.into_iter().collect()
}

/// Signs in by a code, with a fault about; what came of it.
async fn sign_in(
    client: &SignInClient,
    person: &Person,
    fault: (&Rule, u64),
) -> Result<String, String> {
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
    let callers = stack.callers().await;
    let by = callers.iter().find(|(_, by)| **by == row.by);
    let mut order = rule(
        &row.operation,
        row.place,
        std::slice::from_ref(&user),
        row.fault,
    );
    order["signer"] = json!(by.expect("the stack has the function").0);
    let fault = proxy.rule(&order).await;
    let came = sign_in(&client, &person, (&fault, row.enough())).await;
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
    // They come back, and find what has died.
    leases_are_over(&stack, &user).await;
    let mut known = codes_of(&client, &person).await;
    let mut again = match asked(&client, &person).await {
        Ok(again) => again,
        Err(error) => return Seen::fell(format!("{came:?}, and no way back: {error}")),
    };
    let counted = failures(&stack, &user).await;
    if counted > 0 {
        return Seen::fell(format!("{came:?}, and {counted} failures counted"));
    }
    // Codes of one person go out in order: what was held up comes first, or never will.
    loop {
        let Some(code) = arrives(&client, &person, CODE, &known, None).await else {
            return Seen::fell(format!("{came:?}, and no code has come"));
        };
        known.push(code.clone());
        match client.answer(&again, Answer::Text(code)).await {
            Ok(Round::Tokens(_)) => break,
            Ok(Round::Challenge(next)) if next.reason == Some(Reason::NoMatch) => again = next,
            other => return Seen::fell(format!("{came:?}, and then {other:?}")),
        }
    }
    if came.as_deref() == Ok(HELD_UP) && codes_of(&client, &person).await.len() < 2 {
        return Seen::fell("the code that was held up has not come");
    }
    all_told(&stack, &person).await;
    let letters = client.mailbox(&person.email).await.expect("it opens");
    if letters
        .iter()
        .any(|letter| letter.subject.contains(BROWSER))
    {
        Seen::held(format!("{came:?}; afterwards signed in"))
    } else {
        Seen::fell("the owner does not hear of the browser")
    }
}
