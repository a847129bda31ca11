//! Ctrl-C, SIGTERM and SIGHUP, as a flag that long waits look at.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Catches the signals. From now on [`check`] and [`requested`] tell whether one came.
pub(crate) fn install() -> Result<()> {
    ctrlc::set_handler(|| {
        REQUESTED.store(true, Ordering::SeqCst);
        // Whoever does not listen any more has gone on.
        waiting().retain(|waits| waits.send(()).is_ok());
    })
    .context("cannot listen for Ctrl-C")
}

/// Who is told of the next request to stop.
static WAITING: Mutex<Vec<Sender<()>>> = Mutex::new(Vec::new());

fn waiting() -> MutexGuard<'static, Vec<Sender<()>>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has somebody told when we are asked to stop, at once where we have been.
pub(crate) fn tell(waits: Sender<()>) {
    let mut waiting = waiting();
    if requested() {
        // One that does not listen need not be told.
        let _ = waits.send(());
    } else {
        waiting.push(waits);
    }
}

/// Whether we have been asked to stop.
pub(crate) fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// An error once we have been asked to stop.
pub(crate) fn check() -> Result<()> {
    if requested() {
        bail!("interrupted");
    }
    Ok(())
}
