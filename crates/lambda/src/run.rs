//! Starting a function and keeping it running.

use std::time::Instant;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use signin_core::round::Invocation;

use crate::settings::InvalidSetting;
use crate::{Event, Refusal, clock, random};

/// Why a function did not start, or stopped.
#[derive(thiserror::Error)]
pub enum Failure {
    /// A setting is missing or wrong.
    #[error("{0}")]
    Setting(#[from] InvalidSetting),
    /// The runtime's own interface failed.
    #[error("the Lambda runtime interface failed: {0}")]
    Runtime(#[from] lambda_runtime::Error),
}

/// What a process prints that ends with an error from `main`: the message alone.
impl std::fmt::Debug for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Serves events until Lambda ends the process, with one line in the log for each: how it
/// ended and how long it took, and nothing of what it carried.
pub async fn run<F>(handler: F) -> Result<(), Failure>
where
    F: AsyncFn(Value) -> Result<Value, Refusal>,
{
    crate::log::init();
    let handler = &handler;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let began = Instant::now();
        // On the heap: the SDK's futures are large.
        let result = Box::pin(handler(event.payload)).await;
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let request = event.context.request_id;
        match &result {
            Ok(_) => tracing::info!(target: "signin", request, milliseconds, "served"),
            Err(refusal) => {
                tracing::warn!(target: "signin", request, milliseconds, %refusal, "refused");
            }
        }
        result
    }))
    .await?;
    Ok(())
}

/// Runs a trigger of Cognito's: `read` takes from the event what the trigger is about, `work` does it,
/// and `respond` fills its outcome in.
pub async fn trigger<I, O>(
    read: impl Fn(&Event) -> Result<I, Refusal>,
    work: impl AsyncFn(I, Invocation) -> Result<O, Refusal>,
    respond: impl Fn(Event, O) -> Value,
) -> Result<(), Failure> {
    run(async |event| {
        let invocation = invocation()?;
        let event = Event::new(event)?;
        let outcome = work(read(&event)?, invocation).await?;
        Ok(respond(event, outcome))
    })
    .await
}

/// An invocation that begins now.
pub fn invocation() -> Result<Invocation, Refusal> {
    Ok(Invocation {
        id: random::call_id()?,
        at: clock::now(),
    })
}
