//! Items and conditional writes, so that the rest of the table's code reads as what it does.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use signin_core::time::Timestamp;

use super::attribute::{Attribute, PK, SK};

/// What an item is, by which a part of a transaction is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A user's profile.
    Profile,
    /// What stands against a user on one path, for one factor.
    Attempts,
    /// A challenge that was answered.
    Challenge,
    /// A picture, or face data, that must not pass again.
    Picture,
    /// A full pass, until tokens use it up.
    Pass,
    /// An enrolment.
    Enrolment,
    /// Whose an enrolment is.
    Pointer,
    /// How many codes were mailed on a path.
    Sent,
    /// A code that is to be mailed.
    Order,
    /// What the owner is to hear.
    Notice,
    /// A browser that a complete sign-in came from.
    Browser,
}

/// An item's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub(super) kind: Kind,
    pub(super) partition: String,
    pub(super) sort: String,
}

/// A change to one item, as a part of a transaction: all of its parts are made, or none.
#[derive(Clone)]
pub enum Change {
    /// Puts a whole new item there, where there is none yet.
    Put {
        /// Where.
        key: Key,
        /// The item without its key.
        attributes: HashMap<String, AttributeValue>,
    },
    /// Changes an item, or begins one, where the conditions hold.
    Update(Write),
    /// Changes nothing, and has the others wait for these conditions.
    Check(Write),
    /// Deletes an item; where a value is given, only while an attribute has it.
    Delete {
        /// Where.
        key: Key,
        /// The attribute, and its value.
        only: Option<(String, AttributeValue)>,
    },
}

impl Change {
    /// Which item it is about.
    pub const fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Delete { key, .. } => key,
            Self::Update(write) | Self::Check(write) => &write.key,
        }
    }

    /// What that item is.
    pub(super) const fn kind(&self) -> Kind {
        self.key().kind
    }
}

/// The two halves of the key.
impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.partition, self.sort)
    }
}

impl Key {
    pub(super) fn new(kind: Kind, partition: String, sort: String) -> Self {
        Self {
            kind,
            partition,
            sort,
        }
    }

    pub(super) fn to_attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PK.name().to_owned(), text(&self.partition)),
            (SK.name().to_owned(), text(&self.sort)),
        ])
    }
}

/// An item as it was read. It has no `Debug`: items hold digests, face ids and face data.
pub struct Item(HashMap<String, AttributeValue>);

impl From<HashMap<String, AttributeValue>> for Item {
    fn from(attributes: HashMap<String, AttributeValue>) -> Self {
        Self(attributes)
    }
}

impl Item {
    pub(super) fn is(&self, key: &Key) -> bool {
        let mut own = key.to_attributes().into_iter();
        own.all(|(name, value)| self.0.get(&name) == Some(&value))
    }

    /// The attributes, for [`super::records`] to read.
    pub(super) fn attributes(&self) -> &HashMap<String, AttributeValue> {
        &self.0
    }
}

