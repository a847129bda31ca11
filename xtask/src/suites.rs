//! The commands that check: `test` and its suites, and `lint`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::Suite;
use crate::build::{cargo, functions};
use crate::command::{cannot, output_of, run_quietly, run_visibly};
use crate::deploy::Variant;
use crate::interrupt;
use crate::parts;
use crate::paths::Paths;
use crate::run::prepare;
use crate::stack::Stack;
use crate::stack::endpoints::{Endpoints, REGION};
use crate::stack::state::Lock;
use crate::steps::{begin, step};

/// How the end-to-end tests learn where the outputs of their stacks lie.
const OUTPUTS_VARIABLE: &str = "FACE_SIGNIN_OUTPUTS";
/// How they learn where the functions' executables lie, each under the function's name.
const BINARIES_VARIABLE: &str = "FACE_SIGNIN_BINARIES";

/// Runs every suite, or the one that is named, and prints a table of how each check went.
pub(crate) fn test(paths: &Paths, suite: Option<Suite>) -> Result<ExitCode> {
    parts::check_prerequisites()?;
    let wanted = |one: Suite| suite.is_none_or(|suite| suite == one);
    let mut table = Table::default();
    if wanted(Suite::Unit) {
        unit(paths, &mut table);
    }
    if wanted(Suite::E2e) {
        table.check("end-to-end tests", || end_to_end(paths));
    }
    if wanted(Suite::Deploy) {
        deploy(paths, &mut table);
    }
    Ok(table.finish())
}

/// Formatting, lints and dependencies.
pub(crate) fn lint(paths: &Paths) -> ExitCode {
    let mut table = Table::default();
    formatting_and_lints(paths, &mut table);
    if output_of(cargo(paths).args(["deny", "--version"])).is_ok() {
        table.check("dependencies", || {
            visibly(cargo(paths).args(["deny", "check", "bans", "licenses", "sources"]))
        });
        // Advisories come from a database on the network, and may change from day to day.
        table.check("advisories", || {
            visibly(cargo(paths).args(["deny", "check", "advisories"]))
        });
    } else {
        eprintln!(
            "note: dependencies are not checked; `cargo install --locked cargo-deny` makes it \
             possible"
        );
    }
    table.finish()
}

fn unit(paths: &Paths, table: &mut Table) {
    table.check("parts", || parts::models(paths));
    formatting_and_lints(paths, table);
    table.check("unit tests", || {
        visibly(cargo(paths).args([
            "test",
            "--locked",
            "--no-fail-fast",
            "--workspace",
            "--exclude",
            "e2e",
        ]))
    });
}

fn formatting_and_lints(paths: &Paths, table: &mut Table) {
    table.check("formatting", || {
        visibly(cargo(paths).args(["fmt", "--all", "--check"]))
    });
    table.check("lints", || {
        visibly(
            cargo(paths)
                .args(["clippy", "--locked", "--workspace", "--all-targets"])
                .args(["--", "--deny", "warnings"]),
        )
    });
}

/// Runs the end-to-end tests against stacks of their own, beside a developer's.
fn end_to_end(paths: &Paths) -> Result<()> {
    let dir = paths.root.join(".local/test");
    let Some(lock) = Lock::take(&dir)? else {
        bail!("the end-to-end tests are running already");
    };
    parts::clients(paths)?;
    let built = prepare(paths)?;
    let binaries = built.executable("define-auth-challenge")?.parent();
    let binaries = binaries.context("an executable lies in no folder")?;
    let stack = Stack::start(paths, &dir, lock, Endpoints::free()?, &built, &variants())?;
    let outcome = visibly(
        cargo(paths)
            .args(["test", "--locked", "--no-fail-fast", "--package", "e2e"])
            .env(OUTPUTS_VARIABLE, &dir)
            .env(BINARIES_VARIABLE, binaries),
    );
    if outcome.is_err() {
        eprintln!(
            "the servers' logs are in {}",
            paths.shown(&dir.join("logs"))
        );
    }
    drop(stack);
    outcome
}

/// The settings of the template that the end-to-end tests go through.
fn variants() -> [Variant; 3] {
    let variant = |name, parameters: &[&str]| Variant {
        name,
        parameters: parameters.iter().map(|&p| p.to_owned()).collect(),
    };
    [
        variant("", &[]),
        variant("password", &["SignInPolicy=PASSWORD+FACE"]),
        variant("compare", &["MatchMode=COMPARE", "KeepDocuments=true"]),
    ]
}

