//! Every call that every act takes, and every fault of it.

use std::sync::Arc;

use e2e::stack::{Stack, Variant};
use e2e::trial::{Ground, Seen, Trial};
use signin_core::reason::Reason;

use crate::common::{failures, late, leases_are_over, leftovers, rule};
use crate::steps::{Act, Came, Scene};

/// What may happen to a call, for as long as it is tried.
const FAULTS: [&str; 6] = ["throttle", "error", "reset", "stall", "half", "lost"];

/// One row.
#[derive(Clone, Debug)]
struct Row {
    act: Act,
    operation: String,
    /// Which of the act's calls of this operation, counted from 0.
    place: u32,
    fault: &'static str,
}

/// The rows: each act is played once without a fault, and every call that it took gets its own.
pub(crate) async fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (number, act) in (1..).zip(Act::ALL) {
        let stack = Stack::read(Variant::Default);
        let mut scene = Scene::prepare(&stack, act).await;
        let mark = stack.proxy().mark().await;
        let _ = scene.act(&stack.client()).await;
        let calls = stack.proxy().calls_of(mark, &scene.marks()).await;
        if let Some(quiet) = scene.quiet.take() {
            quiet.remove().await;
        }
        let mut seen: Vec<String> = Vec::new();
        for call in calls {
            let operation = call.operation;
            // What is held is another function's, and another row's.
            let held = call.fault.is_some();
            if held || operation.starts_with("Invoke:") || operation == "PostObject" {
                continue;
            }
            let place = seen.iter().filter(|one| **one == operation).count();
            seen.push(operation.clone());
            for fault in FAULTS {
                // Of an answer without a body, half is all.
                if fault == "half" && ["PutObject", "DeleteObject"].contains(&operation.as_str()) {
                    continue;
                }
                let row = Row {
                    act,
                    operation: operation.clone(),
                    place: u32::try_from(place).expect("a few calls"),
                    fault,
                };
                trials.push(trial(number, row));
            }
        }
    }
    trials
}

fn trial(number: u32, row: Row) -> Trial {
    let which = match row.place {
        0 => String::new(),
        place => format!(" ({})", place + 1),
    };
    let proof = match row.fault {
        "stall" => "waits-forever",
        _ if row.act.attempts_a_face() && recognises(&row.operation) => "faults-cost-a-try",
        _ => "faults-end-the-function",
    };
    Trial {
        number: format!("{number}"),
        attempt: format!(
            "{}: {}{which}: {}",
            row.act.name(),
            row.operation,
            row.fault
        ),
        expected: "in time, not counted, mended".to_owned(),
        variant: Variant::Default,
        proof,
        run: Arc::new(move |ground| {
            let row = row.clone();
            Box::pin(play(ground, row))
        }),
    }
}

fn recognises(operation: &str) -> bool {
    [
        "SearchFacesByImage",
        "DetectFaces",
        "CompareFaces",
        "GetObject",
    ]
    .contains(&operation)
}

async fn play(ground: Ground, row: Row) -> Seen {
    let stack = ground.stack;
    let client = stack.client();
    let mut scene = Scene::prepare(&stack, row.act).await;
    let user = scene.person.user_name().to_owned();
    let before = failures(&stack, &user).await;
    let proxy = stack.proxy();
    let mark = proxy.mark().await;
    let order = rule(&row.operation, row.place, &scene.marks(), row.fault);
    let fault = proxy.rule(&order).await;
    let came = scene.act(&client).await;
    let bitten = fault.bitten().await;
    fault.remove().await;
    let calls = proxy.calls_of(mark, &scene.marks()).await;
    if let Some(quiet) = scene.quiet.take() {
        quiet.remove().await;
    }
    assert!(bitten > 0, "the fault met no call");
    if let Some(late) = late(&calls) {
        return Seen::fell(late);
    }
    if let Came::Refused(told) = &came
        && !told.contains("not available right now")
        && told != "the session is over"
    {
        return Seen::fell(format!("told: {told}"));
    }
    if let (Came::Asked(step, None), Some(asked)) = (&came, &scene.asked)
        && *step == asked.step.name()
    {
        return Seen::fell(format!("asked for {step} again without a reason"));
    }
    // Time passes; whoever died is known to be dead, and whoever comes next finds it.
    leases_are_over(&stack, &user).await;
    scene.look_in(&client).await;
    // Somebody else's face is a failure, unless it could not be looked at.
    let unjudged = came == Came::Asked("FACE", Some(Reason::TryLater));
    let judged = row.act == Act::SomebodyElsesFace && !unjudged;
    let counted = failures(&stack, &user).await - before;
    if counted > u32::from(judged) {
        return Seen::fell(format!("{came:?}, and {counted} failures counted"));
    }
    if let Err(harm) = scene.come_back(&client).await {
        return Seen::fell(format!("{came:?}, and no way back: {harm}"));
    }
    let left = leftovers(&stack, &user, &scene.enrolments).await;
    if left.is_empty() {
        Seen::held(format!("{came:?}; afterwards signed in"))
    } else {
        Seen::fell(format!("{came:?}; left behind: {}", left.join(", ")))
    }
}
