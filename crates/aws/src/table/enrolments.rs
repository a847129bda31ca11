//! Enrolments: who is at it, and how far it is.
//!
//! The record lies in its user's partition, so that whoever reads it has to say whose it is. What
//! S3's events bring is an object's key, which says nothing: the pointer tells whose enrolment it
//! names.

use std::collections::BTreeSet;

use signin_core::budget;
use signin_core::enrolment::{Enrolment, GIVEN_UP, KEPT, Remains, State};
use signin_core::id::{EnrolmentId, InvocationId, UserName};
use signin_core::key::DocumentKey;
use signin_core::notice::Notice;
use signin_core::profile::{self, ConsentBy, EnrolledFace, Profile};
use signin_core::reason::Reason;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

use super::attribute::{
    BINDING, CALL, CONSENT_BY, DATA_OF, ENROLMENT, FACE_ID, FACES, LEASE, REASON, RECOGNITIONS,
    STATE, TTL, UNSETTLED, USER, VERSION, WAITING,
};
use super::dynamodb::RACES;
use super::item::{Write, delete, number, put_new, text, texts, time, ttl};
use super::owed::{Debt, owe, owe_nothing};
use super::records::{
    activate, activated, awaited, enrolment, face_attributes, forget_data, owner, remembered,
    replaced, set_consent, tell,
};
use super::rows::{Rows, Transaction};
use super::{UserTable, enrolment_key, pointer_key, profile_key};
use crate::fault::Fault;

/// The right to index one enrolment's picture, until it runs out.
#[derive(Debug)]
pub struct Lease {
    user: UserName,
    id: EnrolmentId,
    call: InvocationId,
    unsettled: BTreeSet<String>,
}

impl Lease {
    /// The versions of the object that calls looked at which lost their lease to this one.
    pub fn unsettled(&self) -> &BTreeSet<String> {
        &self.unsettled
    }
}

impl<R: Rows> UserTable<R> {
    /// Begins the enrolment of a session, in place of the `abandoned` one that has a record, which is to be
    /// undone from then on. False where the profile is no longer as it was read: the account may not enrol
    /// any more, or another session was quicker.
    pub async fn begin_enrolment(
        &self,
        user: &UserName,
        id: &EnrolmentId,
        seen: &Profile,
        abandoned: Option<&EnrolmentId>,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let profile = begin(user, id, seen);
        let key = DocumentKey::Enrolment(id.clone());
        let mut writes = vec![
            put_new(
                &enrolment_key(user, id),
                awaited(&key, now).chain(
                    seen.binding
                        .map(|binding| (BINDING, text(binding.to_hex()))),
                ),
            ),
            put_new(
                &pointer_key(id),
                [(USER, text(user.as_str())), (TTL, ttl(now.plus(KEPT)))],
            ),
            profile.in_transaction(),
        ];
        writes.extend(abandoned.map(|abandoned| replaced(user, abandoned, now).in_transaction()));
        if self.write(writes).await? == Transaction::Written {
            return Ok(true);
        }
        self.has_begun(user, id).await
    }

