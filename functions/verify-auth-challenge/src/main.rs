//! verify-auth-challenge: judges the answer to a custom challenge.

mod match_mode;

use signin_aws::{client, faces::Recognition, pictures::Bucket, table::UserTable};
use signin_flow::enrol::Indexer;
use signin_flow::verify::{MatchMode, Verifier};
use signin_lambda::settings::{SignIn, require, setting};
use signin_lambda::verify_auth_challenge::{parse, respond};
use signin_lambda::{Failure, trigger};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (table, documents, sign_ins): (String, String, String) = (
        setting("USER_TABLE")?,
        setting("DOCUMENT_BUCKET")?,
        setting("SIGN_IN_BUCKET")?,
    );
    let collection = setting("FACE_COLLECTION")?;
    let mode = match_mode::from_environment()?;
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
    let codes = sign_in.codes()?;
    let config = client::load().await;
    let verifier: Verifier = Verifier {
        sign_ins: Bucket::open(&config, sign_ins),
        mode,
        threshold,
        model,
        codes,
        indexer: Indexer {
            table: UserTable::open(&config, table),
            documents: Bucket::open(&config, documents),
            recognition: Recognition::open(&config),
            collection,
            keep_documents,
        },
    };
    trigger(
        |event| Ok(parse(event)),
        async |answered, invocation| match answered {
            Some(answered) => Ok(verifier.verify(&answered, invocation).await),
            None => Ok(false),
        },
        respond,
    )
    .await
}
