//! Items and expressions, so that the rest of the table's code reads as what it does.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update,
};
use signin_core::time::Timestamp;

use super::attribute::{Attribute, PK, SK};

/// What an item is, by which a part of a transaction is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A user's profile.
    Profile,
    /// What stands against a user on one path, for one factor.
    Tries,
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
}

/// An item's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    kind: Kind,
    partition: String,
    sort: String,
}

/// A part of a transaction.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) kind: Kind,
    pub(super) write: TransactWriteItem,
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
pub(super) struct Item(HashMap<String, AttributeValue>);

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

/// A conditional write to one item. Names are always given as `#name` placeholders made from
/// the attribute's own name, so no reserved word can bite.
pub(super) struct Write {
    key: Key,
    set: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Write {
    pub(super) fn to(key: Key) -> Self {
        Self {
            key,
            set: Vec::new(),
            remove: Vec::new(),
            conditions: Vec::new(),
            names: HashMap::new(),
            values: HashMap::new(),
        }
    }

    fn name(&mut self, attribute: Attribute) -> String {
        let placeholder = format!("#{attribute}");
        let name = attribute.name().to_owned();
        self.names.insert(placeholder.clone(), name);
        placeholder
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// Sets an attribute.
    pub(super) fn set(mut self, attribute: Attribute, value: AttributeValue) -> Self {
        let (name, value) = (self.name(attribute), self.value(value));
        self.set.push(format!("{name} = {value}"));
        self
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
            let name = self.name(attribute);
            // Named twice in one expression, an attribute is refused.
            if !self.remove.contains(&name) {
                self.remove.push(name);
            }
        }
        self
    }

    /// Requires that an attribute is absent.
    pub(super) fn if_absent(mut self, attribute: Attribute) -> Self {
        let name = self.name(attribute);
        self.conditions
            .push(format!("attribute_not_exists({name})"));
        self
    }

    /// Requires that an attribute is there.
    pub(super) fn if_present(mut self, attribute: Attribute) -> Self {
        let name = self.name(attribute);
        self.conditions.push(format!("attribute_exists({name})"));
        self
    }

    /// Requires that an attribute is a number no less than this.
    pub(super) fn if_at_least(mut self, attribute: Attribute, value: AttributeValue) -> Self {
        let (name, value) = (self.name(attribute), self.value(value));
        self.conditions.push(format!("{name} >= {value}"));
        self
    }

    /// Requires that an attribute is absent or a number less than this.
    pub(super) fn if_absent_or_less(mut self, attribute: Attribute, value: AttributeValue) -> Self {
        let (name, value) = (self.name(attribute), self.value(value));
        self.conditions.push(format!(
            "(attribute_not_exists({name}) OR {name} < {value})"
        ));
        self
    }

    /// The path to a map's entry; one write names one entry.
    fn entry(&mut self, map: Attribute, entry: &str) -> String {
        let map = self.name(map);
        self.names.insert("#entry".to_owned(), entry.to_owned());
        format!("{map}.#entry")
    }

    /// Removes an entry of a map.
    pub(super) fn remove_entry(mut self, map: Attribute, entry: &str) -> Self {
        let entry = self.entry(map, entry);
        self.remove.push(entry);
        self
    }

    /// Sets an attribute of a map's entry, which must be there.
    pub(super) fn set_in_entry(
        mut self,
        map: Attribute,
        entry: &str,
        attribute: Attribute,
        value: AttributeValue,
    ) -> Self {
        let entry = self.entry(map, entry);
        let (name, value) = (self.name(attribute), self.value(value));
        self.set.push(format!("{entry}.{name} = {value}"));
        self
    }

    /// Requires that a map has an entry.
    pub(super) fn if_entry(mut self, map: Attribute, entry: &str) -> Self {
        let entry = self.entry(map, entry);
        self.conditions.push(format!("attribute_exists({entry})"));
        self
    }

    /// Requires that an attribute has a value.
    pub(super) fn if_equal(mut self, attribute: Attribute, value: AttributeValue) -> Self {
        let (name, value) = (self.name(attribute), self.value(value));
        self.conditions.push(format!("{name} = {value}"));
        self
    }

    /// Requires that an attribute has a value, or is absent where there is none.
    pub(super) fn if_same(self, attribute: Attribute, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.if_equal(attribute, value),
            None => self.if_absent(attribute),
        }
    }

