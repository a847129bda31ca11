//! Indexing an enrolment's picture: done by verify-auth-challenge while the user waits, and by
//! index-images for uploads that nobody answered for and for operators' own.
//!
//! The order makes every half-done state findable: the lease first, then the face in the
//! collection (it carries the enrolment's id), then the record, and only then are documents
//! deleted and the face of an abandoned enrolment taken out.

use std::time::Duration;

use signin_core::enrolment::{Enrolment, State, Work};
use signin_core::face::assess;
use signin_core::id::{EnrolmentId, UserName};
use signin_core::key::DocumentKey;
use signin_core::picture::inspect;
use signin_core::profile::{EnrolledFace, StoredDocument};
use signin_core::reason::Reason;
use signin_core::secret::PictureBytes;

use tokio::time::Instant;

use crate::faces::{IndexedFace, Recognition, Trouble};
use crate::fault::Fault;
use crate::pictures::{Bucket, Found, Picture};
use crate::stopwatch::Stopwatch;
use crate::table::UserTable;

/// How often to look whether somebody else is done.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

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
    /// Where it lies, or would lie, and so whose it is.
    pub key: DocumentKey,
    /// Which enrolment.
    pub enrolment: EnrolmentId,
    /// What there is.
    pub content: Content,
}

/// How a document came.
#[derive(Clone, Debug)]
pub enum Content {
    /// It was uploaded; this is what lies at the key.
    Uploaded(Found),
    /// It came with the answer.
    Inline(PictureBytes),
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
    /// There is no such enrolment, or it is somebody else's.
    Foreign,
}

