//! A Cognito user pool with custom authentication, on this machine, and the mail of its stack.
//!
//! The server speaks the wire protocol of Amazon Cognito's identity provider, so that unmodified
//! AWS clients sign up and sign in. It keeps users, sessions and tokens in memory, and where it is
//! given a file there as well, so that a restart forgets nothing; the settings of pool and app client, and the triggers, are those of the stack
//! deployed behind `AWS_ENDPOINT_URL`, read from there whenever a client calls.
//!
//! A request passes through these rooms:
//!
//! | module | what it does there |
//! | --- | --- |
//! | `wire` | HTTP, CORS, the operation's name, one log line; knows no user |
//! | `requests` | parses the body, once it is held to the API model |
//! | `model` | what the API model lets a request hold, and the refusal of what it does not |
//! | `administrators` | who signed a request, and what they may do |
//! | `operations` | what each operation does, in the order in which Cognito does it |
//! | `sign_in` | the state machine of a custom sign-in |
//! | `triggers` | the events that Lambda functions see, and their answers |
//! | `ses` | mail that functions send: Amazon SES's `SendEmail`, at a path of its own |
//! | `mailbox` | all mail, Cognito's and functions' |
//! | `pool` | users, sessions and refresh tokens; every change is one step under one lock |
//! | `state` | the file that survives a restart, replaced before an answer goes out |
//! | `stack` | the AWS calls: settings, invocations |
//!
//! Cognito refuses what it does not know with a reason, and so does this: a pool or client that
//! asks for something not built here is an error that names it, never silently less safe.

mod administrators;
mod clock;
mod error;
mod mailbox;
mod model;
mod operations;
mod passwords;
mod pool;
mod requests;
mod server;
mod server_error;
mod ses;
mod session;
mod settings;
mod sign_in;
mod stack;
mod state;
mod token_overrides;
mod tokens;
mod triggers;
mod wire;

pub use server::{Settings, serve};
pub use server_error::ServerError;
pub use ses::{Identity, NotAnIdentity};
pub use stack::StackAccess;
pub use state::StateError;
pub use tokens::KeyError;
