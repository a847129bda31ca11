//! Pictures of people, each time with other bytes, as a camera takes them.
//!
//! They are cropped from the photographs that the npm package of the face models brings along;
//! [`signin_client::samples`] says which, and who is in them.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use signin_client::samples::{Sample, parts};
use signin_client::{LOOKS, retake, variation_in};

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

/// Every sample in each way that it looks when it is taken again; encoding it anew for each test would
/// take longer than most of what is tested.
static RETAKEN: LazyLock<HashMap<Sample, Vec<Vec<u8>>>> = LazyLock::new(|| {
    let retaken = |sample: Sample| {
        let picture = sample.read(&parts());
        let picture = picture.unwrap_or_else(|error| panic!("{error}"));
        let look = |look| retake(&picture, look).expect("a sample can be re-encoded");
        (sample, (0..u64::from(LOOKS)).map(look).collect())
    };
    Sample::ALL.map(retaken).into()
});

/// The sample as [`retake`] gives it for a random variation.
fn taken(sample: Sample) -> Vec<u8> {
    varied(sample, rand::random())
}

fn varied(sample: Sample, variation: u64) -> Vec<u8> {
    let look = usize::try_from(variation % u64::from(LOOKS)).expect("one of a few");
    let mut picture = RETAKEN[&sample][look].clone();
    let digits = variation_in(&picture).expect("it was taken again");
    let width = digits.len();
    picture[digits].copy_from_slice(format!("{variation:0width$x}").as_bytes());
    picture
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

    #[test]
    fn a_picture_is_what_taking_it_again_gives() {
        for variation in [0, 7, 0x0123_4567_89ab_cdef, u64::MAX] {
            let sample = Sample::Enrolment;
            let again = retake(&sample.read(&parts()).unwrap(), variation).unwrap();
            assert_eq!(varied(sample, variation), again);
        }
    }

    #[test]
    fn a_fragment_is_its_pictures_alone() {
        // All looks, some of them twice, and numbers that differ in one digit at either end.
        let variations = (0..=u64::from(LOOKS) + 1).chain([1 << 63, u64::MAX]);
        let pictures: Vec<_> = variations.map(|v| varied(Sample::Enrolment, v)).collect();
        for (place, picture) in pictures.iter().enumerate() {
            let fragment = fragment(picture);
            let fits = |other: &Vec<u8>| STANDARD.encode(other).contains(&fragment);
            let fitting: Vec<usize> = (0..pictures.len())
                .filter(|i| fits(&pictures[*i]))
                .collect();
            assert_eq!(fitting, [place], "{fragment}");
        }
    }

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

    #[test]
    fn the_engine_is_sure_of_every_face_however_retaken_and_it_fits_inline() {
        let engine = engine();
        for sample in Sample::ALL {
            let pair = sample == Sample::TwoPeople;
            let (count, sure) = if pair { (2, 0.6) } else { (1, 0.9) };
            for bytes in &RETAKEN[&sample] {
                let faces = engine.faces(&Picture::decode(bytes).unwrap());
                assert_eq!(faces.len(), count, "{sample:?}");
                let least = faces.iter().map(|face| face.score).fold(1.0, f32::min);
                assert!(least > sure, "{sample:?}: {least}");
                let (bytes, mime) = (bytes.clone(), "image/jpeg");
                assert!(pair || Answer::Inline { bytes, mime }.fits(), "{sample:?}");
            }
        }
    }

    #[test]
    fn the_same_person_is_near_and_the_impostor_far_however_retaken() {
        let engine = engine();
        let faces = |sample: Sample| -> Vec<Descriptor> {
            RETAKEN[&sample]
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
        let document = describe(&engine, &varied(Sample::Enrolment, 0));
        let pair = describe(&engine, &varied(Sample::TwoPeople, 0));
        let mut distances: Vec<f32> = pair
            .iter()
            .map(|face| face.distance(&document[0]))
            .collect();
        distances.sort_by(f32::total_cmp);
        assert!(distances[0] < 0.2 && distances[1] > 0.6, "{distances:?}");
    }
}
