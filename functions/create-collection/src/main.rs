//! create-collection: CloudFormation's custom resource for the face collection.

use std::time::Duration;

use serde_json::Value;
use signin_aws::fault::{Fault, in_time};
use signin_aws::{client, faces::Recognition, http};
use signin_edge::custom_resource::{Envelope, Request, request};
use signin_edge::{Failure, Refusal, run};
use tokio::time::Instant;

/// What the work may take, so that time is left to answer: the function may run for 45 seconds,
/// and sending the answer may take 26 of them.
const BUDGET: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let recognition = Recognition::open(&client::load().await);
    run(async |event| serve(&recognition, &event).await).await
}

/// Does what is asked and answers CloudFormation, whatever comes of it.
async fn serve(recognition: &Recognition, event: &Value) -> Result<Value, Refusal> {
    let envelope = Envelope::read(event)?;
    let outcome = match request(event) {
        Err(expected) => Err(expected.to_owned()),
        Ok(request) => in_time(
            "FaceCollection",
            Instant::now() + BUDGET,
            carry_out(recognition, &request),
        )
        .await
        .map_err(|fault| {
            fault.log();
            fault.to_string()
        }),
    };
    let answer = match &outcome {
        Ok(made) => envelope.answer(Ok(made.as_deref())),
        Err(reason) => envelope.answer(Err(reason)),
    };
    http::put(&envelope.response_url, &answer)
        .await
        .map_err(|fault| {
            fault.log();
            Refusal::unavailable()
        })?;
    Ok(Value::Null)
}

/// Makes or removes the collection; returns the one that now stands.
async fn carry_out(recognition: &Recognition, request: &Request) -> Result<Option<String>, Fault> {
    match request {
        Request::Ensure { collection } => {
            recognition.ensure_collection(collection).await?;
            Ok(Some(collection.clone()))
        }
        Request::Remove {
            collection,
            keep: false,
        } => {
            recognition.remove_collection(collection).await?;
            Ok(None)
        }
        Request::Remove { keep: true, .. } | Request::RemoveNothing => Ok(None),
    }
}