/// A set of texts; none where it is empty, which the table cannot hold.
pub(super) fn texts(values: &BTreeSet<String>) -> Option<AttributeValue> {
    let values: Vec<String> = values.iter().cloned().collect();
    (!values.is_empty()).then_some(AttributeValue::Ss(values))
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn bytes(value: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

pub(super) fn number(value: impl Into<u64>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

pub(super) fn time(value: Timestamp) -> AttributeValue {
    number(value.as_millis())
}

/// A map of attributes.
pub(super) fn map(
    attributes: impl IntoIterator<Item = (Attribute, AttributeValue)>,
) -> AttributeValue {
    AttributeValue::M(named(attributes).collect())
}

fn named(
    attributes: impl IntoIterator<Item = (Attribute, AttributeValue)>,
) -> impl Iterator<Item = (String, AttributeValue)> {
    let attributes = attributes.into_iter();
    attributes.map(|(attribute, value)| (attribute.name().to_owned(), value))
}

/// A time-to-live, in whole seconds.
pub(super) fn ttl(value: Timestamp) -> AttributeValue {
    number(value.as_seconds_rounded_up())
}

/// What a write names in an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// An attribute.
    Attribute(Attribute),
    /// An entry of an attribute that is a map; one write names one entry.
    Entry { map: Attribute, entry: String },
    /// An attribute of such an entry.
    InEntry {
        map: Attribute,
        entry: String,
        attribute: Attribute,
    },
}

/// What a write does, or what must hold for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Clause {
    Set(Place, AttributeValue),
    Remove(Place),
    IfAbsent(Place),
    IfPresent(Place),
    IfEqual(Place, AttributeValue),
    IfAtLeast(Place, AttributeValue),
    IfAbsentOrLess(Place, AttributeValue),
    IfAbsentOrEqual(Place, AttributeValue),
}

/// A conditional write to one item: what it does, where all of its conditions hold.
#[derive(Clone)]
pub struct Write {
    pub(super) key: Key,
    pub(super) clauses: Vec<Clause>,
}

impl Write {
    pub(super) fn to(key: Key) -> Self {
        Self {
            key,
            clauses: Vec::new(),
        }
    }

    /// Which item it is about.
    pub const fn key(&self) -> &Key {
        &self.key
    }

    fn with(mut self, clause: Clause) -> Self {
        self.clauses.push(clause);
        self
    }

    /// Sets an attribute.
    pub(super) fn set(self, attribute: Attribute, value: AttributeValue) -> Self {
        self.with(Clause::Set(Place::attribute(attribute), value))
    }

    /// Sets an attribute where there is a value.
    pub(super) fn set_some(self, attribute: Attribute, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(attribute, value),
            None => self,
        }
    }

    /// Sets an attribute where there is a value, and removes it where there is none.
    pub(super) fn set_or_remove(self, attribute: Attribute, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(attribute, value),
            None => self.remove([attribute]),
        }
    }

    /// Removes attributes.
    pub(super) fn remove<const N: usize>(mut self, attributes: [Attribute; N]) -> Self {
        for attribute in attributes {
            let clause = Clause::Remove(Place::attribute(attribute));
            // Named twice in one expression, an attribute is refused.
            if !self.clauses.contains(&clause) {
                self.clauses.push(clause);
            }
        }
        self
    }

    /// Requires that an attribute is absent.
    pub(super) fn if_absent(self, attribute: Attribute) -> Self {
        self.with(Clause::IfAbsent(Place::attribute(attribute)))
    }

    /// Requires that an attribute is there.
    pub(super) fn if_present(self, attribute: Attribute) -> Self {
        self.with(Clause::IfPresent(Place::attribute(attribute)))
    }

    /// Requires that an attribute is a number no less than this.
    pub(super) fn if_at_least(self, attribute: Attribute, value: AttributeValue) -> Self {
        self.with(Clause::IfAtLeast(Place::attribute(attribute), value))
    }

    /// Requires that an attribute is absent or a number less than this.
    pub(super) fn if_absent_or_less(self, attribute: Attribute, value: AttributeValue) -> Self {
        self.with(Clause::IfAbsentOrLess(Place::attribute(attribute), value))
    }

    /// Removes an entry of a map.
    pub(super) fn remove_entry(self, map: Attribute, entry: &str) -> Self {
        self.with(Clause::Remove(Place::entry(map, entry)))
    }

    /// Sets an attribute of a map's entry, which must be there.
    pub(super) fn set_in_entry(
        self,
        map: Attribute,
        entry: &str,
        attribute: Attribute,
        value: AttributeValue,
    ) -> Self {
        let place = Place::InEntry {
            map,
            entry: entry.to_owned(),
            attribute,
        };
        self.with(Clause::Set(place, value))
    }

    /// Requires that a map has an entry.
    pub(super) fn if_entry(self, map: Attribute, entry: &str) -> Self {
        self.with(Clause::IfPresent(Place::entry(map, entry)))
    }

    /// Requires that an attribute has a value.
    pub(super) fn if_equal(self, attribute: Attribute, value: AttributeValue) -> Self {
        self.with(Clause::IfEqual(Place::attribute(attribute), value))
    }

    /// Requires that an attribute has a value, or is absent where there is none.
    pub(super) fn if_same(self, attribute: Attribute, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.if_equal(attribute, value),
            None => self.if_absent(attribute),
        }
    }

    /// Requires that an attribute is absent or has a value.
    pub(super) fn if_absent_or_equal(self, attribute: Attribute, value: AttributeValue) -> Self {
        self.with(Clause::IfAbsentOrEqual(Place::attribute(attribute), value))
    }

    /// The conditions alone as a part of a transaction, which writes nothing to this item.
    pub(super) fn check_in_transaction(self) -> Change {
        Change::Check(self)
    }

    /// The write as a part of a transaction.
    pub(super) fn in_transaction(self) -> Change {
        Change::Update(self)
    }
}

impl Place {
    const fn attribute(name: Attribute) -> Self {
        Self::Attribute(name)
    }

    fn entry(map: Attribute, entry: &str) -> Self {
        Self::Entry {
            map,
            entry: entry.to_owned(),
        }
    }
}

/// Writes a whole new item as a part of a transaction, where there is none yet.
pub(super) fn put_new(
    key: &Key,
    attributes: impl IntoIterator<Item = (Attribute, AttributeValue)>,
) -> Change {
    Change::Put {
        key: key.clone(),
        attributes: named(attributes).collect(),
    }
}

/// Deletes an item as a part of a transaction; where a value is given, only while an attribute has
/// it.
pub(super) fn delete(key: &Key, condition: Option<(Attribute, AttributeValue)>) -> Change {
    Change::Delete {
        key: key.clone(),
        only: condition.map(|(attribute, value)| (attribute.name().to_owned(), value)),
    }
}
