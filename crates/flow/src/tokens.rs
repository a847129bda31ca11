//! A request for tokens, and what they are issued for.

use signin_aws::fault::{Fault, in_time, told};
use signin_aws::stopwatch::{Call, Stopwatch};
use signin_aws::table::UserTable;
use signin_core::budget;
use signin_core::id::UserName;
use signin_core::pass::{Guard, Need, Refused, Steps, TokenRequest};
use signin_core::reason::Unavailable;
use signin_core::round::Invocation;

use crate::services::{Aws, Services};

/// Stands between a sign-in and its tokens.
pub struct TokenGuard<S: Services = Aws> {
    /// Decides.
    pub guard: Guard,
    /// The user table.
    pub table: UserTable<S::Rows>,
}

impl<S: Services> TokenGuard<S> {
    /// The steps that tokens are issued for, if the request is about a sign-in that took any; or why
    /// they are not issued.
    pub async fn admit(
        &self,
        user: &UserName,
        request: &TokenRequest,
        invocation: Invocation,
    ) -> Result<Result<Option<Steps>, Refused>, Unavailable> {
        told(self.decide(user, request, Call::of(invocation).watch).await)
    }

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
