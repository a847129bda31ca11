//! The table in memory, for tests: conditional writes mean what they mean in DynamoDB. A test plays the
//! same writes to both, through [`Twin`] (`tests/tests/memory.rs`).
//!
//! Nothing is ever swept: items stay when their time to live is over, as they may for two days in
//! DynamoDB.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::types::AttributeValue;
use signin_core::time::Timestamp;

use super::DynamoDb;
use super::attribute::{Attribute, OWED, OWED_AT, PK, SK};
use super::item::{Clause, Place};
use super::owed::Debt;
use super::rows::{Before, Change, Item, Key, Next, Rows, Transaction, Write};
use crate::fault::Fault;

type Attributes = HashMap<String, AttributeValue>;

/// Items in memory; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<BTreeMap<(String, String), Attributes>>>);

impl Memory {
    fn items(&self) -> MutexGuard<'_, BTreeMap<(String, String), Attributes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Items of their own that begin as these are.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(Arc::new(Mutex::new(self.items().clone())))
    }

    /// The two halves of the key of every item, in order.
    pub fn keys(&self) -> Vec<(String, String)> {
        self.items().keys().cloned().collect()
    }

    /// All items, each as a text that says everything of it, the same for equal items.
    pub fn dump(&self) -> Vec<String> {
        let sorted = |item: &Attributes| {
            let item: BTreeMap<&String, String> = item
                .iter()
                .map(|(name, value)| (name, shown(value)))
                .collect();
            format!("{item:?}")
        };
        self.items()
            .iter()
            .map(|(key, item)| format!("{key:?} {}", sorted(item)))
            .collect()
    }
}

/// A value as a text; the order of a map's entries and of a set's is none.
fn shown(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(entries) => {
            let entries: BTreeMap<&String, String> = entries
                .iter()
                .map(|(name, value)| (name, shown(value)))
                .collect();
            format!("{entries:?}")
        }
        AttributeValue::Ss(texts) => {
            let mut texts = texts.clone();
            texts.sort();
            format!("{texts:?}")
        }
        other => format!("{other:?}"),
    }
}

impl Rows for Memory {
    async fn read(&self, keys: Vec<Key>) -> Result<Vec<Item>, Fault> {
        let items = self.items();
        let found = keys.iter().filter_map(|key| items.get(&place_of(key)));
        Ok(found.cloned().map(Item::from).collect())
    }

    async fn write(&self, changes: Vec<Change>) -> Result<Transaction, Fault> {
        let mut items = self.items();
        let holds = |change: &Change| {
            let found = items.get(&place_of(change.key()));
            match change {
                Change::Put { .. } => found.is_none(),
                Change::Update(write) | Change::Check(write) => write
                    .clauses
                    .iter()
                    .all(|clause| clause_holds(clause, found)),
                Change::Delete { only, .. } => only.as_ref().is_none_or(|(name, value)| {
                    found.and_then(|found| found.get(name)) == Some(value)
                }),
            }
        };
        let unmet = changes.iter().filter(|change| !holds(change));
        let unmet: std::collections::BTreeSet<_> = unmet.map(Change::kind).collect();
        if !unmet.is_empty() {
            return Ok(Transaction::Unmet(unmet));
        }
        let missing = changes.iter().any(|change| match change {
            Change::Update(write) => goes_nowhere(write, items.get(&place_of(&write.key))),
            Change::Put { .. } | Change::Check(_) | Change::Delete { .. } => false,
        });
        if missing {
            return Err(Fault::new("TransactWriteItems", NOWHERE));
        }
        for change in changes {
            match change {
                Change::Put { key, attributes } => {
                    let mut item = key.to_attributes();
                    item.extend(attributes);
                    items.insert(place_of(&key), item);
                }
                Change::Update(write) => carry_out(&mut items, write),
                Change::Check(_) => {}
                Change::Delete { key, .. } => {
                    items.remove(&place_of(&key));
                }
            }
        }
        Ok(Transaction::Written)
    }

    async fn update(
        &self,
        what: &'static str,
        write: Write,
        before: Before,
    ) -> Result<Option<Item>, Fault> {
        let mut items = self.items();
        let found = items.get(&place_of(&write.key));
        if !write
            .clauses
            .iter()
            .all(|clause| clause_holds(clause, found))
        {
            return Ok(None);
        }
        if goes_nowhere(&write, found) {
            return Err(Fault::new(what, NOWHERE));
        }
        let old = found.filter(|_| before == Before::Wanted).cloned();
        carry_out(&mut items, write);
        Ok(Some(Item::from(old.unwrap_or_default())))
    }

