//! create-auth-challenge: asks for the next custom step, with leave to upload its picture where
//! it takes one.

mod handler;

use handler::Creator;
use signin_aws::{client, pictures::Bucket, table::UserTable};
use signin_edge::settings::{SignIn, setting};
use signin_edge::{Failure, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let sign_in = SignIn::from_environment()?;
    let consent: String = setting("CONSENT_VERSION")?;
    let (table, documents, sign_ins): (String, String, String) = (
        setting("USER_TABLE")?,
        setting("DOCUMENT_BUCKET")?,
        setting("SIGN_IN_BUCKET")?,
    );
    let config = client::load().await;
    let creator = Creator {
        sign_in,
        consent,
        table: UserTable::open(&config, table),
        documents: Bucket::open(&config, documents),
        sign_ins: Bucket::open(&config, sign_ins),
        config,
    };
    run(async |event| creator.create(event).await).await
}
