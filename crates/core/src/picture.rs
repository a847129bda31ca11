//! What a picture must be before anything looks at it.

use crate::reason::Reason;

/// The largest picture, in bytes: what Rekognition takes as image bytes (5 MB, "Guidelines and
/// quotas in Amazon Rekognition"), and the upper end of an upload grant's
/// `content-length-range`.
pub const MAX_BYTES: u64 = 5 * 1024 * 1024;

/// The most pixels a picture may declare. Phones take up to 50 megapixels; a picture that
/// unpacks to more is an attack on whoever unpacks it.
pub const MAX_PIXELS: u64 = 50_000_000;

/// The fewest pixels of a side: what Rekognition takes (same source).
pub const MIN_SIDE: u32 = 80;

/// A format that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl Format {
    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// What a picture's header declares; its pixels were not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The format.
    pub format: Format,
    /// Pixels across, before any EXIF orientation.
    pub width: u32,
    /// Pixels down, before any EXIF orientation.
    pub height: u32,
}

/// Reads a picture's header and refuses what no face can be looked for in: nothing at all, other
/// formats, headers that end too early ([`Reason::NotAnImage`]), too many bytes or pixels
/// ([`Reason::TooLarge`]), too few ([`Reason::TooSmall`]).
///
/// It is as tolerant as decoders are: what one of them reads is not refused here. Whether the rest
/// is a picture is for the recogniser to say. Allocates nothing.
pub fn inspect(bytes: &[u8]) -> Result<Header, Reason> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Reason::TooLarge);
    }
    let (format, size) = if let Some(rest) = bytes.strip_prefix(JPEG_START) {
        (Format::Jpeg, jpeg_size(rest))
    } else if let Some(rest) = bytes.strip_prefix(PNG_START) {
        (Format::Png, png_size(rest))
    } else {
        return Err(Reason::NotAnImage);
    };
    let (width, height) = size.ok_or(Reason::NotAnImage)?;
    match u64::from(width) * u64::from(height) {
        0 => Err(Reason::NotAnImage),
        pixels if pixels > MAX_PIXELS => Err(Reason::TooLarge),
        _ if width.min(height) < MIN_SIDE => Err(Reason::TooSmall),
        _ => Ok(Header {
            format,
            width,
            height,
        }),
    }
}

/// JPEG's marker SOI (T.81, B.1.1.3).
const JPEG_START: &[u8] = &[0xff, 0xd8];

/// PNG's signature, and the head of the chunk that comes first: 13 bytes of `IHDR` (ISO/IEC 15948,
/// 5.2 and 11.2.1).
const PNG_START: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";

/// Width and height of a PNG, from what follows [`PNG_START`].
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let (width, rest) = bytes.split_first_chunk()?;
    let height = rest.first_chunk()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
}

/// Width and height of a JPEG, from what follows [`JPEG_START`]: those of the frame header before its
/// first scan.
///
/// Common decoders read baseline, extended and progressive frames (SOF0 to SOF2). Frames of other kinds
/// are read by some decoders and skipped by others: their size counts where no common frame is found.
fn jpeg_size(mut rest: &[u8]) -> Option<(u32, u32)> {
    let mut uncommon = None;
    while let Some((marker, segment, after)) = jpeg_segment(rest) {
        match marker {
            0xc0..=0xc2 => return frame_size(segment),
            // DHT, JPG and DAC lie between the frame headers SOF3 to SOF15.
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                uncommon = uncommon.or_else(|| frame_size(segment));
            }
            // The first scan (SOS), or the end (EOI).
            0xd9 | 0xda => break,
            _ => {}
        }
        rest = after;
    }
    uncommon
}

/// The next marker of a JPEG's header, what follows it, and what follows its segment.
///
/// Cameras and programs leave more between two segments than T.81 has there, so that markers are
/// looked for as libjpeg does: whatever is no 0xFF is passed over, and so are any number of fill
/// bytes (0xFF) before a marker and a stuffed 0xFF (one before 0).
fn jpeg_segment(mut rest: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    loop {
        let fill = rest.iter().position(|&byte| byte == 0xff)?;
        let marker = fill + rest[fill..].iter().position(|&byte| byte != 0xff)?;
        let segment = &rest[marker + 1..];
        match rest[marker] {
            // No marker; those that have no segment: TEM, RST0 to RST7, SOI.
            0x00 | 0x01 | 0xd0..=0xd8 => rest = segment,
            // What follows these ends the header.
            kind @ (0xd9 | 0xda) => return Some((kind, &[], &[])),
            kind => {
                // The length counts its own two bytes.
                let length = usize::from(u16::from_be_bytes(*segment.first_chunk()?));
                return Some((kind, segment, segment.get(length.max(2)..).unwrap_or(&[])));
            }
        }
    }
}

