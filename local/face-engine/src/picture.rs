//! Bytes to pixels: JPEG and PNG, turned upright, within bounds that are checked before any
//! memory is taken.

use std::{fmt, io::Cursor};

use image::{
    DynamicImage, ImageDecoder, ImageError, Limits, RgbImage, RgbaImage,
    codecs::{jpeg::JpegDecoder, png::PngDecoder},
    metadata::Orientation,
};

/// Longest file that is looked at, in bytes: the largest that the Rekognition API takes.
pub const MAX_BYTES: usize = 15 * 1024 * 1024;

/// Most pixels that a picture may declare. The largest sensors of common telephones have 50
/// million; decoding takes 3 bytes per pixel, for progressive JPEG about 9.
pub const MAX_PIXELS: u64 = 50_000_000;

/// Longest side in pixels that a picture may declare.
pub const MAX_SIDE: u32 = 16_384;

/// Why bytes are not a usable picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// Neither JPEG nor PNG.
    #[error("expected a JPEG or PNG picture, found neither")]
    NotAnImage,
    /// The file ends before the picture does.
    #[error("the picture is cut off before its end")]
    Truncated,
    /// A JPEG or PNG by its first bytes that cannot be decoded.
    #[error("the picture cannot be decoded: {0}")]
    Corrupt(String),
    /// The file is too long.
    #[error("expected at most {MAX_BYTES} bytes, found {bytes}")]
    TooManyBytes {
        /// Its length.
        bytes: usize,
    },
    /// The picture declares too many pixels.
    #[error(
        "expected at most {MAX_PIXELS} pixels and sides of at most {MAX_SIDE}, \
         found {width} × {height}"
    )]
    TooLarge {
        /// Declared width in pixels.
        width: u32,
        /// Declared height in pixels.
        height: u32,
    },
}

/// The format of a file by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Jpeg,
    Png,
}

impl Format {
    fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else {
            None
        }
    }
}

/// A picture, upright, 8 bits each of red, green and blue. `Debug` shows its size alone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture")
            .field("width", &self.width)
            .field("height", &self.height)
            .finish_non_exhaustive()
    }
}

impl Picture {
    /// Decodes a JPEG (baseline or progressive; grey, colour or CMYK) or PNG (any colour type, 16
    /// bits reduced to 8; transparent parts over white, as a page shows them) and applies its EXIF
    /// orientation.
    pub fn decode(bytes: &[u8]) -> Result<Self, PictureError> {
        if bytes.len() > MAX_BYTES {
            return Err(PictureError::TooManyBytes { bytes: bytes.len() });
        }
        let format = Format::of(bytes).ok_or(PictureError::NotAnImage)?;
        // A broken JPEG can break the decoder's own assumptions (zune-jpeg 0.5.15, on a block that
        // lies outside the picture); whoever sends one must learn no more than that it is broken.
        std::panic::catch_unwind(|| Self::decode_as(format, bytes)).unwrap_or_else(|_panic| {
            let reason = "the decoder gave up".to_owned();
            Err(PictureError::Corrupt(reason))
        })
    }

    fn decode_as(format: Format, bytes: &[u8]) -> Result<Self, PictureError> {
        match format {
            Format::Jpeg => {
                // The decoder fills what is missing with grey: look for the end first.
                if !jpeg_ends(bytes) {
                    return Err(PictureError::Truncated);
                }
                Self::read(JpegDecoder::new(Cursor::new(bytes)).map_err(refusal)?)
            }
            Format::Png => {
                let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits());
                Self::read(decoder.map_err(refusal)?)
            }
        }
    }

    fn read(mut decoder: impl ImageDecoder) -> Result<Self, PictureError> {
        let (width, height) = decoder.dimensions();
        if width.max(height) > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(PictureError::TooLarge { width, height });
        }
        decoder.set_limits(limits()).map_err(refusal)?;
        // EXIF data that cannot be read are no reason to refuse the picture.
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let image = DynamicImage::from_decoder(decoder).map_err(refusal)?;
        let rgb = if image.color().has_alpha() {
            over_white(&image.into_rgba8())
        } else {
            image.into_rgb8()
        };
        // Turned last, when a pixel has three bytes instead of up to eight.
        let mut upright = DynamicImage::ImageRgb8(rgb);
        upright.apply_orientation(orientation);
        Ok(Self {
            width: upright.width() as usize,
            height: upright.height() as usize,
            rgb: upright.into_bytes(),
        })
    }

    /// A picture from raw pixels, row-major, three bytes each: red, green, blue. `None` where the
    /// number of bytes does not fit the size or the size is 0.
    pub fn from_rgb(width: usize, height: usize, rgb: Vec<u8>) -> Option<Self> {
        let length = width.checked_mul(height)?.checked_mul(3)?;
        (length > 0 && length == rgb.len()).then_some(Self { width, height, rgb })
    }

    /// Width in pixels, at least 1.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels, at least 1.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Row `y` from the top, three bytes per pixel.
    pub(crate) fn row(&self, y: usize) -> &[u8] {
        &self.rgb[y * self.width * 3..][..self.width * 3]
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    // 16 bits each of four channels.
    limits.max_alloc = Some(MAX_PIXELS * 8);
    limits
}

