//! Pictures of people, each time with other bytes, as a camera takes them.
//!
//! They are cropped from the photographs that the npm package of the face models brings along;
//! [`signin_client::samples`] says which, and who is in them.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use signin_client::retake;
use signin_client::samples::{Sample, parts};

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

/// Enough of a picture's Base64 to be this picture's alone, in letters and digits. Where a picture
/// is plain, its encoding repeats itself and is like that of others: the part with the most
/// different characters is taken.
pub fn fragment(picture: &[u8]) -> String {
    const LENGTH: usize = 24;
    let text = STANDARD.encode(picture);
    let text = &text[text.len() / 2..];
    let windows = text.as_bytes().windows(LENGTH);
    let plain = windows.filter(|part| part.iter().all(u8::is_ascii_alphanumeric));
    let different = |part: &&[u8]| part.iter().collect::<BTreeSet<_>>().len();
    let part = plain.max_by_key(different).expect("a picture is long");
    String::from_utf8_lossy(part).into_owned()
}
