//! pre-signup: lets a person sign up who agreed to the consent text, and remembers the binding.

use std::time::Duration;

use signin_aws::{client, fault::Fault, table::UserTable};
use signin_edge::pre_signup::{respond, signing_up};
use signin_edge::settings::setting;
use signin_edge::{Event, Failure, Refusal, clock, run};

/// What the whole call may take; Cognito waits 5 seconds.
const BUDGET: Duration = Duration::from_millis(3_800);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let table: String = setting("USER_TABLE")?;
    let consent: String = setting("CONSENT_VERSION")?;
    let table = UserTable::open(&client::load().await, table);
    run(async |event| {
        let event = Event::new(event)?;
        let signing_up = signing_up(&consent, &event)?;
        let stored = table.store_sign_up(&signing_up.user, &signing_up.sign_up, clock::now());
        let stored = tokio::time::timeout(BUDGET, stored).await;
        stored
            .unwrap_or_else(|_| Err(Fault::new("StoreSignUp", "too slow")))
            .map_err(|fault| {
                fault.log();
                Refusal::unavailable()
            })?;
        Ok(respond(event))
    })
    .await
}