impl Indexer {
    /// Indexes a document's face, and waits for somebody else who is at it, until an instant.
    pub async fn index_patiently(
        &self,
        document: Document,
        watch: Stopwatch,
        until: Instant,
    ) -> Result<Outcome, Fault> {
        loop {
            let outcome = self.index(document.clone(), watch).await?;
            if outcome != Outcome::Busy || Instant::now() + LOOK_AGAIN >= until {
                return Ok(outcome);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Indexes a document's face, or finds that it is done.
    pub async fn index(&self, document: Document, watch: Stopwatch) -> Result<Outcome, Fault> {
        let Document {
            key,
            enrolment,
            content,
        } = document;
        let user = key.user();
        let Some(found) = self.table.enrolment(&enrolment).await? else {
            return Ok(Outcome::Foreign);
        };
        let version = match &content {
            Content::Uploaded(Found::Picture(picture)) => picture.version.clone(),
            _ => None,
        };
        let orphan_possible = match found.work(user, version.as_deref(), watch.now()) {
            Work::Foreign => return Ok(Outcome::Foreign),
            Work::Busy => return Ok(Outcome::Busy),
            Work::Rejected(reason) => return Ok(Outcome::Rejected(reason)),
            Work::Done(face) => {
                self.tidy(&key, version.as_deref(), &face, &found).await;
                return Ok(Outcome::Indexed(face));
            }
            Work::Index { orphan_possible } => orphan_possible,
        };
        let picture = match content {
            Content::Inline(bytes) => Picture {
                bytes,
                version: None,
            },
            Content::Uploaded(Found::Picture(picture)) => picture,
            // Nothing to look at: what the last picture lacked is still what counts.
            Content::Uploaded(Found::Nothing) => {
                return Ok(Outcome::Rejected(match found.state {
                    State::Rejected(reason) => reason,
                    _ => Reason::NotAnImage,
                }));
            }
            Content::Uploaded(Found::TooLarge) => return Ok(Outcome::Rejected(Reason::TooLarge)),
        };
        let Some(lease) = self.table.lease_enrolment(&found, watch.now()).await? else {
            return Ok(Outcome::Busy);
        };
        let indexed = match self
            .put_into_collection(&picture.bytes, &found.id, orphan_possible)
            .await
        {
            Ok(indexed) => indexed,
            Err(Trouble::Fault(fault)) => return Err(fault),
            Err(Trouble::Picture(reason)) => {
                self.table
                    .record_rejected(&lease, reason, version.as_deref())
                    .await?;
                self.discard(&key, version.as_deref()).await;
                return Ok(Outcome::Rejected(reason));
            }
        };
        let face = EnrolledFace {
            id: indexed.id,
            collection: self.collection.clone(),
            model_version: indexed.model_version,
            indexed_at: watch.now(),
            document: self.keep(&key, &picture).await?,
        };
        let digest = picture.bytes.digest();
        let recorded = self
            .table
            .record_indexed(&lease, user, &face, version.as_deref(), digest)
            .await?;
        if !recorded {
            return self.late(&enrolment, face).await;
        }
        self.tidy(&key, version.as_deref(), &face, &found).await;
        Ok(Outcome::Indexed(face))
    }

    /// Checks the picture and puts its face into the collection.
    async fn put_into_collection(
        &self,
        picture: &PictureBytes,
        enrolment: &EnrolmentId,
        orphan_possible: bool,
    ) -> Result<IndexedFace, Trouble> {
        let header = inspect(picture.as_slice()).map_err(Trouble::Picture)?;
        let faces = self.recognition.detect(picture).await?;
        assess(&faces, header).map_err(Trouble::Picture)?;
        if orphan_possible {
            let orphan = self
                .recognition
                .find_orphan(&self.collection, picture, enrolment)
                .await?;
            if let Some(orphan) = orphan {
                return Ok(orphan);
            }
        }
        let indexed = self
            .recognition
            .index(&self.collection, picture, enrolment)
            .await?;
        indexed.ok_or(Trouble::Picture(Reason::NoFace))
    }

    /// Where documents are kept, makes sure that this one lies in the bucket, and says where.
    async fn keep(
        &self,
        key: &DocumentKey,
        picture: &Picture,
    ) -> Result<Option<StoredDocument>, Fault> {
        if !self.keep_documents {
            return Ok(None);
        }
        let key = key.to_string();
        let version = if let Some(version) = &picture.version {
            Some(version.clone())
        } else {
            let header = inspect(picture.bytes.as_slice());
            let media_type = header.map_or("image/jpeg", |header| header.format.media_type());
            self.documents
                .write(&key, &picture.bytes, media_type)
                .await?
        };
        let version = version.ok_or_else(|| Fault::new("KeepDocument", "bucket not versioned"))?;
        Ok(Some(StoredDocument { key, version }))
    }

    /// What becomes of a face whose lease ran out before it was on record. Whoever took over may
    /// have adopted it; otherwise it is one too many.
    async fn late(&self, enrolment: &EnrolmentId, face: EnrolledFace) -> Result<Outcome, Fault> {
        let now = self.table.enrolment(enrolment).await?;
        if let Some(State::Indexed(adopted) | State::Active(adopted)) = now.map(|now| now.state)
            && adopted.id == face.id
        {
            return Ok(Outcome::Indexed(adopted));
        }
        self.recognition.forget(&self.collection, &face.id).await?;
        Ok(Outcome::Busy)
    }

    /// Deletes what is not needed once the record stands: every version of the document but a
    /// kept one, and the face of the enrolment that this one replaces. Where that fails, the
    /// bucket's lifecycle and the next look at this enrolment try again.
    async fn tidy(
        &self,
        key: &DocumentKey,
        document: Option<&str>,
        face: &EnrolledFace,
        enrolment: &Enrolment,
    ) {
        let kept = face.document.as_ref().map(|kept| kept.version.as_str());
        match key {
            DocumentKey::Enrolment { .. } => {
                log_fault(self.documents.delete_versions(&key.to_string(), kept).await);
            }
            // Another version is another enrolment, and may be the one that is kept.
            DocumentKey::Bulk { .. } if document != kept => self.discard(key, document).await,
            DocumentKey::Bulk { .. } => {}
        }
        if let Some(replaced) = &enrolment.replaces {
            log_fault(self.undo(replaced).await);
        }
    }

    /// Makes the face of an operator's upload the user's, where there is an account without one;
    /// otherwise takes it out again. Says in a word which.
    pub async fn activate(
        &self,
        user: &UserName,
        enrolment: &EnrolmentId,
        face: &EnrolledFace,
    ) -> Result<&'static str, Fault> {
        let before = self.table.profile(user).await?;
        if before.faces.iter().any(|own| own.id == face.id) {
            return Ok("active already");
        }
        if !self.table.activate_bulk(user, enrolment, face).await? {
            self.undo(enrolment).await?;
            return Ok("not activated: no account, or another face is active");
        }
        if let Some(abandoned) = &before.enrolment {
            self.undo(abandoned).await?;
        }
        Ok("active")
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

    /// Takes the face of an abandoned enrolment, and before it those of the ones it replaced, out
    /// of the collection, and forgets them.
    async fn undo(&self, abandoned: &EnrolmentId) -> Result<(), Fault> {
        let Some(enrolment) = self.table.enrolment(abandoned).await? else {
            return Ok(());
        };
        if let State::Active(_) = &enrolment.state {
            return Ok(());
        }
        if let Some(earlier) = &enrolment.replaces {
            Box::pin(self.undo(earlier)).await?;
        }
        if let State::Indexed(face) = &enrolment.state {
            self.recognition.forget(&face.collection, &face.id).await?;
            if let Some(StoredDocument { key, version }) = &face.document {
                self.documents.delete_version(key, version).await?;
            }
        }
        self.table.forget_enrolment(abandoned).await
    }
}

fn log_fault(result: Result<(), Fault>) {
    if let Err(fault) = result {
        fault.log();
    }
}
