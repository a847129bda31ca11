//! What the proxy knows: its rules, and the calls it has seen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::fault::{Fault, Rule, holds};

/// The most bytes of paths and bodies that are kept for [`State::calls`]; the oldest calls go.
const MAX_KEPT: usize = 64 * 1024 * 1024;

/// A call that went through, or was to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Its number, counted from 1.
    pub number: u64,
    /// What was asked for: `GetItem`, `IndexFaces`, `GetObject`, `Invoke:<function>`.
    pub operation: String,
    /// The access key it was signed with, which tells one function's role from another's.
    pub signer: Option<String>,
    /// The status that the caller saw; none where it saw no answer, or has not yet.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub milliseconds: Option<u64>,
    /// What was done to it.
    pub fault: Option<Fault>,
    /// The length of the request's body, in bytes.
    pub length: usize,
}

#[derive(Debug)]
struct Kept {
    call: Call,
    /// Path and body, to be searched.
    text: String,
}

#[derive(Debug)]
struct Active {
    rule: Rule,
    fitting: u32,
    bitten: u32,
    held: u32,
    released: bool,
}

/// How far a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) bitten: u32,
    pub(crate) held: u32,
}

#[derive(Debug, Default)]
struct Inner {
    rules: BTreeMap<u64, Active>,
    next_rule: u64,
    calls: VecDeque<Kept>,
    kept: usize,
    /// The IAM actions of all calls since the start, by the access key they were signed with.
    actions: BTreeMap<String, BTreeSet<String>>,
    next_call: u64,
}

/// Rules and calls, behind one lock that is never held across a wait.
#[derive(Debug, Default)]
pub(crate) struct State {
    inner: Mutex<Inner>,
    /// Something about a rule has changed.
    pub(crate) changed: Notify,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call, and says what is to be done to it, and by which rule.
    pub(crate) fn arrived(
        &self,
        operation: &str,
        signer: Option<String>,
        text: String,
        length: usize,
    ) -> (u64, Option<(u64, Fault)>) {
        let mut inner = self.lock();
        let bitten = inner.rules.iter_mut().find_map(|(id, active)| {
            if !active.rule.fits(operation, signer.as_deref(), &text) {
                return None;
            }
            active.fitting += 1;
            let due = active.fitting > active.rule.skip
                && active.rule.times.is_none_or(|times| active.bitten < times);
            due.then(|| {
                active.bitten += 1;
                (*id, active.rule.fault)
            })
        });
        inner.next_call += 1;
        let number = inner.next_call;
        inner.kept += text.len();
        inner.calls.push_back(Kept {
            call: Call {
                number,
                operation: operation.to_owned(),
                signer,
                status: None,
                milliseconds: None,
                fault: bitten.map(|(_, fault)| fault),
                length,
            },
            text,
        });
        while inner.kept > MAX_KEPT {
            let Some(oldest) = inner.calls.pop_front() else {
                break;
            };
            inner.kept -= oldest.text.len();
        }
        drop(inner);
        self.changed.notify_waiters();
        (number, bitten)
    }

    /// Notes which IAM actions somebody's call was for.
    pub(crate) fn acted(&self, signer: &str, actions: Vec<String>) {
        let mut inner = self.lock();
        let known = inner.actions.entry(signer.to_owned()).or_default();
        known.extend(actions);
    }

    /// The IAM actions of all calls, by the access key they were signed with.
    pub(crate) fn actions(&self) -> BTreeMap<String, BTreeSet<String>> {
        self.lock().actions.clone()
    }

    /// Notes how a call ended.
    pub(crate) fn ended(&self, number: u64, status: Option<u16>, milliseconds: u64) {
        let mut inner = self.lock();
        if let Some(kept) = inner
            .calls
            .iter_mut()
            .rev()
            .find(|k| k.call.number == number)
        {
            kept.call.status = status;
            kept.call.milliseconds = Some(milliseconds);
        }
    }

