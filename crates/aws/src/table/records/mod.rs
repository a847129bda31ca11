//! The items of the table, one module each: their attributes, how they are read, and what is written
//! to them. Nothing here calls the service; what is written together, and when, is for whoever calls.

mod challenge;
mod enrolment;
mod pass;
mod picture;
mod profile;
mod tries;

use signin_core::id::EnrolmentId;
use signin_core::secret::Sha256Digest;

pub(super) use challenge::{consumption, verdict_of_call};
pub(super) use enrolment::{activated, awaited, enrolment, replaced};
pub use pass::{FullPass, PassedFace};
pub(super) use pass::{account, pass, record_pass};
pub(super) use picture::{PICTURE_KEPT, remembered};
pub(super) use profile::{activate, face_attributes, forget_data, profile, set_consent, set_data};
pub use tries::{EmptiedBy, OnPath};
pub(super) use tries::{empty, on_path, reserve_try, settle_try, tries_key};

use super::item::Item;

pub(crate) fn digest(item: &Item, name: &str) -> Option<Sha256Digest> {
    item.text(name).and_then(Sha256Digest::from_hex)
}

pub(crate) fn enrolment_id(item: &Item, name: &str) -> Option<EnrolmentId> {
    item.text(name).and_then(|id| EnrolmentId::parse(id).ok())
}
