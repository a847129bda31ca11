//! The order of the calls behind each trigger, written once: what `signin-core` decides and what
//! `signin-aws` can do, put together. It names no type of an SDK's and none of Lambda's.
//!
//! An answer goes through [`verify`]: reserve and fetch side by side, examine, judge, record while what
//! was sent is cleaned up, and give back what a fault kept from a verdict. What a factor is, is in one
//! module of `factor` each.
//!
//! Everything is generic over [`Services`], so that tests run this very code over services in memory:
//! `tests/interleavings.rs` in every order that calls can come in, with invocations that die and
//! answers that are lost.

mod attempt;
mod factor;
mod verdict;

pub mod address;
pub mod confirm;
pub mod create;
pub mod documents;
pub mod enrol;
pub mod mail;
pub mod services;
pub mod sign_up;
pub mod sweep;
pub mod tokens;
pub mod verify;

pub use services::{Aws, Services};
