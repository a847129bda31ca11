//! The one place that reads the clock.

use std::time::SystemTime;

/// The machine's time.
#[expect(
    clippy::disallowed_methods,
    reason = "the server reads the clock here and nowhere else"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}
