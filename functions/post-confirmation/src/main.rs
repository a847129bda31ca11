//! post-confirmation: lets an account enrol whose mailbox and password are one party's.

use signin_aws::fault::in_time;
use signin_aws::stopwatch::{Stopwatch, TRIGGER_BUDGET};
use signin_aws::{client, table::UserTable};
use signin_edge::post_confirmation::{Confirmed, confirmed, respond};
use signin_edge::settings::setting;
use signin_edge::{Event, Failure, Refusal, clock, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let table: String = setting("USER_TABLE")?;
    let consent: String = setting("CONSENT_VERSION")?;
    let table = UserTable::open(&client::load().await, table);
    run(async |event| {
        let watch = Stopwatch::start(clock::now());
        let event = Event::new(event)?;
        let Confirmed { user, confirmation } = confirmed(&consent, &event)?;
        let stored = table.confirm(&user, &confirmation, watch.now());
        let stored = in_time("Confirm", watch.after(TRIGGER_BUDGET), stored).await;
        stored.map_err(|fault| {
            fault.log();
            Refusal::unavailable()
        })?;
        Ok(respond(event))
    })
    .await
}
