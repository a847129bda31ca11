//! The commands that run a stack: `up`, `down`, `demo`, and the supervisor behind `up --detach`.

use std::env;
use std::fs::File;
use std::io::{Read, Write, stderr};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, setsid};

use crate::build::{Built, build, build_local};
use crate::command::{cannot, run_visibly};
use crate::deploy::{Variant, with_mail};
use crate::interrupt;
use crate::parts;
use crate::paths::Paths;
use crate::private;
use crate::stack::Stack;
use crate::stack::endpoints::Endpoints;
use crate::stack::state::{Lock, Record};
use crate::steps::say;
use crate::web;

/// How long a stack has to end before its supervisor is given up.
const END: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// Starts a stack and stays with it, or leaves it to a supervisor of its own.
pub(crate) fn up(paths: &Paths, dir: &Path, parameters: &[String], detach: bool) -> Result<()> {
    let Some(lock) = Lock::take(dir)? else {
        eprintln!("{}", already_running(paths, dir));
        return Ok(());
    };
    told_of_leftovers(&lock);
    let built = prepare(paths)?;
    if detach {
        // The supervisor takes the lock itself.
        drop(lock);
        return detached(paths, dir, &built, parameters);
    }
    hold(paths, dir, lock, &built, parameters.to_vec())
}

/// Runs a stack until told to end; the process that `up --detach` leaves behind.
pub(crate) fn supervise(
    paths: &Paths,
    dir: &Path,
    built: &Built,
    parameters: Vec<String>,
) -> Result<()> {
    // Away from the terminal that started us, whose Ctrl-C is not meant for us. It fails only
    // where we lead a session already.
    let _ = setsid();
    let Some(lock) = Lock::take(dir)? else {
        bail!("{}", already_running(paths, dir));
    };
    hold(paths, dir, lock, built, parameters)
}

/// Ends a stack, or what a crash has left of it.
pub(crate) fn down(dir: &Path) -> Result<()> {
    if !dir.is_dir() {
        say("nothing runs");
        return Ok(());
    }
    if let Some(lock) = Lock::take(dir)? {
        if !told_of_leftovers(&lock) {
            say("nothing runs");
        }
        return Ok(());
    }
    let record = Record::read(dir);
    let supervisor = record
        .and_then(|record| Pid::from_raw(i32::try_from(record.supervisor).ok()?))
        .context("the stack is just being prepared; end that command instead")?;
    // An error says that it has just ended by itself.
    let _ = kill_process(supervisor, Signal::TERM);
    let deadline = Instant::now() + END;
    while Lock::take(dir)?.is_none() {
        if Instant::now() > deadline {
            let _ = kill_process(supervisor, Signal::KILL);
        }
        interrupt::check()?;
        sleep(POLL);
    }
    say("stopped");
    Ok(())
}

/// Runs the demonstration client against a stack, which is started first, with these parameters, if none
/// runs.
pub(crate) fn demo(
    paths: &Paths,
    dir: &Path,
    parameters: &[String],
    arguments: &[String],
) -> Result<ExitCode> {
    if !parameters.is_empty() && Lock::take(dir)?.is_none() {
        bail!(
            "a stack runs already, and a running stack keeps its parameters; end it first (cargo xtask down)"
        );
    }
    up(paths, dir, parameters, true)?;
    let built = build_local(paths)?;
    let status = run_visibly(
        Command::new(built.executable("demo")?)
            .arg("--outputs")
            .arg(dir.join("outputs.json"))
            .args(arguments),
    )?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Fetches and builds what a stack is made of.
pub(crate) fn prepare(paths: &Paths) -> Result<Built> {
    parts::check_prerequisites()?;
    parts::models(paths)?;
    parts::ministack(paths)?;
    web::build(paths)?;
    build(paths)
}

fn hold(
    paths: &Paths,
    dir: &Path,
    lock: Lock,
    built: &Built,
    parameters: Vec<String>,
) -> Result<()> {
    let endpoints = Endpoints::usual()?;
    let variant = Variant {
        name: "",
        parameters: with_mail(parameters),
        mutated: false,
        web: Some(endpoints.web_port()),
    };
    let variants = [variant];
    let mut stack = Stack::start(paths, dir, lock, endpoints, built, &variants, None)?;
    let [variant] = &variants;
    say(&format!(
        "ready; what a client needs is in {}, and the page is at",
        paths.shown(&variant.outputs(dir))
    ));
    eprintln!("{}", variant.web_url());
    stack.mark_ready()?;
    stack.watch()?;
    say("stopping");
    Ok(())
}

/// Starts a supervisor, shows what it says until the stack is ready, and leaves it alone.
fn detached(paths: &Paths, dir: &Path, built: &Built, parameters: &[String]) -> Result<()> {
    let log = dir.join("logs/supervisor.log");
    if let Some(folder) = log.parent() {
        private::folder(folder)?;
    }
    let output = private::file(&log).with_context(|| cannot("create", &log))?;
    let mut said = File::open(&log).with_context(|| cannot("read", &log))?;
    let mut command = Command::new(env::current_exe().context("cannot find this program")?);
    command.arg("supervise").arg("--dir").arg(dir);
    command.arg("--built").arg(serde_json::to_string(built)?);
    for parameter in parameters {
        command.args(["--parameter", parameter]);
    }
    let mut supervisor = command
        .stdin(Stdio::null())
        .stdout(output.try_clone().with_context(|| cannot("write", &log))?)
        .stderr(output)
        .spawn()
        .context("cannot start the supervisor")?;
    let outcome = wait_until_ready(dir, &mut supervisor, &mut said);
    if outcome.is_err() {
        // It ends its servers itself.
        let _ = kill_process(Pid::from_child(&supervisor), Signal::TERM);
        let _ = supervisor.wait();
    }
    outcome.with_context(|| format!("the stack does not start; see {}", paths.shown(&log)))
}

fn wait_until_ready(dir: &Path, supervisor: &mut Child, said: &mut File) -> Result<()> {
    loop {
        interrupt::check()?;
        let ended = supervisor
            .try_wait()
            .context("cannot watch the supervisor")?;
        let ready = Record::read(dir)
            .is_some_and(|record| record.ready && record.supervisor == supervisor.id());
        // Its last words come before its end, so they are read after that was seen.
        show(said)?;
        if let Some(status) = ended {
            bail!("the supervisor ended ({status})");
        }
        if ready {
            return Ok(());
        }
        sleep(POLL);
    }
}

/// Shows what was added to a log.
fn show(log: &mut File) -> Result<()> {
    let mut news = Vec::new();
    log.read_to_end(&mut news)
        .context("cannot read the supervisor's log")?;
    stderr()
        .write_all(&news)
        .context("cannot write to the terminal")
}

/// Says so where an earlier stack ended badly; returns whether one did.
fn told_of_leftovers(lock: &Lock) -> bool {
    if lock.left > 0 {
        say(&format!(
            "ended {} servers that an earlier stack had left running",
            lock.left
        ));
    }
    lock.left > 0
}

fn already_running(paths: &Paths, dir: &Path) -> String {
    let outputs = dir.join("outputs.json");
    if outputs.is_file() {
        format!(
            "a stack is running already; what a client needs is in {}, and \
             `cargo xtask down` ends it",
            paths.shown(&outputs)
        )
    } else {
        "a stack is being started already".to_owned()
    }
}
