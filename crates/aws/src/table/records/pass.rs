//! `PASS#<nonce>`: a full pass, until tokens use it up.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use signin_core::factor::face_data::EnrolledData;
use signin_core::id::{ClientId, EnrolmentId, FaceId, UserName};
use signin_core::lockout::Path;
use signin_core::pass::{Account, Pass, Steps, Use};
use signin_core::profile::{EnrolledFace, Profile, State};
use signin_core::reset::Opening;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

use super::super::attribute::{AT, BEGAN, BOUND, CLIENT, NONCE, SK, STEPS, TTL, USED_AT, USED_BY};
use super::super::item::{Item, Write, text, time, ttl};
use super::super::{pass_key, pass_sort};
use super::profile::ProfileRecord;
use super::read::{self, Misread, Record, both, read, required};
use crate::fault::Fault;

/// A factor that passed.
#[derive(Debug)]
pub struct PassedFactor<'a> {
    /// The digest of the picture or the face data that must not pass again.
    pub picture: Sha256Digest,
    /// Whose face it was; none where what passed is nothing that an account enrols.
    pub face: Option<PassedFace>,
    /// The path that the session is on.
    pub path: Path,
    /// The steps that the session has passed, where they are a whole chain of the policy; none where
    /// others are due.
    pub steps: Option<Steps>,
    /// The app client whose session it is.
    pub client: &'a ClientId,
    /// How the session began: a password reset since then, or one whose secret it did not bring,
    /// lets it come to nothing.
    pub session: Opening,
    /// The digest of the session's nonce, where the client sent one.
    pub nonce: Option<Sha256Digest>,
    /// The digest of what the browser is known by, where the client sent that.
    pub browser: Option<Sha256Digest>,
    /// When the password was last reset, if it was.
    pub last_reset: Option<Timestamp>,
}

impl PassedFactor<'_> {
    /// Whether its session has proved the password.
    pub fn password(&self) -> bool {
        self.path == Path::Password
    }

    /// Whether it makes an enrolment active.
    pub(crate) fn enrols(&self) -> bool {
        match &self.face {
            Some(PassedFace::Activates(..) | PassedFace::ActivatesData(_)) => true,
            Some(PassedFace::Known(_) | PassedFace::KnownData(_)) | None => false,
        }
    }
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
    /// It makes the face data of an enrolment active, which must still be those that were compared.
    ActivatesData(EnrolledData),
}

/// How long a pass is kept after it was recorded. It is good for a minute, and then for what an
/// operator looks up.
const KEPT: Duration = Duration::from_hours(24);

/// Records a pass of a whole chain, in place of the one with the same nonce, or without one.
pub(crate) fn record_pass(
    user: &UserName,
    pass: &PassedFactor<'_>,
    now: Timestamp,
) -> Option<Write> {
    let steps = pass.steps.as_ref()?;
    let write = Write::to(pass_key(user, pass.nonce))
        .set(AT, time(now))
        .set(STEPS, text(steps.to_string()))
        .set(CLIENT, text(pass.client.as_str()))
        .set(BEGAN, time(pass.session.began))
        .set(BOUND, AttributeValue::Bool(pass.session.bound))
        .set(TTL, ttl(now.plus(KEPT)))
        .remove([USED_AT, USED_BY]);
    Some(match pass.nonce {
        Some(nonce) => write.set(NONCE, text(nonce.to_hex())),
        None => write.remove([NONCE]),
    })
}

impl TryFrom<ProfileRecord> for Account {
    type Error = Misread;

    fn try_from(record: ProfileRecord) -> Result<Self, Misread> {
        // None while nothing is owed.
        let sign_out_owed = record.sign_out_owed;
        let profile = Profile::try_from(record)?;
        let active = profile.state == Some(State::Active);
        Ok(Self {
            pass: None,
            face: active && !profile.faces.is_empty(),
            face_data: active && profile.data.as_ref().is_some_and(|data| data.of.is_some()),
            reset_at: profile.reset_at(),
            sign_out_owed,
        })
    }
}

/// Reads the account of a profile, without a pass.
pub(crate) fn account(item: &Item) -> Result<Account, Fault> {
    read::<ProfileRecord, _>(item)
}

/// What the table holds of a pass.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PassRecord {
    #[serde(rename = "SK")]
    sort: Option<String>,
    at: Option<Timestamp>,
    #[serde(deserialize_with = "read::text")]
    steps: Option<Steps>,
    #[serde(deserialize_with = "read::text")]
    client: Option<ClientId>,
    began: Option<Timestamp>,
    bound: Option<bool>,
    #[serde(deserialize_with = "read::text")]
    nonce: Option<Sha256Digest>,
    used_at: Option<Timestamp>,
    #[serde(deserialize_with = "read::text")]
    used_by: Option<Sha256Digest>,
}

impl Record for PassRecord {
    const READ: &'static str = "ReadPass";
}

impl TryFrom<PassRecord> for Pass {
    type Error = Misread;

    fn try_from(record: PassRecord) -> Result<Self, Misread> {
        // A pass of a session without a nonce has none, and lies where those lie: one that has lost its
        // nonce is no pass that anybody may use.
        if required(record.sort, SK)? != pass_sort(record.nonce) {
            return Err(Misread::NotUnderstood(NONCE));
        }
        // Neither before it is used.
        let used = both((record.used_at, USED_AT), (record.used_by, USED_BY))?;
        Ok(Self {
            at: required(record.at, AT)?,
            steps: required(record.steps, STEPS)?,
            client: required(record.client, CLIENT)?,
            session: Opening {
                began: required(record.began, BEGAN)?,
                // Without a word on the secret of the last reset it counts as not brought.
                bound: record.bound.unwrap_or_default(),
            },
            nonce: record.nonce,
            used: used.map(|(at, by)| Use { at, by }),
        })
    }
}

/// Reads a pass.
pub(crate) fn pass(item: &Item) -> Result<Pass, Fault> {
    read::<PassRecord, _>(item)
}
