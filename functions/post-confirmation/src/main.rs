//! post-confirmation: lets an account enrol whose mailbox and password are one party's, and signs
//! everybody else out of one whose password was reset.

use signin_aws::user_pool::UserPools;
use signin_aws::{client, table::UserTable};
use signin_flow::confirm::Confirmer;
use signin_lambda::post_confirmation::{parse, respond};
use signin_lambda::settings::setting;
use signin_lambda::{Failure, trigger};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let table: String = setting("USER_TABLE")?;
    // The version of the consent text in force.
    let consent: String = setting("CONSENT_VERSION")?;
    let config = client::load().await;
    let confirmer: Confirmer = Confirmer {
        table: UserTable::open(&config, table),
        pools: UserPools::open(&config),
    };
    trigger(
        |event| parse(&consent, event),
        async |confirmed, invocation| Ok(confirmer.confirm(&confirmed, invocation).await?),
        |event, ()| respond(event),
    )
    .await
}
