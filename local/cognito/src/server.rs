//! Starting and stopping.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use local_guard::Guard;
use tokio::net::TcpListener;

use crate::operations::UserPools;
use crate::server_error::ServerError;
use crate::ses::{Identity, Ses};
use crate::stack::{Stack, StackAccess};
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
    /// The origins of the pages that may call it, such as `http://localhost:5173`.
    pub pages: Vec<String>,
    /// The ports of servers that pass requests on with the `Host` that they came with.
    pub siblings: Vec<u16>,
    /// The SES identities that are verified: what functions may send mail from, if their roles allow
    /// it.
    pub identities: Vec<Identity>,
}

impl Settings {
    /// Cognito's own patience (developer guide, "Lambda trigger considerations").
    pub const TRIGGER_TIMEOUT: Duration = Duration::from_secs(5);
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
    let address = listener.local_addr()?;
    let key = settings.stack.key();
    let guard = Guard::new(address.port())
        .behind(settings.siblings)
        .called_by(settings.pages.clone(), wire::for_pages);
    let stack =
        Stack::new(settings.stack).map_err(|error| ServerError::Stack(error.to_string()))?;
    let ses = Ses::new(settings.identities);
    let pools = UserPools::open(stack, ses, settings.trigger_timeout, settings.state)?;
    let router = wire::router(Arc::new(pools), key, address, &settings.pages);
    axum::serve(listener, guard.protect(router))
        .with_graceful_shutdown(shutdown)
        .await?;
    Ok(())
}
