//! The one place of a function where the clock is read.

use std::time::{SystemTime, UNIX_EPOCH};

use signin_core::time::Timestamp;

/// The moment now.
#[expect(
    clippy::disallowed_methods,
    reason = "this crate reads the clock, so that nobody else must"
)]
pub fn now() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
