//! The engine, and what it has found in the pictures that came last.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use face_engine::{Descriptor, Engine, Face, Picture};
use lru::LruCache;

/// The engine. It computes everything anew, or remembers what it has found in the pictures that came
/// last: what it finds depends on the pixels alone.
pub struct Recogniser {
    engine: Engine,
    recent: Option<Recent>,
}

/// What was found lately, by the digest of what it was found in.
struct Recent {
    hasher: RandomState,
    faces: Mutex<LruCache<u64, Vec<Face>>>,
    descriptors: Mutex<LruCache<u64, Descriptor>>,
}

impl From<Engine> for Recogniser {
    /// Computes everything anew.
    fn from(engine: Engine) -> Self {
        let recent = None;
        Self { engine, recent }
    }
}

impl Recogniser {
    /// Remembers what was found in that many pictures, and as many faces.
    ///
    /// For tests, which show the same few photographs thousands of times. How long an answer takes then
    /// depends on what was asked before.
    #[must_use]
    pub fn remembering(self, pictures: NonZeroUsize) -> Self {
        let recent = Recent {
            hasher: RandomState::new(),
            faces: Mutex::new(LruCache::new(pictures)),
            descriptors: Mutex::new(LruCache::new(pictures)),
        };
        Self {
            recent: Some(recent),
            ..self
        }
    }

    /// As [`Engine::faces`].
    pub(crate) fn faces(&self, picture: &Picture) -> Vec<Face> {
        let found = || self.engine.faces(picture);
        match &self.recent {
            Some(recent) => remembered(&recent.faces, recent.hasher.hash_one(picture), found),
            None => found(),
        }
    }

    /// As [`Engine::describe`].
    pub(crate) fn describe(&self, picture: &Picture, face: &Face) -> Descriptor {
        let described = || self.engine.describe(picture, face);
        match &self.recent {
            Some(recent) => {
                let digest = recent.hasher.hash_one((picture, Place(face)));
                remembered(&recent.descriptors, digest, described)
            }
            None => described(),
        }
    }
}

/// Where in a picture a face is.
struct Place<'a>(&'a Face);

impl Hash for Place<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let bounds = self.0.bounds;
        for side in [bounds.left, bounds.top, bounds.width, bounds.height] {
            side.to_bits().hash(state);
        }
    }
}

/// What is remembered under a digest; otherwise what is computed, while others look for theirs.
fn remembered<T: Clone>(
    recent: &Mutex<LruCache<u64, T>>,
    digest: u64,
    compute: impl FnOnce() -> T,
) -> T {
    let lock = || recent.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = lock().get(&digest) {
        return known.clone();
    }
    let computed = compute();
    lock().put(digest, computed.clone());
    computed
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_is_remembered_is_not_computed_again_until_others_have_come() {
        let recent = Mutex::new(LruCache::new(NonZeroUsize::new(2).unwrap()));
        let computed = Cell::new(0);
        let ask = |digest| {
            remembered(&recent, digest, || {
                computed.set(computed.get() + 1);
                digest * 10
            })
        };
        assert_eq!([1, 1, 2, 1].map(ask), [10, 10, 20, 10]);
        assert_eq!(computed.get(), 2);
        // The third is one too many: the one that was asked for least recently goes.
        assert_eq!([3, 1, 2].map(ask), [30, 10, 20]);
        assert_eq!(computed.get(), 4);
    }
}
