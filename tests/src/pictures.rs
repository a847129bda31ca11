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
}