/// Checks the template, and that the SAM CLI builds every function of it.
fn deploy(paths: &Paths, table: &mut Table) {
    let logs = paths.logs();
    let expansion = paths.root.join(".local/expansion.json");
    let programs = paths.part("sam").join("bin");
    table.check("SAM tools", || parts::sam(paths));
    table.check("sam validate", || {
        quietly(
            sam(paths).args(["validate", "--lint"]),
            &logs.join("sam-validate.log"),
        )
    });
    table.check("expansion", || {
        let mut expand = Command::new(programs.join("python"));
        expand
            .arg(paths.local("expand.py"))
            .arg(paths.root.join("template.yaml"))
            .arg(&expansion)
            .env("AWS_DEFAULT_REGION", REGION);
        // One that is left from an earlier run must not be taken for this one.
        if expansion.exists() {
            fs::remove_file(&expansion).with_context(|| cannot("remove", &expansion))?;
        }
        quietly(&mut expand, &logs.join("expand.log"))
    });
    table.check("cfn-lint", || {
        let mut lint = Command::new(programs.join("cfn-lint"));
        quietly(lint.arg(&expansion), &logs.join("cfn-lint.log"))
    });
    table.check("checkov", || {
        // It finds nothing wrong with a file that is not there.
        ensure!(expansion.is_file(), "there is no expansion to check");
        let mut checkov = Command::new(programs.join("checkov"));
        checkov
            .arg("--config-file")
            .arg(paths.local("checkov.yaml"));
        checkov.arg("--file").arg(&expansion);
        quietly(&mut checkov, &logs.join("checkov.log"))
    });
    table.check("sam build", || {
        begin("building every function as `sam build` does");
        visibly(sam(paths).arg("build"))?;
        every_function_is_built(paths)
    });
}

/// A `sam` command in the checkout, with cargo-lambda at hand and no word to its maker.
fn sam(paths: &Paths) -> Command {
    let programs = paths.part("sam").join("bin");
    let mut path = programs.clone().into_os_string();
    if let Some(usual) = std::env::var_os("PATH") {
        path.push(":");
        path.push(usual);
    }
    let mut sam = Command::new(programs.join("sam"));
    sam.current_dir(&paths.root)
        .env("PATH", path)
        .env("SAM_CLI_TELEMETRY", "0")
        .env("AWS_DEFAULT_REGION", REGION);
    sam
}

/// Fails unless there are as many built functions as there are functions, each a `bootstrap`.
fn every_function_is_built(paths: &Paths) -> Result<()> {
    let folder = paths.root.join(".aws-sam/build");
    let mut built = 0;
    for entry in fs::read_dir(&folder).with_context(|| cannot("read", &folder))? {
        let path = entry?.path();
        if path.is_dir() {
            let bootstrap = path.join("bootstrap");
            ensure!(bootstrap.is_file(), "{} was not built", bootstrap.display());
            built += 1;
        }
    }
    let expected = functions(paths)?.len();
    ensure!(
        built == expected,
        "sam built {built} of {expected} functions; does the template name them all?"
    );
    Ok(())
}

fn visibly(command: &mut Command) -> Result<()> {
    let status = run_visibly(command)?;
    ensure!(status.success(), "see above ({status})");
    Ok(())
}

fn quietly(command: &mut Command, log: &Path) -> Result<()> {
    let name = command.get_program().to_owned();
    let name = Path::new(&name).file_name().unwrap_or_default();
    step(&name.to_string_lossy(), || {
        run_quietly(command, log)?;
        Ok("clean")
    })
}

/// How each check went.
#[derive(Debug, Default)]
struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    check: &'static str,
    passed: bool,
    took: Duration,
}

impl Table {
    /// Does one check; the next ones are done whether or not it passes, unless we are to stop.
    fn check(&mut self, check: &'static str, work: impl FnOnce() -> Result<()>) {
        if interrupt::requested() {
            return;
        }
        let began = Instant::now();
        let outcome = work();
        if let Err(error) = &outcome {
            eprintln!("✗ {check}: {error:#}");
        }
        self.rows.push(Row {
            check,
            passed: outcome.is_ok(),
            took: began.elapsed(),
        });
    }

    /// Prints the table; success only where every check passed.
    fn finish(self) -> ExitCode {
        eprint!("\n{}", self.text());
        let passed = self.rows.iter().all(|row| row.passed) && !interrupt::requested();
        if passed {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let mark = if row.passed {
                "✓ passed"
            } else {
                "✗ FAILED"
            };
            let seconds = row.took.as_secs_f64();
            // Writing into a string cannot fail.
            let _ = writeln!(text, "{mark}  {:<18} {seconds:>7.1} s", row.check);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_check_stands_in_the_table_and_the_next_is_still_done() {
        let mut table = Table::default();
        table.check("first", || bail!("it must fail"));
        table.check("second", || Ok(()));
        let text = table.text();
        assert!(text.contains("✗ FAILED  first"));
        assert!(text.contains("✓ passed  second"));
        assert_eq!(table.finish(), ExitCode::FAILURE);
    }

    #[test]
    fn every_variant_has_a_name_of_its_own() {
        let mut names = variants().map(|variant| variant.name).to_vec();
        names.dedup();
        assert_eq!(names.len(), variants().len());
    }
}
