//! Trials: what somebody tries against the whole stack, or what breaks while somebody uses it;
//! what must come of it; and a proof that the trial would notice if it did not.
//!
//! A trial runs on the product, where it must hold, and on a build from which the defence is
//! taken away (`tests/mutations.toml`), where it must not. One that cannot be carried out is
//! broken, which is neither.

use std::fmt::Write as _;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Instant;

use crate::stack::{Stack, Variant};

/// What came of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The defence held: what stopped the attack, or what mended the fault.
    Held(String),
    /// It did not: what the attacker got, or what harm was done.
    Fell(String),
}

impl Seen {
    /// Held, in these words.
    pub fn held(words: impl Into<String>) -> Self {
        Self::Held(words.into())
    }

    /// Fell, in these words.
    pub fn fell(words: impl Into<String>) -> Self {
        Self::Fell(words.into())
    }
}

/// Where a trial runs.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The stack.
    pub stack: Stack,
    /// Which set of parameters it has, or is made to behave like.
    pub variant: Variant,
}

/// A trial as it runs.
pub type Running = Pin<Box<dyn Future<Output = Seen> + Send>>;

/// A trial.
#[derive(Clone, Copy)]
pub struct Trial {
    /// Its place in the list.
    pub number: &'static str,
    /// What is tried.
    pub attempt: &'static str,
    /// What must come of it.
    pub expected: &'static str,
    /// With which parameters.
    pub variant: Variant,
    /// Without which defence it must come to something else.
    pub proof: &'static str,
    /// The trial itself.
    pub run: fn(Ground) -> Running,
}

/// How a trial went in one place.
enum Outcome {
    Seen(Seen),
    Broken(String),
}

/// A row of the table.
struct Row {
    trial: Trial,
    product: Outcome,
    proof: Outcome,
}

/// Runs the trials whose number or attempt holds `only`, one after another, and prints the table.
pub async fn run(trials: &[Trial], only: Option<&str>) -> ExitCode {
    let chosen = |trial: &&Trial| {
        only.is_none_or(|only| trial.attempt.contains(only) || trial.number.starts_with(only))
    };
    let chosen: Vec<Trial> = trials.iter().filter(chosen).copied().collect();
    let mutated = Stack::read(Variant::Mutated);
    let mut rows = Vec::new();
    for trial in &chosen {
        let began = Instant::now();
        let stack = Stack::read(trial.variant);
        let product = carry_out(*trial, stack).await;
        mutated.mutate(trial.proof, trial.variant).await;
        let proof = carry_out(*trial, mutated.clone()).await;
        let row = Row {
            trial: *trial,
            product,
            proof,
        };
        let sign = if row.good() { '✓' } else { '✗' };
        let seconds = began.elapsed().as_secs_f32();
        eprintln!("{sign} {} {} ({seconds:.1} s)", trial.number, trial.attempt);
        rows.push(row);
    }
    println!("{}", table(&rows));
    let bad = rows.iter().filter(|row| !row.good()).count();
    println!("{} trials, {bad} not as expected", rows.len());
    if bad == 0 && !rows.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs a trial on its own task, so that one that panics is broken and no more.
async fn carry_out(trial: Trial, stack: Stack) -> Outcome {
    let ground = Ground {
        stack,
        variant: trial.variant,
    };
    match tokio::spawn((trial.run)(ground)).await {
        Ok(seen) => Outcome::Seen(seen),
        Err(error) if error.is_panic() => {
            let cause = error.into_panic();
            let words = cause.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| cause.downcast_ref::<&str>().copied());
            Outcome::Broken(words.unwrap_or("a panic without words").to_owned())
        }
        Err(_) => Outcome::Broken("it was cancelled".to_owned()),
    }
}

impl Row {
    fn good(&self) -> bool {
        matches!(
            (&self.product, &self.proof),
            (Outcome::Seen(Seen::Held(_)), Outcome::Seen(Seen::Fell(_)))
        )
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| | # | attempt | expected | seen | without its defence | seen there |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let cell = |outcome: &Outcome| match outcome {
        Outcome::Seen(Seen::Held(words)) => format!("held: {words}"),
        Outcome::Seen(Seen::Fell(words)) => format!("fell: {words}"),
        Outcome::Broken(words) => format!("BROKEN: {words}"),
    };
    for row in rows {
        let Trial {
            number,
            attempt,
            expected,
            proof,
            ..
        } = row.trial;
        let sign = if row.good() { "✓" } else { "✗" };
        let (product, proven) = (cell(&row.product), cell(&row.proof));
        let cells = [sign, number, attempt, expected, &product, proof, &proven];
        let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
        // Writing to a text cannot fail.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}
