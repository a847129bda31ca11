//! Trials: what somebody attempts against the whole stack, or what breaks while somebody uses it;
//! what must come of it; and a proof that the trial would notice if it did not.
//!
//! A trial runs on the product, where it must hold, and on a build from which the defence is
//! taken away (`tests/mutations.toml`), where it must not. One that cannot be carried out is
//! broken, which is neither.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, MutexGuard, Semaphore};

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
    variant: Variant,
    /// Without which defence, once the trial begins; with all of them where there is none.
    without: Option<&'static str>,
}

impl Ground {
    /// Trials that send many requests at once take turns, on whichever build they run: functions that
    /// share two processors with too many others do not answer in four seconds.
    pub async fn turn() -> MutexGuard<'static, ()> {
        static TURN: Mutex<()> = Mutex::const_new(());
        TURN.lock().await
    }

    /// Here the trial itself begins: what came before was to prepare it. From now on the defence
    /// is missing, where it is to be proven.
    pub async fn begins(&self) {
        if let Some(defence) = self.without {
            self.stack.mutate(defence, self.variant).await;
        }
    }
}

/// A trial as it runs.
pub type Running = Pin<Box<dyn Future<Output = Seen> + Send>>;

/// A trial.
#[derive(Clone)]
pub struct Trial {
    /// Its place in the list.
    pub number: String,
    /// What is tried.
    pub attempt: String,
    /// What must come of it.
    pub expected: String,
    /// With which parameters.
    pub variant: Variant,
    /// Without which defence it must come to something else.
    pub proof: &'static str,
    /// The trial itself.
    pub run: Arc<dyn Fn(Ground) -> Running + Send + Sync>,
}

/// How a trial went in one place.
enum Outcome {
    Seen(Seen),
    Broken(String),
}

impl Outcome {
    fn words(&self) -> String {
        match self {
            Self::Seen(Seen::Held(words)) => format!("held: {words}"),
            Self::Seen(Seen::Fell(words)) => format!("fell: {words}"),
            Self::Broken(words) => format!("BROKEN: {words}"),
        }
    }
}

/// A row of the table.
struct Row {
    trial: Trial,
    product: Outcome,
    proof: Outcome,
}

/// Runs the trials whose number or attempt holds `only`, one after another, and prints the table. The
/// product and the build without the defence have servers of their own, so that each trial runs on
/// both at once and minds nobody else's calls.
pub async fn one_by_one(trials: &[Trial], only: Option<&str>) -> ExitCode {
    let mutated = Stack::read(Variant::Mutated);
    let mut rows = Vec::new();
    for trial in chosen(trials, only) {
        let began = Instant::now();
        let on_the_product = carry_out(&trial, Stack::read(trial.variant), None);
        let without_the_defence = async {
            // With all its defences first.
            mutated.mutate("", trial.variant).await;
            carry_out(&trial, mutated.clone(), Some(trial.proof)).await
        };
        let (product, proof) = tokio::join!(on_the_product, without_the_defence);
        let row = Row {
            trial,
            product,
            proof,
        };
        row.say(began);
        rows.push(row);
    }
    finish(&rows)
}

/// Runs such trials several at a time, which takes trials that mind nobody else's calls: all of them on
/// the product, and meanwhile those that share a proof on the build without that defence.
pub async fn side_by_side(trials: &[Trial], only: Option<&str>, at_once: usize) -> ExitCode {
    let trials = chosen(trials, only);
    let product = all(&trials, at_once, |trial| Stack::read(trial.variant));
    let (mut product, proofs) = tokio::join!(product, prove(&trials, at_once));
    let rows: Vec<Row> = trials
        .into_iter()
        .zip(product.drain(..))
        .zip(proofs)
        .map(|((trial, product), proof)| Row {
            trial,
            product,
            proof: proof.unwrap_or_else(|| Outcome::Broken("it was not proven".to_owned())),
        })
        .collect();
    finish(&rows)
}

