//! Face data of people, each time other numbers, as a client computes them.
//!
//! Descriptors are computed from the pictures of [`pictures`], by the engine that stands behind
//! the local recognition service. Meshes are made up: nothing here finds 468 points in a picture.

use std::sync::LazyLock;

use face_engine::{Engine, Picture};
use signin_client::samples::parts;
use signin_core::face_data::{FaceData, MESH_LENGTH, MESH_LIMIT, Model};

use crate::pictures;

/// A person's, as they sign up with them.
pub fn document(model: Model) -> FaceData {
    match model {
        Model::Descriptor128 => descriptor(&pictures::document()),
        Model::Mesh468 => mesh(0.618),
    }
}

/// The same person's another time.
pub fn live(model: Model) -> FaceData {
    match model {
        Model::Descriptor128 => descriptor(&pictures::live()),
        Model::Mesh468 => mesh(0.618),
    }
}

/// Somebody else's.
pub fn other(model: Model) -> FaceData {
    match model {
        Model::Descriptor128 => descriptor(&pictures::other()),
        Model::Mesh468 => mesh(0.414),
    }
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let models = parts().join("models");
    Engine::load(&models).unwrap_or_else(|error| panic!("{error}; run: cargo xtask setup"))
});

fn descriptor(picture: &[u8]) -> FaceData {
    let picture = Picture::decode(picture).expect("a sample is a picture");
    let faces = ENGINE.faces(&picture);
    let face = faces.first().expect("a sample shows a face");
    let descriptor = ENGINE.describe(&picture, face);
    FaceData::new(Model::Descriptor128, descriptor.values().to_vec())
        .expect("a descriptor is face data")
}

/// A shape of its own for each `twist`, with noise far below what counts as another shape.
fn mesh(twist: f64) -> FaceData {
    let noise = MESH_LIMIT / 10.0;
    let values = (0_u32..).take(MESH_LENGTH).map(|place| {
        let angle = f64::from(place * place) * twist;
        let value = 0.5 + 0.3 * (angle.sin() + noise * rand::random_range(-1.0..1.0));
        #[expect(clippy::cast_possible_truncation, reason = "as a client has them")]
        let value = value as f32;
        value
    });
    FaceData::new(Model::Mesh468, values.collect()).expect("a mesh is face data")
}
