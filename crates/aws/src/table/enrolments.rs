//! Enrolments: who is at it, and how far it is.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use signin_core::enrolment::{Enrolment, KEPT, LEASE, State};
use signin_core::id::{CallId, EnrolmentId, UserName};
use signin_core::profile::{self, EnrolledFace, Profile};
use signin_core::reason::Reason;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

use super::accounts::{digest, enrolled};
use super::challenges::{PICTURE_KEPT, activate};
use super::item::{Item, Write, put_new, text, time, ttl};
use super::{Transaction, UserTable, enrolment_key, picture_key, profile_key};
use crate::fault::Fault;

/// The right to index one enrolment's picture, until it runs out.
#[derive(Debug)]
pub struct Lease {
    id: EnrolmentId,
    call: CallId,
}

impl UserTable {
    /// Begins the enrolment of a session, in place of an abandoned one. False where the profile is
    /// no longer as it was read: the account may not enrol any more, or another session was
    /// quicker.
    pub async fn begin_enrolment(
        &self,
        user: &UserName,
        id: &EnrolmentId,
        seen: &Profile,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let profile = begin(user, id, seen);
        let writes = vec![
            put_new(
                &self.name,
                &enrolment_key(id),
                awaited(user, seen.abandoned(), now).chain(
                    seen.binding
                        .map(|binding| ("binding", text(binding.to_hex()))),
                ),
            ),
            profile.in_transaction(&self.name),
        ];
        if self.write(writes).await? == Transaction::Written {
            return Ok(true);
        }
        self.has_begun(user, id).await
    }

    /// Begins an enrolment of face data, likewise. Nothing of it lies outside the profile, so it
    /// needs no record of its own.
    pub async fn begin_data_enrolment(
        &self,
        user: &UserName,
        id: &EnrolmentId,
        seen: &Profile,
    ) -> Result<bool, Fault> {
        let profile = begin(user, id, seen);
        if self.update("BeginEnrolment", profile).await? {
            return Ok(true);
        }
        self.has_begun(user, id).await
    }

    /// Whether an enrolment has begun although its write says otherwise: it may have been carried
    /// out before, without this call's hearing of it.
    async fn has_begun(&self, user: &UserName, id: &EnrolmentId) -> Result<bool, Fault> {
        Ok(self.profile(user).await?.enrolment.as_ref() == Some(id))
    }

    /// Makes sure that there is an enrolment for an operator's upload.
    pub async fn await_bulk(
        &self,
        user: &UserName,
        id: &EnrolmentId,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.write(vec![put_new(
            &self.name,
            &enrolment_key(id),
            awaited(user, None, now),
        )])
        .await?;
        Ok(())
    }

    /// Reads an enrolment.
    pub async fn enrolment(&self, id: &EnrolmentId) -> Result<Option<Enrolment>, Fault> {
        let [found] = self.read([Some(enrolment_key(id))]).await?;
        Ok(found.as_ref().and_then(enrolment))
    }

    /// Reads the face that an enrolment has put into the collection and that signs nobody in yet.
    pub async fn indexed(&self, id: &EnrolmentId) -> Result<Option<EnrolledFace>, Fault> {
        Ok(
            match self.enrolment(id).await?.map(|enrolment| enrolment.state) {
                Some(State::Indexed(face)) => Some(face),
                _ => None,
            },
        )
    }

    /// Takes the right to index this version of the object, provided that the enrolment still is
    /// as it was read.
    pub async fn lease_enrolment(
        &self,
        found: &Enrolment,
        version: Option<&str>,
        call: CallId,
        now: Timestamp,
    ) -> Result<Option<Lease>, Fault> {
        let leased = State::Indexing {
            call,
            lease: now.plus(LEASE),
        };
        let before = match found.state {
            State::Indexing { call, .. } => Some(text(call.to_string())),
            _ => None,
        };
        let write = Write::to(enrolment_key(&found.id))
            .set("state", text(leased.name()))
            .set("call", text(call.to_string()))
            .set("lease", time(now.plus(LEASE)))
            .set_some("version", version.map(text))
            .if_equal("state", text(found.state.name()))
            .if_same("call", before);
        let lease = Lease {
            id: found.id.clone(),
            call,
        };
        if self.update("LeaseEnrolment", write).await? {
            return Ok(Some(lease));
        }
        // It may have been carried out before, without this call's hearing of it.
        let now = self.enrolment(&found.id).await?;
        let mine = now.is_some_and(|now| now.state == leased);
        Ok(mine.then_some(lease))
    }

    /// Records the face that was indexed, and remembers the picture it came from. False where
    /// the lease has run out and somebody else has taken it.
    pub async fn record_indexed(
        &self,
        lease: &Lease,
        user: &UserName,
        face: &EnrolledFace,
        version: Option<&str>,
        picture: Sha256Digest,
    ) -> Result<bool, Fault> {
        let mut write = Write::to(enrolment_key(&lease.id))
            .set("state", text(State::Indexed(face.clone()).name()))
            .set("faceId", text(face.id.as_str()))
            .set_some("version", version.map(text))
            // The record is what finds the face again, so it is swept no more.
            .remove(["call", "lease", "reason", "ttl"])
            .if_equal("call", text(lease.call.to_string()));
        for (name, value) in face_attributes(face) {
            write = write.set(&name, value);
        }
        let remembered = Write::to(picture_key(user, picture))
            .set("ttl", ttl(face.indexed_at.plus(PICTURE_KEPT)));
        let writes = vec![
            write.in_transaction(&self.name),
            remembered.in_transaction(&self.name),
        ];
        Ok(self.write(writes).await? == Transaction::Written)
    }

