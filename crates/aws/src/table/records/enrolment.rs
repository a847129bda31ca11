//! `ENROLMENT#<id>`: how far an enrolment is.

use aws_sdk_dynamodb::types::AttributeValue;
use signin_core::enrolment::{Enrolment, KEPT, Remains, State};
use signin_core::id::{CallId, EnrolmentId, UserName};
use signin_core::key::DocumentKey;
use signin_core::profile::EnrolledFace;
use signin_core::reason::Reason;
use signin_core::time::Timestamp;

use super::super::item::{Item, Write, number, text, ttl};
use super::super::owed::{Debt, owe};
use super::super::{enrolment_key, enrolment_of};
use super::digest;
use super::profile::enrolled;

/// Marks an enrolment as one to be undone, at once. It keeps what says where its face and its
/// document are.
pub(crate) fn replaced(user: &UserName, id: &EnrolmentId, now: Timestamp) -> Write {
    let state = State::Replaced(Remains::default());
    let write = Write::to(enrolment_key(user, id))
        .set("state", text(state.name()))
        .set("ttl", ttl(now.plus(KEPT)));
    owe(write, Debt::Enrolment, now)
}

/// Makes an enrolment the one that its user's face came from. What may still be owed of it stays
/// owed: faces that calls have left which lost their lease.
pub(crate) fn activated(user: &UserName, id: &EnrolmentId, face: &EnrolledFace) -> Write {
    Write::to(enrolment_key(user, id))
        .set("state", text(State::Active(face.clone()).name()))
        .remove(["ttl"])
        .if_equal("state", text(State::Indexed(face.clone()).name()))
        .if_equal("faceId", text(face.id.as_str()))
}

/// A new enrolment's attributes.
pub(crate) fn awaited(
    key: &DocumentKey,
    now: Timestamp,
) -> impl Iterator<Item = (&'static str, AttributeValue)> {
    [
        ("key", text(key.to_string())),
        ("state", text(State::Awaited.name())),
        ("recognitions", number(0_u32)),
        ("ttl", ttl(now.plus(KEPT))),
    ]
    .into_iter()
}

/// Reads an enrolment; none where its record is not one of ours.
pub(crate) fn enrolment(item: &Item) -> Option<Enrolment> {
    let face = || enrolled(item.text("faceId")?, item);
    let state = match item.text("state")? {
        "AWAITED" => State::Awaited,
        "INDEXING" => State::Indexing {
            call: CallId::parse(item.text("call")?)?,
            lease: item.time("lease")?,
        },
        "INDEXED" => State::Indexed(face()?),
        "ACTIVE" => State::Active(face()?),
        "REJECTED" => State::Rejected(Reason::parse(item.text("reason")?)?),
        "REPLACED" => State::Replaced(Remains {
            face: face(),
            lease: item.time("lease"),
        }),
        _ => return None,
    };
    let (user, id) = enrolment_of(item.text("PK")?, item.text("SK")?)?;
    Some(Enrolment {
        user,
        // A record that was marked as replaced and was not there has nothing but its name.
        key: match item.text("key") {
            Some(key) => DocumentKey::parse(key)?,
            None => DocumentKey::Enrolment(id.clone()),
        },
        id,
        state,
        binding: digest(item, "binding"),
        version: item.text("version").map(str::to_owned),
        recognitions: item
            .number("recognitions")
            .map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX)),
        unsettled: item.texts("unsettled"),
        owed_at: item.time("owedAt"),
    })
}
