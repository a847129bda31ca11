//! Mailing what was ordered: the code of a session, and what the owner of an account is to hear.

use signin_aws::fault::{Fault, in_time, told};
use signin_aws::mail::{Post as _, Unsent};
use signin_aws::stopwatch::{Call, Stopwatch};
use signin_aws::table::{Errand, UserTable};
use signin_aws::user_pool::Addresses as _;
use signin_core::budget;
use signin_core::factor::email_code::CodeKey;
use signin_core::id::{ChallengeId, UserName, UserPoolId};
use signin_core::mail::{Address, Letter};
use signin_core::notice::{Notice, day};
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
    /// Does what a new item of the table asks for, once. Whoever has no account has no address, and gets
    /// nothing. What cannot be mailed now is unavailable; what never can is in the log, and keeps nothing
    /// else waiting.
    pub async fn run(&self, errand: &Errand, invocation: Invocation) -> Result<(), Unavailable> {
        let watch = Call::of(invocation).watch;
        let done = async {
            match errand {
                Errand::Code(user, challenge) => self.mail_code(user, challenge, watch).await,
                Errand::Tell(user, notice, day) => self.tell(user, *notice, day, watch).await,
                Errand::Browser(user, browser) => self.greet(user, browser, watch).await,
            }
        };
        told(in_time("Mail", watch.after(budget::MAILING), done).await)
    }

    /// Mails the code of a challenge, while it is good.
    async fn mail_code(
        &self,
        user: &UserName,
        challenge: &ChallengeId,
        watch: Stopwatch,
    ) -> Result<(), Fault> {
        let order = self.table.order(user, challenge).await?;
        let good = |until| watch.now() < until;
        let order = order.filter(|order| order.mailed.is_none() && good(order.until));
        let Some(order) = order else { return Ok(()) };
        let Some(address) = self.pools.address(&self.pool, user).await? else {
            return Ok(());
        };
        let letter = Letter::with(&self.codes.code(user, challenge));
        let Err(unsent) = self.post.send(&address, &letter).await else {
            let now = watch.now();
            return self
                .table
                .note_mailed(user, challenge, order.path, now)
                .await;
        };
        // So that the person, who waits for it, is told.
        let noted = self.table.note_failed(user, order.path, watch.now());
        if let Err(fault) = noted.await {
            fault.log();
        }
        given_up(unsent)
    }

    /// Tells the owner of something.
    async fn tell(
        &self,
        user: &UserName,
        notice: Notice,
        day: &str,
        watch: Stopwatch,
    ) -> Result<(), Fault> {
        let owed = self.table.notice(user, notice, day).await?;
        let Some(owed) = owed.filter(|owed| owed.mailed.is_none()) else {
            return Ok(());
        };
        let address: Option<Address> = match owed.to {
            Some(address) => Some(address),
            None => self.pools.address(&self.pool, user).await?,
        };
        let Some(address) = address else {
            return Ok(());
        };
        match self.post.send(&address, &notice.letter()).await {
            Ok(()) => self.table.note_told(user, notice, day, watch.now()).await,
            Err(unsent) => given_up(unsent),
        }
    }

    /// Has the owner told of a new browser, unless it enrolled: of that they hear anyway. Where the letter
    /// of the day is out already, the browser stays a new one.
    async fn greet(&self, user: &UserName, browser: &str, watch: Stopwatch) -> Result<(), Fault> {
        const NEWS: Notice = Notice::NewBrowser;
        match self.table.was_seen_at_enrolment(user, browser).await? {
            Some(false) => {}
            Some(true) | None => return Ok(()),
        }
        let now = watch.now();
        let today = self.table.notice(user, NEWS, &day(now)).await?;
        if today.is_some_and(|notice| notice.mailed.is_some()) {
            return self.table.forget_browser(user, browser).await;
        }
        self.table.tell(user, NEWS, now).await
    }
}

/// What becomes of an errand whose letter was not taken.
fn given_up(unsent: Unsent) -> Result<(), Fault> {
    match unsent {
        Unsent::NotYet(fault) => Err(fault),
        Unsent::Refused(fault) => {
            fault.log();
            Ok(())
        }
    }
}
