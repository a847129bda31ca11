//! Process groups: a program we start leads one, so that it ends with all that it started itself,
//! such as the functions that the local Lambda keeps warm.

use std::fs;
use std::process::{Child, Command};
use std::sync::mpsc::channel;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process_group, waitid,
};
use serde::{Deserialize, Serialize};

use crate::interrupt;

/// How long a program has to end by itself.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// Ends a program that leads a process group, and everything in the group: first politely, then
/// not.
pub(crate) fn stop_group(child: &mut Child) {
    let group = Pid::from_child(child);
    // An error says that the group is gone already.
    let _ = kill_process_group(group, Signal::TERM);
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(Some(_)) if test_kill_process_group(group).is_err() => return,
            Ok(_) => sleep(POLL),
            Err(_) => break,
        }
    }
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait();
}

/// Waits until one of some programs has ended or we are asked to stop. Whoever asks what became of a
/// program finds it as before.
pub(crate) fn until_one_ends<'a>(programs: impl IntoIterator<Item = &'a Child>) {
    let (ended, told) = channel();
    interrupt::tell(ended.clone());
    for program in programs {
        let (program, ended) = (Pid::from_child(program), ended.clone());
        thread::spawn(move || {
            // An error says that it was waited for already.
            let _ = waitid(
                WaitId::Pid(program),
                WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
            );
            let _ = ended.send(());
        });
    }
    drop(ended);
    // Nobody is left to send anything only where there are no programs and no signals.
    let _ = told.recv();
}

/// Which process a process id meant when it was written down, since ids are used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pid: i32,
    /// When the process started, in the system's own words.
    started: Option<String>,
    /// The boot it started in, where the system tells.
    boot: Option<String>,
}

impl Identity {
    /// The identity of a program just started.
    pub(crate) fn of(child: &Child) -> Self {
        let pid = Pid::from_child(child);
        Self {
            pid: pid.as_raw_nonzero().get(),
            started: started(pid),
            boot: boot(),
        }
    }

    /// Ends the process group that this process led, if it is still there.
    ///
    /// Returns whether there was one. A leader that is gone may have left members behind, and
    /// while it has, no other process gets its id; after a reboot that says nothing.
    pub(crate) fn end_group(&self) -> bool {
        let Some(group) = Pid::from_raw(self.pid) else {
            return false;
        };
        let ours = match started(group) {
            Some(now) => self.started.as_ref() == Some(&now) && self.boot == boot(),
            None => self.boot.is_some() && self.boot == boot(),
        };
        if !ours || kill_process_group(group, Signal::TERM).is_err() {
            return false;
        }
        let deadline = Instant::now() + GRACE;
        while test_kill_process_group(group).is_ok() && Instant::now() < deadline {
            sleep(POLL);
        }
        let _ = kill_process_group(group, Signal::KILL);
        true
    }
}

/// When a process started: from `/proc` on Linux, from `ps` elsewhere; nothing if there is none.
fn started(pid: Pid) -> Option<String> {
    let pid = pid.as_raw_nonzero();
    if cfg!(target_os = "linux") {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        start_time(&stat).map(str::to_owned)
    } else {
        let output = Command::new("ps")
            .args(["-o", "lstart=", "-p", &pid.to_string()])
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// The 22nd field of `/proc/<pid>/stat`. The second, the program's name, stands in parentheses and
/// may itself contain blanks and parentheses.
fn start_time(stat: &str) -> Option<&str> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(19)
}

/// What tells this boot from another, on Linux.
fn boot() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    use super::*;

    /// A shell that ignores polite requests is not needed: it waits, and so does its child.
    fn family() -> Child {
        Command::new("sh")
            .args(["-c", "sleep 600 & wait"])
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap()
    }

    #[test]
    fn whichever_program_ends_first_is_waited_for_and_can_still_be_asked() {
        let mut lasting = family();
        let mut short = Command::new("sh").args(["-c", "exit 3"]).spawn().unwrap();
        until_one_ends([&lasting, &short]);
        assert!(lasting.try_wait().unwrap().is_none());
        assert_eq!(short.wait().unwrap().code(), Some(3));
        // One that was waited for already holds nobody up.
        until_one_ends([&lasting, &short]);
        stop_group(&mut lasting);
    }

    #[test]
    fn a_program_ends_with_its_children() {
        let mut leader = family();
        let group = Pid::from_child(&leader);
        stop_group(&mut leader);
        assert!(test_kill_process_group(group).is_err());
    }

    #[test]
    fn a_process_is_known_again_and_ended() {
        let mut leader = family();
        let identity = Identity::of(&leader);
        let reaper = std::thread::spawn(move || leader.wait());
        assert!(identity.end_group());
        reaper.join().unwrap().unwrap();
        assert!(!identity.end_group());
    }

    #[test]
    fn another_process_under_the_same_id_is_left_alone() {
        let mut leader = family();
        let stranger = Identity {
            started: Some("another time".to_owned()),
            ..Identity::of(&leader)
        };
        assert!(!stranger.end_group());
        assert!(leader.try_wait().unwrap().is_none());
        stop_group(&mut leader);
    }

    #[test]
    fn the_start_time_is_found_behind_any_name() {
        let stat = "7 (a) (b c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 0";
        assert_eq!(start_time(stat), Some("4242"));
    }
}
