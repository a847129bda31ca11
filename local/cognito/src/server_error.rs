//! Why the server ends.

use std::io;

use crate::state::StateError;
use crate::tokens::KeyError;

/// Why the server could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The signing key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The state cannot be kept.
    #[error(transparent)]
    State(#[from] StateError),
    /// The client of the deployed stack could not be set up.
    #[error("no client of the deployed stack: {0}")]
    Stack(String),
    /// The socket failed.
    #[error("the socket failed: {0}")]
    Socket(#[from] io::Error),
}
