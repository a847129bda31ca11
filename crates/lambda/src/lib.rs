//! Where a Lambda function meets the rules: it starts the function, turns events into what
//! `signin-core` understands and decisions back into what Cognito, S3 and CloudFormation
//! expect, and keeps two things apart: what a caller sees of an error and what a log sees.
//!
//! Only this crate knows Lambda's event types, reads the clock and draws random numbers. It
//! links no AWS SDK, so that define-auth-challenge does not either.

mod error;
mod event;
mod log;
mod run;

pub mod clock;
pub mod create_auth_challenge;
pub mod custom_message;
pub mod custom_resource;
pub mod define_auth_challenge;
pub mod object_created;
pub mod post_confirmation;
pub mod pre_signup;
pub mod pre_token_generation;
pub mod random;
pub mod scheduled;
pub mod settings;
pub mod stream;
pub mod verify_auth_challenge;

pub use error::Refusal;
pub use event::Event;
pub use run::{Failure, invocation, run, trigger};
