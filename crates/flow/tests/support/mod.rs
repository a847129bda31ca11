//! What the tests of this crate share: services in memory, and what decides in which order their calls
//! are carried out.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(unreachable_pub, reason = "nothing is reached from a test")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

pub mod explorer;
pub mod fake;
pub mod led;
pub mod people;
