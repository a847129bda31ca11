//! create-collection: CloudFormation's custom resources: the face collection, the decoy, and the key of
//! codes.

use serde_json::Value;
use signin_aws::client::Config;
use signin_aws::fault::{Fault, in_time};
use signin_aws::{
    client,
    faces::Recognition,
    http,
    pictures::{Bucket, Pictures as _},
};
use signin_core::budget;
use signin_core::key::DECOY;
use signin_core::secret::PictureBytes;
use signin_lambda::custom_resource::{Envelope, Made, Request, parse};
use signin_lambda::{Failure, Refusal, random, run};
use tokio::time::Instant;

/// A face that nobody has, drawn by `e2e::drawn::face`.
const DRAWN_FACE: &[u8] = include_bytes!("../drawn-face.jpg");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let config = client::load().await;
    run(async |event| serve(&config, &event).await).await
}

/// Does what is asked and answers CloudFormation, whatever comes of it.
async fn serve(config: &Config, event: &Value) -> Result<Value, Refusal> {
    let envelope = Envelope::read(event)?;
    let outcome = match parse(event) {
        Err(expected) => Err(expected),
        Ok(request) => in_time(
            "CustomResource",
            Instant::now() + budget::RESOURCE,
            carry_out(config, request),
        )
        .await
        .map_err(|fault| {
            fault.log();
            fault.to_string()
        }),
    };
    let answer = match &outcome {
        Ok(made) => envelope.answer(Ok(made)),
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

/// Makes or removes what is asked for; what the resource now stands for.
async fn carry_out(config: &Config, request: Request) -> Result<Made, Fault> {
    match request {
        Request::Ensure { collection } => {
            let recognition = Recognition::open(config);
            recognition.ensure_collection(&collection).await?;
            Ok(Made::Collection(collection))
        }
        Request::Remove {
            collection,
            keep: false,
        } => {
            let recognition = Recognition::open(config);
            recognition.remove_collection(&collection).await?;
            Ok(Made::Nothing)
        }
        Request::LayDecoy { bucket } => {
            let documents = Bucket::open(config, bucket.clone());
            let picture = PictureBytes::new(DRAWN_FACE.to_vec());
            let version = documents.write(DECOY, &picture, "image/jpeg").await?;
            let version = version.ok_or_else(|| Fault::new("LayDecoy", "bucket not versioned"))?;
            Ok(Made::Decoy { bucket, version })
        }
        Request::DrawKey => match random::code_key() {
            Ok(key) => Ok(Made::Key(key)),
            Err(_) => Err(Fault::new("DrawKey", "no random numbers to be had")),
        },
        Request::RemoveDecoy { bucket } => {
            let documents = Bucket::open(config, bucket);
            documents.delete_versions(DECOY, |_| false).await?;
            Ok(Made::Nothing)
        }
        Request::Remove { keep: true, .. } | Request::RemoveNothing => Ok(Made::Nothing),
    }
}
