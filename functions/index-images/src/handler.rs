//! Every object of an event, each on its own; one that fails makes the whole call fail, loudly,
//! so that Lambda calls again. What was done before is then found done.

use std::time::Duration;

use serde_json::{Value, json};
use signin_aws::enrolment::{Document, Indexer, Outcome};
use signin_aws::fault::Fault;
use signin_aws::pictures::Found;
use signin_aws::stopwatch::{Call, Stopwatch};
use signin_core::id::EnrolmentId;
use signin_core::key::DocumentKey;
use signin_core::reason::Reason;
use signin_edge::object_created::{Created, created};
use signin_edge::{Refusal, clock, random};

/// How long to wait for another call that is at the same enrolment: longer than its lease.
const PATIENCE: Duration = Duration::from_secs(12);

/// Indexes images.
pub(crate) struct Images {
    pub(crate) indexer: Indexer,
}

impl Images {
    /// Serves an event of S3's.
    pub(crate) async fn index(&self, event: Value) -> Result<Value, Refusal> {
        let objects = created(event)?;
        let mut failed = 0;
        for object in &objects {
            let call = Call {
                id: random::call_id()?,
                watch: Stopwatch::start(clock::now()),
            };
            match self.object(object, call).await {
                Ok(outcome) => tracing::info!(target: "signin", outcome, "document"),
                Err(fault) => {
                    fault.log();
                    failed += 1;
                }
            }
        }
        if failed > 0 {
            return Err(Refusal::unavailable());
        }
        Ok(json!({"documents": objects.len()}))
    }

    /// Serves one object, and says in a word how.
    async fn object(&self, object: &Created, call: Call) -> Result<&'static str, Fault> {
        let Created {
            bucket,
            key,
            version,
        } = object;
        let Some(key) = DocumentKey::parse(key).filter(|_| bucket == self.indexer.documents.name())
        else {
            return Ok("nobody's");
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
        let enrolment = match &key {
            DocumentKey::Enrolment { enrolment, .. } => enrolment.clone(),
            DocumentKey::Bulk { user, .. } => {
                let id = EnrolmentId::of_object(&key, version.as_deref());
                if let Found::TooLarge = found {
                    self.indexer.discard(&key, version.as_deref()).await;
                    return Ok(Reason::TooLarge.name());
                }
                self.indexer
                    .table
                    .await_bulk(user, &id, call.watch.now())
                    .await?;
                id
            }
        };
        let document = Document {
            key: key.clone(),
            enrolment,
            found,
        };
        let indexed = self
            .indexer
            .index_patiently(&document, call, call.watch.after(PATIENCE))
            .await?;
        match (indexed, &key) {
            (Outcome::Indexed(face), DocumentKey::Bulk { user, .. }) => {
                self.indexer.activate(user, &document, &face).await
            }
            (Outcome::Indexed(_), DocumentKey::Enrolment { .. }) => Ok("indexed"),
            (Outcome::Rejected(reason), _) => Ok(reason.name()),
            (Outcome::Busy, _) => Err(Fault::new("Index", "somebody else is at it")),
            (Outcome::Foreign, _) => {
                self.indexer.discard(&key, version.as_deref()).await;
                Ok("nobody's")
            }
        }
    }
}
