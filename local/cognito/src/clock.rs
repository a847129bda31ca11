//! The one place that reads the clock. Tests move it through `POST /_local/clock`.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970-01-01 UTC.
pub(crate) type Seconds = i64;

/// How far the clock may be moved, either way: ten years.
pub(crate) const MAX_OFFSET: Seconds = 10 * 365 * 86_400;

/// The machine's clock plus an offset.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset: AtomicI64,
}

impl Clock {
    /// The time that users, codes, sessions and tokens live by.
    pub(crate) fn now(&self) -> Seconds {
        let since_epoch = machine_time()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let seconds = Seconds::try_from(since_epoch.as_secs()).unwrap_or(Seconds::MAX);
        seconds.saturating_add(self.offset.load(Ordering::Relaxed))
    }

    /// Replaces the offset; `false` when it is out of bounds.
    pub(crate) fn set_offset(&self, offset: Seconds) -> bool {
        let allowed = (-MAX_OFFSET..=MAX_OFFSET).contains(&offset);
        if allowed {
            self.offset.store(offset, Ordering::Relaxed);
        }
        allowed
    }
}

/// The machine's own time, which signatures towards the stack need.
#[expect(
    clippy::disallowed_methods,
    reason = "the server reads the clock here and nowhere else"
)]
pub(crate) fn machine_time() -> SystemTime {
    SystemTime::now()
}
