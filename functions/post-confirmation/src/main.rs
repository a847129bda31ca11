//! post-confirmation: lets an account enrol whose mailbox and password are one party's, and signs
//! everybody else out of one whose password was reset.

mod handler;

use handler::Confirmer;
use signin_aws::user_pool::UserPools;
use signin_aws::{client, table::UserTable};
use signin_edge::settings::setting;
use signin_edge::{Failure, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let table: String = setting("USER_TABLE")?;
    let consent = setting("CONSENT_VERSION")?;
    let config = client::load().await;
    let confirmer = Confirmer {
        table: UserTable::open(&config, table),
        pools: UserPools::open(&config),
        consent,
    };
    run(async |event| confirmer.answer(event).await).await
}
