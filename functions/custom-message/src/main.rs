//! custom-message: has the owner told before a code goes to a changed address; on the plan `LITE` no such
//! code goes out.

use signin_aws::user_pool::UserPools;
use signin_aws::{client, table::UserTable};
use signin_flow::address::Teller;
use signin_lambda::custom_message::{Changes, parse, respond};
use signin_lambda::settings::setting;
use signin_lambda::{Failure, trigger};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let table: String = setting("USER_TABLE")?;
    let changes: Changes = setting("ADDRESS_CHANGES")?;
    let config = client::load().await;
    let teller: Teller = Teller {
        table: UserTable::open(&config, table),
        pools: UserPools::open(&config),
    };
    trigger(
        |event| parse(changes, event),
        async |change, invocation| match change {
            Some(change) => Ok(teller.tell(&change, invocation).await?),
            None => Ok(()),
        },
        |event, ()| respond(event),
    )
    .await
}