    async fn owed(
        &self,
        debt: Debt,
        now: Timestamp,
        _: Option<Next>,
        at_most: i32,
    ) -> Result<(Vec<Item>, Option<Next>), Fault> {
        let items = self.items();
        let due = |item: &&Attributes| {
            let at = item.get(OWED_AT.name()).and_then(number);
            item.get(OWED.name()) == Some(&AttributeValue::S(debt.name().to_owned()))
                && at.is_some_and(|at| at <= now.as_millis())
        };
        let mut found: Vec<&Attributes> = items.values().filter(due).collect();
        found.sort_by_key(|item| item.get(OWED_AT.name()).and_then(number));
        found.truncate(usize::try_from(at_most).unwrap_or_default());
        let keys_alone = |item: &Attributes| {
            let keys = [PK, SK].map(|key| (key.name().to_owned(), item[key.name()].clone()));
            Item::from(HashMap::from(keys))
        };
        Ok((found.into_iter().map(keys_alone).collect(), None))
    }
}

/// What DynamoDB says, in other words, of a write into something that is not there.
const NOWHERE: &str = "ValidationException";

/// Whether a write sets something in an entry, or a map, that is not there.
fn goes_nowhere(write: &Write, item: Option<&Attributes>) -> bool {
    write.clauses.iter().any(|clause| match clause {
        Clause::Set(Place::Entry { map, .. }, _) => get(item, &Place::Attribute(*map)).is_none(),
        Clause::Set(Place::InEntry { map, entry, .. }, _) => {
            let (map, entry) = (*map, entry.clone());
            get(item, &Place::Entry { map, entry }).is_none()
        }
        _ => false,
    })
}

/// DynamoDB and memory at once: whatever is asked of one is asked of the other, and must be answered
/// alike. It panics where it is not, and says what was asked.
#[derive(Clone, Debug)]
pub struct Twin {
    memory: Memory,
    dynamodb: DynamoDb,
}

impl Twin {
    /// A table of DynamoDB's, in which nothing lies that is asked for here, and an empty one in memory.
    pub fn of(dynamodb: DynamoDb) -> Self {
        Self {
            memory: Memory::default(),
            dynamodb,
        }
    }

    fn same<T>(
        what: &str,
        memory: &Result<T, Fault>,
        dynamodb: Result<T, Fault>,
        shown: impl Fn(&T) -> String,
    ) -> Result<T, Fault> {
        let (one, other) = (memory.as_ref().map(&shown), dynamodb.as_ref().map(&shown));
        match (one, other) {
            (Ok(one), Ok(other)) => assert_eq!(one, other, "{what}: memory, and DynamoDB"),
            (Err(_), Err(_)) => {}
            (one, other) => panic!("{what}: memory says {one:?}, DynamoDB {other:?}"),
        }
        dynamodb
    }
}

fn shown_item(item: &Item) -> String {
    shown(&AttributeValue::M(item.attributes().clone()))
}

impl Rows for Twin {
    async fn read(&self, keys: Vec<Key>) -> Result<Vec<Item>, Fault> {
        let what = format!("read {keys:?}");
        let memory = self.memory.read(keys.clone()).await;
        let dynamodb = self.dynamodb.read(keys).await;
        let sorted = |items: &Vec<Item>| {
            let mut items: Vec<String> = items.iter().map(shown_item).collect();
            items.sort();
            items.join(", ")
        };
        Self::same(&what, &memory, dynamodb, sorted)
    }

    async fn write(&self, changes: Vec<Change>) -> Result<Transaction, Fault> {
        let keys: Vec<&Key> = changes.iter().map(Change::key).collect();
        let what = format!("write {keys:?}");
        let memory = self.memory.write(changes.clone()).await;
        let dynamodb = self.dynamodb.write(changes).await;
        Self::same(&what, &memory, dynamodb, |done| format!("{done:?}"))
    }

    async fn update(
        &self,
        what: &'static str,
        write: Write,
        before: Before,
    ) -> Result<Option<Item>, Fault> {
        let memory = self.memory.update(what, write.clone(), before).await;
        let dynamodb = self.dynamodb.update(what, write, before).await;
        let shown = |old: &Option<Item>| format!("{:?}", old.as_ref().map(shown_item));
        Self::same(what, &memory, dynamodb, shown)
    }

