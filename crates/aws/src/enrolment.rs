//! Indexing an enrolment's picture: done by verify-auth-challenge while the user waits, and by
//! index-images for uploads that nobody answered for and for operators' own.
//!
//! The order makes every half-done state findable: the picture lies in the bucket first, also one
//! that came with an answer; then the lease, which names the picture; then the face in the
//! collection, which carries the enrolment's id; then the record; then, for an operator's upload,
//! the user's profile. Only then are documents deleted. So whoever finds a lease of a dead call can
//! look for the face that it may have left, with the picture that it looked at.
//!
//! What another enrolment has replaced is undone by index-images and sweep, one at a time, and never
//! while somebody waits for an answer.

use std::time::Duration;

use signin_core::enrolment::{Enrolment, Orphan, State, Work};
use signin_core::face::assess;
use signin_core::id::{EnrolmentId, UserName};
use signin_core::key::DocumentKey;
use signin_core::picture::{Format, inspect};
use signin_core::profile::{EnrolledFace, StoredDocument};
use signin_core::reason::Reason;
use signin_core::secret::PictureBytes;
use signin_core::time::Timestamp;
use tokio::time::Instant;

use crate::faces::{IndexedFace, Recognition, Trouble};
use crate::fault::Fault;
use crate::pictures::{Bucket, Found, Picture};
use crate::stopwatch::Call;
use crate::table::{Offered, UserTable};

/// How often to look whether somebody else is done.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// When a face that waits for consent is looked at again, to see whether it still waits.
const LOOK_AGAIN_AFTER: Duration = Duration::from_hours(24);

