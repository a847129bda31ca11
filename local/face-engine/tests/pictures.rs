//! What the engine makes of pictures that people send, made from those of the models' package.

#![allow(clippy::unwrap_used)]

mod common;

use face_engine::{Engine, Face, Picture, similarity};
use image::{DynamicImage, Rgb, RgbImage, imageops};

fn engine() -> Engine {
    Engine::load(&common::models())
        .unwrap_or_else(|error| panic!("{error}; run: cargo xtask setup"))
}

fn picture(image: &RgbImage) -> Picture {
    let (width, height) = (image.width() as usize, image.height() as usize);
    Picture::from_rgb(width, height, image.as_raw().clone()).unwrap()
}

fn faces(engine: &Engine, image: &RgbImage) -> Vec<Face> {
    engine.faces(&picture(image))
}

/// A person's portrait, 450 pixels square, the face about 250 wide.
fn portrait(engine: &Engine) -> RgbImage {
    let file = common::root().join(".local/parts/face-api/package/demo/sample5.jpg");
    let bytes = std::fs::read(&file)
        .unwrap_or_else(|_| panic!("{} is not there; run: cargo xtask setup", file.display()));
    let whole = image::load_from_memory(&bytes).unwrap().into_rgb8();
    let bounds = faces(engine, &whole)[0].bounds;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "pixels"
    )]
    let pixel = |value: f32| value.max(0.0) as u32;
    let (x, y) = (
        bounds.left - bounds.width * 0.4,
        bounds.top - bounds.width * 0.4,
    );
    let side = pixel(bounds.width * 1.8);
    let cut = imageops::crop_imm(&whole, pixel(x), pixel(y), side, side).to_image();
    imageops::resize(&cut, 450, 450, imageops::FilterType::Triangle)
}

fn resized(image: &RgbImage, side: u32) -> RgbImage {
    imageops::resize(image, side, side, imageops::FilterType::Triangle)
}

#[test]
fn a_passport_page_has_one_large_face_and_a_ghost_of_less_than_half_its_width() {
    let engine = engine();
    let portrait = portrait(&engine);
    let mut page = RgbImage::from_pixel(1250, 880, Rgb([225, 228, 220]));
    imageops::replace(&mut page, &portrait, 60, 250);
    let mut ghost = resized(&portrait, 160);
    ghost.iter_mut().for_each(|value| *value = 110 + *value / 2);
    imageops::replace(&mut page, &ghost, 980, 500);
    let found = faces(&engine, &page);
    assert!(found[0].bounds.left < 510.0, "the portrait is the widest");
    assert!(
        found
            .iter()
            .skip(1)
            .all(|face| face.bounds.width <= found[0].bounds.width / 2.0)
    );
}

#[test]
fn a_small_second_face_is_found() {
    let engine = engine();
    let portrait = portrait(&engine);
    let mut pair = RgbImage::from_pixel(1000, 600, Rgb([120, 130, 140]));
    imageops::replace(&mut pair, &portrait, 20, 100);
    imageops::replace(&mut pair, &resized(&portrait, 300), 650, 150);
    let found = faces(&engine, &pair);
    assert_eq!(found.len(), 2);
    assert!(found[1].bounds.width > found[0].bounds.width / 2.0);
}

#[test]
fn a_portrait_on_a_scanned_page_is_found_where_it_is() {
    // Its face is a little less than a fifteenth of the page's longer side, as on an A4 scan.
    let (engine, side) = (engine(), 270);
    let portrait = resized(&portrait(&engine), side);
    for (x, y) in [(0, 0), (160, 420), (692, 1034), (1384, 2069)] {
        let mut page = RgbImage::from_pixel(1654, 2339, Rgb([235, 235, 230]));
        imageops::replace(&mut page, &portrait, i64::from(x), i64::from(y));
        let found = faces(&engine, &page);
        assert_eq!(found.len(), 1, "at {x}, {y}");
        let (bounds, side) = (found[0].bounds, 270.0);
        #[expect(clippy::cast_precision_loss, reason = "pixels")]
        let (x, y) = (bounds.left - x as f32, bounds.top - y as f32);
        assert!(x > 0.0 && x + bounds.width < side, "{bounds:?}");
        assert!(y > 0.0 && y + bounds.height < side, "{bounds:?}");
    }
}

#[test]
fn a_black_picture_and_a_tiny_one_have_no_face() {
    let engine = engine();
    for (width, height) in [(640, 480), (1, 1), (3, 2000)] {
        assert!(faces(&engine, &RgbImage::new(width, height)).is_empty());
    }
}

#[test]
fn a_face_thirty_pixels_wide_is_missed_or_measured_small() {
    let engine = engine();
    let mut scene = RgbImage::from_pixel(640, 480, Rgb([120, 130, 140]));
    imageops::replace(&mut scene, &resized(&portrait(&engine), 54), 300, 200);
    assert!(
        faces(&engine, &scene)
            .iter()
            .all(|face| face.bounds.width < 80.0)
    );
}

#[test]
fn a_face_cropped_tightly_is_found() {
    let engine = engine();
    let portrait = portrait(&engine);
    let tight = imageops::crop_imm(&portrait, 90, 90, 270, 270).to_image();
    assert!(!faces(&engine, &tight).is_empty());
}

#[test]
fn a_mirrored_or_shrunk_face_stays_the_same_person() {
    let engine = engine();
    let portrait = portrait(&engine);
    let describe = |image: &RgbImage| {
        let found = faces(&engine, image);
        engine.describe(&picture(image), &found[0])
    };
    let reference = describe(&portrait);
    for changed in [
        imageops::flip_horizontal(&portrait),
        resized(&portrait, 200),
    ] {
        let distance = reference.distance(&describe(&changed));
        assert!(similarity::from_distance(distance) > 99.0, "{distance}");
    }
}

#[test]
fn blur_is_measured_by_the_width_of_the_face() {
    let engine = engine();
    let portrait = portrait(&engine);
    let sharp = &faces(&engine, &portrait)[0];
    assert!(sharp.quality.sharpness > 40.0, "{:?}", sharp.quality);
    let blurred = DynamicImage::ImageRgb8(portrait)
        .blur(sharp.bounds.width * 0.02)
        .into_rgb8();
    let found = faces(&engine, &blurred);
    assert!(found.iter().all(|face| face.quality.sharpness < 20.0));
}
