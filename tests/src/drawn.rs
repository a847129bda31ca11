//! Pictures that no camera takes: made by the tests themselves.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ImageFormat, Rgb, RgbImage};

/// A whole picture of one colour: nobody is in it.
pub fn plain(grey: u8) -> Vec<u8> {
    encode(&RgbImage::from_pixel(640, 480, Rgb([grey; 3])))
}

/// A picture seen by very little light.
pub fn darkened(picture: &[u8], part: f32) -> Vec<u8> {
    let mut image = decode(picture);
    for pixel in image.pixels_mut() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 255"
        )]
        let darker = |value: u8| (f32::from(value) * part) as u8;
        *pixel = Rgb(pixel.0.map(darker));
    }
    encode(&image)
}

/// A picture out of focus, by a blur of this many pixels.
pub fn blurred(picture: &[u8], pixels: f32) -> Vec<u8> {
    encode(&imageops::blur(&decode(picture), pixels))
}

/// A picture of so few pixels across that its face has too few of them.
pub fn shrunk(picture: &[u8], width: u32) -> Vec<u8> {
    encode(&narrowed(&decode(picture), width))
}

/// A passport's page: the portrait, and beside it the same again as a small ghost.
pub fn passport_page(portrait: &[u8]) -> Vec<u8> {
    let portrait = narrowed(&decode(portrait), 420);
    let ghost = narrowed(&portrait, 150);
    let mut page = RgbImage::from_pixel(1100, 800, Rgb([228, 224, 210]));
    imageops::overlay(&mut page, &portrait, 60, 120);
    imageops::overlay(&mut page, &ghost, 850, 480);
    for line in (180..460).step_by(40) {
        for x in 540..820 {
            page.put_pixel(x, line, Rgb([90, 90, 100]));
        }
    }
    encode(&page)
}

/// A person, and a picture of another one on the wall behind them: small beside them, and large
/// enough that its face is found however the pictures were taken.
pub fn with_poster(person: &[u8], poster: &[u8]) -> Vec<u8> {
    let mut scene = narrowed(&decode(person), 1000);
    let poster = narrowed(&decode(poster), 390);
    imageops::overlay(&mut scene, &poster, 0, 0);
    encode(&scene)
}

/// A PNG that declares a size and holds nothing.
pub fn png_that_declares(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    RgbImage::new(1, 1)
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .expect("a pixel can be encoded");
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    bytes
}

fn narrowed(image: &RgbImage, width: u32) -> RgbImage {
    let height = image.height() * width / image.width();
    imageops::resize(image, width, height, FilterType::Triangle)
}

fn decode(picture: &[u8]) -> RgbImage {
    image::load_from_memory(picture)
        .expect("the sample can be decoded")
        .to_rgb8()
}

fn encode(image: &RgbImage) -> Vec<u8> {
    let mut jpeg = Vec::new();
    image
        .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, 92))
        .expect("a picture can be encoded");
    jpeg
}
