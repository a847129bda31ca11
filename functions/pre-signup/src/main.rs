//! pre-signup: lets a person sign up who agreed to the consent text, and remembers the binding,
//! and the face data where those are compared; lets an administrator make accounts for others.

use signin_aws::{client, table::UserTable};
use signin_core::sign_up::Required;
use signin_flow::sign_up::Registrar;
use signin_lambda::pre_signup::{NewAccount, parse, respond};
use signin_lambda::settings::{SignIn, setting};
use signin_lambda::{Failure, trigger};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let table: String = setting("USER_TABLE")?;
    let consent: String = setting("CONSENT_VERSION")?;
    let sign_in = SignIn::from_environment()?;
    let required = Required {
        consent: &consent,
        optional: sign_in.policy.takes_the_unenrolled(),
        face_data: sign_in.signed_up_with(),
    };
    let registrar: Registrar = Registrar {
        table: UserTable::open(&client::load().await, table),
    };
    trigger(
        |event| parse(required, event),
        async |account, invocation| match account {
            NewAccount::Own(signing_up) => Ok(registrar.store(&signing_up, invocation).await?),
            NewAccount::Invited => Ok(()),
        },
        |event, ()| respond(event),
    )
    .await
}