/// What is needed to index a picture.
#[derive(Debug)]
pub struct Indexer {
    /// The user table.
    pub table: UserTable,
    /// The bucket of documents.
    pub documents: Bucket,
    /// The recognition service.
    pub recognition: Recognition,
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
pub enum Outcome {
    /// The face is in the collection and on record.
    Indexed(EnrolledFace),
    /// The picture was not accepted.
    Rejected(Reason),
    /// Somebody else is at it.
    Busy,
    /// There is no such enrolment, or another one has taken its place.
    Over,
}

impl Indexer {
    /// Indexes a document's face, and waits for somebody else who is at it, until an instant.
    pub async fn index_patiently(
        &self,
        document: &Document,
        call: Call,
        until: Instant,
    ) -> Result<Outcome, Fault> {
        loop {
            let outcome = self.index(document, call).await?;
            if outcome != Outcome::Busy || Instant::now() + LOOK_AGAIN >= until {
                return Ok(outcome);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Puts a picture that came with an answer where an upload would lie, so that whoever finds
    /// this call dead finds the picture too.
    pub async fn lay_down(
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
    async fn index(&self, document: &Document, call: Call) -> Result<Outcome, Fault> {
        let Document {
            key, user, found, ..
        } = document;
        let Some(enrolment) = self.table.enrolment(user, &document.enrolment).await? else {
            return Ok(Outcome::Over);
        };
        let version = match found {
            Found::Picture(picture) => picture.version.as_deref(),
            Found::Nothing | Found::TooLarge => None,
        };
        let orphan = match enrolment.work(version, call.watch.now()) {
            Work::Replaced => return Ok(Outcome::Over),
            Work::UsedUp => {
                if version.is_none_or(|version| !enrolment.needs(version)) {
                    self.discard(key, version).await;
                }
                return Ok(Outcome::Rejected(Reason::TooManyPictures));
            }
            Work::Busy => return Ok(Outcome::Busy),
            Work::Rejected(reason) => return Ok(Outcome::Rejected(reason)),
            Work::Done(face) => {
                self.tidy(key, &face).await;
                return Ok(Outcome::Indexed(face));
            }
            Work::Index { orphan } => orphan,
        };
        let picture = match found {
            Found::Picture(picture) => picture,
            // Nothing to look at: what the last picture lacked is still what counts.
            Found::Nothing => {
                return Ok(Outcome::Rejected(match enrolment.state {
                    State::Rejected(reason) => reason,
                    _ => Reason::NotAnImage,
                }));
            }
            Found::TooLarge => return Ok(Outcome::Rejected(Reason::TooLarge)),
        };
        let leased = self
            .table
            .lease_enrolment(&enrolment, version, call.id, call.watch.now());
        let Some(lease) = leased.await? else {
            return Ok(Outcome::Busy);
        };
        let indexed = match self
            .put_into_collection(key, picture, &enrolment, orphan.as_ref())
            .await
        {
            Ok(indexed) => indexed,
            Err(Trouble::Fault(fault)) => return Err(fault),
            Err(Trouble::Picture(reason)) => {
                if !self.table.record_rejected(&lease, reason, version).await? {
                    // Whoever took over may search by this picture.
                    return Ok(Outcome::Busy);
                }
                self.discard(key, version).await;
                return Ok(Outcome::Rejected(reason));
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
            return self.late(&enrolment, version, face, call).await;
        }
        if let Some(orphan) = orphan {
            // Of a call that was not dead but slow, and came after the search for what it left.
            let version = orphan.version.as_deref();
            let forgotten = self.forget_orphans(key, user, &enrolment.id, version);
            log_fault(forgotten.await);
        }
        self.tidy(key, &face).await;
        Ok(Outcome::Indexed(face))
    }

    /// Checks the picture and puts its face into the collection; or finds that a call which died
    /// has put it there.
    async fn put_into_collection(
        &self,
        key: &DocumentKey,
        picture: &Picture,
        enrolment: &Enrolment,
        orphan: Option<&Orphan>,
    ) -> Result<IndexedFace, Trouble> {
        if let Some(Orphan { version }) = orphan {
            if version.is_some() && *version == picture.version {
                let orphans = self.orphans(&picture.bytes, &enrolment.id).await?;
                if let Some(adopted) = orphans.into_iter().next() {
                    return Ok(adopted);
                }
            } else {
                let Enrolment { user, id, .. } = enrolment;
                self.forget_orphans(key, user, id, version.as_deref())
                    .await?;
            }
        }
        let header = inspect(picture.bytes.as_slice()).map_err(Trouble::Picture)?;
        let faces = self.recognition.detect(&picture.bytes).await?;
        assess(&faces, header).map_err(Trouble::Picture)?;
        let indexed = self
            .recognition
            .index(&self.collection, &picture.bytes, &enrolment.id)
            .await?;
        indexed.ok_or(Trouble::Picture(Reason::NoFace))
    }

    /// The faces that calls which died have indexed from this picture: one as a rule, or none.
    async fn orphans(
        &self,
        picture: &PictureBytes,
        enrolment: &EnrolmentId,
    ) -> Result<Vec<IndexedFace>, Trouble> {
        let recognition = &self.recognition;
        recognition
            .find_orphans(&self.collection, picture, enrolment)
            .await
    }

    /// Takes out the faces that calls which died may have indexed from a version of the document. One
    /// that is on record by now stays.
    async fn forget_orphans(
        &self,
        key: &DocumentKey,
        user: &UserName,
        id: &EnrolmentId,
        version: Option<&str>,
    ) -> Result<(), Fault> {
        let Some(version) = version else {
            return Ok(());
        };
        let found = self.documents.read(&key.to_string(), Some(version)).await?;
        let Found::Picture(picture) = found else {
            return Ok(());
        };
        let orphans = match self.orphans(&picture.bytes, id).await {
            Ok(orphans) => orphans,
            // A picture that cannot be looked at was not indexed either.
            Err(Trouble::Picture(_)) => return Ok(()),
            Err(Trouble::Fault(fault)) => return Err(fault),
        };
        for orphan in orphans {
            // Looked at last: this call's lease may be over, and somebody else's face on record.
            let record = self.table.enrolment(user, id).await?;
            let on_record = record.as_ref().and_then(Enrolment::face);
            if on_record.is_none_or(|face| face.id != orphan.id) {
                self.recognition
                    .forget(&self.collection, &orphan.id)
                    .await?;
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

    /// What becomes of a face whose lease ran out before it was on record. Whoever took over with the
    /// same picture may have adopted it, and only their record says so: it is waited for, for as long
    /// as their lease runs. Without a record the face stays, to be found by that picture. Beside a
    /// record of another face, or of another picture, by which nobody would find it, it is taken out.
    async fn late(
        &self,
        enrolment: &Enrolment,
        version: Option<&str>,
        face: EnrolledFace,
        call: Call,
    ) -> Result<Outcome, Fault> {
        loop {
            let now = self.table.enrolment(&enrolment.user, &enrolment.id).await?;
            let findable = now
                .as_ref()
                .is_some_and(|now| now.version.is_some() && now.version.as_deref() == version);
            match now.map(|now| now.state) {
                Some(State::Indexed(adopted) | State::Active(adopted)) if adopted.id == face.id => {
                    return Ok(Outcome::Indexed(adopted));
                }
                Some(State::Indexing { lease, .. }) if findable => {
                    if call.watch.now() > lease {
                        return Ok(Outcome::Busy);
                    }
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                _ => {
                    self.recognition.forget(&self.collection, &face.id).await?;
                    return Ok(Outcome::Busy);
                }
            }
        }
    }

    /// Deletes what is not needed once the record stands: every version of the document but a
    /// kept one. Where that fails, sweep and the next look at this enrolment try again. An
    /// operator's upload stays until its face is somebody's: see [`Indexer::activate`].
    async fn tidy(&self, key: &DocumentKey, face: &EnrolledFace) {
        if let DocumentKey::Enrolment(_) = key {
            let kept = face.document.as_ref().map(|kept| kept.version.as_str());
            log_fault(self.documents.delete_versions(&key.to_string(), kept).await);
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
        let outcome = self.activate_or_undo(document, face, consent, now).await?;
        if let Found::Picture(picture) = &document.found {
            let version = picture.version.as_deref();
            // Another version is another enrolment, and may be the one that is kept.
            if version != face.document.as_ref().map(|kept| kept.version.as_str()) {
                self.discard(&document.key, version).await;
            }
        }
        Ok(outcome)
    }

    async fn activate_or_undo(
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
        self.undo(user, enrolment, now).await?;
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

    /// Deletes the version of a document that came for an enrolment which is over, unless a face that
    /// a dead call may have left is searched for with it: undoing the enrolment deletes it then.
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
    /// any more is marked as replaced first, so that nobody does. Says whether it was undone.
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
        match &found.state {
            State::Replaced(_) => {}
            State::Indexed(_) | State::Indexing { .. } => {
                let waits = table.profile(user).await?.waiting.as_ref() == Some(id);
                if waits {
                    table.look_again(&found, now.plus(LOOK_AGAIN_AFTER)).await?;
                    return Ok(false);
                }
                if !found.is_left_over(now) || !table.replace_enrolment(&found, now).await? {
                    return Ok(false);
                }
            }
            State::Awaited | State::Active(_) | State::Rejected(_) => return Ok(false),
        }
        self.undo(user, id, now).await
    }

    /// Undoes a replaced enrolment: takes its face out of the collection, and one that a call which
    /// died may have left there, deletes every version of its document, and only then forgets it.
    /// Where that breaks off, the record still stands and the next call goes on. Nothing is done
    /// for an enrolment that is not replaced. Says whether it was undone: false also where a call may
    /// still be at it.
    pub async fn undo(
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
        if let Some(Orphan { version }) = enrolment.orphan() {
            self.forget_orphans(key, user, id, version.as_deref())
                .await?;
        }
        match (key, &enrolment.version) {
            (DocumentKey::Enrolment(_), _) => {
                self.documents
                    .delete_versions(&key.to_string(), None)
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
