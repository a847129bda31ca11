//! The one place that reads the clock.

use std::time::SystemTime;

use time::OffsetDateTime;

/// Now, as the proof of a password needs it.
#[expect(
    clippy::disallowed_methods,
    reason = "the client reads the clock here and nowhere else"
)]
pub(crate) fn now() -> OffsetDateTime {
    SystemTime::now().into()
}
