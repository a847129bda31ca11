//! How an item is read: typed, and whole or not at all.
//!
//! An attribute of another type, a value that is none of its kind and a missing one are faults, so
//! that nothing which cannot be read counts as not being there. What a later version has added is
//! passed over. A fault names the item's kind and the attribute and no value: what serde has to say
//! may repeat one, and is dropped.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize as _;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde_dynamo::AttributeValue as Stored;
use signin_core::id::{ClientId, InvocationId, UserName};
use signin_core::key::DocumentKey;
use signin_core::pass::Steps;
use signin_core::profile::{self, ConsentBy};
use signin_core::reason::{Reason, Verdict};
use signin_core::secret::Sha256Digest;
use signin_core::{face_data, lockout};

use super::super::attribute::{self, Attribute};
use super::super::item::Item;
use crate::fault::Fault;

/// The attributes of a kind of item, each by its type. Every field is optional, so that an item is
/// misread for an attribute that it has; which of them must be there is said where a record becomes
/// what it means.
pub(crate) trait Record: DeserializeOwned {
    /// What reading one is called in a fault.
    const READ: &'static str;
}

/// Why an item could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misread {
    /// It has another type than ours, or a value that is none.
    NotUnderstood(Attribute),
    /// It is not there, and the item means nothing without it.
    Missing(Attribute),
    /// No attribute is misread by itself.
    Whole,
}

impl std::fmt::Display for Misread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotUnderstood(attribute) => write!(f, "attribute {attribute} not understood"),
            Self::Missing(attribute) => write!(f, "attribute {attribute} missing"),
            Self::Whole => f.write_str("item not understood"),
        }
    }
}

/// Reads an item.
pub(crate) fn read<R, T>(item: &Item) -> Result<T, Fault>
where
    R: Record,
    T: TryFrom<R, Error = Misread>,
{
    let read = record(item).and_then(T::try_from);
    read.map_err(|misread| Fault::new(R::READ, &misread.to_string()))
}

fn record<R: Record>(item: &Item) -> Result<R, Misread> {
    let attributes = item.attributes();
    let all = attributes
        .iter()
        .map(|(name, value)| (name.clone(), stored(value)));
    typed(all.collect()).ok_or_else(|| {
        // The one that is misread by itself.
        let misread = attribute::ALL.iter().find(|attribute| {
            let value = attributes.get(attribute.name()).map(stored);
            let alone = value.map(|value| HashMap::from([(attribute.name().to_owned(), value)]));
            alone.is_some_and(|alone| typed::<R>(alone).is_none())
        });
        misread.map_or(Misread::Whole, |attribute| {
            Misread::NotUnderstood(*attribute)
        })
    })
}

fn typed<R: Record>(attributes: HashMap<String, Stored>) -> Option<R> {
    serde_dynamo::from_item(attributes).ok()
}

/// A value as `serde_dynamo` takes it, without what it would take for something else: a null for
/// nothing, a list for a set or for a structure, a set of numbers or bytes for one of texts. No record
/// holds any of these, and where a later version does, it is passed over.
fn stored(value: &AttributeValue) -> Stored {
    match value {
        AttributeValue::S(text) => Stored::S(text.clone()),
        AttributeValue::N(number) if number.parse::<f64>().is_ok() => Stored::N(number.clone()),
        AttributeValue::B(bytes) => Stored::B(bytes.as_ref().to_vec()),
        AttributeValue::Bool(flag) => Stored::Bool(*flag),
        AttributeValue::Ss(texts) => Stored::Ss(texts.clone()),
        AttributeValue::M(entries) => {
            let entries = entries.iter();
            Stored::M(
                entries
                    .map(|(name, value)| (name.clone(), stored(value)))
                    .collect(),
            )
        }
        // Refused by every field, and passed over where there is none.
        _ => Stored::Ns(vec!["0".to_owned()]),
    }
}

/// An attribute that must be there.
pub(crate) fn required<T>(value: Option<T>, attribute: Attribute) -> Result<T, Misread> {
    value.ok_or(Misread::Missing(attribute))
}

/// Two attributes that are there together or not at all.
pub(crate) fn both<A, B>(
    (one, first): (Option<A>, Attribute),
    (other, second): (Option<B>, Attribute),
) -> Result<Option<(A, B)>, Misread> {
    match (one, other) {
        (Some(one), Some(other)) => Ok(Some((one, other))),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Misread::Missing(first)),
        (Some(_), None) => Err(Misread::Missing(second)),
    }
}

/// What the table holds as a text of a form of its own.
pub(crate) trait Form: Sized {
    /// Reads the text; none where it has not that form.
    fn read(text: &str) -> Option<Self>;
}

macro_rules! forms {
    ($($form:ty => $read:expr;)*) => {
        $(impl Form for $form {
            fn read(text: &str) -> Option<Self> {
                $read(text)
            }
        })*
    };
}

forms! {
    InvocationId => InvocationId::parse;
    ClientId => |text| ClientId::parse(text).ok();
    ConsentBy => ConsentBy::parse;
    DocumentKey => DocumentKey::parse;
    Reason => Reason::parse;
    Sha256Digest => Sha256Digest::from_hex;
    Steps => |text: &str| text.parse().ok();
    UserName => |text| UserName::parse(text).ok();
    Verdict => Verdict::parse;
    face_data::Model => |text: &str| text.parse().ok();
    // Its own reading takes an unknown name for a failed comparison.
    lockout::State => |text| Some(Self::parse(text)).filter(|state| state.name() == text);
    profile::State => profile::State::parse;
}

/// A text of a form.
pub(crate) fn text<'de, D: Deserializer<'de>, T: Form>(from: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(from)?;
    let read = T::read(&text).ok_or_else(|| D::Error::custom("not of its form"))?;
    Ok(Some(read))
}

/// Bytes.
pub(crate) fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
    }

    from.deserialize_bytes(Bytes).map(Some)
}