/// Runs each trial without its defence; what came of each, in their order.
async fn prove(trials: &[Trial], at_once: usize) -> Vec<Option<Outcome>> {
    let mutated = Stack::read(Variant::Mutated);
    let mut proofs: Vec<Option<Outcome>> = trials.iter().map(|_| None).collect();
    let mut groups: BTreeMap<(&str, Variant), Vec<usize>> = BTreeMap::new();
    for (place, trial) in trials.iter().enumerate() {
        let group = groups.entry((trial.proof, trial.variant)).or_default();
        group.push(place);
    }
    for ((proof, variant), places) in groups {
        eprintln!("without the defence: {proof}");
        mutated.mutate(proof, variant).await;
        let group: Vec<Trial> = places.iter().map(|place| trials[*place].clone()).collect();
        let seen = all(&group, at_once, |_| mutated.clone()).await;
        for (place, outcome) in places.into_iter().zip(seen) {
            proofs[place] = Some(outcome);
        }
    }
    proofs
}

fn chosen(trials: &[Trial], only: Option<&str>) -> Vec<Trial> {
    let chosen = |trial: &&Trial| {
        only.is_none_or(|only| trial.attempt.contains(only) || trial.number.starts_with(only))
    };
    trials.iter().filter(chosen).cloned().collect()
}

/// Runs trials, some at once; what came of each, in their order.
async fn all(trials: &[Trial], at_once: usize, on: impl Fn(&Trial) -> Stack) -> Vec<Outcome> {
    let places = Arc::new(Semaphore::new(at_once));
    let mut running = Vec::new();
    for trial in trials {
        let (trial, stack, places) = (trial.clone(), on(trial), Arc::clone(&places));
        running.push(tokio::spawn(async move {
            let _place = places.acquire().await.expect("the semaphore stays open");
            let began = Instant::now();
            let outcome = carry_out(&trial, stack, None).await;
            let seconds = began.elapsed().as_secs_f32();
            eprintln!("{} {} ({seconds:.1} s)", trial.number, trial.attempt);
            outcome
        }));
    }
    let mut outcomes = Vec::new();
    for trial in running {
        outcomes.push(trial.await.expect("what panics is caught within"));
    }
    outcomes
}

/// Names the file for the rows that did not go as expected, for whoever sums up several programs.
const UNEXPECTED_VARIABLE: &str = "FACE_SIGNIN_UNEXPECTED";

/// Prints the table, and after it once more what did not go as expected.
fn finish(rows: &[Row]) -> ExitCode {
    println!("{}", table(rows));
    let bad: Vec<&Row> = rows.iter().filter(|row| !row.good()).collect();
    println!("{} trials, {} not as expected", rows.len(), bad.len());
    let words: String = bad.iter().map(|row| row.words()).collect();
    print!("{words}");
    if let Some(file) = env::var_os(UNEXPECTED_VARIABLE) {
        fs::write(&file, &words).expect("what did not go as expected is written");
    }
    if bad.is_empty() && !rows.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// How long a trial may take, and be it of things that never happen.
const PATIENCE: Duration = Duration::from_mins(3);

/// Runs a trial on its own task, so that one that panics, or waits for ever, is broken and no more.
async fn carry_out(trial: &Trial, stack: Stack, without: Option<&'static str>) -> Outcome {
    let ground = Ground {
        stack,
        variant: trial.variant,
        without,
    };
    let mut running = tokio::spawn((trial.run)(ground));
    let Ok(ended) = tokio::time::timeout(PATIENCE, &mut running).await else {
        running.abort();
        return Outcome::Broken(format!("it had not ended after {PATIENCE:?}"));
    };
    match ended {
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
    fn say(&self, began: Instant) {
        let sign = if self.good() { '✓' } else { '✗' };
        let Trial {
            number, attempt, ..
        } = &self.trial;
        let seconds = began.elapsed().as_secs_f32();
        eprintln!("{sign} {number} {attempt} ({seconds:.1} s)");
    }

    /// What was expected and what was seen, on lines of their own.
    fn words(&self) -> String {
        let Trial {
            number,
            attempt,
            expected,
            proof,
            ..
        } = &self.trial;
        let (product, without) = (self.product.words(), self.proof.words());
        format!(
            "{number} {attempt}\n    expected: {expected}\n    seen: {product}\n    \
             without {proof}: {without}\n"
        )
    }

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
    for row in rows {
        let Trial {
            number,
            attempt,
            expected,
            proof,
            ..
        } = &row.trial;
        let sign = if row.good() { "✓" } else { "✗" };
        let (product, proven) = (row.product.words(), row.proof.words());
        let cells = [sign, number, attempt, expected, &product, proof, &proven];
        let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
        // Writing to a text cannot fail.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}
