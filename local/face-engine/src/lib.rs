//! Pictures to faces to descriptors, in safe Rust: no network, no threads of its own, no state.
//!
//! [`Picture::decode`] turns bytes into pixels or says why not; [`Engine::faces`] finds the faces
//! with their landmarks, pose and quality; [`Engine::describe`] turns one of them into the 128
//! numbers that are compared; [`similarity::from_distance`] expresses a distance as a percentage.
//!
//! The three networks are those of the npm package `@vladmandic/face-api` ([`models`]).
//!
//! ```no_run
//! use face_engine::{Engine, Picture, similarity};
//!
//! let engine = Engine::load("models".as_ref())?;
//! let describe = |path: &str| -> Result<_, Box<dyn std::error::Error>> {
//!     let picture = Picture::decode(&std::fs::read(path)?)?;
//!     let face = engine.faces(&picture).into_iter().next().ok_or("no face")?;
//!     Ok(engine.describe(&picture, &face))
//! };
//! let (document, selfie) = (describe("document.jpg")?, describe("selfie.jpg")?);
//! println!("{:.1} %", similarity::from_distance(document.distance(&selfie)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod align;
pub mod descriptor;
pub mod detect;
mod geometry;
pub mod landmarks;
pub mod models;
mod nn;
pub mod picture;
pub mod quality;
mod resample;
pub mod similarity;

use std::path::Path;

use crate::{descriptor::Describer, detect::Detector, landmarks::Landmarker, models::LoadError};
pub use crate::{
    descriptor::Descriptor,
    geometry::{Point, Rect},
    landmarks::Landmarks,
    picture::{Picture, PictureError},
    quality::{Pose, Quality},
};

/// A face in a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    /// Its box in pixels of the picture; it may reach beyond the picture.
    pub bounds: Rect,
    /// How sure the detector is, from [`detect::MIN_SCORE`] to 1.
    pub score: f32,
    /// Its 68 points.
    pub landmarks: Landmarks,
    /// Where it looks.
    pub pose: Pose,
    /// How well it can be seen.
    pub quality: Quality,
}

/// The three networks, ready to use from any thread.
pub struct Engine {
    detector: Detector,
    landmarker: Landmarker,
    describer: Describer,
}

impl Engine {
    /// Loads the models from a folder that holds the files of [`models::FILES`].
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        Ok(Self {
            detector: Detector::load(folder)?,
            landmarker: Landmarker::load(folder)?,
            describer: Describer::load(folder)?,
        })
    }

    /// All faces in the picture, widest first.
    pub fn faces(&self, picture: &Picture) -> Vec<Face> {
        let detections = self.detector.detect(picture);
        let mut faces: Vec<Face> = detections
            .into_iter()
            .map(|detection| {
                let landmarks = self.landmarker.landmarks(picture, &detection.bounds);
                let chip = align::align(picture, &landmarks);
                let pose = Pose::of(&landmarks);
                let quality = Quality::of(&chip);
                let (bounds, score) = (detection.bounds, detection.score);
                Face {
                    bounds,
                    score,
                    landmarks,
                    pose,
                    quality,
                }
            })
            .collect();
        faces.sort_by(|a, b| b.bounds.width.total_cmp(&a.bounds.width));
        faces
    }

    /// The face's descriptor: the mean of its aligned chip's and the chip's mirror image's.
    pub fn describe(&self, picture: &Picture, face: &Face) -> Descriptor {
        self.describer
            .describe(&align::align(picture, &face.landmarks))
    }
}