    /// The index holds what others have left too.
    async fn owed(
        &self,
        debt: Debt,
        now: Timestamp,
        from: Option<Next>,
        at_most: i32,
    ) -> Result<(Vec<Item>, Option<Next>), Fault> {
        self.dynamodb.owed(debt, now, from, at_most).await
    }
}

fn place_of(key: &Key) -> (String, String) {
    (key.partition.clone(), key.sort.clone())
}

fn number(value: &AttributeValue) -> Option<u64> {
    value.as_n().ok()?.parse().ok()
}

fn get<'a>(item: Option<&'a Attributes>, place: &Place) -> Option<&'a AttributeValue> {
    let entry = |map: &Attribute, entry: &str| item?.get(map.name())?.as_m().ok()?.get(entry);
    match place {
        Place::Attribute(name) => item?.get(name.name()),
        Place::Entry { map, entry: name } => entry(map, name),
        Place::InEntry {
            map,
            entry: name,
            attribute,
        } => entry(map, name)?.as_m().ok()?.get(attribute.name()),
    }
}

/// Whether a condition holds; what is none always does.
fn clause_holds(clause: &Clause, item: Option<&Attributes>) -> bool {
    let compared = |place: &Place, value: &AttributeValue, holds: fn(u64, u64) -> bool| {
        let found = get(item, place).and_then(number);
        found.zip(number(value)).is_some_and(|(a, b)| holds(a, b))
    };
    match clause {
        Clause::Set(..) | Clause::Remove(_) => true,
        Clause::IfAbsent(place) => get(item, place).is_none(),
        Clause::IfPresent(place) => get(item, place).is_some(),
        Clause::IfEqual(place, value) => get(item, place) == Some(value),
        Clause::IfAtLeast(place, value) => compared(place, value, |found, least| found >= least),
        Clause::IfAbsentOrLess(place, value) => {
            get(item, place).is_none() || compared(place, value, |found, limit| found < limit)
        }
        Clause::IfAbsentOrEqual(place, value) => {
            get(item, place).is_none_or(|found| found == value)
        }
    }
}

/// Does what a write does. As in DynamoDB, an item that is not there begins with its key.
fn carry_out(items: &mut BTreeMap<(String, String), Attributes>, write: Write) {
    let item = items
        .entry(place_of(&write.key))
        .or_insert_with(|| write.key.to_attributes());
    for clause in write.clauses {
        match clause {
            Clause::Set(place, value) => set(item, place, value),
            Clause::Remove(place) => remove(item, place),
            Clause::IfAbsent(_)
            | Clause::IfPresent(_)
            | Clause::IfEqual(..)
            | Clause::IfAtLeast(..)
            | Clause::IfAbsentOrLess(..)
            | Clause::IfAbsentOrEqual(..) => {}
        }
    }
}

fn entries(item: &mut Attributes, map: Attribute) -> Option<&mut Attributes> {
    match item.get_mut(map.name()) {
        Some(AttributeValue::M(entries)) => Some(entries),
        _ => None,
    }
}

fn set(item: &mut Attributes, place: Place, value: AttributeValue) {
    match place {
        Place::Attribute(name) => {
            item.insert(name.name().to_owned(), value);
        }
        Place::Entry { map, entry } => {
            if let Some(entries) = entries(item, map) {
                entries.insert(entry, value);
            }
        }
        Place::InEntry {
            map,
            entry,
            attribute,
        } => {
            let found = entries(item, map).and_then(|entries| entries.get_mut(&entry));
            if let Some(AttributeValue::M(found)) = found {
                found.insert(attribute.name().to_owned(), value);
            }
        }
    }
}

fn remove(item: &mut Attributes, place: Place) {
    match place {
        Place::Attribute(name) => {
            item.remove(name.name());
        }
        Place::Entry { map, entry } => {
            if let Some(entries) = entries(item, map) {
                entries.remove(&entry);
            }
        }
        Place::InEntry {
            map,
            entry,
            attribute,
        } => {
            let found = entries(item, map).and_then(|entries| entries.get_mut(&entry));
            if let Some(AttributeValue::M(found)) = found {
                found.remove(attribute.name());
            }
        }
    }
}
