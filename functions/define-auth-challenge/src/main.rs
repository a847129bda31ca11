//! define-auth-challenge: decides what comes next in a sign-in, and whether tokens are due.

use signin_core::policy::Policy;
use signin_lambda::settings::setting;
use signin_lambda::{Failure, define_auth_challenge, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let policy: Policy = setting("SIGN_IN_POLICY")?;
    run(async |event| define_auth_challenge::answer(&policy, event)).await
}
