//! pre-token-generation: no tokens without a full pass of the policy, and each pass once.

use signin_aws::fault::in_time;
use signin_aws::stopwatch::{Stopwatch, TRIGGER_BUDGET};
use signin_aws::{client, table::UserTable};
use signin_core::pass::Guard;
use signin_edge::pre_token_generation::{Asked, asked, respond};
use signin_edge::settings::{app_clients, setting};
use signin_edge::{Event, Failure, Refusal, clock, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let guard = Guard {
        policy: setting("SIGN_IN_POLICY")?,
        unguarded: app_clients("UNGUARDED_CLIENTS")?,
    };
    let table: String = setting("USER_TABLE")?;
    let table = UserTable::open(&client::load().await, table);
    run(async |event| {
        let watch = Stopwatch::start(clock::now());
        let event = Event::new(event)?;
        let Asked { user, request } = asked(&event)?;
        if !guard.needs_pass(&request) {
            return Ok(respond(event, None));
        }
        let now = watch.now();
        let pass = table.use_up_pass(&user, &request, now);
        let pass = in_time("UseUpPass", watch.after(TRIGGER_BUDGET), pass).await;
        let pass = pass.map_err(|fault| {
            fault.log();
            Refusal::unavailable()
        })?;
        match guard.admit(&request, pass.as_ref(), now) {
            Ok(steps) => Ok(respond(event, Some(steps))),
            Err(refused) => {
                tracing::warn!(target: "signin", why = refused.name(), "no tokens");
                Err(Refusal::not_passed())
            }
        }
    })
    .await
}
