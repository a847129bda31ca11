//! Starting and stopping.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::operations::UserPools;
use crate::stack::{Stack, StackAccess};
use crate::state::StateError;
use crate::tokens::KeyError;
use crate::wire;

/// What the server is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the deployed stack is.
    pub stack: StackAccess,
    /// How long a trigger may take before it is called again. Cognito waits
    /// [`Settings::TRIGGER_TIMEOUT`]; tests need not.
    pub trigger_timeout: Duration,
    /// The file in which users, sessions and tokens survive a restart; none to forget them.
    pub state: Option<PathBuf>,
}

impl Settings {
    /// Cognito's own patience (developer guide, "Lambda trigger considerations").
    pub const TRIGGER_TIMEOUT: Duration = Duration::from_secs(5);
}

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

/// Serves on a bound socket until `shutdown` comes, then finishes what is under way.
///
/// # Errors
/// When no key can be made or the socket fails.
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    let address = format!("http://{}", listener.local_addr()?);
    let stack =
        Stack::new(settings.stack).map_err(|error| ServerError::Stack(error.to_string()))?;
    let pools = UserPools::open(stack, settings.trigger_timeout, settings.state)?;
    let router = wire::router(Arc::new(pools), &address);
    axum::serve(listener, router)
        .with_graceful_shutdown(shutdown)
        .await?;
    Ok(())
}
