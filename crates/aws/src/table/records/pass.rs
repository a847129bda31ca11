//! `PASS#<nonce>`: a full pass, until tokens use it up.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use signin_core::id::{ClientId, EnrolmentId, FaceId, UserName};
use signin_core::pass::{Account, Pass, Steps, Use};
use signin_core::profile::{EnrolledFace, State};
use signin_core::reset::Opening;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

use super::super::item::{Item, Write, text, time, ttl};
use super::super::pass_key;
use super::profile::profile;

/// A pass of the whole policy.
#[derive(Debug)]
pub struct FullPass<'a> {
    /// The digest of the picture or the face data that must not pass again.
    pub picture: Sha256Digest,
    /// Whose face it was.
    pub face: PassedFace,
    /// The steps that the session has passed.
    pub steps: Steps,
    /// The app client whose session it is.
    pub client: &'a ClientId,
    /// How the session began: a password reset since then, or one whose secret it did not bring,
    /// lets it come to nothing.
    pub session: Opening,
    /// The digest of the session's nonce, where the client sent one.
    pub nonce: Option<Sha256Digest>,
}

/// What a passed face changes besides the pass.
#[derive(Debug)]
pub enum PassedFace {
    /// Nothing: it matched an active face, which must be active still.
    Known(FaceId),
    /// It makes an enrolment active.
    Activates(EnrolmentId, EnrolledFace),
    /// Nothing: the face data resemble the active ones, of this enrolment, which must be active
    /// still.
    KnownData(EnrolmentId),
    /// It makes the face data of an enrolment active.
    ActivatesData(EnrolmentId),
}

/// How long a pass is kept after it was recorded. It is good for a minute, and then for what an
/// operator looks up.
const KEPT: Duration = Duration::from_hours(24);

/// Records a pass, in place of the one with the same nonce, or without one.
pub(crate) fn record_pass(user: &UserName, pass: &FullPass<'_>, now: Timestamp) -> Write {
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

pub(crate) fn account(item: &Item) -> Account {
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

pub(crate) fn pass(item: &Item) -> Option<Pass> {
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
