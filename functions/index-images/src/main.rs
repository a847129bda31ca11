//! index-images: indexes documents that were uploaded, where nobody answered for them, and
//! operators' bulk uploads.

use serde_json::json;
use signin_aws::{client, faces::Recognition, pictures::Bucket, table::UserTable};
use signin_flow::documents::Images;
use signin_flow::enrol::Indexer;
use signin_lambda::object_created::parse;
use signin_lambda::settings::{setting, setting_or_none};
use signin_lambda::{Failure, Refusal, clock, invocation, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (table, documents): (String, String) =
        (setting("USER_TABLE")?, setting("DOCUMENT_BUCKET")?);
    let collection = setting("FACE_COLLECTION")?;
    let keep_documents = setting("KEEP_DOCUMENTS")?;
    let bulk_consent = setting_or_none("BULK_CONSENT")?;
    let config = client::load().await;
    let images: Images = Images {
        bulk_consent,
        indexer: Indexer {
            table: UserTable::open(&config, table),
            documents: Bucket::open(&config, documents),
            recognition: Recognition::open(&config),
            collection,
            keep_documents,
        },
    };
    run(async |event| {
        let objects = parse(event)?;
        // Each on its own; one that fails makes the whole call fail, loudly, so that Lambda calls again.
        let mut failed = false;
        for object in &objects {
            failed |= images.index(object, invocation()?).await.is_err();
        }
        if failed {
            return Err(Refusal::unavailable());
        }
        images.undo_some(clock::now()).await;
        Ok(json!({"documents": objects.len()}))
    })
    .await
}
