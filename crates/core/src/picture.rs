//! What a picture must be before anything looks at it.

use std::io::Cursor;

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
/// ([`Reason::TooLarge`]), too few ([`Reason::TooSmall`]). Allocates nothing that grows with what the picture declares.
pub fn inspect(bytes: &[u8]) -> Result<Header, Reason> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Reason::TooLarge);
    }
    let format = if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Format::Jpeg
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Format::Png
    } else {
        return Err(Reason::NotAnImage);
    };
    let size =
        imagesize::reader_size(Cursor::new(bytes)).map_err(|_unreadable| Reason::NotAnImage)?;
    let dimension = |pixels: usize| u32::try_from(pixels).map_err(|_| Reason::TooLarge);
    let (width, height) = (dimension(size.width)?, dimension(size.height)?);
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
    fn what_is_no_picture_is_refused_with_a_reason() {
        for bytes in [
            &b""[..],
            b"hello",
            b"GIF89a\x01\0\x01\0",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            &[0xff, 0xd8, 0xff],
            &jpeg_header(640, 480)[..8],
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
