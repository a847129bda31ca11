//! Full passes: recorded with the user, and used up by tokens.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use signin_core::id::{ClientId, UserName};
use signin_core::pass::{Account, GOOD_FOR, Pass, TokenRequest, Use};
use signin_core::profile::State;
use signin_core::reset::Opening;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

use super::accounts::profile;
use super::challenges::FullPass;
use super::item::{Item, Write, text, time};
use super::{UserTable, profile_key};
use crate::fault::Fault;

impl UserTable {
    /// Uses the user's last pass up for a request for tokens, and returns the account as it was
    /// before: with an unused pass where this call was the one to use it, with one that something
    /// else has used or that is another's, or with none. One round trip where the pass is good.
    pub async fn use_up_pass(
        &self,
        user: &UserName,
        request: &TokenRequest,
        now: Timestamp,
    ) -> Result<Account, Fault> {
        let write = Write::to(profile_key(user))
            .set("passUsedAt", time(now))
            .set("passUsedBy", text(request.known_by().to_hex()))
            .if_at_least("passAt", time(now.minus(GOOD_FOR)))
            .if_equal("passClient", text(request.client.as_str()))
            .if_absent("passUsedAt");
        let write = match request.nonce {
            Some(nonce) => write.if_absent_or_equal("passNonce", text(nonce.to_hex())),
            None => write.if_absent("passNonce"),
        };
        let written = self.update_from("UseUpPass", write, ReturnValue::AllOld);
        match written.await? {
            Some(before) => Ok(account(&before)),
            None => self.account(user).await,
        }
    }

    /// What tokens are decided by, as it stands now; an empty account for everybody without a
    /// record. One round trip.
    pub async fn account(&self, user: &UserName) -> Result<Account, Fault> {
        let [found] = self.read([Some(profile_key(user))]).await?;
        Ok(found.as_ref().map(account).unwrap_or_default())
    }
}

/// Records a pass in a profile, in place of the one before.
pub(super) fn set_pass(profile: Write, pass: &FullPass<'_>, now: Timestamp) -> Write {
    let profile = profile
        .set("passAt", time(now))
        .set("passSteps", text(pass.steps.to_string()))
        .set("passClient", text(pass.client.as_str()))
        .set("passBegan", time(pass.session.began))
        .set("passBound", AttributeValue::Bool(pass.session.bound))
        .remove(["passUsedAt", "passUsedBy"]);
    match pass.nonce {
        Some(nonce) => profile.set("passNonce", text(nonce.to_hex())),
        None => profile.remove(["passNonce"]),
    }
}

fn account(item: &Item) -> Account {
    let profile = profile(item);
    let active = profile.state == Some(State::Active);
    Account {
        pass: pass(item),
        face: active && !profile.faces.is_empty(),
        face_data: active && profile.data.is_some(),
        reset_at: profile.reset_at(),
        sign_out_owed: item.time("signOutOwed"),
    }
}

fn pass(item: &Item) -> Option<Pass> {
    Some(Pass {
        at: item.time("passAt")?,
        steps: item.text("passSteps")?.parse().ok()?,
        client: ClientId::parse(item.text("passClient")?).ok()?,
        session: Opening {
            began: item.time("passBegan")?,
            bound: item.flag("passBound"),
        },
        // What cannot be read makes no pass: neither one that anybody may use, nor an unused one.
        nonce: match item.text("passNonce") {
            Some(nonce) => Some(Sha256Digest::from_hex(nonce)?),
            None => None,
        },
        used: match item.time("passUsedAt") {
            Some(at) => Some(Use {
                at,
                by: Sha256Digest::from_hex(item.text("passUsedBy")?)?,
            }),
            None => None,
        },
    })
}