    /// Requires that an attribute is absent or has a value.
    pub(super) fn if_absent_or_equal(
        mut self,
        attribute: Attribute,
        value: AttributeValue,
    ) -> Self {
        let (name, value) = (self.name(attribute), self.value(value));
        self.conditions.push(format!(
            "(attribute_not_exists({name}) OR {name} = {value})"
        ));
        self
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// The parts of an update request: expression, condition, names, values.
    pub(super) fn into_update(self) -> UpdateParts {
        let section = |word: &str, parts: &[String]| {
            if parts.is_empty() {
                String::new()
            } else {
                format!("{word} {} ", parts.join(", "))
            }
        };
        let expression = format!(
            "{}{}",
            section("SET", &self.set),
            section("REMOVE", &self.remove)
        );
        UpdateParts {
            expression: expression.trim_end().to_owned(),
            condition: (!self.conditions.is_empty()).then(|| self.conditions.join(" AND ")),
            names: self.names,
            values: (!self.values.is_empty()).then_some(self.values),
        }
    }

    /// The conditions alone as a part of a transaction, which writes nothing to this item.
    pub(super) fn check_in_transaction(self, table: &str) -> Part {
        let kind = self.key.kind;
        let key = self.key.to_attributes();
        let parts = self.into_update();
        let check = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(key))
            .set_condition_expression(parts.condition)
            .set_expression_attribute_names(Some(parts.names))
            .set_expression_attribute_values(parts.values)
            .build()
            .expect("table, key and condition are set by whoever checks");
        let write = TransactWriteItem::builder().condition_check(check).build();
        Part { kind, write }
    }

    /// The write as a part of a transaction.
    pub(super) fn in_transaction(self, table: &str) -> Part {
        let kind = self.key.kind;
        let key = self.key.to_attributes();
        let parts = self.into_update();
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(key))
            .update_expression(parts.expression)
            .set_condition_expression(parts.condition)
            .set_expression_attribute_names(Some(parts.names))
            .set_expression_attribute_values(parts.values)
            .build()
            .expect("table, key and expression are set above");
        let write = TransactWriteItem::builder().update(update).build();
        Part { kind, write }
    }
}

/// The parts of an update request.
pub(super) struct UpdateParts {
    pub(super) expression: String,
    pub(super) condition: Option<String>,
    pub(super) names: HashMap<String, String>,
    pub(super) values: Option<HashMap<String, AttributeValue>>,
}

/// Writes a whole new item as a part of a transaction, where there is none yet.
pub(super) fn put_new(
    table: &str,
    key: &Key,
    attributes: impl IntoIterator<Item = (Attribute, AttributeValue)>,
) -> Part {
    let mut item = key.to_attributes();
    item.extend(named(attributes));
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression(format!("attribute_not_exists({PK})"))
        .build()
        .expect("table and item are set above");
    Part {
        kind: key.kind,
        write: TransactWriteItem::builder().put(put).build(),
    }
}

/// Deletes an item as a part of a transaction; where a value is given, only while an attribute has
/// it.
pub(super) fn delete(
    table: &str,
    key: &Key,
    condition: Option<(Attribute, AttributeValue)>,
) -> Part {
    let mut delete = Delete::builder()
        .table_name(table)
        .set_key(Some(key.to_attributes()));
    if let Some((name, value)) = condition {
        delete = delete
            .condition_expression("#condition = :condition")
            .expression_attribute_names("#condition", name.name())
            .expression_attribute_values(":condition", value);
    }
    let delete = delete.build().expect("table and key are set above");
    Part {
        kind: key.kind,
        write: TransactWriteItem::builder().delete(delete).build(),
    }
}
