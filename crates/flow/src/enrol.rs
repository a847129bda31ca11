//! Indexing an enrolment's picture: done by verify-auth-challenge while the user waits, and by
//! index-images for uploads that nobody answered for and for operators' own.
//!
//! The order makes every half-done state findable: the picture lies in the bucket first, also one
//! that came with an answer; then the lease, which names the picture; then the face in the
//! collection, which carries the enrolment's id; then the record; then, for an operator's upload,
//! the user's profile. Only then are documents deleted, but for those that a call looked at which
//! lost its lease: by these, index-images and sweep search for the face that it may have left, when
//! it has ended for good.
//!
//! What another enrolment has replaced is undone by the same two, one at a time, and never while
//! somebody waits for an answer.

use std::collections::BTreeSet;
use std::time::Duration;

use signin_aws::faces::{IndexedFace, Recogniser as _, RecognitionError};
use signin_aws::fault::Fault;
use signin_aws::pictures::{Found, Picture, Pictures as _};
use signin_aws::stopwatch::Call;
use signin_aws::table::{Offered, UserTable};
use signin_core::enrolment::{Debt, Enrolment, State, Work};
use signin_core::face::assess;
use signin_core::id::{EnrolmentId, UserName};
use signin_core::key::DocumentKey;
use signin_core::picture::{Format, inspect};
use signin_core::profile::{EnrolledFace, StoredDocument};
use signin_core::reason::Reason;
use signin_core::secret::PictureBytes;
use signin_core::time::Timestamp;
use tokio::time::Instant;

use crate::services::Services;

/// How often to look whether somebody else is done.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// When a face that waits for consent is looked at again, to see whether it still waits.
const LOOK_AGAIN_AFTER: Duration = Duration::from_hours(24);

/// What is needed to index a picture.
pub struct Indexer<S: Services> {
    /// The user table.
    pub table: UserTable<S::Rows>,
    /// The bucket of documents.
    pub documents: S::Pictures,
    /// The recognition service.
    pub recognition: S::Faces,
    /// The collection.
    pub collection: String,
    /// Whether documents are kept.
    pub keep_documents: bool,
}

/// A document that came for an enrolment.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where it lies.
    pub key: DocumentKey,
    /// Whose it is, as the table says.
    pub user: UserName,
    /// Which enrolment.
    pub enrolment: EnrolmentId,
    /// What lies there.
    pub found: Found,
}

/// How indexing ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indexed {
    /// The face is in the collection and on record.
    Done(EnrolledFace),
    /// The picture was not accepted.
    Rejected(Reason),
    /// Somebody else is at it.
    Busy,
    /// There is no such enrolment, or another one has taken its place.
    Over,
}