    /// The calls after a number whose path or body holds all of some texts, and one of others where
    /// there are others.
    pub(crate) fn calls(&self, after: u64, all: &[String], any: &[String]) -> Vec<Call> {
        let inner = self.lock();
        let wanted = inner
            .calls
            .iter()
            .filter(|kept| kept.call.number > after && holds(&kept.text, all, any));
        wanted.map(|kept| kept.call.clone()).collect()
    }

    /// The number of the newest call.
    pub(crate) fn newest(&self) -> u64 {
        self.lock().next_call
    }

    pub(crate) fn add(&self, rule: Rule) -> u64 {
        let mut inner = self.lock();
        inner.next_rule += 1;
        let id = inner.next_rule;
        let active = Active {
            rule,
            fitting: 0,
            bitten: 0,
            held: 0,
            released: false,
        };
        inner.rules.insert(id, active);
        id
    }

    pub(crate) fn remove(&self, id: u64) -> bool {
        let removed = self.lock().rules.remove(&id).is_some();
        self.changed.notify_waiters();
        removed
    }

    pub(crate) fn progress(&self, id: u64) -> Option<Progress> {
        let inner = self.lock();
        inner.rules.get(&id).map(|active| Progress {
            bitten: active.bitten,
            held: active.held,
        })
    }

    pub(crate) fn release(&self, id: u64) -> bool {
        let found = self.lock().rules.get_mut(&id).is_some_and(|active| {
            active.released = true;
            true
        });
        self.changed.notify_waiters();
        found
    }

    /// Waits until a rule lets go of what it holds, or is gone.
    pub(crate) async fn hold(&self, id: u64) {
        self.change_held(id, 1);
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self
                .lock()
                .rules
                .get(&id)
                .is_none_or(|active| active.released)
            {
                break;
            }
            changed.await;
        }
        self.change_held(id, -1);
    }

    fn change_held(&self, id: u64, by: i32) {
        if let Some(active) = self.lock().rules.get_mut(&id) {
            active.held = active.held.saturating_add_signed(by);
        }
        self.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(skip: u32, times: Option<u32>) -> Rule {
        Rule {
            operation: "Get*".to_owned(),
            containing: vec!["ada".to_owned()],
            any_of: Vec::new(),
            signer: None,
            skip,
            times,
            fault: Fault::Reset,
        }
    }

    fn bites(state: &State, operation: &str, text: &str) -> bool {
        let (_, bitten) = state.arrived(operation, None, text.to_owned(), 0);
        bitten.is_some()
    }

    #[test]
    fn a_rule_bites_the_calls_it_speaks_of_after_some_and_for_some() {
        let state = State::default();
        let id = state.add(rule(1, Some(2)));
        let bitten: Vec<bool> = (0..4).map(|_| bites(&state, "GetItem", "ada")).collect();
        assert_eq!(bitten, [false, true, true, false]);
        assert!(!bites(&state, "PutItem", "ada"));
        assert!(!bites(&state, "GetItem", "bob"));
        assert_eq!(state.progress(id), Some(Progress { bitten: 2, held: 0 }));
        assert!(state.remove(id) && state.progress(id).is_none());
    }

    #[test]
    fn a_rule_may_speak_of_one_functions_calls_alone() {
        let state = State::default();
        state.add(Rule {
            signer: Some("own".to_owned()),
            ..rule(0, None)
        });
        let bites = |signer: Option<&str>| {
            let signer = signer.map(str::to_owned);
            let (_, bitten) = state.arrived("GetItem", signer, "ada".to_owned(), 0);
            bitten.is_some()
        };
        assert_eq!(
            [Some("own"), Some("other"), None].map(bites),
            [true, false, false]
        );
    }

    #[test]
    fn calls_are_found_by_what_they_carried() {
        let state = State::default();
        for text in ["ada 1", "bob", "ada 2"] {
            state.arrived("GetItem", None, text.to_owned(), 0);
        }
        state.ended(3, Some(200), 7);
        let found = state.calls(1, &["ada".to_owned()], &[]);
        let either = state.calls(0, &[], &["bob".to_owned(), "2".to_owned()]);
        assert_eq!(either.len(), 2);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].number, found[0].status), (3, Some(200)));
        assert_eq!(state.newest(), 3);
    }
}
