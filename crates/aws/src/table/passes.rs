//! Full passes: recorded with the user, and used up by tokens.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use signin_core::id::{ClientId, UserName};
use signin_core::pass::{GOOD_FOR, Pass, TokenRequest, Use};
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

use super::challenges::FullPass;
use super::item::{Item, Write, text, time};
use super::{UserTable, profile_key};
use crate::fault::Fault;

impl UserTable {
    /// Uses the user's last pass up for a request for tokens, and returns it as it was before:
    /// unused where this call was the one to use it, used by something else otherwise, none where
    /// none is on record. One round trip where the pass is good.
    pub async fn use_up_pass(
        &self,
        user: &UserName,
        request: &TokenRequest,
        now: Timestamp,
    ) -> Result<Option<Pass>, Fault> {
        let write = Write::to(profile_key(user))
            .set("passUsedAt", time(now))
            .set("passUsedBy", text(request.digest.to_hex()))
            .if_at_least("passAt", time(now.minus(GOOD_FOR)))
            .if_equal("passClient", text(request.client.as_str()))
            .if_absent("passUsedAt");
        let written = self.update_from("UseUpPass", write, ReturnValue::AllOld);
        let found = if let Some(before) = written.await? {
            Some(before)
        } else {
            let [found] = self.read([Some(profile_key(user))]).await?;
            found
        };
        Ok(found.as_ref().and_then(pass))
    }
}

/// Records a pass in a profile, in place of the one before.
pub(super) fn set_pass(profile: Write, pass: &FullPass<'_>, now: Timestamp) -> Write {
    profile
        .set("passAt", time(now))
        .set("passSteps", text(pass.steps.to_string()))
        .set("passClient", text(pass.client.as_str()))
        .set("passBegan", time(pass.session.began))
        .set("passBound", AttributeValue::Bool(pass.session.bound))
        .remove(["passUsedAt", "passUsedBy"])
}

fn pass(item: &Item) -> Option<Pass> {
    let used = item.time("passUsedAt").map(|at| {
        let request = item.text("passUsedBy").and_then(Sha256Digest::from_hex);
        request.map(|request| Use { at, request })
    });
    Some(Pass {
        at: item.time("passAt")?,
        steps: item.text("passSteps")?.parse().ok()?,
        client: ClientId::parse(item.text("passClient")?).ok()?,
        // Used by something that cannot be read: no pass.
        used: match used {
            Some(None) => return None,
            Some(used) => used,
            None => None,
        },
    })
}
