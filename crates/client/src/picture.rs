//! Pictures as a camera gives them: never the same bytes twice.

use std::io::Cursor;
use std::ops::Range;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader};

/// JPEG qualities that a retaken picture may have. All are good enough for recognition.
const LOWEST_QUALITY: u8 = 86;

/// In how many qualities a picture is taken again. Variations that are equal modulo this number have
/// the same pixels.
pub const LOOKS: u8 = 8;

/// Why a picture could not be taken again.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file is no picture that can be read, or the new one cannot be written.
    #[error("the picture cannot be re-encoded: {0}")]
    Image(#[from] ImageError),
    /// The file cannot be read.
    #[error("the picture cannot be read: {0}")]
    Read(#[from] std::io::Error),
}

/// What stands before the variation in the comment of a picture that was taken again.
const COMMENT: &str = "retaken: ";

/// The hexadecimal digits of a variation: the sixteen of the number, and two zeros before them, so
/// that Base64, which encodes three bytes at a time, encodes them apart from what follows.
const VARIATION_DIGITS: usize = 18;

/// Takes a picture again: upright, as a JPEG of a slightly different quality, with a comment that tells
/// it from every other one.
///
/// The stack refuses a picture that passed before, byte for byte. Cameras never give one; files do.
/// The same picture and the same `variation` give the same bytes, and any two variations give other
/// bytes; hand in a random number.
pub fn retake(picture: &[u8], variation: u64) -> Result<Vec<u8>, PictureError> {
    let mut decoder = ImageReader::new(Cursor::new(picture))
        .with_guessed_format()?
        .into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);

    let look = u8::try_from(variation % u64::from(LOOKS)).unwrap_or_default();
    let mut jpeg = Vec::new();
    image
        .to_rgb8()
        .write_with_encoder(JpegEncoder::new_with_quality(
            &mut jpeg,
            LOWEST_QUALITY + look,
        ))?;
    Ok(commented(&jpeg, &comment(variation)))
}

/// Where in a picture that was taken again the digits of its variation stand; none where it was not.
pub fn variation_in(jpeg: &[u8]) -> Option<Range<usize>> {
    let mut windows = jpeg.windows(COMMENT.len());
    let begin = windows.position(|part| part == COMMENT.as_bytes())? + COMMENT.len();
    Some(begin..begin + VARIATION_DIGITS)
}

fn comment(variation: u64) -> String {
    format!("{COMMENT}{variation:0VARIATION_DIGITS$x}")
}

/// A JPEG with a comment behind its first segment, which is the one that says that it is JFIF.
fn commented(jpeg: &[u8], comment: &str) -> Vec<u8> {
    /// The marker of a picture's beginning and that of its first segment; the segment's length,
    /// which counts itself, is in the next two bytes.
    const MARKERS: usize = 4;
    /// ITU T.81, table B.1.
    const COM: [u8; 2] = [0xFF, 0xFE];
    let first = match jpeg.get(MARKERS..MARKERS + 2) {
        Some([high, low]) => usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    };
    let (before, after) = jpeg.split_at((MARKERS + first).min(jpeg.len()));
    let length = u16::try_from(comment.len() + 2).unwrap_or(u16::MAX);
    [
        before,
        &COM,
        &length.to_be_bytes(),
        comment.as_bytes(),
        after,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashSet;

    use image::{ImageFormat, Rgb, RgbImage};

    use super::*;

    fn picture() -> Vec<u8> {
        let image = RgbImage::from_fn(64, 48, |x, y| {
            Rgb([x, y, x + y].map(|value| u8::try_from(value % 256).unwrap()))
        });
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, ImageFormat::Png).unwrap();
        png.into_inner()
    }

    #[test]
    fn every_variation_gives_other_bytes_and_a_picture_of_the_same() {
        let variations = [0, 1, 7, 8, 64, 8_u64.pow(5), u64::MAX];
        let retaken = variations.map(|variation| retake(&picture(), variation).unwrap());
        assert_eq!(
            retaken.iter().collect::<HashSet<_>>().len(),
            variations.len()
        );
        for (jpeg, variation) in retaken.iter().zip(variations) {
            let digits = &jpeg[variation_in(jpeg).unwrap()];
            assert_eq!(digits, format!("{variation:018x}").as_bytes());
        }
        for jpeg in &retaken {
            let image = image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).unwrap();
            assert_eq!((image.width(), image.height()), (64, 48));
        }
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        assert!(retake(b"no picture", 0).is_err());
        assert!(retake(&picture()[..100], 0).is_err());
    }
}
