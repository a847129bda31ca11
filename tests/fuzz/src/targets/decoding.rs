//! Pictures: the header that the functions look at, and the decoder behind the local recognition.

use face_engine::Picture;
use face_engine::picture as engine;
use signin_core::picture::{MAX_BYTES, MAX_PIXELS, MIN_SIDE, inspect};

use super::Target;
use crate::mutation::Form;
use crate::picture::drawn;

pub(super) const TARGET: Target = Target {
    name: "picture",
    form: Form::Picture,
    run,
    seeds: drawn,
    attempts: 10_000,
};

/// What is accepted keeps within the limits. That memory does, too, is seen to by whoever runs
/// this: the search has a limit set on its process.
fn run(bytes: &[u8]) {
    if let Ok(header) = inspect(bytes) {
        assert!(bytes.len() as u64 <= MAX_BYTES);
        assert!(u64::from(header.width) * u64::from(header.height) <= MAX_PIXELS);
        assert!(header.width.min(header.height) >= MIN_SIDE);
    }
    if let Ok(picture) = Picture::decode(bytes) {
        let (width, height) = (picture.width() as u64, picture.height() as u64);
        assert!(bytes.len() <= engine::MAX_BYTES);
        assert!(width.min(height) >= 1);
        assert!(width * height <= engine::MAX_PIXELS);
        assert!(width.max(height) <= u64::from(engine::MAX_SIDE));
    }
}
