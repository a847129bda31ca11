//! index-images: indexes documents that were uploaded, where nobody answered for them, and
//! operators' bulk uploads.

mod handler;

use handler::Images;
use signin_aws::{client, faces::Recognition, pictures::Bucket, table::UserTable};
use signin_edge::settings::{setting, setting_or_none};
use signin_edge::{Failure, run};
use signin_flow::enrol::Indexer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (table, documents): (String, String) =
        (setting("USER_TABLE")?, setting("DOCUMENT_BUCKET")?);
    let collection = setting("FACE_COLLECTION")?;
    let keep_documents = setting("KEEP_DOCUMENTS")?;
    let bulk_consent = setting_or_none("BULK_CONSENT")?;
    let config = client::load().await;
    let images = Images {
        bulk_consent,
        indexer: Indexer {
            table: UserTable::open(&config, table),
            documents: Bucket::open(&config, documents),
            recognition: Recognition::open(&config),
            collection,
            keep_documents,
        },
    };
    run(async |event| images.index(event).await).await
}
