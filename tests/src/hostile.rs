//! Pictures that are made to break whoever looks at them; all from our own pixels.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageBuffer, ImageFormat, Luma, Rgb};

/// A GIF of a pixel.
pub fn gif() -> Vec<u8> {
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x01D\0;"
        .to_vec()
}

/// Something else first, and a JPEG behind it.
pub fn polyglot(first: &[u8], jpeg: &[u8]) -> Vec<u8> {
    [first, jpeg].concat()
}

/// A JPEG, and something else behind its end.
pub fn jpeg_then(jpeg: &[u8], behind: &[u8]) -> Vec<u8> {
    [jpeg, behind].concat()
}

/// The place of the frame header's precision: after its marker and length.
fn frame(jpeg: &[u8]) -> usize {
    let starts = jpeg
        .windows(2)
        .position(|two| matches!(two, [0xff, 0xc0 | 0xc2]));
    starts.expect("a JPEG has a frame") + 4
}

/// A JPEG whose frame declares a precision that its samples do not have.
pub fn jpeg_with_precision(jpeg: &[u8], bits: u8) -> Vec<u8> {
    let mut bytes = jpeg.to_vec();
    let precision = frame(&bytes);
    bytes[precision] = bits;
    bytes
}

/// A JPEG that declares this many pixels either way.
pub fn jpeg_that_declares(jpeg: &[u8], side: u16) -> Vec<u8> {
    let mut bytes = jpeg.to_vec();
    let height = frame(&bytes) + 1;
    bytes[height..height + 2].copy_from_slice(&side.to_be_bytes());
    bytes[height + 2..height + 4].copy_from_slice(&side.to_be_bytes());
    bytes
}

/// A JPEG of nothing but segments that mean nothing.
pub fn jpeg_of_segments(count: usize) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    for _ in 0..count {
        bytes.extend([0xff, 0xef, 0xff, 0xff]);
        bytes.extend(vec![0; 0xfffd]);
    }
    bytes.extend([0xff, 0xd9]);
    bytes
}

/// A JPEG of four components whose Adobe marker says that they are inks, inverted.
pub fn cmyk_jpeg() -> Vec<u8> {
    let mut bytes = Vec::new();
    let grey = vec![128; 320 * 240];
    JpegEncoder::new(&mut bytes)
        .encode(&grey, 320, 240, ExtendedColorType::L8)
        .expect("a grey picture can be encoded");
    // One component becomes four of the same tables; the scan is too short then, as such files
    // often are.
    let start = frame(&bytes) - 2;
    let length = usize::from(u16::from_be_bytes([bytes[start], bytes[start + 1]]));
    let component = bytes[start + 8..start + 11].to_vec();
    let mut header = vec![0, 8 + 3 * 4];
    header.extend(&bytes[start + 2..start + 7]);
    header.push(4);
    for id in 1..=4 {
        header.extend([id, component[1], component[2]]);
    }
    bytes.splice(start..start + length, header);
    let adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00";
    bytes.splice(2..2, adobe.iter().copied());
    bytes
}

/// A PNG of 16 bits a channel.
pub fn png_16_bit() -> Vec<u8> {
    let image = ImageBuffer::from_pixel(320, 240, Rgb([32_768_u16; 3]));
    let mut bytes = Vec::new();
    image::DynamicImage::ImageRgb16(image)
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .expect("a picture can be encoded");
    bytes
}

/// A grey PNG of this size.
fn png(width: u32, height: u32) -> Vec<u8> {
    let image = ImageBuffer::from_pixel(width, height, Luma([128_u8]));
    let mut bytes = Vec::new();
    image::DynamicImage::ImageLuma8(image)
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .expect("a picture can be encoded");
    bytes
}

/// A chunk of a PNG.
fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&kind);
    checksum.update(data);
    let length = u32::try_from(data.len()).expect("a chunk is short");
    [
        &length.to_be_bytes()[..],
        &kind,
        data,
        &checksum.finalize().to_be_bytes(),
    ]
    .concat()
}

