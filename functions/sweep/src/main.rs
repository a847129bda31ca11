//! sweep: does, once an hour, what was left to be done: undoes enrolments that were replaced or that
//! nobody finished, signs out whom it is owed to, and deletes pictures that nobody answered for.

use serde_json::json;
use signin_aws::user_pool::UserPools;
use signin_aws::{client, faces::Recognition, pictures::Bucket, table::UserTable};
use signin_core::id::EnrolmentId;
use signin_flow::enrol::Indexer;
use signin_flow::sweep::{Sweeper, Tally};
use signin_lambda::scheduled::parse;
use signin_lambda::settings::setting;
use signin_lambda::{Failure, random, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (table, documents, sign_ins): (String, String, String) = (
        setting("USER_TABLE")?,
        setting("DOCUMENT_BUCKET")?,
        setting("SIGN_IN_BUCKET")?,
    );
    let collection = setting("FACE_COLLECTION")?;
    let pool = setting("USER_POOL")?;
    let config = client::load().await;
    let sweeper: Sweeper = Sweeper {
        sign_ins: Bucket::open(&config, sign_ins),
        pools: UserPools::open(&config),
        pool,
        indexer: Indexer {
            table: UserTable::open(&config, table),
            documents: Bucket::open(&config, documents),
            recognition: Recognition::open(&config),
            collection,
            // Nothing is indexed here; what is kept is for the records to say.
            keep_documents: false,
        },
    };
    run(async |event| {
        let now = parse(&event)?;
        let anywhere = EnrolmentId::from(&random::challenge_id()?);
        let Tally {
            undone,
            signed_out,
            deleted,
            ..
        } = sweeper.sweep(now, &anywhere).await?;
        Ok(json!({"undone": undone, "signedOut": signed_out, "deleted": deleted}))
    })
    .await
}
