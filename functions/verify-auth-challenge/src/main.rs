//! verify-auth-challenge: judges the answer to a custom challenge.

mod enrol;
mod face;
mod face_data;
mod handler;
mod match_mode;
mod verdict;
mod verifier;

use match_mode::MatchMode;
use signin_aws::enrolment::Indexer;
use signin_aws::{client, faces::Recognition, pictures::Bucket, table::UserTable};
use signin_edge::settings::{SignIn, require, setting};
use signin_edge::{Failure, run};
use verifier::Verifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (table, documents, sign_ins): (String, String, String) = (
        setting("USER_TABLE")?,
        setting("DOCUMENT_BUCKET")?,
        setting("SIGN_IN_BUCKET")?,
    );
    let collection = setting("FACE_COLLECTION")?;
    let mode = MatchMode::from_environment()?;
    let keep_documents = setting("KEEP_DOCUMENTS")?;
    let kept = mode == MatchMode::Collection || keep_documents;
    require(
        "KEEP_DOCUMENTS",
        kept,
        "expected true, since MATCH_MODE is COMPARE; found false",
    )?;
    let sign_in = SignIn::from_environment()?;
    let threshold = sign_in.threshold()?;
    let model = sign_in.model;
    let config = client::load().await;
    let verifier = Verifier {
        sign_ins: Bucket::open(&config, sign_ins),
        mode,
        threshold,
        model,
        indexer: Indexer {
            table: UserTable::open(&config, table),
            documents: Bucket::open(&config, documents),
            recognition: Recognition::open(&config),
            collection,
            keep_documents,
        },
    };
    run(async |event| verifier.verify(event).await).await
}
