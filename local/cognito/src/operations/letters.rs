//! Letters with codes: asked for at the custom-message trigger, then kept and mailed.

use super::{UserPools, random_code};
use crate::clock::Seconds;
use crate::error::{ApiError, ApiResult};
use crate::pool::{Code, User};
use crate::requests::StringMap;
use crate::triggers::{EventUser, MessageCause, Triggers};

/// A letter that is to go out.
pub(super) struct Errand<'a> {
    /// The account that it is about.
    pub(super) name: &'a str,
    pub(super) cause: MessageCause,
    /// The address that it goes to.
    pub(super) to: &'a str,
    /// How long its code is good for.
    pub(super) validity: Seconds,
    pub(super) metadata: Option<&'a StringMap>,
}

impl UserPools {
    /// Mails a code, unless the trigger refuses: then nothing has changed. `keep` remembers it.
    pub(super) async fn send_code(
        &self,
        triggers: &Triggers<'_>,
        errand: Errand<'_>,
        keep: impl FnOnce(&mut User, Code),
    ) -> ApiResult<()> {
        let pool_id = &triggers.pool.id;
        let name = errand.name;
        let attributes = self.with_pool(pool_id, |pool| {
            let user = pool.user(name).ok_or_else(ApiError::user_not_found)?;
            Ok(user.trigger_attributes())
        })?;
        let user = EventUser {
            name,
            attributes: &attributes,
            known: true,
        };
        let template = triggers
            .custom_message(user, errand.cause, errand.metadata)
            .await?;
        let now = self.clock.now();
        let digits = random_code();
        self.with_pool(pool_id, |pool| {
            let user = pool.user_mut(name).ok_or_else(ApiError::user_not_found)?;
            keep(user, Code::new(digits.clone(), now + errand.validity));
            Ok(())
        })?;
        let message = template.fill_in(errand.to, &digits);
        self.mailbox.deliver(errand.to, message, &digits, now);
        Ok(())
    }
}
