//! `PROFILE`: what is known of a user.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use signin_core::face_data::FaceData;
use signin_core::id::FaceId;
use signin_core::profile::{
    Consent, ConsentBy, EnrolledFace, Profile, State, StoredData, StoredDocument,
};
use signin_core::reset::Reset;
use signin_core::time::Timestamp;

use super::super::item::{Item, Write, bytes, text, time};
use super::{digest, enrolment_id};

/// The names under which face data are stored: what they are, from which enrolment, and whether
/// sign-up has brought them.
const FACE_DATA: [&str; 4] = ["faceData", "faceDataModel", "dataOf", "dataFromSignUp"];

/// Stores a consent.
pub(crate) fn set_consent(write: Write, version: &str, by: ConsentBy, at: Timestamp) -> Write {
    write
        .set("consent", text(version))
        .set("consentAt", time(at))
        .set("consentBy", text(by.name()))
}

/// Stores face data.
pub(crate) fn set_data(write: Write, data: &FaceData) -> Write {
    write
        .set("faceData", bytes(&data.to_bytes()))
        .set("faceDataModel", text(data.model().name()))
}

/// Forgets face data that are nobody's proven own.
pub(crate) fn forget_data(write: Write) -> Write {
    write.remove(FACE_DATA)
}

fn stored_data(item: &Item) -> Option<StoredData> {
    let model = item.text("faceDataModel")?.parse().ok()?;
    Some(StoredData {
        data: FaceData::from_bytes(model, item.bytes("faceData")?).ok()?,
        of: enrolment_id(item, "dataOf"),
    })
}

fn consent(item: &Item) -> Option<Consent> {
    Some(Consent {
        version: item.text("consent")?.to_owned(),
        at: item.time("consentAt")?,
        by: ConsentBy::parse(item.text("consentBy")?)?,
    })
}

pub(crate) fn profile(item: &Item) -> Profile {
    Profile {
        state: item.text("state").and_then(State::parse),
        faces: item
            .map("faces")
            .iter()
            .filter_map(|(id, face)| enrolled(id, face))
            .collect(),
        data: stored_data(item),
        data_from_sign_up: item.flag("dataFromSignUp"),
        enrolment: enrolment_id(item, "enrolment"),
        waiting: enrolment_id(item, "waiting"),
        consent: consent(item),
        binding: digest(item, "binding"),
        reset: item.time("resetAt").map(|at| Reset {
            at,
            binding: digest(item, "resetBinding"),
        }),
    }
}

/// Reads a face's attributes, which are the same in a profile and in an enrolment.
pub(crate) fn enrolled(id: &str, face: &Item) -> Option<EnrolledFace> {
    let document = face.text("documentKey").zip(face.text("documentVersion"));
    Some(EnrolledFace {
        id: FaceId::new(id),
        collection: face.text("collection")?.to_owned(),
        model_version: face.text("modelVersion")?.to_owned(),
        indexed_at: face.time("indexedAt")?,
        document: document.map(|(key, version)| StoredDocument {
            key: key.to_owned(),
            version: version.to_owned(),
        }),
    })
}

/// A face's attributes, the same in a profile and in an enrolment.
pub(crate) fn face_attributes(face: &EnrolledFace) -> HashMap<String, AttributeValue> {
    let document = face.document.iter().flat_map(|document| {
        [
            ("documentKey", text(&document.key)),
            ("documentVersion", text(&document.version)),
        ]
    });
    let attributes = [
        ("collection", text(&face.collection)),
        ("modelVersion", text(&face.model_version)),
        ("indexedAt", time(face.indexed_at)),
    ];
    attributes
        .into_iter()
        .chain(document)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Makes a face the user's, where there is none.
pub(crate) fn activate(profile: Write, face: &EnrolledFace) -> Write {
    let faces = HashMap::from([(
        face.id.as_str().to_owned(),
        AttributeValue::M(face_attributes(face)),
    )]);
    profile
        .set("state", text(State::Active.name()))
        .set("faces", AttributeValue::M(faces))
        .remove(["enrolment", "binding", "waiting", "ttl"])
        .if_absent("faces")
}
