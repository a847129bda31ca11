//! Mailing what was ordered: the code of a session, to whom it belongs.

use signin_aws::fault::{Fault, in_time, told};
use signin_aws::mail::Post as _;
use signin_aws::stopwatch::{Call, Stopwatch};
use signin_aws::table::UserTable;
use signin_aws::user_pool::Addresses as _;
use signin_core::budget;
use signin_core::factor::email_code::CodeKey;
use signin_core::id::{ChallengeId, UserName, UserPoolId};
use signin_core::mail::Letter;
use signin_core::reason::Unavailable;
use signin_core::round::Invocation;

use crate::services::{Aws, Services};

/// Mails what was ordered.
pub struct Mailer<S: Services = Aws> {
    /// The user table.
    pub table: UserTable<S::Rows>,
    /// What knows addresses.
    pub pools: S::Pool,
    /// The user pool.
    pub pool: UserPoolId,
    /// What mails.
    pub post: S::Post,
    /// From what codes follow.
    pub codes: CodeKey,
}

impl<S: Services> Mailer<S> {
    /// Mails the code of a challenge, once. Whoever has no account has no address, and gets nothing; and
    /// so does an order whose code is not good any more.
    pub async fn mail(
        &self,
        user: &UserName,
        challenge: &ChallengeId,
        invocation: Invocation,
    ) -> Result<(), Unavailable> {
        let watch = Call::of(invocation).watch;
        let mailed = self.mail_once(user, challenge, watch);
        told(in_time("MailCode", watch.after(budget::MAILING), mailed).await)
    }

    async fn mail_once(
        &self,
        user: &UserName,
        challenge: &ChallengeId,
        watch: Stopwatch,
    ) -> Result<(), Fault> {
        let order = self.table.order(user, challenge).await?;
        let good = |until| watch.now() < until;
        let Some(_) = order.filter(|order| order.mailed.is_none() && good(order.until)) else {
            return Ok(());
        };
        let Some(address) = self.pools.address(&self.pool, user).await? else {
            return Ok(());
        };
        let letter = Letter::with(&self.codes.code(user, challenge));
        self.post.send(&address, &letter).await?;
        self.table.note_mailed(user, challenge, watch.now()).await
    }
}
