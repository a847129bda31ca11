//! What the reader of a terminal sees: a line per step, and a sign of life for the longer ones.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// After how long a step shows that it is still at work.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it does so in a log, where lines cannot be rewritten.
const LOG_PATIENCE: Duration = Duration::from_secs(15);

/// Does one step: prints its line when it is done, and its seconds while it takes long.
///
/// `work` returns what to say beside the title, empty for nothing.
pub(crate) fn step<D: Display>(title: &str, work: impl FnOnce() -> Result<D>) -> Result<()> {
    let began = Instant::now();
    let terminal = stderr().is_terminal();
    let (done, waiting) = channel::<()>();
    let outcome = thread::scope(|scope| {
        scope.spawn(move || {
            let every = if terminal { PATIENCE } else { LOG_PATIENCE };
            while waiting.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let seconds = began.elapsed().as_secs();
                if terminal {
                    eprint!("\r  {title} … {seconds} s");
                    let _ = stderr().flush();
                } else {
                    eprintln!("  {title} … {seconds} s");
                }
            }
        });
        let outcome = work();
        drop(done);
        outcome
    });
    if terminal && began.elapsed() >= PATIENCE {
        eprint!("\r\x1b[K");
    }
    let detail = outcome
        .with_context(|| format!("{title} failed"))?
        .to_string();
    let separator = if detail.is_empty() { "" } else { ": " };
    say(&format!(
        "{title}{separator}{detail}{}",
        took(began.elapsed())
    ));
    Ok(())
}

/// Prints a step's line.
pub(crate) fn say(line: &str) {
    eprintln!("✓ {line}");
}

/// Prints the line of a step that speaks for itself while it works.
pub(crate) fn begin(line: &str) {
    eprintln!("▸ {line}");
}

/// A duration for the end of a line; nothing for a moment.
fn took(elapsed: Duration) -> String {
    if elapsed < Duration::from_millis(100) {
        String::new()
    } else {
        format!(" ({:.1} s)", elapsed.as_secs_f64())
    }
}
