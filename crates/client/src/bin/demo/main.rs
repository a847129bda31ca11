//! The demonstration: signs a fresh user up, enrols a face, signs in with it, and shows who is
//! refused. A client of the stack like any other; `cargo xtask demo` brings the stack up first.
//!
//! The exit status is 0 when everything held, 1 when something did not or could not be tried, and
//! 2 when the command was used wrongly, such as with a file that is no picture of a face.

mod advice;
mod arguments;
mod pictures;
mod play;
mod recognition;
mod report;

use std::io::{Write, stdout};
use std::process::ExitCode;

use clap::Parser;
use signin_client::{Outputs, SignInClient};

use crate::arguments::Arguments;
use crate::pictures::Pictures;
use crate::recognition::Recognition;
use crate::report::Report;

/// Why the demonstration ended before its end.
#[derive(Debug, thiserror::Error)]
enum Stop {
    /// Something is to be done differently by whoever started it.
    #[error("{0}")]
    Usage(String),
    /// The stack, the parts or the terminal do not work as they should.
    #[error("{0}")]
    Broken(String),
    /// The table cannot be written.
    #[error("cannot write to the output: {0}")]
    Output(#[from] std::io::Error),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match Box::pin(run(&Arguments::parse())).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(stop) => {
            eprintln!("error: {stop}");
            match stop {
                Stop::Usage(_) => ExitCode::from(2),
                Stop::Broken(_) | Stop::Output(_) => ExitCode::FAILURE,
            }
        }
    }
}

/// Returns whether everything held.
async fn run(arguments: &Arguments) -> Result<bool, Stop> {
    let broken = |error: &dyn std::fmt::Display| Stop::Broken(error.to_string());
    let pictures = Pictures::load(arguments)?;
    let outputs = Outputs::read(&arguments.outputs).map_err(|error| broken(&error))?;
    let client = SignInClient::new(&outputs).map_err(|error| broken(&error))?;
    let recognition = Recognition::new(&outputs).map_err(|error| broken(&error))?;

    recognition.expect_faces(&pictures).await?;
    let mailed = play::mailed(&outputs.sign_in_chains);
    let mut report = Report::new(stdout(), mailed.is_some());
    report.begin(&pictures)?;
    play::play(
        &client,
        mailed.as_ref(),
        &recognition,
        &pictures,
        &mut report,
    )
    .await?;
    report.end()?;
    if arguments.json {
        writeln!(stdout(), "{}", report.json(&pictures))?;
    }
    Ok(report.all_held())
}
