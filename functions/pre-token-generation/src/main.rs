//! pre-token-generation: no tokens without a full pass of the policy, each pass once, and no
//! refresh for an account that nothing opens any more.

mod handler;

use handler::TokenGuard;
use signin_aws::{client, table::UserTable};
use signin_core::pass::Guard;
use signin_edge::settings::{app_clients, setting};
use signin_edge::{Failure, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let guard = Guard {
        policy: setting("SIGN_IN_POLICY")?,
        unguarded: app_clients("UNGUARDED_CLIENTS")?,
    };
    let tier = setting("USER_POOL_TIER")?;
    let table: String = setting("USER_TABLE")?;
    let guard = TokenGuard {
        guard,
        tier,
        table: UserTable::open(&client::load().await, table),
    };
    run(async |event| guard.answer(event).await).await
}
