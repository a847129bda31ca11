//! Faults at every call of every function, one row each: what somebody sees who is just using it,
//! what is left behind, and that each row notices where its defence is missing.
//! `cargo xtask test faults` runs them all, which takes a quarter of an hour; `cargo xtask
//! test` runs every seventh.

mod calls;
mod common;
mod documents;
mod mail;
mod resource;
mod steps;

use std::process::ExitCode;

use e2e::trial::side_by_side;

/// Trials that run at a time on the product, and as many without a defence. Most of each is waiting, and
/// yet a function that shares two processors with too many others does not answer in four seconds.
const AT_ONCE: usize = 3;

/// What asks for a sample of the rows.
const SAMPLE: &str = "--sample";

/// Which rows are a sample: each call has six, one a fault, so that every seventh takes another call
/// and another fault each time.
const EVERY: usize = 7;

#[tokio::main]
async fn main() -> ExitCode {
    let only = std::env::args().nth(1);
    let mut trials = calls::trials().await;
    trials.extend(documents::trials());
    trials.extend(resource::trials());
    trials.extend(mail::trials().await);
    if only.as_deref() == Some(SAMPLE) {
        let sample: Vec<_> = trials.into_iter().step_by(EVERY).collect();
        return side_by_side(&sample, None, AT_ONCE).await;
    }
    side_by_side(&trials, only.as_deref(), AT_ONCE).await
}
