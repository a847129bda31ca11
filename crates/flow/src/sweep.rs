//! What is left to be done, each thing on its own: one that fails is logged and counted, and the
//! others are done all the same. Where any failed, the whole run fails, loudly; the next one finds
//! what is left.
//!
//! Each step has its share of the run, so that much to do in one never keeps another waiting for
//! longer than it takes. Enrolments come first: a picture may be needed to undo one.

use std::time::Duration;

use signin_aws::fault::Fault;
use signin_aws::pictures::{Listed, Marker, Pictures as _};
use signin_core::budget;
use signin_core::enrolment::Enrolment;
use signin_core::id::{EnrolmentId, UserPoolId};
use signin_core::key::{BULK, DocumentKey, ENROLMENTS, SIGN_INS};
use signin_core::reason::Unavailable;
use signin_core::time::Timestamp;
use tokio::time::Instant;

use crate::confirm::sign_out_where_owed;
use crate::enrol::Indexer;
use crate::services::{Aws, Services};

/// How long an operator's upload may lie that could not be indexed, while an alarm tells of it.
const BULK_KEPT: Duration = Duration::from_hours(24);

/// Sweeps.
pub struct Sweeper<S: Services = Aws> {
    /// What enrols.
    pub indexer: Indexer<S>,
    /// The bucket of pictures to sign in with.
    pub sign_ins: S::Pictures,
    /// What signs people out.
    pub pools: S::Pool,
    /// The user pool that they are in.
    pub pool: UserPoolId,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Enrolments that were undone.
    pub undone: usize,
    /// People who were signed out.
    pub signed_out: usize,
    /// Pictures that were deleted.
    pub deleted: usize,
    failed: usize,
}

impl Tally {
    fn fault(&mut self, fault: &Fault) {
        fault.log();
        self.failed += 1;
    }

    fn deleted(&mut self, result: Result<(), Fault>) {
        match result {
            Ok(()) => self.deleted += 1,
            Err(fault) => self.fault(&fault),
        }
    }
}

/// A step's time, counted from its beginning.
struct Share(Instant);

impl Share {
    fn begin() -> Self {
        Self(Instant::now() + budget::SWEEP_STEP)
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.0
    }
}

impl<S: Services> Sweeper<S> {
    /// Does what is due at this moment. `anywhere` is a random place, from which on the documents are
    /// looked through.
    pub async fn sweep(
        &self,
        now: Timestamp,
        anywhere: &EnrolmentId,
    ) -> Result<Tally, Unavailable> {
        let mut tally = Tally::default();
        self.enrolments(now, &mut tally).await;
        self.sign_outs(now, &mut tally).await;
        self.sign_in_pictures(now, &mut tally).await;
        self.documents(anywhere, now, &mut tally).await;
        self.operators_uploads(now, &mut tally).await;
        let Tally {
            undone,
            signed_out,
            deleted,
            failed,
        } = tally;
        tracing::info!(target: "signin", undone, signed_out, deleted, failed, "swept");
        if failed > 0 {
            return Err(Unavailable);
        }
        Ok(tally)
    }

    /// Undoes what was replaced, and what nobody finished.
    async fn enrolments(&self, now: Timestamp, tally: &mut Tally) {
        let share = Share::begin();
        let mut from = None;
        loop {
            let page = match self.indexer.table.owed_enrolments(now, from, None).await {
                Ok(page) => page,
                Err(fault) => return tally.fault(&fault),
            };
            for (user, id) in &page.found {
                if share.is_over() {
                    return;
                }
                match self.indexer.settle_owed(user, id, now).await {
                    Ok(true) => tally.undone += 1,
                    Ok(false) => {}
                    Err(fault) => tally.fault(&fault),
                }
            }
            from = page.next;
            if from.is_none() {
                return;
            }
        }
    }

    /// Signs out everywhere whoever is still owed it.
    async fn sign_outs(&self, now: Timestamp, tally: &mut Tally) {
        let share = Share::begin();
        let table = &self.indexer.table;
        let mut from = None;
        loop {
            let page = match table.owed_sign_outs(now, from).await {
                Ok(page) => page,
                Err(fault) => return tally.fault(&fault),
            };
            for user in &page.found {
                if share.is_over() {
                    return;
                }
                let signed_out = sign_out_where_owed::<S>(table, &self.pools, &self.pool, user);
                match signed_out.await {
                    Ok(()) => tally.signed_out += 1,
                    Err(fault) => tally.fault(&fault),
                }
            }
            from = page.next;
            if from.is_none() {
                return;
            }
        }
    }

    /// Deletes pictures to sign in with whose challenge is over.
    async fn sign_in_pictures(&self, now: Timestamp, tally: &mut Tally) {
        let share = Share::begin();
        let mut from = None;
        loop {
            let page = match self.sign_ins.objects(SIGN_INS, from.as_ref()).await {
                Ok(page) => page,
                Err(fault) => return tally.fault(&fault),
            };
            for object in page.found {
                if share.is_over() {
                    return;
                }
                if object.since.plus(budget::PICTURE_STALE) <= now {
                    tally.deleted(self.sign_ins.delete(&object.key).await);
                }
            }
            from = page.next;
            if from.is_none() {
                return;
            }
        }
    }

