//! `ENROLMENT#<id>`: how far an enrolment is.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use signin_core::enrolment::{Enrolment, KEPT, Remains, State};
use signin_core::id::{EnrolmentId, FaceId, InvocationId, UserName};
use signin_core::key::DocumentKey;
use signin_core::profile::EnrolledFace;
use signin_core::reason::Reason;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

use super::super::attribute::{
    Attribute, CALL, FACE_ID, KEY, LEASE, PK, REASON, RECOGNITIONS, SK, STATE, TTL,
};
use super::super::item::{Item, Write, number, text, ttl};
use super::super::owed::{Debt, owe};
use super::super::{enrolment_key, enrolment_of};
use super::profile::FaceRecord;
use super::read::{self, Misread, Record, read, required};
use crate::fault::Fault;

/// Marks an enrolment as one to be undone, at once. It keeps what says where its face and its
/// document are.
pub(crate) fn replaced(user: &UserName, id: &EnrolmentId, now: Timestamp) -> Write {
    let state = State::Replaced(Remains::default());
    let write = Write::to(enrolment_key(user, id))
        .set(STATE, text(state.name()))
        .set(TTL, ttl(now.plus(KEPT)));
    owe(write, Debt::Enrolment, now)
}

/// Makes an enrolment the one that its user's face came from. What may still be owed of it stays
/// owed: faces that calls have left which lost their lease.
pub(crate) fn activated(user: &UserName, id: &EnrolmentId, face: &EnrolledFace) -> Write {
    Write::to(enrolment_key(user, id))
        .set(STATE, text(State::Active(face.clone()).name()))
        .remove([TTL])
        .if_equal(STATE, text(State::Indexed(face.clone()).name()))
        .if_equal(FACE_ID, text(face.id.as_str()))
}

/// A new enrolment's attributes.
pub(crate) fn awaited(
    key: &DocumentKey,
    now: Timestamp,
) -> impl Iterator<Item = (Attribute, AttributeValue)> {
    [
        (KEY, text(key.to_string())),
        (STATE, text(State::Awaited.name())),
        (RECOGNITIONS, number(0_u32)),
        (TTL, ttl(now.plus(KEPT))),
    ]
    .into_iter()
}

/// What the table holds of an enrolment.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EnrolmentRecord {
    #[serde(rename = "PK")]
    partition: Option<String>,
    #[serde(rename = "SK")]
    sort: Option<String>,
    #[serde(deserialize_with = "read::text")]
    key: Option<DocumentKey>,
    state: Option<String>,
    #[serde(deserialize_with = "read::text")]
    call: Option<InvocationId>,
    lease: Option<Timestamp>,
    #[serde(deserialize_with = "read::text")]
    reason: Option<Reason>,
    face_id: Option<FaceId>,
    collection: Option<String>,
    model_version: Option<String>,
    indexed_at: Option<Timestamp>,
    document_key: Option<String>,
    document_version: Option<String>,
    #[serde(deserialize_with = "read::text")]
    binding: Option<Sha256Digest>,
    version: Option<String>,
    recognitions: Option<u32>,
    #[serde(with = "serde_dynamo::string_set")]
    unsettled: BTreeSet<String>,
    owed_at: Option<Timestamp>,
}

impl Record for EnrolmentRecord {
    const READ: &'static str = "ReadEnrolment";
}

impl TryFrom<EnrolmentRecord> for Enrolment {
    type Error = Misread;

    fn try_from(record: EnrolmentRecord) -> Result<Self, Misread> {
        let partition = required(record.partition, PK)?;
        let sort = required(record.sort, SK)?;
        let (user, id) = enrolment_of(&partition, &sort).ok_or(Misread::NotUnderstood(SK))?;
        let face = FaceRecord {
            collection: record.collection,
            model_version: record.model_version,
            indexed_at: record.indexed_at,
            document_key: record.document_key,
            document_version: record.document_version,
        };
        // None before the picture is indexed: then there is nothing of it at all.
        let face = match record.face_id {
            None if face == FaceRecord::default() => None,
            id => Some(face.of(required(id, FACE_ID)?)?),
        };
        let state = match required(record.state, STATE)?.as_str() {
            "AWAITED" => State::Awaited,
            "INDEXING" => State::Indexing {
                call: required(record.call, CALL)?,
                lease: required(record.lease, LEASE)?,
            },
            "INDEXED" => State::Indexed(required(face, FACE_ID)?),
            "ACTIVE" => State::Active(required(face, FACE_ID)?),
            "REJECTED" => State::Rejected(required(record.reason, REASON)?),
            // It may have been replaced at any time: with a face, under a lease, or without either.
            "REPLACED" => State::Replaced(Remains {
                face,
                lease: record.lease,
            }),
            _ => return Err(Misread::NotUnderstood(STATE)),
        };
        Ok(Self {
            user,
            // One that was marked as replaced and had no record has nothing but its name; and what
            // has no key of its own lies where its name says.
            key: match record.key {
                Some(key) => key,
                None => DocumentKey::Enrolment(id.clone()),
            },
            id,
            state,
            // None for an operator's upload.
            binding: record.binding,
            // None before the first look, and where the bucket keeps no versions.
            version: record.version,
            // None for one that was marked as replaced and had no record.
            recognitions: record.recognitions.unwrap_or_default(),
            // The table holds no empty set.
            unsettled: record.unsettled,
            // None while nothing is owed.
            owed_at: record.owed_at,
        })
    }
}

/// Reads an enrolment.
pub(crate) fn enrolment(item: &Item) -> Result<Enrolment, Fault> {
    read::<EnrolmentRecord, _>(item)
}
