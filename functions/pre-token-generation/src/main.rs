//! pre-token-generation: no tokens without a full pass of the policy, each pass once, and no
//! refresh for an account that nothing opens any more.

use signin_aws::{client, table::UserTable};
use signin_core::alarm::NO_TOKENS;
use signin_core::pass::Guard;
use signin_flow::tokens::TokenGuard;
use signin_lambda::pre_token_generation::{Asked, parse, respond};
use signin_lambda::settings::{app_clients, setting};
use signin_lambda::{Failure, Refusal, trigger};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let guard = Guard {
        policy: setting("SIGN_IN_POLICY")?,
        unguarded: app_clients("UNGUARDED_CLIENTS")?,
    };
    let tier = setting("USER_POOL_TIER")?;
    let table: String = setting("USER_TABLE")?;
    let guard: TokenGuard = TokenGuard {
        guard,
        table: UserTable::open(&client::load().await, table),
    };
    trigger(
        |event| parse(event, tier),
        async |Asked { user, request }, invocation| {
            let admitted = guard.admit(&user, &request, invocation).await?;
            admitted.map_err(|refused| {
                let why = refused.name();
                if refused.alarms() {
                    tracing::warn!(target: "signin", why, "{NO_TOKENS}");
                } else {
                    tracing::info!(target: "signin", why, "tokens not repeated or refreshed");
                }
                Refusal::not_passed()
            })
        },
        |event, steps| respond(event, tier, steps),
    )
    .await
}
