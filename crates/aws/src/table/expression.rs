//! Conditional writes as DynamoDB's requests have them. Names are always given as `#name` placeholders
//! made from the attribute's own name, so no reserved word can bite.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update,
};

use super::attribute::{Attribute, PK};
use super::item::{Change, Clause, Place, Write};

/// The parts of an update request.
pub(super) struct Expressions {
    /// What is done.
    pub(super) update: String,
    /// What must hold; none where anything may.
    pub(super) condition: Option<String>,
    /// What the placeholders of names stand for.
    pub(super) names: HashMap<String, String>,
    /// What the placeholders of values stand for.
    pub(super) values: Option<HashMap<String, AttributeValue>>,
}

#[derive(Default)]
struct Rendering {
    set: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Rendering {
    fn name(&mut self, attribute: Attribute) -> String {
        let placeholder = format!("#{attribute}");
        let name = attribute.name().to_owned();
        self.names.insert(placeholder.clone(), name);
        placeholder
    }

    fn entry(&mut self, map: Attribute, entry: &str) -> String {
        let map = self.name(map);
        self.names.insert("#entry".to_owned(), entry.to_owned());
        format!("{map}.#entry")
    }

    fn place(&mut self, place: &Place) -> String {
        match place {
            Place::Attribute(name) => self.name(*name),
            Place::Entry { map, entry } => self.entry(*map, entry),
            Place::InEntry {
                map,
                entry,
                attribute,
            } => {
                let (entry, name) = (self.entry(*map, entry), self.name(*attribute));
                format!("{entry}.{name}")
            }
        }
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    fn both(&mut self, place: &Place, value: AttributeValue) -> (String, String) {
        (self.place(place), self.value(value))
    }

    fn clause(&mut self, clause: Clause) {
        match clause {
            Clause::Set(place, value) => {
                let (place, value) = self.both(&place, value);
                self.set.push(format!("{place} = {value}"));
            }
            Clause::Remove(place) => {
                let place = self.place(&place);
                self.remove.push(place);
            }
            Clause::IfAbsent(place) => {
                let place = self.place(&place);
                self.conditions
                    .push(format!("attribute_not_exists({place})"));
            }
            Clause::IfPresent(place) => {
                let place = self.place(&place);
                self.conditions.push(format!("attribute_exists({place})"));
            }
            Clause::IfEqual(place, value) => {
                let (place, value) = self.both(&place, value);
                self.conditions.push(format!("{place} = {value}"));
            }
            Clause::IfAtLeast(place, value) => {
                let (place, value) = self.both(&place, value);
                self.conditions.push(format!("{place} >= {value}"));
            }
            Clause::IfAbsentOrLess(place, value) => {
                let (place, value) = self.both(&place, value);
                self.conditions.push(format!(
                    "(attribute_not_exists({place}) OR {place} < {value})"
                ));
            }
            Clause::IfAbsentOrEqual(place, value) => {
                let (place, value) = self.both(&place, value);
                self.conditions.push(format!(
                    "(attribute_not_exists({place}) OR {place} = {value})"
                ));
            }
        }
    }
}

/// A write's expressions.
pub(super) fn expressions(clauses: Vec<Clause>) -> Expressions {
    let mut rendering = Rendering::default();
    for clause in clauses {
        rendering.clause(clause);
    }
    let section = |word: &str, parts: &[String]| {
        (!parts.is_empty()).then(|| format!("{word} {}", parts.join(", ")))
    };
    let sections = [
        section("SET", &rendering.set),
        section("REMOVE", &rendering.remove),
    ];
    let conditions = rendering.conditions;
    Expressions {
        update: sections.into_iter().flatten().collect::<Vec<_>>().join(" "),
        condition: (!conditions.is_empty()).then(|| conditions.join(" AND ")),
        names: rendering.names,
        values: (!rendering.values.is_empty()).then_some(rendering.values),
    }
}

/// A change as a part of a transaction's request.
pub(super) fn in_request(change: Change, table: &str) -> TransactWriteItem {
    let item = TransactWriteItem::builder();
    match change {
        Change::Put { key, attributes } => {
            let mut whole = key.to_attributes();
            whole.extend(attributes);
            let put = Put::builder()
                .table_name(table)
                .set_item(Some(whole))
                .condition_expression(format!("attribute_not_exists({PK})"))
                .build()
                .expect("table and item are set above");
            item.put(put)
        }
        Change::Update(Write { key, clauses }) => {
            let parts = expressions(clauses);
            let update = Update::builder()
                .table_name(table)
                .set_key(Some(key.to_attributes()))
                .update_expression(parts.update)
                .set_condition_expression(parts.condition)
                .set_expression_attribute_names(Some(parts.names))
                .set_expression_attribute_values(parts.values)
                .build()
                .expect("table, key and expression are set above");
            item.update(update)
        }
        Change::Check(Write { key, clauses }) => {
            let parts = expressions(clauses);
            let check = ConditionCheck::builder()
                .table_name(table)
                .set_key(Some(key.to_attributes()))
                .set_condition_expression(parts.condition)
                .set_expression_attribute_names(Some(parts.names))
                .set_expression_attribute_values(parts.values)
                .build()
                .expect("table, key and condition are set by whoever checks");
            item.condition_check(check)
        }
        Change::Delete { key, only } => {
            let mut delete = Delete::builder()
                .table_name(table)
                .set_key(Some(key.to_attributes()));
            if let Some((name, value)) = only {
                delete = delete
                    .condition_expression("#condition = :condition")
                    .expression_attribute_names("#condition", name)
                    .expression_attribute_values(":condition", value);
            }
            item.delete(delete.build().expect("table and key are set above"))
        }
    }
    .build()
}
