//! The items of the table, one module each: their attributes, how they are read, and what is written
//! to them. Nothing here calls the service; what is written together, and when, is for whoever calls.

mod attempts;
#[cfg(test)]
mod before_chains;
mod challenge;
mod enrolment;
mod keys;
mod mails;
mod notices;
mod pass;
mod picture;
mod profile;
mod read;
#[cfg(test)]
mod tests;

pub use attempts::{EmptiedBy, OnPath};
pub(super) use attempts::{attempts_key, empty, on_path, reserve_attempt, settle_attempt};
pub(super) use challenge::{idempotency_record, verdict_of_call};
pub(super) use enrolment::{activated, awaited, enrolment, replaced};
pub(super) use keys::{owed_enrolment, owed_profile, owner};
pub use mails::Order;
pub(super) use mails::{empty_sent, failed, mailed, order, order_key, order_read, sent, sent_key};
pub use notices::{Errand, Owed};
pub(super) use notices::{
    browser_key, forget_browser, notice_key, owed_notice, seen_at_enrolment, seen_browser, tell,
    tell_at, told,
};
pub use pass::{PassedFace, PassedFactor};
pub(super) use pass::{account, pass, record_pass};
pub(super) use picture::{PICTURE_KEPT, remembered};
pub(super) use profile::{activate, face_attributes, forget_data, profile, set_consent, set_data};
