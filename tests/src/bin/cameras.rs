//! What cameras show in the browser tests: motion JPEGs of 640 × 480, made from photographs, whose
//! frames differ as those of a camera do. The browser plays such a file instead of a camera.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, overlay, resize, rotate270};
use image::{Rgb, RgbImage, load_from_memory};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use signin_client::samples::{Sample, parts};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;

/// Two seconds of 20 frames; then the browser begins again.
const FRAMES: u32 = 40;

/// How many pixels of a frame are grains of noise, by which it differs from every other frame.
const GRAINS: u32 = 20_000;

/// The height of a picture that fills the frame, in pixels of the frame.
const FILLING: u32 = HEIGHT;

/// The height at which the detector of face-engine gives the face of [`Sample::SignIn`] a score of 0.9
/// in every frame, with all its noise. Where the picture fills the frame, the score is 0.6; below 0.5
/// the face is not found.
const NEAR: u32 = 560;

/// A camera, and what stands before it.
struct Camera {
    name: &'static str,
    sample: Option<Sample>,
    height: u32,
    /// By how much the light is dimmed.
    light: f32,
}

const CAMERAS: [Camera; 6] = [
    Camera {
        name: "live",
        sample: Some(Sample::SignIn),
        height: NEAR,
        light: 1.0,
    },
    // Another recording, so that no picture of it is one of the first, byte for byte.
    Camera {
        name: "live-again",
        sample: Some(Sample::SignIn),
        height: NEAR,
        light: 0.97,
    },
    Camera {
        name: "impostor",
        sample: Some(Sample::Impostor),
        height: FILLING,
        light: 1.0,
    },
    Camera {
        name: "two-people",
        sample: Some(Sample::TwoPeople),
        height: FILLING,
        light: 1.0,
    },
    Camera {
        name: "nobody",
        sample: None,
        height: FILLING,
        light: 1.0,
    },
    Camera {
        name: "dark",
        sample: Some(Sample::SignIn),
        height: NEAR,
        light: 0.15,
    },
];

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1).map(PathBuf::from) else {
        eprintln!("usage: cameras FOLDER");
        return ExitCode::FAILURE;
    };
    match make_all(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

type Made = Result<(), Box<dyn std::error::Error>>;

fn make_all(folder: &Path) -> Made {
    fs::create_dir_all(folder)?;
    for (seed, camera) in (1..).zip(&CAMERAS) {
        record(camera, seed, &folder.join(format!("{}.mjpeg", camera.name)))?;
    }
    // What somebody chooses as a file: their document, and a picture too large for an answer.
    fs::write(
        folder.join("document.jpg"),
        Sample::Enrolment.read(&parts())?,
    )?;
    fs::write(folder.join("large.jpg"), large()?)?;
    fs::write(folder.join("sideways.jpg"), sideways()?)?;
    Ok(())
}

/// The document's portrait on a large, noisy page, as a telephone would take it.
fn large() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let portrait = load_from_memory(&Sample::Enrolment.read(&parts())?)?.to_rgb8();
    let mut random = StdRng::seed_from_u64(0);
    let mut page = RgbImage::from_fn(2400, 1600, |_, _| {
        let grey = random.random_range(150..200);
        Rgb([grey, grey, grey])
    });
    let portrait = resize(&portrait, 880, 880, FilterType::Triangle);
    overlay(&mut page, &portrait, 200, 360);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 80).encode_image(&page)?;
    Ok(jpeg)
}

/// The document as a telephone keeps it that was held upright: lying on its side, with the word of
/// EXIF's that says so.
fn sideways() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let portrait = load_from_memory(&Sample::Enrolment.read(&parts())?)?.to_rgb8();
    let mut page = RgbImage::from_pixel(440, 600, Rgb([190, 188, 180]));
    overlay(&mut page, &portrait, 0, 80);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 92).encode_image(&rotate270(&page))?;
    // After the start of the image: an APP1 segment with one entry, the orientation "turn right".
    let segment =
        b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    jpeg.splice(2..2, segment.iter().copied());
    Ok(jpeg)
}

fn record(camera: &Camera, seed: u64, path: &Path) -> Made {
    let mut random = StdRng::seed_from_u64(seed);
    let mut scene = scene(camera)?;
    for pixel in scene.pixels_mut() {
        pixel.0 = pixel.0.map(|value| dimmed(value, camera.light));
    }
    let mut file = BufWriter::new(File::create(path)?);
    for _ in 0..FRAMES {
        let mut frame = scene.clone();
        for _ in 0..GRAINS {
            let place = (
                random.random_range(0..WIDTH),
                random.random_range(0..HEIGHT),
            );
            let noise = random.random_range(0..8);
            let pixel = frame.get_pixel_mut(place.0, place.1);
            pixel.0 = pixel.0.map(|value| value.saturating_add(noise));
        }
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, 90).encode_image(&frame)?;
        file.write_all(&jpeg)?;
    }
    Ok(file.flush()?)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what a byte holds"
)]
fn dimmed(value: u8, light: f32) -> u8 {
    (f32::from(value) * light).clamp(0.0, 255.0) as u8
}

/// The picture in the middle of a wall.
fn scene(camera: &Camera) -> Result<RgbImage, Box<dyn std::error::Error>> {
    let mut wall = RgbImage::from_pixel(WIDTH, HEIGHT, Rgb([172, 168, 160]));
    if let Some(sample) = camera.sample {
        let picture = load_from_memory(&sample.read(&parts())?)?
            .resize(WIDTH, camera.height, FilterType::Triangle)
            .to_rgb8();
        // What is larger than the frame reaches beyond it on both sides.
        let margin = |frame: u32, side: u32| (i64::from(frame) - i64::from(side)) / 2;
        let left = margin(WIDTH, picture.width());
        let top = margin(HEIGHT, picture.height());
        overlay(&mut wall, &picture, left, top);
    }
    Ok(wall)
}
