//! A fault: a service did not do what it was asked.
//!
//! A fault names the operation and the kind of failure and nothing else. The SDK's own errors
//! carry requests and responses (a cancelled transaction even whole items), so they are reduced
//! here and never printed.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use signin_core::alarm::FAULT;
use signin_core::reason::Unavailable;
use tokio::time::Instant;

/// A service did not do what it was asked; the attempt is nobody's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    operation: &'static str,
    kind: String,
}

impl Fault {
    /// Reduces an SDK's error to operation and kind.
    pub(crate) fn of<E: ProvideErrorMetadata, R>(
        operation: &'static str,
        error: &SdkError<E, R>,
    ) -> Self {
        let kind = match error {
            SdkError::TimeoutError(_) => "timed out",
            SdkError::DispatchFailure(_) => "not reached",
            SdkError::ResponseError(_) => "answer not understood",
            SdkError::ServiceError(error) => error.err().code().unwrap_or("no error code"),
            _ => "request not built",
        };
        Self {
            operation,
            kind: kind.to_owned(),
        }
    }

    /// A fault that is not an error of the SDK's.
    pub fn new(operation: &'static str, kind: &str) -> Self {
        Self {
            operation,
            kind: kind.to_owned(),
        }
    }

    /// Writes the fault to the log, where an alarm counts it.
    pub fn log(&self) {
        let Self { operation, kind } = self;
        tracing::error!(target: "signin", operation, kind, "{FAULT}");
    }
}

/// Writes a fault to the log, of which whoever called needs to know no more than that there was one.
pub fn told<T>(done: Result<T, Fault>) -> Result<T, Unavailable> {
    done.map_err(|fault| {
        fault.log();
        Unavailable
    })
}

/// Waits for some work, and makes a fault of it where it takes too long. The work is put on the
/// heap: the SDK's futures are large, and callers nest them.
pub fn in_time<T>(
    operation: &'static str,
    until: Instant,
    work: impl Future<Output = Result<T, Fault>>,
) -> impl Future<Output = Result<T, Fault>> {
    let work = Box::pin(work);
    async move {
        let done = tokio::time::timeout_at(until, work).await;
        done.unwrap_or_else(|_| Err(Fault::new(operation, "deadline exceeded")))
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.operation, self.kind)
    }
}

impl std::error::Error for Fault {}
