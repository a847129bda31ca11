//! A request for tokens and its answer.

use serde_json::Value;
use signin_aws::fault::{Fault, in_time};
use signin_aws::stopwatch::Stopwatch;
use signin_aws::table::UserTable;
use signin_core::alarm::NO_TOKENS;
use signin_core::budget;
use signin_core::id::UserName;
use signin_core::pass::{Guard, Need, Refused, Steps, TokenRequest};
use signin_edge::pre_token_generation::{Asked, UserPoolTier, asked, respond};
use signin_edge::{Event, Refusal, clock};

/// Stands between a sign-in and its tokens.
pub(crate) struct TokenGuard {
    pub(crate) guard: Guard,
    pub(crate) tier: UserPoolTier,
    pub(crate) table: UserTable,
}

impl TokenGuard {
    /// Answers a PreTokenGeneration event.
    pub(crate) async fn answer(&self, event: Value) -> Result<Value, Refusal> {
        let watch = Stopwatch::start(clock::now());
        let event = Event::new(event)?;
        let Asked { user, request } = asked(&event, self.tier)?;
        let decided = self.decide(&user, &request, watch).await.map_err(|fault| {
            fault.log();
            Refusal::unavailable()
        })?;
        match decided {
            Ok(steps) => Ok(respond(event, self.tier, steps)),
            Err(refused) => {
                let why = refused.name();
                if refused.alarms() {
                    tracing::warn!(target: "signin", why, "{NO_TOKENS}");
                } else {
                    tracing::info!(target: "signin", why, "tokens not repeated or refreshed");
                }
                Err(Refusal::not_passed())
            }
        }
    }

    /// The steps that tokens are issued for, if the request is about a sign-in that took any.
    async fn decide(
        &self,
        user: &UserName,
        request: &TokenRequest,
        watch: Stopwatch,
    ) -> Result<Result<Option<Steps>, Refused>, Fault> {
        let until = watch.after(budget::TRIGGER);
        Ok(match self.guard.needs(request) {
            Need::Pass => {
                let now = watch.now();
                let spent = self.table.use_up_pass(user, request, now);
                let account = in_time("UseUpPass", until, spent).await?;
                let admitted = self.guard.admit(request, &account, now);
                admitted.map(Some)
            }
            Need::Account => {
                let account = in_time("ReadAccount", until, self.table.account(user)).await?;
                self.guard.refresh(request, &account).map(|()| None)
            }
            Need::Nothing => Ok(None),
        })
    }
}