    /// Begins an enrolment of face data, likewise. Nothing of it lies outside the profile, so it
    /// needs no record of its own. `abandoned` is the one of a picture that it replaces, if there is one.
    pub async fn begin_data_enrolment(
        &self,
        user: &UserName,
        id: &EnrolmentId,
        seen: &Profile,
        abandoned: Option<&EnrolmentId>,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let profile = begin(user, id, seen);
        let begun = match abandoned {
            Some(abandoned) => {
                let replaced = replaced(user, abandoned, now);
                let writes = [profile, replaced].map(Write::in_transaction);
                self.write(writes.into()).await? == Transaction::Written
            }
            None => self.update("BeginEnrolment", profile).await?,
        };
        if begun {
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
        key: &DocumentKey,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.write(vec![put_new(&enrolment_key(user, id), awaited(key, now))])
            .await?;
        Ok(())
    }

    /// Whose enrolment an object's key names; none where there is no such enrolment.
    pub async fn owner(&self, id: &EnrolmentId) -> Result<Option<UserName>, Fault> {
        let [found] = self.read([Some(pointer_key(id))]).await?;
        found.as_ref().map(owner).transpose()
    }

    /// Reads an enrolment.
    pub async fn enrolment(
        &self,
        user: &UserName,
        id: &EnrolmentId,
    ) -> Result<Option<Enrolment>, Fault> {
        let [found] = self.read([Some(enrolment_key(user, id))]).await?;
        found.as_ref().map(enrolment).transpose()
    }

    /// Reads the face that an enrolment has put into the collection and that signs nobody in yet.
    pub async fn indexed(
        &self,
        user: &UserName,
        id: &EnrolmentId,
    ) -> Result<Option<EnrolledFace>, Fault> {
        let found = self.enrolment(user, id).await?;
        Ok(match found.map(|enrolment| enrolment.state) {
            Some(State::Indexed(face)) => Some(face),
            _ => None,
        })
    }

    /// Takes the right to look at this version of the object once, provided that the enrolment
    /// still is as it was read.
    ///
    /// A call that dies with the right in its hand may leave a face behind; so the enrolment is
    /// looked at again some time after, and whoever takes over notes what the call before looked at.
    pub async fn lease_enrolment(
        &self,
        found: &Enrolment,
        version: Option<&str>,
        call: InvocationId,
        now: Timestamp,
    ) -> Result<Option<Lease>, Fault> {
        let until = now.plus(budget::ENROLMENT_LEASE);
        let leased = State::Indexing { call, lease: until };
        let mut unsettled = found.unsettled.clone();
        let before = match found.state {
            State::Indexing { call, .. } => {
                unsettled.extend(found.version.clone());
                Some(text(call.to_string()))
            }
            _ => None,
        };
        let write = Write::to(enrolment_key(&found.user, &found.id))
            .set(STATE, text(leased.name()))
            .set(CALL, text(call.to_string()))
            .set(LEASE, time(until))
            .set(RECOGNITIONS, number(found.recognitions + 1))
            .set_some(VERSION, version.map(text))
            .set_some(UNSETTLED, texts(&unsettled))
            .if_equal(STATE, text(found.state.name()))
            .if_equal(RECOGNITIONS, number(found.recognitions))
            .if_same(CALL, before);
        let write = owe(write, Debt::Enrolment, until.plus(GIVEN_UP));
        let lease = Lease {
            user: found.user.clone(),
            id: found.id.clone(),
            call,
            unsettled,
        };
        if self.update("LeaseEnrolment", write).await? {
            return Ok(Some(lease));
        }
        // It may have been carried out before, without this call's hearing of it.
        let now = self.enrolment(&found.user, &found.id).await?;
        let mine = now.is_some_and(|now| now.state == leased);
        Ok(mine.then_some(lease))
    }

    /// Records the face that was indexed, and remembers the picture it came from. False where
    /// the lease has run out and somebody else has taken it, or another enrolment has taken this
    /// one's place.
    pub async fn record_indexed(
        &self,
        lease: &Lease,
        face: &EnrolledFace,
        version: Option<&str>,
        picture: Sha256Digest,
    ) -> Result<bool, Fault> {
        let mut write = held(lease)
            .set(STATE, text(State::Indexed(face.clone()).name()))
            .set(FACE_ID, text(face.id.as_str()))
            .set_some(VERSION, version.map(text))
            // The record is what finds the face again, so it is swept no more.
            .remove([CALL, LEASE, REASON, TTL]);
        for (name, value) in face_attributes(face) {
            write = write.set(name, value);
        }
        let due = if lease.unsettled.is_empty() {
            KEPT
        } else {
            budget::ENDED
        };
        let write = owe(write, Debt::Enrolment, face.indexed_at.plus(due));
        let remembered = remembered(&lease.user, picture, face.indexed_at);
        let pointer = Write::to(pointer_key(&lease.id))
            .set(USER, text(lease.user.as_str()))
            .remove([TTL]);
        let writes = [write, remembered, pointer];
        let writes = writes.map(Write::in_transaction);
        Ok(self.write(writes.into()).await? == Transaction::Written)
    }

    /// Records why a picture was not accepted.
    pub async fn record_rejected(
        &self,
        lease: &Lease,
        reason: Reason,
        version: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let write = held(lease)
            .set(STATE, text(State::Rejected(reason).name()))
            .set(REASON, text(reason.name()))
            .set_some(VERSION, version.map(text))
            .remove([CALL, LEASE]);
        let write = if lease.unsettled.is_empty() {
            owe_nothing(write)
        } else {
            // The record is what finds the faces that those calls may have left, so it is swept no
            // more.
            owe(write.remove([TTL]), Debt::Enrolment, now.plus(GIVEN_UP))
        };
        self.update("RecordRejected", write).await
    }

    /// Notes that nothing is owed of an enrolment for now, provided that it still stands where it was
    /// found: no face is left that no record names.
    pub async fn settle_enrolment_record(&self, found: &Enrolment) -> Result<(), Fault> {
        let write = Write::to(enrolment_key(&found.user, &found.id))
            .remove([UNSETTLED])
            .if_equal(STATE, text(found.state.name()))
            .if_equal(RECOGNITIONS, number(found.recognitions));
        let write = match &found.state {
            State::Indexed(face) => owe(write, Debt::Enrolment, face.indexed_at.plus(KEPT)),
            _ => owe_nothing(write),
        };
        self.update("SettleEnrolment", write).await?;
        Ok(())
    }

    /// Marks an enrolment as one to be undone, provided that it still stands where it was found.
    pub async fn replace_enrolment(
        &self,
        found: &Enrolment,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let write = replaced(&found.user, &found.id, now).if_equal(STATE, text(found.state.name()));
        self.update("ReplaceEnrolment", write).await
    }

    /// Has an enrolment looked at again at another moment, while it still stands where it was found.
    pub async fn look_again(&self, found: &Enrolment, when: Timestamp) -> Result<(), Fault> {
        let write = Write::to(enrolment_key(&found.user, &found.id))
            .if_equal(STATE, text(found.state.name()));
        self.update("LookAgain", owe(write, Debt::Enrolment, when))
            .await?;
        Ok(())
    }

    /// Forgets a replaced enrolment of which nothing is left, and whose it was.
    pub async fn forget_enrolment(&self, user: &UserName, id: &EnrolmentId) -> Result<(), Fault> {
        let state = State::Replaced(Remains::default());
        let record = delete(&enrolment_key(user, id), Some((STATE, text(state.name()))));
        let writes = vec![record, delete(&pointer_key(id), None)];
        // Where somebody else has forgotten it, it is forgotten.
        self.write(writes).await?;
        Ok(())
    }

    /// Makes the face of an operator's upload the user's, by the consent that the operator states;
    /// without one, lets it wait for the person's own. It needs no profile: an account that an
    /// administrator made, or that was imported, has none. An enrolment that is under way, or another
    /// upload that waits, is replaced.
    pub async fn activate_bulk(
        &self,
        user: &UserName,
        id: &EnrolmentId,
        face: &EnrolledFace,
        consent: Option<&str>,
        now: Timestamp,
    ) -> Result<Offered, Fault> {
        for _ in 0..RACES {
            let seen = self.profile(user).await?;
            if seen.faces.iter().any(|own| own.id == face.id) {
                return Ok(Offered::Active);
            }
            if seen.is_active() {
                return Ok(Offered::Refused);
            }
            let same = |id: &Option<EnrolmentId>| id.as_ref().map(|id| text(id.as_str()));
            let by = seen.consent.as_ref().map(|consent| consent.by);
            let profile = Write::to(profile_key(user))
                .if_same(STATE, seen.state.map(|state| text(state.name())))
                .if_same(CONSENT_BY, by.map(|by| text(by.name())))
                .if_same(ENROLMENT, same(&seen.enrolment))
                .if_same(WAITING, same(&seen.waiting));
            let mut others = Vec::new();
            let profile = match consent {
                Some(version) => {
                    others.push(activated(user, id, face));
                    others.push(tell(user, Notice::FaceEnrolled, now));
                    let running = seen.enrolment.iter().filter(|running| *running != id);
                    others.extend(running.map(|running| replaced(user, running, now)));
                    let active = activate(profile, face);
                    // What the person has said themselves is not overwritten by what others say.
                    match by {
                        Some(ConsentBy::Person) => active,
                        Some(ConsentBy::SignUp | ConsentBy::Operator) | None => {
                            set_consent(active, version, ConsentBy::Operator, now)
                        }
                    }
                }
                None if seen.waiting.as_ref() == Some(id) => return Ok(Offered::Waits),
                None => profile.set(WAITING, text(id.as_str())).if_absent(FACES),
            };
            let others_waiting = seen.waiting.iter().filter(|waiting| *waiting != id);
            others.extend(others_waiting.map(|waiting| replaced(user, waiting, now)));
            let writes = std::iter::once(profile).chain(others);
            let writes = writes.map(Write::in_transaction);
            if self.write(writes.collect()).await? == Transaction::Written {
                return Ok(match consent {
                    Some(_) => Offered::Active,
                    None => Offered::Waits,
                });
            }
        }
        Err(Fault::new(
            "ActivateBulk",
            "transaction conflict retries exhausted",
        ))
    }
}

/// What became of an operator's upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// Its face is the user's.
    Active,
    /// Its face signs nobody in until the person agrees.
    Waits,
    /// Another face is active.
    Refused,
}

/// Writes to an enrolment, provided that the lease is still good.
fn held(lease: &Lease) -> Write {
    let state = State::Indexing {
        call: lease.call,
        lease: Timestamp::default(),
    };
    Write::to(enrolment_key(&lease.user, &lease.id))
        .if_equal(STATE, text(state.name()))
        .if_equal(CALL, text(lease.call.to_string()))
}

/// Makes an enrolment the one that is under way, provided that the profile still is as it was
/// read. Face data that the enrolment before it had accepted are forgotten; what sign-up has brought is
/// what every enrolment must repeat.
fn begin(user: &UserName, id: &EnrolmentId, seen: &Profile) -> Write {
    let begun = Write::to(profile_key(user))
        .set(ENROLMENT, text(id.as_str()))
        .if_equal(STATE, text(profile::State::MayEnrol.name()))
        .if_same(BINDING, seen.binding.map(|binding| text(binding.to_hex())))
        .if_same(
            ENROLMENT,
            seen.enrolment.as_ref().map(|id| text(id.as_str())),
        );
    if seen.data_from_sign_up {
        begun.remove([DATA_OF])
    } else {
        forget_data(begun)
    }
}
