//! What was uploaded: documents that nobody answered for, and operators' bulk uploads.

use signin_aws::fault::{Fault, told};
use signin_aws::pictures::{Found, Pictures as _};
use signin_aws::stopwatch::Call;
use signin_core::budget;
use signin_core::key::{BULK, DocumentKey};
use signin_core::reason::{Reason, Unavailable};
use signin_core::round::{Created, Invocation};
use signin_core::time::Timestamp;

use crate::enrol::{Document, Indexed, Indexer};
use crate::services::{Aws, Services};

/// How many replaced enrolments a call undoes at most, beside what it was called for.
const UNDONE: i32 = 3;

/// What an operator is told, in the log and by its alarm, whose upload names nobody.
const BULK_KEY: &str = "expected bulk/<user name>/<file>, where the user name is Cognito's (the \
    user's sub, a UUID), found another key: upload it again under that one";

/// Indexes images.
pub struct Images<S: Services = Aws> {
    /// What enrols.
    pub indexer: Indexer<S>,
    /// The version of the consent text to which operators state that people agreed; none where
    /// faces of their uploads wait for the person.
    pub bulk_consent: Option<String>,
}

impl<S: Services> Images<S> {
    /// Indexes an object that was uploaded. Where that fails, S3's event is to come again: what was
    /// done before is then found done.
    pub async fn index(&self, object: &Created, invocation: Invocation) -> Result<(), Unavailable> {
        let outcome = told(self.object(object, Call::of(invocation)).await)?;
        tracing::info!(target: "signin", outcome, "document");
        Ok(())
    }

    /// Undoes a few of the enrolments that were replaced; sweep does the others, and what fails here.
    pub async fn undo_some(&self, now: Timestamp) {
        let owed = self.indexer.table.owed_enrolments(now, None, Some(UNDONE));
        let undone = async {
            for (user, id) in owed.await?.found {
                self.indexer.settle_owed(&user, &id, now).await?;
            }
            Ok(())
        };
        let undone: Result<(), Fault> = undone.await;
        if let Err(fault) = undone {
            fault.log();
        }
    }

    /// Serves one object, and says in a few words how.
    async fn object(&self, object: &Created, call: Call) -> Result<&'static str, Fault> {
        let Created {
            bucket,
            key,
            version,
        } = object;
        if bucket != self.indexer.documents.name() {
            return Ok("ignored: unrecognised key");
        }
        let Some(key) = DocumentKey::parse(key) else {
            if key.starts_with(BULK) {
                // An operator waits for it; the sweep deletes it in a day.
                Fault::new("ReadKey", BULK_KEY).log();
            }
            return Ok("ignored: unrecognised key");
        };
        let found = self
            .indexer
            .documents
            .read(&key.to_string(), version.as_deref())
            .await?;
        let version = match &found {
            Found::Nothing => return Ok("gone"),
            Found::TooLarge => version.clone(),
            Found::Picture(picture) => picture.version.clone(),
        };
        let owned = match &key {
            DocumentKey::Enrolment(id) => {
                let owner = self.indexer.table.owner(id).await?;
                owner.map(|user| (user, id.clone()))
            }
            DocumentKey::Bulk { user, .. } => {
                let id = key.enrolment(version.as_deref());
                Some((user.clone(), id))
            }
        };
        let Some((user, enrolment)) = owned else {
            self.indexer.discard(&key, version.as_deref()).await;
            return Ok("ignored: unrecognised key");
        };
        if let DocumentKey::Enrolment(_) = key
            && !self.indexer.table.profile(&user).await?.has_consent()
        {
            // The answer that brings it has the picture indexed; without one, sweep deletes it.
            return Ok("waits for consent");
        }
        if let DocumentKey::Bulk { .. } = key {
            if let Found::TooLarge = found {
                self.indexer.discard(&key, version.as_deref()).await;
                return Ok(Reason::TooLarge.name());
            }
            let known = self
                .indexer
                .table
                .await_bulk(&user, &enrolment, &key, call.watch.now());
            known.await?;
        }
        let document = Document {
            key,
            user,
            enrolment,
            found,
        };
        let indexed = self
            .indexer
            .poll(&document, call, call.watch.after(budget::INDEXING_PATIENCE))
            .await?;
        match (indexed, &document.key) {
            (Indexed::Done(face), DocumentKey::Bulk { .. }) => {
                let now = call.watch.now();
                let consent = self.bulk_consent.as_deref();
                self.indexer.activate(&document, &face, consent, now).await
            }
            (Indexed::Done(_), DocumentKey::Enrolment(_)) => Ok("indexed"),
            (Indexed::Rejected(reason), _) => Ok(reason.name()),
            (Indexed::Busy, _) => Err(Fault::new("Index", "somebody else is at it")),
            (Indexed::Over, _) => {
                self.indexer.discard_unless_needed(&document).await?;
                Ok("over")
            }
        }
    }
}
