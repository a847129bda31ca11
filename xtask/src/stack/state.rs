//! What is written down about a running stack, and the lock that says whether it still runs.
//!
//! The lock is held by the process that supervises the stack, and the system takes it back when
//! that process ends, however it ends. What the record names while nobody holds the lock is
//! therefore left over from a crash or a reboot.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::command::cannot;
use crate::deploy::{ENVIRONMENTS, OUTPUTS};
use crate::private;
use crate::process::Identity;

/// The lock on a stack's folder. Whoever gets it finds nothing running there.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
    /// How many servers an earlier holder had left running; they are ended.
    pub(crate) left: usize,
}

impl Lock {
    /// Takes the lock and ends what an earlier holder left running, or returns nothing where
    /// somebody holds it.
    pub(crate) fn take(dir: &Path) -> Result<Option<Self>> {
        private::folder(dir)?;
        let path = dir.join("stack.lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| cannot("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self {
                _file: file,
                left: sweep(dir)?,
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| cannot("lock", &path)),
        }
    }
}

/// What is known of a stack.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The process id of the supervisor; good only while the lock is held.
    pub(crate) supervisor: u32,
    /// Whether the stack is ready for clients.
    pub(crate) ready: bool,
    /// The servers it started.
    pub(crate) parts: Vec<Identity>,
}

impl Record {
    /// A record of this process, which has started nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            supervisor: process::id(),
            ready: false,
            parts: Vec::new(),
        }
    }

    /// The record in a stack's folder. One that cannot be read is no record.
    pub(crate) fn read(dir: &Path) -> Option<Self> {
        let text = fs::read_to_string(file(dir)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Writes the record, at once.
    pub(crate) fn write(&self, dir: &Path) -> Result<()> {
        private::write(&file(dir), &serde_json::to_string_pretty(self)?)
    }
}

/// Ends what a supervisor that is no more has left running, and forgets its outputs. Returns how
/// many servers were left.
fn sweep(dir: &Path) -> Result<usize> {
    let parts = Record::read(dir)
        .map(|record| record.parts)
        .unwrap_or_default();
    let ended = parts.iter().filter(|part| part.end_group()).count();
    forget(dir)?;
    Ok(ended)
}

/// Removes the record, the outputs and the environments, so that nobody takes them for a running
/// stack's.
pub(crate) fn forget(dir: &Path) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| cannot("read", dir))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let kind = name.strip_suffix(".json").and_then(|n| n.split('-').next());
        if matches!(kind, Some(OUTPUTS | ENVIRONMENTS)) || path == file(dir) {
            fs::remove_file(&path).with_context(|| cannot("remove", &path))?;
        }
    }
    Ok(())
}

fn file(dir: &Path) -> PathBuf {
    dir.join("stack.json")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use super::*;
    use crate::paths::Scratch;

    #[test]
    fn a_folder_has_one_supervisor_at_a_time() {
        let scratch = Scratch::new("lock");
        let first = Lock::take(scratch.path()).unwrap();
        assert!(first.is_some());
        assert!(Lock::take(scratch.path()).unwrap().is_none());
        drop(first);
        assert!(Lock::take(scratch.path()).unwrap().is_some());
    }

    #[test]
    fn what_a_dead_supervisor_left_is_ended_and_forgotten() {
        let scratch = Scratch::new("left");
        let dir = scratch.path();
        let mut server = Command::new("sleep")
            .arg("600")
            .process_group(0)
            .spawn()
            .unwrap();
        let mut record = Record::new();
        record.parts.push(Identity::of(&server));
        record.write(dir).unwrap();
        fs::write(dir.join("outputs.json"), "{}").unwrap();
        fs::write(dir.join("outputs-compare.json"), "{}").unwrap();
        fs::write(dir.join("env.json"), "{}").unwrap();
        fs::write(dir.join("env-compare.json"), "{}").unwrap();
        fs::write(dir.join("another.json"), "{}").unwrap();
        let reaper = std::thread::spawn(move || server.wait());

        let lock = Lock::take(dir).unwrap().unwrap();

        assert_eq!(lock.left, 1);
        assert!(!reaper.join().unwrap().unwrap().success());
        assert!(Record::read(dir).is_none());
        assert!(!dir.join("outputs.json").exists());
        assert!(!dir.join("outputs-compare.json").exists());
        assert!(!dir.join("env.json").exists());
        assert!(!dir.join("env-compare.json").exists());
        assert!(dir.join("another.json").exists());
    }

    #[test]
    fn a_record_that_cannot_be_read_is_no_record() {
        let scratch = Scratch::new("torn");
        fs::write(file(scratch.path()), "{\"supervisor\": 1").unwrap();
        assert!(Record::read(scratch.path()).is_none());
        assert_eq!(Lock::take(scratch.path()).unwrap().unwrap().left, 0);
    }
}
