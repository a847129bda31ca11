//! The moment now, for a call that was told when it began.

use std::time::Duration;

use signin_core::id::InvocationId;
use signin_core::round::Invocation;
use signin_core::time::Timestamp;
use tokio::time::Instant;

/// A call of a function: which one, and how long it has been running.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Tells it from every other, its own repeat included.
    pub id: InvocationId,
    /// Since when it runs.
    pub watch: Stopwatch,
}

impl Call {
    /// This invocation's, which begins now.
    pub fn of(invocation: Invocation) -> Self {
        Self {
            id: invocation.id,
            watch: Stopwatch::start(invocation.at),
        }
    }
}

/// Runs from the moment a function was called.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    began: Timestamp,
    instant: Instant,
}

impl Stopwatch {
    /// Starts at this moment.
    pub fn start(now: Timestamp) -> Self {
        Self {
            began: now,
            instant: Instant::now(),
        }
    }

    /// The moment now.
    pub fn now(&self) -> Timestamp {
        self.began.plus(self.instant.elapsed())
    }

    /// The instant at which this much time has been used up.
    pub fn after(&self, budget: Duration) -> Instant {
        self.instant + budget
    }
}