impl<S: Services> Indexer<S> {
    /// Indexes a document's face, and waits for somebody else who is at it, until an instant.
    pub async fn poll(
        &self,
        document: &Document,
        call: Call,
        until: Instant,
    ) -> Result<Indexed, Fault> {
        loop {
            let outcome = self.index(document, call).await?;
            if outcome != Indexed::Busy || Instant::now() + LOOK_AGAIN >= until {
                return Ok(outcome);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Puts a picture that came with an answer where an upload would lie, so that whoever finds
    /// this call dead finds the picture too.
    pub async fn store_image(
        &self,
        key: &DocumentKey,
        bytes: PictureBytes,
        format: Format,
    ) -> Result<Picture, Fault> {
        let key = key.to_string();
        let written = self.documents.write(&key, &bytes, format.media_type());
        let version = written.await?;
        Ok(Picture { bytes, version })
    }

    /// Indexes a document's face, or finds that it is done.
    async fn index(&self, document: &Document, call: Call) -> Result<Indexed, Fault> {
        let Document {
            key, user, found, ..
        } = document;
        let Some(enrolment) = self.table.enrolment(user, &document.enrolment).await? else {
            return Ok(Indexed::Over);
        };
        let version = match found {
            Found::Picture(picture) => picture.version.as_deref(),
            Found::Nothing | Found::TooLarge => None,
        };
        match enrolment.work(version, call.watch.now()) {
            Work::Replaced => return Ok(Indexed::Over),
            Work::UsedUp => {
                if version.is_none_or(|version| !enrolment.needs(version)) {
                    self.discard(key, version).await;
                }
                return Ok(Indexed::Rejected(Reason::TooManyPictures));
            }
            Work::Busy => return Ok(Indexed::Busy),
            Work::Rejected(reason) => return Ok(Indexed::Rejected(reason)),
            Work::Done(face) => {
                self.clean_up(&enrolment).await;
                return Ok(Indexed::Done(face));
            }
            Work::Index => {}
        }
        let picture = match found {
            Found::Picture(picture) => picture,
            // Nothing to look at: what the last picture lacked is still what counts.
            Found::Nothing => {
                return Ok(Indexed::Rejected(match enrolment.state {
                    State::Rejected(reason) => reason,
                    _ => Reason::NotAnImage,
                }));
            }
            Found::TooLarge => return Ok(Indexed::Rejected(Reason::TooLarge)),
        };
        let leased = self
            .table
            .lease_enrolment(&enrolment, version, call.id, call.watch.now());
        let Some(lease) = leased.await? else {
            return Ok(Indexed::Busy);
        };
        let indexed = match self.put_into_collection(picture, &enrolment).await {
            Ok(indexed) => indexed,
            Err(RecognitionError::Service(fault)) => return Err(fault),
            Err(RecognitionError::Unusable(reason)) => {
                let now = call.watch.now();
                let rejected = self.table.record_rejected(&lease, reason, version, now);
                if !rejected.await? {
                    return Ok(Indexed::Busy);
                }
                if version.is_none_or(|version| !lease.unsettled().contains(version)) {
                    self.discard(key, version).await;
                }
                return Ok(Indexed::Rejected(reason));
            }
        };
        let face = EnrolledFace {
            id: indexed.id,
            collection: self.collection.clone(),
            model_version: indexed.model_version,
            indexed_at: call.watch.now(),
            document: self.kept(key, version)?,
        };
        let digest = picture.bytes.digest();
        let recorded = self
            .table
            .record_indexed(&lease, &face, version, digest)
            .await?;
        if !recorded {
            return self.on_lost_lease(&enrolment, face).await;
        }
        let recorded = Enrolment {
            state: State::Indexed(face.clone()),
            unsettled: lease.unsettled().clone(),
            ..enrolment
        };
        self.clean_up(&recorded).await;
        Ok(Indexed::Done(face))
    }

    /// Checks the picture and puts its face into the collection. Where a call that died has put it
    /// there, the service gives the same face.
    async fn put_into_collection(
        &self,
        picture: &Picture,
        enrolment: &Enrolment,
    ) -> Result<IndexedFace, RecognitionError> {
        let header = inspect(picture.bytes.as_slice()).map_err(RecognitionError::Unusable)?;
        let faces = self.recognition.detect(&picture.bytes).await?;
        assess(&faces, header).map_err(RecognitionError::Unusable)?;
        let indexed = self
            .recognition
            .index(&self.collection, &picture.bytes, &enrolment.id)
            .await?;
        indexed.ok_or(RecognitionError::Unusable(Reason::NoFace))
    }

    /// Takes out the faces of an enrolment that no record names, and that calls may have left which
    /// lost their lease. Only where the enrolment's face is decided, or it has none any more: what is
    /// not decided yet may still come to be on record.
    async fn forget_unrecorded(&self, enrolment: &Enrolment) -> Result<(), Fault> {
        let key = enrolment.key.to_string();
        for version in enrolment.searched_by() {
            let found = self.documents.read(&key, Some(version)).await?;
            let Found::Picture(picture) = found else {
                continue;
            };
            let (recognition, id) = (&self.recognition, &enrolment.id);
            let faces = recognition.faces_of(&self.collection, &picture.bytes, id);
            let faces = match faces.await {
                Ok(faces) => faces,
                // A picture that cannot be looked at was not indexed either.
                Err(RecognitionError::Unusable(_)) => continue,
                Err(RecognitionError::Service(fault)) => return Err(fault),
            };
            let recorded = enrolment.face().map(|face| &face.id);
            for face in faces.iter().filter(|face| Some(*face) != recorded) {
                recognition.forget(&self.collection, face).await?;
            }
        }
        Ok(())
    }

    /// Where documents are kept, this one.
    fn kept(
        &self,
        key: &DocumentKey,
        version: Option<&str>,
    ) -> Result<Option<StoredDocument>, Fault> {
        if !self.keep_documents {
            return Ok(None);
        }
        let version = version.ok_or_else(|| Fault::new("KeepDocument", "bucket not versioned"))?;
        Ok(Some(StoredDocument {
            key: key.to_string(),
            version: version.to_owned(),
        }))
    }

    /// What becomes of a face whose lease ran out before it was on record. Beside a record of another
    /// face, or of an enrolment that was replaced, it is taken out. Where nothing is decided it stays:
    /// the service gives the same face to whoever looks at the same picture next, and it may be on
    /// record by the time that it would be gone.
    async fn on_lost_lease(
        &self,
        enrolment: &Enrolment,
        face: EnrolledFace,
    ) -> Result<Indexed, Fault> {
        let found = self.table.enrolment(&enrolment.user, &enrolment.id).await?;
        match found.map(|found| found.state) {
            Some(State::Indexed(recorded) | State::Active(recorded)) if recorded.id == face.id => {
                return Ok(Indexed::Done(recorded));
            }
            Some(State::Awaited | State::Indexing { .. } | State::Rejected(_)) => {}
            Some(State::Indexed(_) | State::Active(_) | State::Replaced(_)) | None => {
                self.recognition.forget(&self.collection, &face.id).await?;
            }
        }
        Ok(Indexed::Busy)
    }

    /// Deletes what is not needed once the record stands: every version of the document but a kept
    /// one and those by which faces are searched for. Where that fails, sweep and the next look at
    /// this enrolment try again. An operator's upload stays until its face is somebody's: see
    /// [`Indexer::activate`].
    async fn clean_up(&self, enrolment: &Enrolment) {
        if let key @ DocumentKey::Enrolment(_) = &enrolment.key {
            let key = key.to_string();
            let needed = |version: &str| enrolment.needs(version);
            log_fault(self.documents.delete_versions(&key, needed).await);
        }
    }

    /// Makes the face of an operator's upload the user's where none is active, by the version of the
    /// consent text to which the operator states that the person agreed; without one, it waits for
    /// the person. Where another face is active, takes it out again. Only then is the document
    /// deleted, unless it is kept: a call that comes after one that died needs it. Says in a word
    /// which.
    pub async fn activate(
        &self,
        document: &Document,
        face: &EnrolledFace,
        consent: Option<&str>,
        now: Timestamp,
    ) -> Result<&'static str, Fault> {
        let outcome = self
            .activate_or_roll_back(document, face, consent, now)
            .await?;
        log_fault(self.discard_unless_needed(document).await);
        Ok(outcome)
    }

    async fn activate_or_roll_back(
        &self,
        document: &Document,
        face: &EnrolledFace,
        consent: Option<&str>,
        now: Timestamp,
    ) -> Result<&'static str, Fault> {
        let Document {
            user, enrolment, ..
        } = document;
        let offered = self
            .table
            .activate_bulk(user, enrolment, face, consent, now);
        match offered.await? {
            Offered::Active => return Ok("active"),
            Offered::Waits => return Ok("waits for consent"),
            Offered::Refused => {}
        }
        if let Some(found) = self.table.enrolment(user, enrolment).await?
            && let State::Indexed(_) = found.state
        {
            self.table.replace_enrolment(&found, now).await?;
        }
        self.roll_back(user, enrolment, now).await?;
        Ok("not activated: another face is active")
    }

    /// Deletes a version of a document that is of no use. Where that fails, the bucket's lifecycle
    /// does it.
    pub async fn discard(&self, key: &DocumentKey, version: Option<&str>) {
        if let Some(version) = version {
            log_fault(
                self.documents
                    .delete_version(&key.to_string(), version)
                    .await,
            );
        }
    }

    /// Deletes the version of a document of which nothing more is to come, unless its enrolment's
    /// record says that it is kept, or that faces are searched for with it: what is owed of the
    /// enrolment deletes it then.
    pub async fn discard_unless_needed(&self, document: &Document) -> Result<(), Fault> {
        let Found::Picture(Picture {
            version: Some(version),
            ..
        }) = &document.found
        else {
            return Ok(());
        };
        let (user, id) = (&document.user, &document.enrolment);
        let record = self.table.enrolment(user, id).await?;
        if !record.is_some_and(|record| record.needs(version)) {
            self.discard(&document.key, Some(version)).await;
        }
        Ok(())
    }

    /// Does what is owed of an enrolment: undoes one that was replaced; one that nobody will finish
    /// any more is marked as replaced first, so that nobody does; beside a face on record, takes out
    /// what calls have left which lost their lease. Says whether it was undone.
    pub async fn settle_owed(
        &self,
        user: &UserName,
        id: &EnrolmentId,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let table = &self.table;
        let Some(found) = table.enrolment(user, id).await? else {
            return Ok(false);
        };
        match found.debt(now) {
            Debt::NotYet => Ok(false),
            Debt::Nothing => {
                table.settle_enrolment_record(&found).await?;
                Ok(false)
            }
            Debt::Settle => {
                self.settle(&found).await?;
                Ok(false)
            }
            // It waits for the person's consent, however long.
            Debt::GiveUp if table.profile(user).await?.awaits_consent_for(id) => {
                if found.face().is_some() {
                    self.settle(&found).await?;
                }
                table.look_again(&found, now.plus(LOOK_AGAIN_AFTER)).await?;
                Ok(false)
            }
            Debt::GiveUp if !table.replace_enrolment(&found, now).await? => Ok(false),
            Debt::GiveUp | Debt::Undo => self.roll_back(user, id, now).await,
        }
    }

    /// Takes out the faces that calls have left beside the one on record, deletes the pictures by
    /// which they were searched for, and only then forgets about them.
    async fn settle(&self, found: &Enrolment) -> Result<(), Fault> {
        self.forget_unrecorded(found).await?;
        let settled = Enrolment {
            unsettled: BTreeSet::new(),
            ..found.clone()
        };
        let key = found.key.to_string();
        // An operator's upload whose face is nobody's yet is needed to make it somebody's; sweep deletes
        // it in time.
        let goes_on = matches!(
            (&found.key, &found.state),
            (DocumentKey::Bulk { .. }, State::Indexed(_))
        );
        for version in found.searched_by() {
            if !goes_on && !settled.needs(version) {
                self.documents.delete_version(&key, version).await?;
            }
        }
        self.table.settle_enrolment_record(found).await
    }

    /// Undoes a replaced enrolment: takes its face out of the collection, and one that a call which
    /// died may have left there, deletes every version of its document, and only then forgets it.
    /// Where that breaks off, the record still stands and the next call goes on. Nothing is done
    /// for an enrolment that is not replaced. Says whether it was undone: false also where a call may
    /// still be at it.
    pub async fn roll_back(
        &self,
        user: &UserName,
        id: &EnrolmentId,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let Some(enrolment) = self.table.enrolment(user, id).await? else {
            return Ok(false);
        };
        let State::Replaced(remains) = &enrolment.state else {
            return Ok(false);
        };
        if remains.are_still_made(now) {
            return Ok(false);
        }
        let key = &enrolment.key;
        if let Some(face) = &remains.face {
            self.recognition.forget(&face.collection, &face.id).await?;
            if let Some(StoredDocument { key, version }) = &face.document {
                self.documents.delete_version(key, version).await?;
            }
        }
        self.forget_unrecorded(&enrolment).await?;
        match (key, &enrolment.version) {
            (DocumentKey::Enrolment(_), _) => {
                self.documents
                    .delete_versions(&key.to_string(), |_| false)
                    .await?;
            }
            // Another version of an operator's upload is another enrolment.
            (DocumentKey::Bulk { .. }, Some(version)) => {
                self.documents
                    .delete_version(&key.to_string(), version)
                    .await?;
            }
            (DocumentKey::Bulk { .. }, None) => {}
        }
        self.table.forget_enrolment(user, id).await?;
        Ok(true)
    }
}

fn log_fault(result: Result<(), Fault>) {
    if let Err(fault) = result {
        fault.log();
    }
}
