//! The rules of a sign-in with a face: which steps a session has to pass, when tokens are due,
//! what a wrong attempt costs, what a picture must be, and what an answer means.
//!
//! Everything here is a pure function of its arguments. There is no I/O, no clock, no
//! randomness and no type of AWS's: time, random bytes and what was read from a store are
//! handed in, what is to be written is handed back.

pub mod alarm;
pub mod answer;
pub mod budget;
pub mod challenge;
pub mod enrolment;
pub mod envelope;
pub mod face;
pub mod face_data;
pub mod factor;
pub mod id;
pub mod idempotency;
pub mod key;
pub mod lockout;
pub mod mail;
pub mod notice;
pub mod pass;
pub mod picture;
pub mod policy;
pub mod profile;
pub mod reason;
pub mod reset;
pub mod round;
pub mod secret;
pub mod session;
pub mod sign_up;
pub mod step;
pub mod time;
