//! Pictures of people, each time with other bytes, as a camera takes them.
//!
//! They are cropped from the photographs that the npm package of the face models brings along;
//! [`signin_client::samples`] says which, and who is in them.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use signin_client::samples::{Sample, parts};
use signin_client::{retake, variation_in};

/// A person, as a document would show them.
pub fn document() -> Vec<u8> {
    taken(Sample::Enrolment)
}

/// The same person in another photograph.
pub fn live() -> Vec<u8> {
    taken(Sample::SignIn)
}

/// Somebody else.
pub fn other() -> Vec<u8> {
    taken(Sample::Impostor)
}

/// The person of [`document`] with somebody else beside them. It is too large for an inline
/// answer.
pub fn two_people() -> Vec<u8> {
    taken(Sample::TwoPeople)
}

/// Every sample; cropping them takes longer than re-encoding.
static SAMPLES: LazyLock<HashMap<Sample, Vec<u8>>> = LazyLock::new(|| {
    let read = |sample: Sample| {
        let picture = sample.read(&parts());
        (sample, picture.unwrap_or_else(|error| panic!("{error}")))
    };
    Sample::ALL.map(read).into()
});

fn taken(sample: Sample) -> Vec<u8> {
    retake(&SAMPLES[&sample], rand::random()).expect("a sample can be re-encoded")
}

/// What a picture of these has to itself, as it stands in the picture's Base64: the letters and
/// digits of its variation. (Whatever shows the person is not enough: one picture in some thousands
/// has it in common with another, and then a fault ordered for one meets both.)
pub fn fragment(picture: &[u8]) -> String {
    /// Base64 encodes so many bytes at a time.
    const GROUP: usize = 3;
    let digits = variation_in(picture).expect("the picture is one of these");
    let begin = digits.start.next_multiple_of(GROUP);
    let end = begin + (digits.end - begin) / GROUP * GROUP;
    STANDARD.encode(&picture[begin..end])
}

#[cfg(test)]
mod tests {
    use face_engine::{Descriptor, Engine, Picture};
    use signin_client::Answer;

    use super::*;

    /// Every variation that differs from the first in one thing: the quality, what is cut off at a
    /// side, and nothing of the kind.
    const VARIATIONS: [u64; 7] = [0, 1, 0o10, 0o100, 0o1000, 0o10_000, 0o100_000];

    #[test]
    fn a_fragment_is_its_pictures_alone() {
        let sample = &SAMPLES[&Sample::Enrolment];
        let pictures = VARIATIONS.map(|variation| retake(sample, variation).expect("a picture"));
        for (place, picture) in pictures.iter().enumerate() {
            let fragment = fragment(picture);
            let fits = |other: &Vec<u8>| STANDARD.encode(other).contains(&fragment);
            let fitting: Vec<usize> = (0..pictures.len())
                .filter(|i| fits(&pictures[*i]))
                .collect();
            assert_eq!(fitting, [place], "{fragment}");
        }
    }

    /// The variations that cut most, and some between.
    const RETAKES: [u64; 6] = [0, 7, 0o77777, 0o70707, 0o07071, 0o12345];

    fn engine() -> Engine {
        let models = parts().join("models");
        Engine::load(&models)
            .unwrap_or_else(|error| panic!("{error}; run: cargo xtask setup ({models:?})"))
    }

    /// The descriptors of all faces in a picture, widest first.
    fn describe(engine: &Engine, bytes: &[u8]) -> Vec<Descriptor> {
        let picture = Picture::decode(bytes).unwrap();
        let faces = engine.faces(&picture);
        faces
            .iter()
            .map(|face| engine.describe(&picture, face))
            .collect()
    }

    fn retaken(sample: Sample) -> Vec<Vec<u8>> {
        RETAKES
            .map(|variation| retake(&SAMPLES[&sample], variation).unwrap())
            .into()
    }

    #[test]
    fn a_retaken_sample_shows_as_many_faces_as_it_should_and_fits_inline() {
        let engine = engine();
        for sample in Sample::ALL {
            let expected = if sample == Sample::TwoPeople { 2 } else { 1 };
            for bytes in retaken(sample) {
                assert_eq!(describe(&engine, &bytes).len(), expected, "{sample:?}");
                let mime = "image/jpeg";
                assert!(
                    sample == Sample::TwoPeople || Answer::Inline { bytes, mime }.fits(),
                    "{sample:?}"
                );
            }
        }
    }

    #[test]
    fn the_same_person_is_near_and_the_impostor_far_however_retaken() {
        let engine = engine();
        let faces = |sample: Sample| -> Vec<Descriptor> {
            let pictures = retaken(sample);
            pictures
                .iter()
                .flat_map(|bytes| describe(&engine, bytes))
                .collect()
        };
        let (documents, selfies) = (faces(Sample::Enrolment), faces(Sample::SignIn));
        let impostors = faces(Sample::Impostor);
        for document in &documents {
            for selfie in &selfies {
                let distance = document.distance(selfie);
                assert!(distance < 0.45, "the same person is {distance} away");
            }
            for impostor in &impostors {
                let distance = document.distance(impostor);
                assert!(distance > 0.75, "the impostor is {distance} away");
            }
        }
    }

    #[test]
    fn the_two_people_are_the_enrolled_one_and_another() {
        let engine = engine();
        let document = describe(&engine, &SAMPLES[&Sample::Enrolment]);
        let pair = describe(&engine, &SAMPLES[&Sample::TwoPeople]);
        let mut distances: Vec<f32> = pair
            .iter()
            .map(|face| face.distance(&document[0]))
            .collect();
        distances.sort_by(f32::total_cmp);
        assert!(distances[0] < 0.2 && distances[1] > 0.6, "{distances:?}");
    }
}