    /// Deletes documents that came for an enrolment and are neither kept nor needed. Kept ones may
    /// be more than one run can look at: each begins at another place, and goes round.
    async fn documents(&self, anywhere: &EnrolmentId, now: Timestamp, tally: &mut Tally) {
        let share = Share::begin();
        let place = Marker {
            key: DocumentKey::Enrolment(anywhere.clone()).to_string(),
            version: None,
        };
        let rounds = [(Some(place.clone()), None), (None, Some(place.key))];
        for (mut from, end) in rounds {
            let mut seen = None;
            loop {
                let documents = &self.indexer.documents;
                let page = match documents.versions(ENROLMENTS, from.as_ref()).await {
                    Ok(page) => page,
                    Err(fault) => return tally.fault(&fault),
                };
                for version in &page.found {
                    if share.is_over() {
                        return;
                    }
                    let beyond = end.as_ref().is_some_and(|end| version.key > *end);
                    if !beyond
                        && let Err(fault) = self.document(version, &mut seen, now, tally).await
                    {
                        tally.fault(&fault);
                    }
                }
                from = page.next;
                let beyond = from.as_ref().zip(end.as_ref());
                if from.is_none() || beyond.is_some_and(|(next, end)| next.key > *end) {
                    break;
                }
            }
        }
    }

    /// Deletes a version of a document, unless the enrolment's record names it. `seen` is the
    /// record that was read last: versions of one document follow each other.
    async fn document(
        &self,
        found: &Listed,
        seen: &mut Option<(String, Option<Enrolment>)>,
        now: Timestamp,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let Some(version) = old(found, budget::PICTURE_STALE, now) else {
            return Ok(());
        };
        if seen.as_ref().is_none_or(|(key, _)| *key != found.key) {
            let enrolment = match DocumentKey::parse(&found.key) {
                Some(DocumentKey::Enrolment(id)) => self.by_pointer(&id).await?,
                Some(DocumentKey::Bulk { .. }) | None => None,
            };
            *seen = Some((found.key.clone(), enrolment));
        }
        let record = seen.as_ref().and_then(|(_, record)| record.as_ref());
        if !record.is_some_and(|record| record.needs(version)) {
            tally.deleted(
                self.indexer
                    .documents
                    .delete_version(&found.key, version)
                    .await,
            );
        }
        Ok(())
    }

    async fn by_pointer(&self, id: &EnrolmentId) -> Result<Option<Enrolment>, Fault> {
        let table = &self.indexer.table;
        match table.owner(id).await? {
            Some(user) => table.enrolment(&user, id).await,
            None => Ok(None),
        }
    }

    /// Deletes operators' uploads that came to an end and are not kept. One that index-images failed
    /// on is told of in every run, and deleted after a day: until then an operator can see which
    /// it was, and upload it again.
    async fn operators_uploads(&self, now: Timestamp, tally: &mut Tally) {
        let share = Share::begin();
        let mut from = None;
        loop {
            let page = match self.indexer.documents.versions(BULK, from.as_ref()).await {
                Ok(page) => page,
                Err(fault) => return tally.fault(&fault),
            };
            for version in &page.found {
                if share.is_over() {
                    return;
                }
                if let Err(fault) = self.operators_upload(version, now, tally).await {
                    tally.fault(&fault);
                }
            }
            from = page.next;
            if from.is_none() {
                return;
            }
        }
    }

    async fn operators_upload(
        &self,
        found: &Listed,
        now: Timestamp,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let Some(version) = old(found, budget::PICTURE_STALE, now) else {
            return Ok(());
        };
        let record = match DocumentKey::parse(&found.key) {
            Some(key @ DocumentKey::Bulk { .. }) => {
                let id = key.enrolment(Some(version));
                let DocumentKey::Bulk { user, .. } = &key else {
                    return Ok(());
                };
                self.indexer.table.enrolment(user, &id).await?
            }
            Some(DocumentKey::Enrolment(_)) | None => None,
        };
        let delete = match &record {
            Some(record) if record.is_decided() => !record.needs(version),
            Some(_) | None => {
                tally.fault(&Fault::new("Sweep", "an operator's upload was not indexed"));
                // While a face may have come of it, undoing the enrolment finds that face by it.
                let needed = record.as_ref().is_some_and(|record| record.needs(version));
                !needed && old(found, BULK_KEPT, now).is_some()
            }
        };
        if delete {
            tally.deleted(
                self.indexer
                    .documents
                    .delete_version(&found.key, version)
                    .await,
            );
        }
        Ok(())
    }
}

/// The version of a picture that has lain for so long; none for a mark that one was deleted, which
/// the bucket's lifecycle takes away.
fn old(found: &Listed, lain: Duration, now: Timestamp) -> Option<&str> {
    let version = found.version.as_deref().filter(|_| !found.is_mark);
    version.filter(|_| found.since.plus(lain) <= now)
}
