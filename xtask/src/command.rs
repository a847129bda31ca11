//! Running other programs: to the end, interruptibly, with an error that says what happened.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write as _};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow, bail};

use crate::interrupt;
use crate::process::{stop_group, until_one_ends};

/// How much of a log an error shows.
const TAIL_LINES: usize = 20;

/// A program that others come before: functions that must answer within seconds, for example.
pub(crate) fn after_others(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("nice");
    command.args(["-n", "10"]).arg(program);
    command
}

/// Runs a program that says nothing unless it fails: all it writes goes to `log`, whose tail is
/// part of the error.
pub(crate) fn run_quietly(command: &mut Command, log: &Path) -> Result<()> {
    let status = run_into(command, log)?;
    if !status.success() {
        bail!("{} ({status}):\n{}", shown(command), tail(log));
    }
    Ok(())
}

/// Runs a program beside others whose output is the reader's to see too: all it writes goes to `log`,
/// and to the reader once it has ended.
pub(crate) fn run_in_one_piece(command: &mut Command, log: &Path) -> Result<ExitStatus> {
    let status = run_into(command, log)?;
    let written = fs::read(log).with_context(|| cannot("read", log))?;
    // Whatever else happens, how it ended is known.
    let _ = io::stderr().lock().write_all(&written);
    Ok(status)
}

/// Runs a program that writes to a file.
fn run_into(command: &mut Command, log: &Path) -> Result<ExitStatus> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).with_context(|| cannot("create", folder))?;
    }
    let output = File::create(log).with_context(|| cannot("create", log))?;
    let errors = output.try_clone().with_context(|| cannot("write", log))?;
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    wait(&mut start(command)?)
}

/// Runs a program whose output is the reader's to see, and returns how it ended.
pub(crate) fn run_visibly(command: &mut Command) -> Result<ExitStatus> {
    wait(&mut start(command.stdin(Stdio::null()))?)
}

/// Runs a program whose standard output is wanted; what it says on stderr is the error. Either
/// must fit a pipe, 64 KiB, because it is read when the program has ended.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = start(command)?;
    // Read while it runs: a program whose pipe is full waits for its reader.
    let (output, errors) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let status = wait(&mut child)?;
    let text = |reader: JoinHandle<io::Result<String>>| {
        let read = reader.join().map_err(|_| anyhow!("a reader panicked"))?;
        read.with_context(|| format!("{} prints no text", shown(command)))
    };
    let (output, errors) = (text(output)?, text(errors)?);
    if !status.success() {
        bail!("{}", errors.trim());
    }
    Ok(output)
}

/// Reads a pipe to its end, on a thread of its own.
fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<io::Result<String>> {
    thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_string(&mut text)?;
        }
        Ok(text)
    })
}

/// The last lines of a log, indented, or a word on why there are none.
pub(crate) fn tail(log: &Path) -> String {
    let text = match fs::read(log) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => return format!("  (cannot read {}: {error})", log.display()),
    };
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
    if last.is_empty() {
        return "  (it wrote nothing)".to_owned();
    }
    last.iter()
        .map(|line| format!("  | {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// "cannot create /some/file", for an error's context.
pub(crate) fn cannot(what: &str, path: &Path) -> String {
    format!("cannot {what} {}", path.display())
}

/// Starts a program in a process group of its own, so that it can be ended with all its children.
fn start(command: &mut Command) -> Result<Child> {
    command
        .process_group(0)
        .spawn()
        .map_err(|error| cannot_start(command, &error))
}

fn wait(child: &mut Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for a program")? {
            return Ok(status);
        }
        if interrupt::requested() {
            stop_group(child);
            bail!("interrupted");
        }
        until_one_ends([&*child]);
    }
}

fn cannot_start(command: &Command, error: &std::io::Error) -> anyhow::Error {
    let program = command.get_program().to_string_lossy();
    if error.kind() == ErrorKind::NotFound {
        anyhow!("{program} is not installed, or not on the PATH")
    } else {
        anyhow!("cannot start {program}: {error}")
    }
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_program_that_says_more_than_a_pipe_holds_comes_to_its_end() {
        let mut command = Command::new("sh");
        command.args(["-c", "head -c 300000 /dev/zero | tr '\\0' a; echo b >&2"]);
        assert_eq!(output_of(&mut command).unwrap().len(), 300_000);
    }

    #[test]
    fn a_program_that_fails_is_quoted() {
        let mut command = Command::new("sh");
        let error = output_of(command.args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "why");
    }
}
