//! Collections of faces, in memory only: a restart loses them.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use face_engine::{Descriptor, similarity};
use sha2::{Digest as _, Sha256};

use crate::{error::Refusal, wire};

/// A face in a collection.
#[derive(Clone)]
pub(crate) struct StoredFace {
    pub(crate) face: wire::Face,
    pub(crate) descriptor: Descriptor,
    pub(crate) source: Source,
}

/// The SHA-256 of the picture that a face comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source([u8; 32]);

impl Source {
    pub(crate) fn of(picture: &[u8]) -> Self {
        Self(Sha256::digest(picture).into())
    }
}

/// Faces by their ids.
#[derive(Default)]
pub(crate) struct Collection {
    pub(crate) faces: BTreeMap<String, StoredFace>,
}

impl Collection {
    /// Stores a face, unless it is there already under the same external id and from the same
    /// picture: then the service saves no duplicate, says its documentation, which leaves open what
    /// it answers; here, the face that is there.
    pub(crate) fn store(&mut self, new: StoredFace) -> wire::Face {
        let known = self.faces.values().find(|stored| {
            new.face.external_image_id.is_some()
                && stored.face.external_image_id == new.face.external_image_id
                && stored.source == new.source
                && stored.face.bounding_box == new.face.bounding_box
        });
        if let Some(known) = known {
            return known.face.clone();
        }
        let face = new.face.clone();
        self.faces.insert(face.face_id.clone(), new);
        face
    }

    /// The faces most like `probe`, best first: at most `count`, none below `threshold`.
    pub(crate) fn search(
        &self,
        probe: &Descriptor,
        threshold: f32,
        count: usize,
    ) -> Vec<wire::FaceMatch> {
        let mut matches: Vec<wire::FaceMatch> = self
            .faces
            .values()
            .map(|stored| wire::FaceMatch {
                similarity: similarity::from_distance(stored.descriptor.distance(probe)),
                face: stored.face.clone(),
            })
            .filter(|found| found.similarity >= threshold)
            .collect();
        matches.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        matches.truncate(count);
        matches
    }
}

/// All collections by their ids.
#[derive(Default)]
pub(crate) struct Collections(RwLock<BTreeMap<String, Collection>>);

impl Collections {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Collection>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Collection>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `look` makes of the collection.
    pub(crate) fn with<T>(
        &self,
        id: &str,
        look: impl FnOnce(&Collection) -> T,
    ) -> Result<T, Refusal> {
        self.read().get(id).map(look).ok_or_else(|| missing(id))
    }

    /// As [`Self::with`], to change it.
    pub(crate) fn change<T>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Collection) -> T,
    ) -> Result<T, Refusal> {
        self.write()
            .get_mut(id)
            .map(change)
            .ok_or_else(|| missing(id))
    }
}

/// The refusal for a collection that is not there.
pub(crate) fn missing(id: &str) -> Refusal {
    let message = format!("The collection id: {id} does not exist");
    Refusal::new("ResourceNotFoundException", message)
}
