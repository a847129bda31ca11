//! The one place that reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// The machine's time.
#[expect(
    clippy::disallowed_methods,
    reason = "the server reads the clock here and nowhere else"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// Seconds since 1970.
pub(crate) fn seconds() -> f64 {
    now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}
