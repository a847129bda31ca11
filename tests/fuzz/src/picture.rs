//! Pictures drawn in code: one of each kind that a decoder treats differently.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

/// Pixels of a side: as small as a picture may be.
const SIDE: u32 = 80;

/// A JPEG in grey and in colour, with and without an orientation, and a PNG of each colour type.
pub(crate) fn drawn() -> Vec<Vec<u8>> {
    let mut pictures = vec![
        jpeg(ExtendedColorType::L8, None),
        jpeg(ExtendedColorType::Rgb8, None),
        jpeg(ExtendedColorType::Rgb8, Some(6)),
    ];
    pictures.extend(
        [
            ExtendedColorType::L8,
            ExtendedColorType::La8,
            ExtendedColorType::Rgb8,
            ExtendedColorType::Rgba8,
            ExtendedColorType::L16,
            ExtendedColorType::Rgba16,
        ]
        .map(png),
    );
    pictures
}

/// Samples that rise from the top left to the bottom right.
fn samples(color: ExtendedColorType) -> Vec<u8> {
    let bytes = usize::from(color.bits_per_pixel()) / 8;
    let row = SIDE as usize * bytes;
    (0..row * SIDE as usize)
        .map(|place| u8::try_from((place % row / bytes + place / row) % 256).unwrap_or(u8::MAX))
        .collect()
}

fn jpeg(color: ExtendedColorType, orientation: Option<u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 50);
    if let Some(orientation) = orientation {
        // An EXIF segment of one entry.
        let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        encoder
            .set_exif_metadata(exif)
            .expect("a JPEG may have EXIF data");
    }
    encoder
        .encode(&samples(color), SIDE, SIDE, color)
        .expect("a picture can be written to memory");
    bytes
}

fn png(color: ExtendedColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(&samples(color), SIDE, SIDE, color)
        .expect("a picture can be written to memory");
    bytes
}

/// Sets the checksum of every chunk of a PNG right, so that a changed picture gets past the
/// decoder's first look. Anything else stays as it is.
pub(crate) fn mend_checksums(bytes: &mut [u8]) {
    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
    let Some(mut rest) = bytes.strip_prefix(SIGNATURE).map(<[u8]>::len) else {
        return;
    };
    // A chunk: length of its data, kind, data, checksum of kind and data.
    while rest >= 12 {
        let start = bytes.len() - rest;
        let chunk = &mut bytes[start..];
        let length = u32::from_be_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]) as usize;
        if length > rest - 12 {
            return;
        }
        let checksum = crc32(&chunk[4..8 + length]);
        chunk[8 + length..12 + length].copy_from_slice(&checksum.to_be_bytes());
        rest -= 12 + length;
    }
}

/// The checksum of PNG (ISO/IEC 15948, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(sum & 1))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_picture_is_one() {
        for picture in drawn() {
            assert!(face_engine::Picture::decode(&picture).is_ok());
            assert!(signin_core::picture::inspect(&picture).is_ok());
        }
    }

    #[test]
    fn a_mended_checksum_is_the_encoders_own() {
        let whole = png(ExtendedColorType::Rgb8);
        let mut broken = whole.clone();
        broken[29] ^= 1;
        mend_checksums(&mut broken);
        assert_eq!(broken, whole);
    }
}
