//! Tries: one item for each path and factor of a user, known or not.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use signin_core::consumption::Consumption;
use signin_core::id::{ChallengeId, UserName};
use signin_core::lockout::{
    Cost, EMPTIED_EVERY, KEPT, Level, Levels, Path, Scope, State, Tries, Try,
};
use signin_core::reason::{Reason, Verdict};
use signin_core::step::Factor;
use signin_core::time::Timestamp;

use super::challenges::verdict_of_call;
use super::item::{Item, Key, Kind, Write, number, text, time, ttl};
use super::{Transaction, UserTable, user_key};
use crate::fault::Fault;

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
    const fn attribute(self) -> &'static str {
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

impl UserTable {
    /// Reads the tries of a user on one path.
    pub(super) async fn tries(&self, user: &UserName, scope: Scope) -> Result<Tries, Fault> {
        let [found] = self.read([Some(tries_key(user, scope))]).await?;
        Ok(found.as_ref().map(on_path).unwrap_or_default().tries)
    }

    /// Gives those tries back whose calls died before they had judged the answer, and returns the
    /// tries as they are then. Nothing changes where an answer was judged after all, or where
    /// another call is at it.
    pub async fn give_back_abandoned(
        &self,
        user: &UserName,
        scope: Scope,
        tries: &Tries,
        now: Timestamp,
    ) -> Result<Tries, Fault> {
        let mut given = false;
        for id in tries.overdue(now) {
            let found = self.answered(user, id).await?;
            let back = settle_try(user, scope, id, Cost::Nothing);
            given |= match found {
                Some((key, found)) if found.is_abandoned(now) => {
                    self.abandon(key, &found, back).await?
                }
                Some(_) => false,
                // Its record is swept: nobody can judge it any more.
                None => self.update("GiveBack", back).await?,
            };
        }
        if given {
            self.tries(user, scope).await
        } else {
            Ok(tries.clone())
        }
    }

    async fn abandon(
        &self,
        challenge: Key,
        found: &Consumption,
        back: Write,
    ) -> Result<bool, Fault> {
        let given_up = Verdict::Refused(Reason::TryLater);
        let writes = [verdict_of_call(challenge, found.call, given_up), back];
        let writes = writes.map(|write| write.in_transaction(&self.name));
        Ok(self.write(writes.into()).await? == Transaction::Written)
    }

    /// Empties what stands against a user on a path, unless the same did so within
    /// [`EMPTIED_EVERY`].
    pub async fn empty_tries(
        &self,
        user: &UserName,
        scope: Scope,
        by: EmptiedBy,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let last = now.minus(EMPTIED_EVERY);
        let rested = empty(user, scope)
            .set(by.attribute(), time(now))
            .if_present("ttl")
            .if_absent_or_less(by.attribute(), time(last));
        self.update("EmptyTries", rested).await?;
        Ok(())
    }

    /// What a completed password reset does for the path with the password, whatever the factor.
    pub(super) async fn empty_by_reset(
        &self,
        user: &UserName,
        now: Timestamp,
    ) -> Result<(), Fault> {
        for factor in Factor::ALL {
            let path = Path::Password;
            let scope = Scope { path, factor };
            self.empty_tries(user, scope, EmptiedBy::Reset, now).await?;
        }
        Ok(())
    }
}

/// The key of the tries of a user on one path at one factor.
pub(super) fn tries_key(user: &UserName, scope: Scope) -> Key {
    let (path, factor) = (scope.path.name(), scope.factor.step().name());
    user_key(Kind::Tries, user, format!("TRIES#{path}#{factor}"))
}

/// Takes everything away that stands in the way, tries that are still running included: they count
/// as made before.
fn empty(user: &UserName, scope: Scope) -> Write {
    Write::to(tries_key(user, scope))
        .remove(FAST)
        .remove(SLOW)
        .remove(UNUSABLE)
        .remove([NOT_BEFORE, RECENT])
}

/// Writes tries in which one more is reserved, provided that they still are what they were.
pub(super) fn reserve_try(
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
pub(super) fn settle_try(user: &UserName, scope: Scope, id: &ChallengeId, cost: Cost) -> Write {
    let write = Write::to(tries_key(user, scope)).if_entry(RECENT, id.as_str());
    match cost.state() {
        None => write.remove_entry(RECENT, id.as_str()),
        Some(state) => write.set_in_entry(RECENT, id.as_str(), "state", text(state.name())),
    }
}

/// Reads an item.
pub(super) fn on_path(item: &Item) -> OnPath {
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
