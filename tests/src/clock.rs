//! The one place of the end-to-end tests where the clock is read.

use std::time::SystemTime;

/// The moment now.
#[expect(
    clippy::disallowed_methods,
    reason = "requests are signed for, and invocations end at, a moment of the real clock"
)]
pub fn now() -> SystemTime {
    SystemTime::now()
}
