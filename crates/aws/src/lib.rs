//! The sign-in's data and pictures over the AWS SDKs.
//!
//! Only this crate names a type of an SDK's. What it offers is in the words of `signin-core`:
//! a [`table::UserTable`], [`pictures::Bucket`]s, a [`faces::Recognition`] service, presigned POSTs, the
//! [`user_pool`]'s sign-outs and addresses, and [`mail`]. Where the services are is for the SDK's own
//! environment variables to say.

pub mod client;
pub mod faces;
pub mod fault;
pub mod http;
pub mod mail;
pub mod pictures;
pub mod presigned_post;
pub mod stopwatch;
pub mod table;
pub mod user_pool;
