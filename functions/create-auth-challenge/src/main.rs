//! create-auth-challenge: asks for the next custom step, with leave to upload its picture where
//! it takes one.

use signin_aws::{client, pictures::Bucket, table::UserTable};
use signin_flow::create::{Created, Creator};
use signin_lambda::create_auth_challenge::{parse, respond};
use signin_lambda::settings::{SignIn, setting};
use signin_lambda::{Failure, random, trigger};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let SignIn { policy, model } = SignIn::from_environment()?;
    let consent: String = setting("CONSENT_VERSION")?;
    let (table, documents, sign_ins): (String, String, String) = (
        setting("USER_TABLE")?,
        setting("DOCUMENT_BUCKET")?,
        setting("SIGN_IN_BUCKET")?,
    );
    let config = client::load().await;
    let creator: Creator = Creator {
        model,
        consent,
        table: UserTable::open(&config, table),
        documents: Bucket::open(&config, documents),
        sign_ins: Bucket::open(&config, sign_ins),
    };
    trigger(
        |event| parse(&policy, event),
        async |asked, invocation| {
            let id = random::challenge_id()?;
            Ok(creator.create(&asked, id, invocation).await?)
        },
        |event, created| {
            let Created {
                public,
                private,
                metadata,
            } = created;
            respond(event, &public, &private, &metadata)
        },
    )
    .await
}
