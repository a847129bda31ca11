//! `PROFILE`: what is known of a user.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use signin_core::face_data::{FaceData, Model};
use signin_core::id::{EnrolmentId, FaceId};
use signin_core::profile::{
    Consent, ConsentBy, EnrolledFace, Profile, State, StoredData, StoredDocument,
};
use signin_core::reset::Reset;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

use super::super::attribute::{
    Attribute, BINDING, COLLECTION, CONSENT, CONSENT_AT, CONSENT_BY, DATA_FROM_SIGN_UP, DATA_OF,
    DOCUMENT_KEY, DOCUMENT_VERSION, ENROLMENT, FACE_DATA, FACE_DATA_MODEL, FACES, INDEXED_AT,
    MODEL_VERSION, RESET_AT, STATE, TTL, WAITING,
};
use super::super::item::{Item, Write, bytes, map, text, time};
use super::read::{self, Misread, Record, both, read, required};
use crate::fault::Fault;

/// The names under which face data are stored: what they are, from which enrolment, and whether
/// sign-up has brought them.
const ALL_FACE_DATA: [Attribute; 4] = [FACE_DATA, FACE_DATA_MODEL, DATA_OF, DATA_FROM_SIGN_UP];

/// Stores a consent.
pub(crate) fn set_consent(write: Write, version: &str, by: ConsentBy, at: Timestamp) -> Write {
    write
        .set(CONSENT, text(version))
        .set(CONSENT_AT, time(at))
        .set(CONSENT_BY, text(by.name()))
}

/// Stores face data.
pub(crate) fn set_data(write: Write, data: &FaceData) -> Write {
    write
        .set(FACE_DATA, bytes(&data.to_bytes()))
        .set(FACE_DATA_MODEL, text(data.model().name()))
}

/// Forgets face data that are nobody's proven own.
pub(crate) fn forget_data(write: Write) -> Write {
    write.remove(ALL_FACE_DATA)
}

/// What the table holds of a user.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ProfileRecord {
    #[serde(deserialize_with = "read::text")]
    state: Option<State>,
    faces: BTreeMap<String, FaceRecord>,
    #[serde(deserialize_with = "read::bytes")]
    face_data: Option<Vec<u8>>,
    #[serde(deserialize_with = "read::text")]
    face_data_model: Option<Model>,
    data_of: Option<EnrolmentId>,
    data_from_sign_up: Option<bool>,
    enrolment: Option<EnrolmentId>,
    waiting: Option<EnrolmentId>,
    consent: Option<String>,
    consent_at: Option<Timestamp>,
    #[serde(deserialize_with = "read::text")]
    consent_by: Option<ConsentBy>,
    #[serde(deserialize_with = "read::text")]
    binding: Option<Sha256Digest>,
    reset_at: Option<Timestamp>,
    #[serde(deserialize_with = "read::text")]
    reset_binding: Option<Sha256Digest>,
    pub(crate) sign_out_owed: Option<Timestamp>,
}

impl Record for ProfileRecord {
    const READ: &'static str = "ReadProfile";
}

impl TryFrom<ProfileRecord> for Profile {
    type Error = Misread;

    /// Every attribute may be missing: a profile begins with any write to it, a sign-up, a reset, an
    /// operator's upload or a sign-out that is owed.
    fn try_from(record: ProfileRecord) -> Result<Self, Misread> {
        let faces = record.faces.into_iter();
        let faces = faces.map(|(id, face)| {
            // Whatever is wrong within is wrong with the faces.
            let face = face.of(FaceId::new(id));
            face.map_err(|_| Misread::NotUnderstood(FACES))
        });
        let data = both(
            (record.face_data, FACE_DATA),
            (record.face_data_model, FACE_DATA_MODEL),
        )?;
        let data = match data {
            Some((bytes, model)) => Some(StoredData {
                data: FaceData::from_bytes(model, &bytes)
                    .map_err(|_| Misread::NotUnderstood(FACE_DATA))?,
                // None while sign-up alone has brought them.
                of: record.data_of,
            }),
            None => None,
        };
        let consent = match record.consent_by {
            Some(by) => Some(Consent {
                version: required(record.consent, CONSENT)?,
                at: required(record.consent_at, CONSENT_AT)?,
                by,
            }),
            // Versions before did not say whose it is: it is nobody's that counts.
            None => None,
        };
        let reset = match (record.reset_at, record.reset_binding) {
            // None where the reset brought no secret.
            (Some(at), binding) => Some(Reset { at, binding }),
            (None, Some(_)) => return Err(Misread::Missing(RESET_AT)),
            (None, None) => None,
        };
        Ok(Self {
            state: record.state,
            faces: faces.collect::<Result<_, _>>()?,
            data,
            // Written where sign-up has brought face data, and taken away with them.
            data_from_sign_up: record.data_from_sign_up.unwrap_or_default(),
            enrolment: record.enrolment,
            waiting: record.waiting,
            consent,
            binding: record.binding,
            reset,
        })
    }
}

/// Reads a profile.
pub(crate) fn profile(item: &Item) -> Result<Profile, Fault> {
    read::<ProfileRecord, _>(item)
}

/// What the table holds of a face, the same in a profile and in an enrolment.
#[derive(Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FaceRecord {
    pub(crate) collection: Option<String>,
    pub(crate) model_version: Option<String>,
    pub(crate) indexed_at: Option<Timestamp>,
    pub(crate) document_key: Option<String>,
    pub(crate) document_version: Option<String>,
}

impl FaceRecord {
    /// The face of this id.
    pub(crate) fn of(self, id: FaceId) -> Result<EnrolledFace, Misread> {
        // Neither where documents are not kept.
        let document = both(
            (self.document_key, DOCUMENT_KEY),
            (self.document_version, DOCUMENT_VERSION),
        )?;
        Ok(EnrolledFace {
            id,
            collection: required(self.collection, COLLECTION)?,
            model_version: required(self.model_version, MODEL_VERSION)?,
            indexed_at: required(self.indexed_at, INDEXED_AT)?,
            document: document.map(|(key, version)| StoredDocument { key, version }),
        })
    }
}

/// A face's attributes, the same in a profile and in an enrolment.
pub(crate) fn face_attributes(
    face: &EnrolledFace,
) -> impl Iterator<Item = (Attribute, AttributeValue)> {
    let document = face.document.iter().flat_map(|document| {
        [
            (DOCUMENT_KEY, text(&document.key)),
            (DOCUMENT_VERSION, text(&document.version)),
        ]
    });
    let attributes = [
        (COLLECTION, text(&face.collection)),
        (MODEL_VERSION, text(&face.model_version)),
        (INDEXED_AT, time(face.indexed_at)),
    ];
    attributes.into_iter().chain(document)
}

/// Makes a face the user's, where there is none. Face data of an enrolment that this one has replaced
/// were never signed in with, and would become active with the account.
pub(crate) fn activate(profile: Write, face: &EnrolledFace) -> Write {
    let faces = HashMap::from([(face.id.as_str().to_owned(), map(face_attributes(face)))]);
    let profile = forget_data(profile);
    profile
        .set(STATE, text(State::Active.name()))
        .set(FACES, AttributeValue::M(faces))
        .remove([ENROLMENT, BINDING, WAITING, TTL])
        .if_absent(FACES)
}
