//! pre-signup: lets a person sign up who agreed to the consent text, and remembers the binding,
//! and the face data where those are compared; lets an administrator make accounts for others.

use signin_aws::fault::in_time;
use signin_aws::stopwatch::Stopwatch;
use signin_aws::{client, table::UserTable};
use signin_core::budget;
use signin_core::sign_up::Required;
use signin_edge::pre_signup::{NewAccount, SigningUp, new_account, respond};
use signin_edge::settings::{SignIn, setting};
use signin_edge::{Event, Failure, Refusal, clock, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let table: String = setting("USER_TABLE")?;
    let consent: String = setting("CONSENT_VERSION")?;
    let required = Required {
        consent: &consent,
        face_data: SignIn::from_environment()?.face_data(),
    };
    let table = UserTable::open(&client::load().await, table);
    run(async |event| {
        let watch = Stopwatch::start(clock::now());
        let event = Event::new(event)?;
        if let NewAccount::Own(SigningUp { user, sign_up }) = new_account(required, &event)? {
            let stored = table.store_sign_up(&user, &sign_up, watch.now());
            let stored = in_time("StoreSignUp", watch.after(budget::TRIGGER), stored).await;
            stored.map_err(|fault| {
                fault.log();
                Refusal::unavailable()
            })?;
        }
        Ok(respond(event))
    })
    .await
}
