//! `TRIES#<path>#<factor>`: what stands against a user on one path.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use signin_core::id::{ChallengeId, UserName};
use signin_core::lockout::{
    Attempt, Attempts, Cost, EMPTIED_EVERY, KEPT, Level, Levels, Scope, State,
};
use signin_core::time::Timestamp;

use super::super::attribute::{
    AT, Attribute, EMPTIED_AT, EMPTIED_BY_RESET_AT, FAST, FAST_SINCE, NOT_BEFORE, RECENT, SLOW,
    SLOW_SINCE, STATE, TTL, UNUSABLE, UNUSABLE_SINCE,
};
use super::super::item::{Item, Key, Kind, Write, map, number, text, time, ttl};
use super::super::user_key;
use super::read::{self, Misread, Record, both, read};
use crate::fault::Fault;

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
    pub(crate) const fn attribute(self) -> Attribute {
        match self {
            Self::OtherPath => EMPTIED_AT,
            Self::Reset => EMPTIED_BY_RESET_AT,
        }
    }
}

/// A path's attempts as create-auth-challenge reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnPath {
    /// The attempts.
    pub attempts: Attempts,
    emptied: Option<Timestamp>,
}

impl OnPath {
    /// Whether a complete sign-in on another path has something to empty here, and may.
    pub fn to_empty(&self, now: Timestamp) -> bool {
        let rested = self
            .emptied
            .is_none_or(|emptied| emptied.plus(EMPTIED_EVERY) < now);
        rested && self.attempts.judged().hold_something(now)
    }
}

/// The key of the attempts of a user on one path at one factor.
pub(crate) fn attempts_key(user: &UserName, scope: Scope) -> Key {
    let (path, factor) = (scope.path.name(), scope.factor.name());
    user_key(Kind::Attempts, user, format!("TRIES#{path}#{factor}"))
}

/// Takes everything away that stands in the way, attempts that are still running included: they count
/// as made before.
pub(crate) fn empty(user: &UserName, scope: Scope) -> Write {
    Write::to(attempts_key(user, scope))
        .remove([FAST, FAST_SINCE, SLOW, SLOW_SINCE])
        .remove([UNUSABLE, UNUSABLE_SINCE, NOT_BEFORE, RECENT])
}

/// Writes attempts in which one more is reserved, provided that they still are what they were.
pub(crate) fn reserve_attempt(
    user: &UserName,
    scope: Scope,
    before: &Attempts,
    after: &Attempts,
    now: Timestamp,
) -> Write {
    let write = Write::to(attempts_key(user, scope));
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
        .set(TTL, ttl(now.plus(KEPT)))
}

/// Makes of a reserved attempt what its verdict makes of it, and touches no other. The condition does
/// not hold where the attempts were emptied meanwhile.
pub(crate) fn settle_attempt(user: &UserName, scope: Scope, id: &ChallengeId, cost: Cost) -> Write {
    let write = Write::to(attempts_key(user, scope)).if_entry(RECENT, id.as_str());
    match cost.state() {
        None => write.remove_entry(RECENT, id.as_str()),
        Some(state) => write.set_in_entry(RECENT, id.as_str(), STATE, text(state.name())),
    }
}

/// What the table holds of the attempts on one path.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AttemptsRecord {
    fast: Option<u32>,
    fast_since: Option<Timestamp>,
    slow: Option<u32>,
    slow_since: Option<Timestamp>,
    unusable: Option<u32>,
    unusable_since: Option<Timestamp>,
    not_before: Option<Timestamp>,
    recent: BTreeMap<ChallengeId, AttemptRecord>,
    emptied_at: Option<Timestamp>,
}

/// What the table holds of one of the latest attempts.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct AttemptRecord {
    at: Option<Timestamp>,
    #[serde(deserialize_with = "read::text")]
    state: Option<State>,
}

impl Record for AttemptsRecord {
    const READ: &'static str = "ReadAttempts";
}

impl TryFrom<AttemptsRecord> for OnPath {
    type Error = Misread;

    fn try_from(record: AttemptsRecord) -> Result<Self, Misread> {
        // Zero is absent. A count without its moment would have fallen to zero long ago, and a moment
        // without its count would count from zero.
        // An operator may have written the zero.
        let level = |count: (Option<u32>, _), since: (Option<Timestamp>, _)| {
            if let (Some(0), None) = (count.0, since.0) {
                return Ok(Level::default());
            }
            let level = both(count, since)?;
            Ok(level.map_or_else(Level::default, |(count, since)| Level { count, since }))
        };
        let recent = record.recent.into_iter().map(|(id, tried)| {
            // Whatever is wrong within is wrong with the latest attempts.
            let tried = tried.at.zip(tried.state);
            let (at, state) = tried.ok_or(Misread::NotUnderstood(RECENT))?;
            Ok((id, Attempt { at, state }))
        });
        Ok(Self {
            attempts: Attempts {
                levels: Levels {
                    fast: level((record.fast, FAST), (record.fast_since, FAST_SINCE))?,
                    slow: level((record.slow, SLOW), (record.slow_since, SLOW_SINCE))?,
                    // None before the failures cost a wait.
                    not_before: record.not_before.unwrap_or_default(),
                    unusable: level(
                        (record.unusable, UNUSABLE),
                        (record.unusable_since, UNUSABLE_SINCE),
                    )?,
                },
                // Taken away when the path was emptied.
                recent: recent.collect::<Result<_, _>>()?,
            },
            // None before a sign-in on another path has emptied it.
            emptied: record.emptied_at,
        })
    }
}

/// Reads the attempts on one path.
pub(crate) fn on_path(item: &Item) -> Result<OnPath, Fault> {
    read::<AttemptsRecord, _>(item)
}

/// The levels as the table holds them; zero is absent.
fn numbers(levels: &Levels) -> [(Attribute, u64); 7] {
    let Levels {
        fast,
        slow,
        not_before,
        unusable,
    } = levels;
    [
        (FAST, fast.count.into()),
        (FAST_SINCE, fast.since.as_millis()),
        (SLOW, slow.count.into()),
        (SLOW_SINCE, slow.since.as_millis()),
        (NOT_BEFORE, not_before.as_millis()),
        (UNUSABLE, unusable.count.into()),
        (UNUSABLE_SINCE, unusable.since.as_millis()),
    ]
}

fn recent_attribute(recent: &BTreeMap<ChallengeId, Attempt>) -> AttributeValue {
    let attempts = recent.iter().map(|(id, tried)| {
        let tried = map([(AT, time(tried.at)), (STATE, text(tried.state.name()))]);
        (id.as_str().to_owned(), tried)
    });
    AttributeValue::M(attempts.collect())
}
