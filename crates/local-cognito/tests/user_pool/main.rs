//! The user pool over its wire, with a stack that answers from a script.

#![allow(clippy::unwrap_used, reason = "tests")]

mod client;
mod harness;
mod rules;
mod stack;
mod wire;