    /// Records why a picture was not accepted.
    pub async fn record_rejected(
        &self,
        lease: &Lease,
        reason: Reason,
        version: Option<&str>,
    ) -> Result<(), Fault> {
        let write = Write::to(enrolment_key(&lease.id))
            .set("state", text(State::Rejected(reason).name()))
            .set("reason", text(reason.name()))
            .set_some("version", version.map(text))
            .remove(["call", "lease"])
            .if_equal("call", text(lease.call.to_string()));
        self.update("RecordRejected", write).await?;
        Ok(())
    }

    /// Forgets an enrolment whose face is gone.
    pub async fn forget_enrolment(&self, id: &EnrolmentId) -> Result<(), Fault> {
        let request = self.client.delete_item().table_name(&self.name);
        let deleted = request
            .set_key(Some(enrolment_key(id).to_attributes()))
            .send()
            .await;
        deleted.map_err(|error| Fault::of("ForgetEnrolment", &error))?;
        Ok(())
    }

    /// Makes an operator's enrolment active, where the user has an account and no face yet. False
    /// otherwise.
    pub async fn activate_bulk(
        &self,
        user: &UserName,
        id: &EnrolmentId,
        face: &EnrolledFace,
    ) -> Result<bool, Fault> {
        let enrolment = Write::to(enrolment_key(id))
            .set("state", text(State::Active(face.clone()).name()))
            .remove(["ttl"])
            .if_equal("faceId", text(face.id.as_str()));
        let profile = activate(Write::to(profile_key(user)), face).if_either(
            "state",
            text(profile::State::Pending.name()),
            text(profile::State::MayEnrol.name()),
        );
        let writes = vec![
            profile.in_transaction(&self.name),
            enrolment.in_transaction(&self.name),
        ];
        Ok(self.write(writes).await? == Transaction::Written)
    }
}

/// Makes an enrolment the one that is under way, provided that the profile still is as it was
/// read.
fn begin(user: &UserName, id: &EnrolmentId, seen: &Profile) -> Write {
    let same = |id: &Option<EnrolmentId>| id.as_ref().map(|id| text(id.as_str()));
    Write::to(profile_key(user))
        .set("enrolment", text(id.as_str()))
        .remove(["ended"])
        .if_equal("state", text(profile::State::MayEnrol.name()))
        .if_same(
            "binding",
            seen.binding.map(|binding| text(binding.to_hex())),
        )
        .if_same("enrolment", same(&seen.enrolment))
        .if_same("ended", same(&seen.ended))
}

/// A new enrolment's attributes. One that replaces another is not swept: it is what finds the
/// other's face.
fn awaited(
    user: &UserName,
    replaces: Option<&EnrolmentId>,
    now: Timestamp,
) -> impl Iterator<Item = (&'static str, AttributeValue)> {
    let last = match replaces {
        Some(id) => ("replaces", text(id.as_str())),
        None => ("ttl", ttl(now.plus(KEPT))),
    };
    [
        ("user", text(user.as_str())),
        ("state", text(State::Awaited.name())),
        last,
    ]
    .into_iter()
}

/// A face's attributes, the same in a profile and in an enrolment.
pub(super) fn face_attributes(face: &EnrolledFace) -> HashMap<String, AttributeValue> {
    let document = face.document.iter().flat_map(|document| {
        [
            ("documentKey", text(&document.key)),
            ("documentVersion", text(&document.version)),
        ]
    });
    let attributes = [
        ("collection", text(&face.collection)),
        ("modelVersion", text(&face.model_version)),
        ("indexedAt", time(face.indexed_at)),
    ];
    attributes
        .into_iter()
        .chain(document)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Reads an enrolment; none where its record is not one of ours.
pub(super) fn enrolment(item: &Item) -> Option<Enrolment> {
    let face = || enrolled(item.text("faceId")?, item);
    let state = match item.text("state")? {
        "AWAITED" => State::Awaited,
        "INDEXING" => State::Indexing {
            call: CallId::parse(item.text("call")?)?,
            lease: item.time("lease")?,
        },
        "INDEXED" => State::Indexed(face()?),
        "ACTIVE" => State::Active(face()?),
        "REJECTED" => State::Rejected(Reason::parse(item.text("reason")?)?),
        _ => return None,
    };
    Some(Enrolment {
        id: EnrolmentId::parse(item.text("PK")?.strip_prefix("ENROLMENT#")?).ok()?,
        user: UserName::parse(item.text("user")?).ok()?,
        state,
        binding: digest(item, "binding"),
        version: item.text("version").map(str::to_owned),
        replaces: item
            .text("replaces")
            .and_then(|id| EnrolmentId::parse(id).ok()),
    })
}
