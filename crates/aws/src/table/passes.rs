//! Full passes: recorded with the user, and used up by tokens.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use signin_core::id::{ClientId, UserName};
use signin_core::pass::{Account, GOOD_FOR, Pass, TokenRequest, Use};
use signin_core::profile::State;
use signin_core::reset::Opening;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

use super::accounts::profile;
use super::challenges::FullPass;
use super::item::{Item, Write, text, time, ttl};
use super::{UserTable, pass_key, profile_key};
use crate::fault::Fault;

/// How long a pass is kept after it was recorded. It is good for a minute, and then for what an
/// operator looks up.
const KEPT: Duration = Duration::from_hours(24);

impl UserTable {
    /// Uses up the pass of a request's nonce, or the one of all sessions without a nonce, and returns
    /// the account with that pass as it was before: unused where this call was the one to use it, or
    /// used by something else, or none. Two round trips: the account is read after the pass was used
    /// up, so that a reset which came before is seen.
    pub async fn use_up_pass(
        &self,
        user: &UserName,
        request: &TokenRequest,
        now: Timestamp,
    ) -> Result<Account, Fault> {
        let key = || pass_key(user, request.nonce);
        let write = Write::to(key())
            .set("usedAt", time(now))
            .set("usedBy", text(request.known_by().to_hex()))
            .if_at_least("at", time(now.minus(GOOD_FOR)))
            .if_equal("client", text(request.client.as_str()))
            .if_absent("usedAt");
        let written = self.update_from("UseUpPass", write, ReturnValue::AllOld);
        if let Some(before) = written.await? {
            return Ok(Account {
                pass: pass(&before),
                ..self.account(user).await?
            });
        }
        let [found, stands] = self.read([Some(profile_key(user)), Some(key())]).await?;
        Ok(Account {
            pass: stands.as_ref().and_then(pass),
            ..found.as_ref().map(account).unwrap_or_default()
        })
    }

    /// What refreshed tokens are decided by, as it stands now, without a pass; an empty account for
    /// everybody without a record. One round trip.
    pub async fn account(&self, user: &UserName) -> Result<Account, Fault> {
        let [found] = self.read([Some(profile_key(user))]).await?;
        Ok(found.as_ref().map(account).unwrap_or_default())
    }
}

/// Records a pass, in place of the one with the same nonce, or without one.
pub(super) fn record_pass(user: &UserName, pass: &FullPass<'_>, now: Timestamp) -> Write {
    let write = Write::to(pass_key(user, pass.nonce))
        .set("at", time(now))
        .set("steps", text(pass.steps.to_string()))
        .set("client", text(pass.client.as_str()))
        .set("began", time(pass.session.began))
        .set("bound", AttributeValue::Bool(pass.session.bound))
        .set("ttl", ttl(now.plus(KEPT)))
        .remove(["usedAt", "usedBy"]);
    match pass.nonce {
        Some(nonce) => write.set("nonce", text(nonce.to_hex())),
        None => write.remove(["nonce"]),
    }
}

fn account(item: &Item) -> Account {
    let profile = profile(item);
    let active = profile.state == Some(State::Active);
    Account {
        pass: None,
        face: active && !profile.faces.is_empty(),
        face_data: active && profile.data.is_some(),
        reset_at: profile.reset_at(),
        sign_out_owed: item.time("signOutOwed"),
    }
}

fn pass(item: &Item) -> Option<Pass> {
    Some(Pass {
        at: item.time("at")?,
        steps: item.text("steps")?.parse().ok()?,
        client: ClientId::parse(item.text("client")?).ok()?,
        session: Opening {
            began: item.time("began")?,
            bound: item.flag("bound"),
        },
        // What cannot be read makes no pass: neither one that anybody may use, nor an unused one.
        nonce: match item.text("nonce") {
            Some(nonce) => Some(Sha256Digest::from_hex(nonce)?),
            None => None,
        },
        used: match item.time("usedAt") {
            Some(at) => Some(Use {
                at,
                by: Sha256Digest::from_hex(item.text("usedBy")?)?,
            }),
            None => None,
        },
    })
}