/// The place behind a PNG's header chunk.
const BEHIND_HEADER: usize = 8 + 25;

fn with_chunks(mut png: Vec<u8>, chunks: &[Vec<u8>]) -> Vec<u8> {
    png.splice(BEHIND_HEADER..BEHIND_HEADER, chunks.concat());
    png
}

/// A PNG that declares a thousand frames and brings one.
pub fn animated_png() -> Vec<u8> {
    let mut control = Vec::new();
    control.extend(1000_u32.to_be_bytes());
    control.extend(0_u32.to_be_bytes());
    let mut frame = Vec::new();
    for number in [0_u32, 320, 240, 0, 0] {
        frame.extend(number.to_be_bytes());
    }
    frame.extend([0, 1, 0, 10, 0, 0]);
    with_chunks(
        png(320, 240),
        &[chunk(*b"acTL", &control), chunk(*b"fcTL", &frame)],
    )
}

/// As much as zlib packs best: this many zeros, in few bytes.
fn bomb(megabytes: usize) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; megabytes * 1024 * 1024], 9)
}

/// A PNG of the usual size whose pixels unpack to 200 megabytes.
pub fn png_bomb() -> Vec<u8> {
    let whole = png(640, 480);
    let mut bytes = whole[..BEHIND_HEADER].to_vec();
    bytes.extend(chunk(*b"IDAT", &bomb(200)));
    bytes.extend(chunk(*b"IEND", b""));
    bytes
}

/// A PNG with a comment that unpacks to 200 megabytes, and a colour profile that does as well.
pub fn png_comment_bomb() -> Vec<u8> {
    let packed = bomb(200);
    let text = [&b"Comment\0\0"[..], &packed].concat();
    let profile = [&b"profile\0\0"[..], &packed].concat();
    with_chunks(
        png(640, 480),
        &[chunk(*b"iCCP", &profile), chunk(*b"zTXt", &text)],
    )
}

/// A PNG whose pixels' checksum is not theirs.
pub fn png_with_wrong_checksum() -> Vec<u8> {
    let mut bytes = png(320, 240);
    let end = bytes.len() - 13;
    bytes[end] ^= 0xff;
    bytes
}

/// A JPEG with this many bytes of EXIF, in as many segments as that takes.
pub fn with_exif(jpeg: &[u8], length: usize) -> Vec<u8> {
    let mut segments = Vec::new();
    for _ in 0..length / 65_000 {
        segments.extend([0xff, 0xe1]);
        segments.extend(65_002_u16.to_be_bytes());
        segments.extend(b"Exif\0\0MM\0*\0\0\0\x08\xff\xff");
        segments.resize(segments.len() + 65_000 - 16, 0xff);
    }
    let mut bytes = jpeg.to_vec();
    bytes.splice(2..2, segments);
    bytes
}

/// A JPEG whose EXIF directory points at itself.
pub fn with_exif_loop(jpeg: &[u8]) -> Vec<u8> {
    let directory = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x63\0\0\0\0\0\x08";
    let length = u16::try_from(directory.len() + 2).expect("it is short");
    let mut segment = vec![0xff, 0xe1];
    segment.extend(length.to_be_bytes());
    segment.extend(directory);
    let mut bytes = jpeg.to_vec();
    bytes.splice(2..2, segment);
    bytes
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    #[test]
    fn a_frame_is_found_where_it_is() {
        let mut jpeg = Vec::new();
        RgbImage::new(16, 16)
            .write_with_encoder(JpegEncoder::new(&mut jpeg))
            .expect("a picture can be encoded");
        assert_eq!(jpeg[frame(&jpeg)], 8);
        let declared = jpeg_that_declares(&jpeg, 500);
        let header = signin_core::picture::inspect(&declared).expect("it is a JPEG");
        assert_eq!((header.width, header.height), (500, 500));
    }
}
