//! Pictures as devices and programs write them: where one of the common decoders reads a header,
//! ours does, and reads the same size.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Cursor;
use std::panic::catch_unwind;
use std::sync::LazyLock;

use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::PngDecoder;
use image::{ColorType, ImageDecoder as _};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use signin_client::samples::{Sample, parts};
use signin_core::picture::inspect;
use signin_core::reason::Reason;

/// Photographs as they are, and as another encoder writes them: progressive, grey, with other
/// tables and segments.
static PICTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let photographs = Sample::ALL.map(|sample| sample.read(&parts()).unwrap());
    let again = photographs.iter().flat_map(|photograph| {
        let pixels = image::load_from_memory(photograph).unwrap();
        let (width, height) = (pixels.width() as usize, pixels.height() as usize);
        // Progressive, unless it is told otherwise.
        let mut encoder = mozjpeg::Compress::new(mozjpeg::ColorSpace::JCS_RGB);
        encoder.set_size(width, height);
        let mut encoder = encoder.start_compress(Vec::new()).unwrap();
        encoder.write_scanlines(pixels.to_rgb8().as_raw()).unwrap();
        let mut grey = Vec::new();
        JpegEncoder::new(&mut grey)
            .encode_image(&pixels.to_luma8())
            .unwrap();
        [encoder.finish().unwrap(), grey]
    });
    photographs.iter().cloned().chain(again).collect()
});

/// What may come into a JPEG.
#[derive(Clone, Debug)]
enum Change {
    /// Fill bytes before a marker (T.81, B.1.1.2).
    Fill(Index, usize),
    /// Bytes that belong to nothing before a marker; no 0xFF, which would be a marker's.
    Padding(Index, Vec<u8>),
    /// A segment before a marker, of any kind that has one.
    Segment(Index, u8, Vec<u8>),
    /// Something after the end.
    Trailing(Vec<u8>),
    /// Another picture after the end, as in panoramas and moving photographs.
    Second,
    /// Nothing after this byte.
    Cut(Index),
    /// Another byte in a segment.
    Byte(Index, Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        (place(), 1..40_usize).prop_map(|(at, count)| Change::Fill(at, count)),
        (place(), vec(0..0xff_u8, 1..9)).prop_map(|(at, bytes)| Change::Padding(at, bytes)),
        (
            place(),
            prop_oneof![0x02..=0xcf_u8, 0xdb..=0xfe_u8],
            vec(any::<u8>(), 0..300)
        )
            .prop_map(|(at, kind, bytes)| Change::Segment(at, kind, bytes)),
        vec(any::<u8>(), 1..200).prop_map(Change::Trailing),
        Just(Change::Second),
        place().prop_map(Change::Cut),
        (place(), place(), any::<u8>())
            .prop_map(|(segment, at, byte)| Change::Byte(segment, at, byte)),
    ]
}

