//! `TRIES#<path>#<factor>`: what stands against a user on one path.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use signin_core::id::{ChallengeId, UserName};
use signin_core::lockout::{Cost, EMPTIED_EVERY, KEPT, Level, Levels, Scope, State, Tries, Try};
use signin_core::time::Timestamp;

use super::super::item::{Item, Key, Kind, Write, number, text, time, ttl};
use super::super::user_key;

/// The attributes of the levels: a count, and the moment from which its next fall is counted.
const FAST: [&str; 2] = ["fast", "fastSince"];
const SLOW: [&str; 2] = ["slow", "slowSince"];
const UNUSABLE: [&str; 2] = ["unusable", "unusableSince"];
const NOT_BEFORE: &str = "notBefore";

/// The latest tries, by challenge: when, and what has become of each.
const RECENT: &str = "recent";

/// What may empty a path's levels, each by itself once in [`EMPTIED_EVERY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptiedBy {
    /// A complete sign-in on another path.
    OtherPath,
    /// A completed password reset.
    Reset,
}

impl EmptiedBy {
    /// The attribute that says when it did so last.
    pub(crate) const fn attribute(self) -> &'static str {
        match self {
            Self::OtherPath => "emptiedAt",
            Self::Reset => "emptiedByResetAt",
        }
    }
}

/// A path's tries as create-auth-challenge reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnPath {
    /// The tries.
    pub tries: Tries,
    emptied: Option<Timestamp>,
}

impl OnPath {
    /// Whether a complete sign-in on another path has something to empty here, and may.
    pub fn to_empty(&self, now: Timestamp) -> bool {
        let rested = self
            .emptied
            .is_none_or(|emptied| emptied.plus(EMPTIED_EVERY) < now);
        rested && self.tries.judged().hold_something(now)
    }
}

/// The key of the tries of a user on one path at one factor.
pub(crate) fn tries_key(user: &UserName, scope: Scope) -> Key {
    let (path, factor) = (scope.path.name(), scope.factor.step().name());
    user_key(Kind::Tries, user, format!("TRIES#{path}#{factor}"))
}

/// Takes everything away that stands in the way, tries that are still running included: they count
/// as made before.
pub(crate) fn empty(user: &UserName, scope: Scope) -> Write {
    Write::to(tries_key(user, scope))
        .remove(FAST)
        .remove(SLOW)
        .remove(UNUSABLE)
        .remove([NOT_BEFORE, RECENT])
}

/// Writes tries in which one more is reserved, provided that they still are what they were.
pub(crate) fn reserve_try(
    user: &UserName,
    scope: Scope,
    before: &Tries,
    after: &Tries,
    now: Timestamp,
) -> Write {
    let write = Write::to(tries_key(user, scope));
    let write =
        numbers(&before.levels)
            .into_iter()
            .fold(write, |write, (name, value)| match value {
                0 => write.if_absent_or_equal(name, number(value)),
                _ => write.if_equal(name, number(value)),
            });
    let write =
        numbers(&after.levels)
            .into_iter()
            .fold(write, |write, (name, value)| match value {
                0 => write.remove([name]),
                _ => write.set(name, number(value)),
            });
    let seen = recent_attribute(&before.recent);
    let write = if before.recent.is_empty() {
        write.if_absent_or_equal(RECENT, seen)
    } else {
        write.if_equal(RECENT, seen)
    };
    write
        .set(RECENT, recent_attribute(&after.recent))
        .set("ttl", ttl(now.plus(KEPT)))
}

/// Makes of a reserved try what its verdict makes of it, and touches no other. The condition does
/// not hold where the tries were emptied meanwhile.
pub(crate) fn settle_try(user: &UserName, scope: Scope, id: &ChallengeId, cost: Cost) -> Write {
    let write = Write::to(tries_key(user, scope)).if_entry(RECENT, id.as_str());
    match cost.state() {
        None => write.remove_entry(RECENT, id.as_str()),
        Some(state) => write.set_in_entry(RECENT, id.as_str(), "state", text(state.name())),
    }
}

/// Reads an item.
pub(crate) fn on_path(item: &Item) -> OnPath {
    let level = |[count, since]: [&str; 2]| Level {
        count: item
            .number(count)
            .map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX)),
        since: item.time(since).unwrap_or_default(),
    };
    let recent = item.map(RECENT).into_iter().filter_map(|(id, tried)| {
        let state = State::parse(tried.text("state").unwrap_or_default());
        let at = tried.time("at")?;
        Some((ChallengeId::parse(&id).ok()?, Try { at, state }))
    });
    OnPath {
        tries: Tries {
            levels: Levels {
                fast: level(FAST),
                slow: level(SLOW),
                not_before: item.time(NOT_BEFORE).unwrap_or_default(),
                unusable: level(UNUSABLE),
            },
            recent: recent.collect(),
        },
        emptied: item.time(EmptiedBy::OtherPath.attribute()),
    }
}

/// The levels as the table holds them; zero is absent.
fn numbers(levels: &Levels) -> [(&'static str, u64); 7] {
    let Levels {
        fast,
        slow,
        not_before,
        unusable,
    } = levels;
    [
        (FAST[0], fast.count.into()),
        (FAST[1], fast.since.as_millis()),
        (SLOW[0], slow.count.into()),
        (SLOW[1], slow.since.as_millis()),
        (NOT_BEFORE, not_before.as_millis()),
        (UNUSABLE[0], unusable.count.into()),
        (UNUSABLE[1], unusable.since.as_millis()),
    ]
}

fn recent_attribute(recent: &BTreeMap<ChallengeId, Try>) -> AttributeValue {
    let tries = recent.iter().map(|(id, tried)| {
        let attributes = [("at", time(tried.at)), ("state", text(tried.state.name()))];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
        let tried = AttributeValue::M(HashMap::from(attributes));
        (id.as_str().to_owned(), tried)
    });
    AttributeValue::M(tries.collect())
}
