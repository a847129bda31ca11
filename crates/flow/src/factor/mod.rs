//! The factors: what each one reads, compares and cleans up.

pub(crate) mod face;
pub(crate) mod face_data;