/// Width and height that a JPEG's frame header declares, from the bytes after its marker: length (2
/// bytes), precision (1), height and width (2 each).
fn frame_size(segment: &[u8]) -> Option<(u32, u32)> {
    let &[_, _, _, height_high, height_low, width_high, width_low] = segment.first_chunk()?;
    let dimension = |high, low| u32::from(u16::from_be_bytes([high, low]));
    Some((
        dimension(width_high, width_low),
        dimension(height_high, height_low),
    ))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The first bytes of a PNG that declares this size.
    pub(crate) fn png_header(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    /// The first bytes of a baseline JPEG that declares this size.
    fn jpeg_header(width: u16, height: u16) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xc0, 0, 17, 8];
        bytes.extend(height.to_be_bytes());
        bytes.extend(width.to_be_bytes());
        bytes.extend([3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1]);
        bytes
    }

    #[test]
    fn a_picture_tells_its_format_and_size() {
        assert_eq!(
            inspect(&png_header(640, 480)),
            Ok(Header {
                format: Format::Png,
                width: 640,
                height: 480
            })
        );
        assert_eq!(
            inspect(&jpeg_header(640, 480)),
            Ok(Header {
                format: Format::Jpeg,
                width: 640,
                height: 480
            })
        );
    }

    #[test]
    fn what_devices_leave_between_segments_is_passed_over() {
        let frame = &jpeg_header(640, 480)[2..];
        for between in [
            &[0xff][..],
            &[0xff; 200],
            &[0],
            b"padding",
            &[0xff, 0x00],
            &[0xff, 0x01],
            &[0xff, 0xd0, 0xff, 0xd8],
            // Segments, the last one with a length below its own two bytes.
            &[0xff, 0xe1, 0, 4, 0xff, 0xc0],
            &[0xff, 0xff, 0xfe, 0, 3, 0xd9],
            &[0xff, 0xc4, 0, 2, 0xff, 0xc8, 0, 2, 0xff, 0xcc, 0, 2],
            &[0xff, 0xe0, 0, 0],
        ] {
            let picture = [JPEG_START, between, frame].concat();
            let size = inspect(&picture).map(|header| (header.width, header.height));
            assert_eq!(size, Ok((640, 480)), "{between:x?}");
        }
    }

    #[test]
    fn an_uncommon_frame_counts_where_there_is_no_common_one() {
        let common = &jpeg_header(640, 480)[2..];
        let mut uncommon = jpeg_header(320, 240)[2..].to_vec();
        uncommon[1] = 0xc9;
        for (frames, size) in [
            (&[&uncommon[..]][..], (320, 240)),
            (&[&uncommon, common], (640, 480)),
            (&[&uncommon, &[0xff, 0xda], common], (320, 240)),
        ] {
            let picture = [JPEG_START, &frames.concat()].concat();
            let found = inspect(&picture).map(|header| (header.width, header.height));
            assert_eq!(found, Ok(size));
        }
    }

    #[test]
    fn what_is_no_picture_is_refused_with_a_reason() {
        for bytes in [
            &b""[..],
            b"hello",
            b"GIF89a\x01\0\x01\0",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            &[0xff, 0xd8],
            &[0xff, 0xd8, 0xff],
            &[0xff; 1000],
            &jpeg_header(640, 480)[..8],
            // The end, or a scan, before any frame; a segment that is longer than what is left.
            &[&[0xff, 0xd8, 0xff, 0xd9], &jpeg_header(640, 480)[2..]].concat(),
            &[&[0xff, 0xd8, 0xff, 0xda, 0, 2], &jpeg_header(640, 480)[2..]].concat(),
            &[
                &[0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff],
                &jpeg_header(640, 480)[2..],
            ]
            .concat(),
            b"\x89PNG\r\n\x1a\n\0\0\0\x04gAMA\0\0\x02\x80\0\0\x01\xe0",
            &png_header(640, 480)[..20],
            &png_header(0, 480),
        ] {
            assert_eq!(inspect(bytes), Err(Reason::NotAnImage), "{bytes:?}");
        }
    }

    #[test]
    fn a_picture_that_unpacks_to_gigapixels_is_too_large() {
        assert_eq!(inspect(&png_header(60_000, 60_000)), Err(Reason::TooLarge));
        assert_eq!(
            inspect(&png_header(u32::MAX, u32::MAX)),
            Err(Reason::TooLarge)
        );
        assert_eq!(inspect(&jpeg_header(65_535, 65_535)), Err(Reason::TooLarge));
        assert_eq!(inspect(&png_header(79, 480)), Err(Reason::TooSmall));
        let mut long = png_header(100, 100);
        long.resize(usize::try_from(MAX_BYTES).unwrap() + 1, 0);
        assert_eq!(inspect(&long), Err(Reason::TooLarge));
    }
}