/// The decoder's complaint as ours.
fn refusal(error: ImageError) -> PictureError {
    match error {
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            PictureError::Truncated
        }
        error => PictureError::Corrupt(error.to_string()),
    }
}

fn over_white(rgba: &RgbaImage) -> RgbImage {
    let mut rgb = RgbImage::new(rgba.width(), rgba.height());
    for (to, from) in rgb.pixels_mut().zip(rgba.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u16::from);
        let blend = |value| {
            let sum = value * alpha + 255 * (255 - alpha) + 127;
            u8::try_from(sum / 255).unwrap_or(u8::MAX)
        };
        to.0 = [red, green, blue].map(blend);
    }
    rgb
}

/// Whether the marker that ends a JPEG stands where the picture's own data end (a thumbnail inside
/// the EXIF segment has one too).
fn jpeg_ends(bytes: &[u8]) -> bool {
    let mut place = 2;
    while let Some(&byte) = bytes.get(place) {
        let next = bytes.get(place + 1);
        if byte != 0xFF {
            // Entropy-coded data, or padding between segments.
            match bytes[place..].iter().position(|&byte| byte == 0xFF) {
                Some(distance) => place += distance,
                None => return false,
            }
            continue;
        }
        match next {
            None => return false,
            Some(0xD9) => return true,
            // A fill byte; a stuffed 0xFF, a restart marker or another one without a segment.
            Some(0xFF) => place += 1,
            Some(0x00 | 0x01 | 0xD0..=0xD8) => place += 2,
            Some(_) => match bytes.get(place + 2..place + 4) {
                Some(length) => {
                    place += 2 + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
                }
                None => return false,
            },
        }
    }
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use image::{
        ExtendedColorType, ImageEncoder, Rgb, codecs::jpeg::JpegEncoder, codecs::png::PngEncoder,
    };

    use super::*;

    /// Red left half, blue right half.
    fn two_halves() -> RgbImage {
        RgbImage::from_fn(32, 16, |x, _| {
            if x < 16 {
                Rgb([250, 0, 0])
            } else {
                Rgb([0, 0, 250])
            }
        })
    }

    fn jpeg(exif: Option<Vec<u8>>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
        if let Some(exif) = exif {
            encoder.set_exif_metadata(exif).unwrap();
        }
        encoder.encode_image(&two_halves()).unwrap();
        bytes
    }

    fn png(raw: &[u8], color: ExtendedColorType) -> Vec<u8> {
        let mut bytes = Vec::new();
        PngEncoder::new(&mut bytes)
            .write_image(raw, 2, 1, color)
            .unwrap();
        bytes
    }

    /// EXIF data with nothing but an orientation.
    fn exif(orientation: u8) -> Vec<u8> {
        let mut data = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        data.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        data
    }

    #[test]
    fn a_jpeg_becomes_its_pixels() {
        let picture = Picture::decode(&jpeg(None)).unwrap();
        assert_eq!((picture.width(), picture.height()), (32, 16));
        assert!(picture.row(8)[3] > 230 && picture.row(8)[31 * 3 + 2] > 230);
    }

    #[test]
    fn a_grey_jpeg_becomes_grey_pixels() {
        let mut bytes = Vec::new();
        JpegEncoder::new(&mut bytes)
            .encode(&[90; 64], 8, 8, ExtendedColorType::L8)
            .unwrap();
        let picture = Picture::decode(&bytes).unwrap();
        assert!(picture.row(3).iter().all(|value| value.abs_diff(90) <= 1));
    }

    #[test]
    fn the_exif_orientation_is_applied() {
        // 6: the camera was turned; what is stored at the left belongs at the top.
        let picture = Picture::decode(&jpeg(Some(exif(6)))).unwrap();
        assert_eq!((picture.width(), picture.height()), (16, 32));
        assert!(picture.row(2)[24] > 230 && picture.row(29)[26] > 230);
        // 3: upside down.
        let picture = Picture::decode(&jpeg(Some(exif(3)))).unwrap();
        assert!(picture.row(8)[2] > 230);
    }

    #[test]
    fn a_picture_is_turned_whatever_its_pixels_are_made_of() {
        let mut bytes = Vec::new();
        let mut encoder = PngEncoder::new(&mut bytes);
        encoder.set_exif_metadata(exif(6)).unwrap();
        let rgba: Vec<u8> = [[10_u16, 20, 30, 255], [0, 0, 0, 0]]
            .as_flattened()
            .iter()
            .flat_map(|value| (value * 0x101).to_ne_bytes())
            .collect();
        encoder
            .write_image(&rgba, 2, 1, ExtendedColorType::Rgba16)
            .unwrap();
        let picture = Picture::decode(&bytes).unwrap();
        assert_eq!((picture.width(), picture.height()), (1, 2));
        assert_eq!(
            [picture.row(0), picture.row(1)].concat(),
            [10, 20, 30, 255, 255, 255]
        );
    }

    #[test]
    fn an_orientation_that_does_not_exist_is_ignored() {
        let picture = Picture::decode(&jpeg(Some(exif(77)))).unwrap();
        assert_eq!((picture.width(), picture.height()), (32, 16));
    }

    #[test]
    fn transparent_pixels_lie_on_white() {
        let rgba = [10, 20, 30, 0, 10, 20, 30, 255];
        let picture = Picture::decode(&png(&rgba, ExtendedColorType::Rgba8)).unwrap();
        assert_eq!(picture.row(0), [255, 255, 255, 10, 20, 30]);
    }

    #[test]
    fn sixteen_bits_become_eight() {
        let raw: Vec<u8> = [0_u16, 0x8080, 0xFFFF, 0x0101, 0x0202, 0x0303]
            .into_iter()
            .flat_map(u16::to_ne_bytes)
            .collect();
        let picture = Picture::decode(&png(&raw, ExtendedColorType::Rgb16)).unwrap();
        assert_eq!(picture.row(0), [0, 128, 255, 1, 2, 3]);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for bytes in [
            &b""[..],
            b"\xFF",
            b"hello",
            b"GIF89a",
            b"RIFF....WEBP",
            &[0; 1000],
        ] {
            assert_eq!(Picture::decode(bytes), Err(PictureError::NotAnImage));
        }
    }

    #[test]
    fn a_jpeg_cut_anywhere_is_refused() {
        // With a thumbnail inside, which has an end of its own.
        let whole = jpeg(Some([exif(1), jpeg(None)].concat()));
        assert!(Picture::decode(&whole).is_ok());
        for length in 3..whole.len() {
            assert!(Picture::decode(&whole[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_png_cut_anywhere_before_its_last_chunk_is_refused() {
        let whole = png(&[1, 2, 3, 4, 5, 6], ExtendedColorType::Rgb8);
        // The last 12 bytes are the chunk that says "end" and nothing else.
        for length in 8..whole.len() - 12 {
            assert!(Picture::decode(&whole[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_png_that_declares_gigapixels_is_refused_before_memory_is_taken() {
        let mut bytes = png(&[0; 6], ExtendedColorType::Rgb8);
        bytes[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bytes[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let checksum = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
        let error = Picture::decode(&bytes).unwrap_err();
        assert_eq!(
            error,
            PictureError::TooLarge {
                width: 60_000,
                height: 60_000
            }
        );
    }

    #[test]
    fn a_jpeg_that_declares_gigapixels_is_refused_before_memory_is_taken() {
        let mut bytes = jpeg(None);
        let frame = bytes
            .windows(2)
            .position(|pair| pair == [0xFF, 0xC0])
            .unwrap();
        bytes[frame + 5..frame + 9].copy_from_slice(&[0xEA, 0x60, 0xEA, 0x60]);
        let error = Picture::decode(&bytes).unwrap_err();
        assert_eq!(
            error,
            PictureError::TooLarge {
                width: 60_000,
                height: 60_000
            }
        );
    }

    #[test]
    fn a_file_that_is_too_long_is_refused_unread() {
        let error = Picture::decode(&vec![0xFF; MAX_BYTES + 1]).unwrap_err();
        assert_eq!(
            error,
            PictureError::TooManyBytes {
                bytes: MAX_BYTES + 1
            }
        );
    }

    #[test]
    fn changed_bytes_never_cause_a_panic() {
        let png = png(&[9; 6], ExtendedColorType::Rgb8);
        for whole in [jpeg(Some(exif(8))), png] {
            for place in 0..whole.len() {
                for change in [0x01, 0x80, 0xFF] {
                    let mut bytes = whole.clone();
                    bytes[place] ^= change;
                    let _ = Picture::decode(&bytes);
                }
            }
        }
    }

    #[test]
    fn nothing_of_a_picture_is_shown() {
        let picture = Picture::from_rgb(1, 1, vec![201, 202, 203]).unwrap();
        assert_eq!(
            format!("{picture:?}"),
            "Picture { width: 1, height: 1, .. }"
        );
    }

    #[test]
    fn raw_pixels_must_fit_their_size() {
        assert!(Picture::from_rgb(2, 2, vec![0; 12]).is_some());
        assert!(Picture::from_rgb(2, 2, vec![0; 11]).is_none());
        assert!(Picture::from_rgb(0, 2, vec![]).is_none());
        assert!(Picture::from_rgb(usize::MAX, 2, vec![]).is_none());
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                (sum >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(sum & 1))
            })
        })
    }
}
