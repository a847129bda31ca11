//! post-confirmation: lets an account enrol whose mailbox and password are one party's.

use std::time::Duration;

use signin_aws::{client, fault::Fault, table::UserTable};
use signin_edge::post_confirmation::{confirmed, respond};
use signin_edge::settings::setting;
use signin_edge::{Event, Failure, Refusal, run};

/// What the whole call may take; Cognito waits 5 seconds.
const BUDGET: Duration = Duration::from_millis(3_800);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let table: String = setting("USER_TABLE")?;
    let table = UserTable::open(&client::load().await, table);
    run(async |event| {
        let event = Event::new(event)?;
        let confirmed = confirmed(&event)?;
        let stored = table.confirm(&confirmed.user, confirmed.confirmation);
        let stored = tokio::time::timeout(BUDGET, stored).await;
        stored
            .unwrap_or_else(|_| Err(Fault::new("Confirm", "too slow")))
            .map_err(|fault| {
                fault.log();
                Refusal::unavailable()
            })?;
        Ok(respond(event))
    })
    .await
}
