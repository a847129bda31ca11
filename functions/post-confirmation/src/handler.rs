//! A confirmation, what is recorded of it, and the sign-out that a reset owes.

use serde_json::Value;
use signin_aws::fault::in_time;
use signin_aws::stopwatch::Stopwatch;
use signin_aws::table::UserTable;
use signin_aws::user_pool::UserPools;
use signin_core::alarm::SIGN_OUT;
use signin_core::budget;
use signin_core::sign_up::Confirmation;
use signin_edge::post_confirmation::{Confirmed, confirmed, respond};
use signin_edge::{Event, Refusal, clock};

/// Records what was proven of accounts.
pub(crate) struct Confirmer {
    pub(crate) table: UserTable,
    pub(crate) pools: UserPools,
    /// The version of the consent text in force.
    pub(crate) consent: String,
}

impl Confirmer {
    /// Answers a PostConfirmation event.
    pub(crate) async fn answer(&self, event: Value) -> Result<Value, Refusal> {
        let watch = Stopwatch::start(clock::now());
        let until = watch.after(budget::TRIGGER);
        let event = Event::new(event)?;
        let confirmed = confirmed(&self.consent, &event)?;
        let Confirmed {
            user,
            pool,
            confirmation,
        } = &confirmed;
        let now = watch.now();
        let stored = self.table.confirm(user, confirmation, now);
        let stored = in_time("Confirm", until, stored).await;
        stored.map_err(|fault| {
            fault.log();
            Refusal::unavailable()
        })?;
        match confirmation {
            Confirmation::SignUp { .. } => {}
            Confirmation::PasswordReset(_) => {
                let signed_out = self.pools.sign_out(&self.table, pool, user, now);
                // The reset stands. Until it is signed out, its mark refuses every refresh.
                if let Err(fault) = in_time(SIGN_OUT, until, signed_out).await {
                    fault.log();
                }
            }
        }
        Ok(respond(event))
    }
}