/// Where the markers of a JPEG's header stand; the first scan's is the last.
fn markers(jpeg: &[u8]) -> Vec<usize> {
    let mut places = vec![2];
    while let Some(&[0xff, kind, high, low]) = jpeg[places[places.len() - 1]..].first_chunk() {
        if kind == 0xda {
            break;
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        places.push(places[places.len() - 1] + 2 + length);
    }
    places
}

/// Makes a change to a JPEG whose markers stand at these places, and moves the places along.
fn apply(jpeg: &mut Vec<u8>, markers: &mut [usize], change: &Change) {
    let mut insert = |at: &Index, bytes: &[u8]| {
        let at = at.index(markers.len());
        let place = markers[at];
        if place <= jpeg.len() {
            jpeg.splice(place..place, bytes.iter().copied());
            for marker in &mut markers[at..] {
                *marker += bytes.len();
            }
        }
    };
    match change {
        Change::Fill(at, count) => insert(at, &vec![0xff; *count]),
        Change::Padding(at, bytes) => insert(at, bytes),
        Change::Segment(at, kind, bytes) => {
            let length = u16::try_from(bytes.len() + 2).unwrap();
            let head = [&[0xff, *kind], &length.to_be_bytes()[..]].concat();
            insert(at, &[&head, &bytes[..]].concat());
        }
        Change::Trailing(bytes) => jpeg.extend(bytes),
        Change::Second => jpeg.extend_from_within(..),
        Change::Cut(at) => jpeg.truncate(at.index(jpeg.len() + 1)),
        Change::Byte(segment, at, byte) => {
            let marker = markers[segment.index(markers.len())];
            let Some(&[_, _, high, low]) = jpeg.get(marker..).and_then(<[u8]>::first_chunk) else {
                return;
            };
            // The length counts its own two bytes.
            let end = marker + 2 + usize::from(u16::from_be_bytes([high, low]));
            if marker + 4 < end && end <= jpeg.len() {
                jpeg[marker + 4 + at.index(end - marker - 4)] = *byte;
            }
        }
    }
}

/// What decoders say of a JPEG's size: the one that the local recogniser uses, and libjpeg's.
fn decoders(jpeg: &[u8]) -> [Option<(usize, usize)>; 2] {
    let by_image = JpegDecoder::new(Cursor::new(jpeg)).ok().map(|decoder| {
        let (width, height) = decoder.dimensions();
        (width as usize, height as usize)
    });
    // It gives up by a panic.
    let by_libjpeg = catch_unwind(|| mozjpeg::Decompress::new_mem(jpeg).map(|found| found.size()));
    let by_libjpeg = by_libjpeg.ok().and_then(Result::ok);
    [by_image, by_libjpeg]
}

/// Holds our verdict against a decoder's.
fn compare(bytes: &[u8], (width, height): (usize, usize)) -> Result<(), TestCaseError> {
    match inspect(bytes) {
        Ok(header) => prop_assert_eq!(
            (header.width as usize, header.height as usize),
            (width, height)
        ),
        Err(Reason::TooSmall) => prop_assert!(width.min(height) < 80),
        Err(Reason::TooLarge) => prop_assert!(width * height > 50_000_000, "{width} × {height}"),
        Err(reason) => prop_assert!(false, "{reason:?} for {width} × {height}"),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_jpeg_that_a_decoder_reads_is_one(
        picture in any::<Index>(),
        changes in vec(change(), 0..5),
    ) {
        let mut jpeg = picture.get(&PICTURES).clone();
        let mut markers = markers(&jpeg);
        for change in &changes {
            apply(&mut jpeg, &mut markers, change);
        }
        for size in decoders(&jpeg).into_iter().flatten() {
            compare(&jpeg, size)?;
        }
    }

    #[test]
    fn a_png_that_a_decoder_reads_is_one(
        width in 1..200_u32,
        height in 1..200_u32,
        places in vec((any::<Index>(), any::<u8>()), 0..3),
        trailing in vec(any::<u8>(), 0..50),
    ) {
        let mut png = Vec::new();
        let pixels = vec![100; width as usize * height as usize];
        image::ImageEncoder::write_image(
            image::codecs::png::PngEncoder::new(&mut png),
            &pixels,
            width,
            height,
            ColorType::L8.into(),
        )
        .unwrap();
        let length = png.len();
        for (place, byte) in places {
            png[place.index(length.min(60))] = byte;
        }
        png.extend(trailing);
        if let Ok(decoder) = PngDecoder::new(Cursor::new(&png)) {
            let (width, height) = decoder.dimensions();
            compare(&png, (width as usize, height as usize))?;
        }
    }
}

/// What cameras are known to write is read by the local recogniser too, and not only measured.
#[test]
fn what_cameras_write_is_read_whole() {
    let plain = Sample::Enrolment.read(&parts()).unwrap();
    let before_every_marker = |bytes: &[u8]| {
        let mut jpeg = plain.clone();
        for place in markers(&plain).into_iter().rev() {
            jpeg.splice(place..place, bytes.iter().copied());
        }
        jpeg
    };
    let trailing = |bytes: &[u8]| [&plain, bytes].concat();
    for (what, jpeg) in [
        ("fill bytes", before_every_marker(&[0xff])),
        ("more fill bytes", before_every_marker(&[0xff; 64])),
        ("a comment", before_every_marker(b"\xff\xfe\0\x07hello")),
        ("a film after the end", trailing(b"\0\0\0\x18ftypmp42")),
        ("zeroes after the end", trailing(&[0; 5000])),
        ("a second picture", trailing(&plain)),
    ] {
        assert!(inspect(&jpeg).is_ok(), "{what}");
        assert!(face_engine::Picture::decode(&jpeg).is_ok(), "{what}");
    }
}
