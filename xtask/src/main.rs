//! The project's commands: set up, run, try, test and check it.
//!
//! Each command prints a line per step, and an error says what to install or do. Everything that
//! is downloaded, built for the local machine or written by it lives under `.local`.

mod build;
mod command;
mod crates;
mod deploy;
mod fuzz;
mod interrupt;
mod mail;
mod mutations;
mod outputs;
mod parts;
mod paths;
mod private;
mod process;
mod run;
mod stack;
mod steps;
mod suites;
mod web;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::build::Built;
use crate::paths::Paths;

/// The project's commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Fetch the pinned parts: the local AWS, AWS's Lambda emulator and the face models.
    Setup,
    /// Run the whole of it on this machine until Ctrl-C.
    Up(Up),
    /// Stop what `up` started.
    Down(Folder),
    /// Show the mail that the running stack would have sent, newest first.
    Mail(Mail),
    /// Print what the AWS CLI needs to reach the running stack: `eval "$(cargo xtask env)"`.
    Env(Folder),
    /// Enrol and sign in with a face, as a client would; starts the stack if needed.
    Demo(Demo),
    /// Run every test, or one suite.
    Test {
        /// The suite; all of them where none is named.
        suite: Option<Suite>,
        /// Only the tests whose name, or the attacks and faults whose description, holds this.
        only: Option<String>,
    },
    /// Time what strangers could tell users apart by, side by side, and what the page lets wait.
    Bench,
    /// Take the README's pictures of the page anew.
    Screenshots,
    /// Check formatting, lints and dependencies.
    Lint,
    /// Print which crate is built on which, as a Mermaid graph.
    Crates,
    /// Search for inputs that break a promise, and keep those that reach new code.
    Fuzz {
        /// The place where bytes from outside are read, a folder of `tests/fuzz/corpus`.
        target: String,
        /// How long to search.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
        minutes: u32,
    },
    /// Hold a running stack; what `up --detach` starts.
    #[command(hide = true)]
    Supervise {
        #[command(flatten)]
        stack: Stack,
        /// The executables, as the caller built them.
        #[arg(long)]
        built: Built,
    },
}

/// Where a stack keeps its state.
#[derive(Clone, Debug, Args)]
struct Folder {
    /// The folder of the stack's state.
    #[arg(long, default_value = ".local", value_name = "FOLDER")]
    dir: PathBuf,
}

/// Which stack to run.
#[derive(Clone, Debug, Args)]
struct Stack {
    #[command(flatten)]
    folder: Folder,
    /// A parameter of the template, as `Key=Value`; may be repeated.
    #[arg(long = "parameter", value_name = "KEY=VALUE", value_parser = parameter)]
    parameters: Vec<String>,
}

#[derive(Debug, Args)]
struct Up {
    #[command(flatten)]
    stack: Stack,
    /// Return when the stack is ready, and leave it running.
    #[arg(long)]
    detach: bool,
}

#[derive(Debug, Args)]
struct Mail {
    #[command(flatten)]
    folder: Folder,
    /// Only mail to this address.
    to: Option<String>,
}

#[derive(Debug, Args)]
struct Demo {
    #[command(flatten)]
    stack: Stack,
    /// What the demo is given.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// A suite of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// Formatting, lints and every package's own tests.
    Unit,
    /// The end-to-end tests, against stacks of their own.
    E2e,
    /// Attacks on the whole stack, each shown to succeed where its defence is missing.
    Attacks,
    /// The end-to-end tests and the attacks, and whether each permission of a function was used.
    Permissions,
    /// Faults at every call of every function, each shown to do harm where its defence is missing.
    Faults,
    /// The page's own tests, and those in a browser, against stacks of their own.
    Web,
    /// The template's checks, and `sam build`.
    Deploy,
}

fn parameter(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((key, _)) if !key.is_empty() => Ok(text.to_owned()),
        _ => Err("a parameter reads Key=Value".to_owned()),
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    interrupt::install()?;
    let paths = Paths::find()?;
    // Stacks write their keys into it.
    private::folder(&paths.own_folder())?;
    private::close(&paths.own_folder())?;
    match arguments.command {
        Command::Setup => {
            parts::check_prerequisites()?;
            parts::models(&paths)?;
            parts::ministack(&paths)?;
            parts::emulator(&paths)?;
        }
        Command::Up(up) => {
            let dir = paths.state(&up.stack.folder.dir);
            run::up(&paths, &dir, &up.stack.parameters, up.detach)?;
        }
        Command::Down(folder) => run::down(&paths.state(&folder.dir))?,
        Command::Mail(mail) => mail::show(&paths.state(&mail.folder.dir), mail.to.as_deref())?,
        Command::Env(folder) => outputs::print_environment(&paths.state(&folder.dir))?,
        Command::Demo(demo) => {
            let Stack { folder, parameters } = demo.stack;
            let dir = paths.state(&folder.dir);
            return run::demo(&paths, &dir, &parameters, &demo.arguments);
        }
        Command::Test { suite, only } => return suites::test(&paths, suite, only.as_deref()),
        Command::Bench => return suites::bench(&paths),
        Command::Screenshots => return suites::screenshots(&paths),
        Command::Lint => return Ok(suites::lint(&paths)),
        Command::Crates => crates::print(&paths)?,
        Command::Fuzz { target, minutes } => fuzz::fuzz(&paths, &target, minutes)?,
        Command::Supervise { stack, built } => {
            let dir = paths.state(&stack.folder.dir);
            run::supervise(&paths, &dir, &built, stack.parameters)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;
    use std::path::Path;

    use super::*;

    /// The documents that tell somebody what to run.
    const DOCUMENTS: [&str; 13] = [
        "README.md",
        "CONTRIBUTING.md",
        "ARCHITECTURE.md",
        "SECURITY.md",
        "web/README.md",
        "events/README.md",
        "docs/protocol.md",
        "docs/parameters.md",
        "docs/policies.md",
        "docs/operations.md",
        "examples/amplify/README.md",
        "examples/boto3/README.md",
        "examples/html/README.md",
    ];

    /// Every command that a document names: from `cargo xtask` to the end of the code, the line, or
    /// what a shell does not pass on.
    fn commands(text: &str) -> Vec<String> {
        let ends = |rest: &str| {
            let end = rest.find(['`', '\n', '#', ')', '"', '|', ',', ';', '&', '…', '[', '<']);
            rest[..end.unwrap_or(rest.len())].trim_end().to_owned()
        };
        text.match_indices("cargo xtask ")
            .map(|(place, _)| ends(&text[place..]))
            .collect()
    }

    #[test]
    fn every_command_that_a_document_names_is_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut seen = 0;
        for document in DOCUMENTS {
            let text = fs::read_to_string(root.join(document)).unwrap();
            for command in commands(&text) {
                let words = command.split_whitespace().skip(1);
                let parsed = Arguments::try_parse_from(words);
                let known = parsed
                    .as_ref()
                    .err()
                    .is_none_or(|error| error.kind() == clap::error::ErrorKind::DisplayHelp);
                assert!(known, "{document}: {command}: {}", parsed.unwrap_err());
                seen += 1;
            }
        }
        assert!(seen > 20, "{seen} commands were found");
    }
}
