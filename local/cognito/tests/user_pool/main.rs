//! The user pool over its wire, with a stack that answers from a script.

#![allow(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod client;
mod flows;
mod harness;
mod mail;
mod persistence;
mod rules;
mod rules_administrators;
mod rules_letters;
mod rules_requests;
mod rules_tokens;
mod stack;
mod wire;
