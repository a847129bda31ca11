//! How a server of the local stack is told to stop.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Ends when this process is told to stop: by Ctrl-C, or by whoever started it. From the call on,
/// neither ends the process by itself. Fails where signals cannot be listened to.
pub fn stopped() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
