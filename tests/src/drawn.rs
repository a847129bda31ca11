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

/// A picture of about so many megapixels, in so few bytes that it can be uploaded.
pub fn enlarged(picture: &[u8], megapixels: f32) -> Vec<u8> {
    let image = decode(picture);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a few thousand pixels"
    )]
    let width = (megapixels * 1e6 * image.width() as f32 / image.height() as f32).sqrt() as u32;
    let enlarged = narrowed(&image, width);
    let mut jpeg = Vec::new();
    enlarged
        .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, 80))
        .expect("a picture can be encoded");
    jpeg
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

/// A document's page with the portrait of the person it is for, and somebody else in the
/// background: small beside them, and large enough that their face is found.
pub fn with_bystander(person: &[u8], bystander: &[u8]) -> Vec<u8> {
    with_poster(person, bystander)
}

/// The portrait of nobody, for the document of somebody who has none: front view, even light,
/// drawn by arithmetic alone, so that it is the same everywhere. The product ships it as
/// `functions/create-collection/drawn-face.jpg`.
pub fn face() -> Vec<u8> {
    let mut grain = 1_u32;
    let mut image = RgbImage::new(FACE_WIDTH, FACE_WIDTH * 4 / 3);
    for (column, row, pixel) in image.enumerate_pixels_mut() {
        #[expect(clippy::cast_precision_loss, reason = "a picture's sides are small")]
        let part = |at: u32| (at as f32 + 0.5) / FACE_WIDTH as f32;
        // A camera's grain, without which a face is too smooth to be one.
        grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        #[expect(clippy::cast_precision_loss, reason = "up to 255")]
        let noise = (grain >> 24) as f32 / 255.0 * 8.0 - 4.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 255"
        )]
        let level = |value: f32| (value + noise).clamp(0.0, 255.0) as u8;
        *pixel = Rgb(painted(part(column), part(row)).map(level));
    }
    encode(&image)
}

/// The width of [`face`] in pixels: about what the page sends of a document.
const FACE_WIDTH: u32 = 960;

type Colour = [f32; 3];

const SKIN: Colour = [222.0, 178.0, 152.0];
const SHADE: Colour = [120.0, 78.0, 62.0];
const LIGHT: Colour = [250.0, 222.0, 204.0];
const HAIR: Colour = [58.0, 42.0, 34.0];
const DARK: Colour = [34.0, 24.0, 22.0];

/// The colour of a point, in parts of the picture's width: one layer of paint over the other.
fn painted(x: f32, y: f32) -> Colour {
    // Left and right are the same but for the light.
    let (side, across) = ((x - 0.5).abs(), x - 0.5);
    let mut colour = blend([206.0, 210.0, 214.0], [168.0, 176.0, 186.0], y * 0.75);
    colour = blend(
        colour,
        [62.0, 66.0, 84.0],
        inside(x, y, (0.5, 1.42), (0.47, 0.36), 0.03),
    );
    let neck = blend(SKIN, SHADE, 0.45);
    colour = blend(colour, neck, inside(x, y, (0.5, 1.0), (0.135, 0.22), 0.06));
    colour = blend(colour, HAIR, inside(x, y, (0.5, 0.56), (0.295, 0.36), 0.05));
    let ear = blend(SKIN, SHADE, 0.25);
    colour = blend(
        colour,
        ear,
        inside(side, y, (0.252, 0.67), (0.03, 0.07), 0.2),
    );

    // The head, as if it were an egg in the light of a window to the left.
    let low = ((y - 0.65) / 0.34).max(0.0);
    let width = 0.25 * (1.0 - 0.22 * low * low);
    let radius = distance(x, y, (0.5, 0.65), (width, 0.34));
    let towards = (1.0 - radius * radius).max(0.0).sqrt();
    let lit = 0.88 * towards - 0.22 * across / width - 0.26 * (y - 0.65) / 0.34;
    let egg = blend(
        blend(SHADE, SKIN, 0.55 + 0.6 * lit),
        LIGHT,
        (lit - 0.75).max(0.0),
    );
    colour = blend(colour, egg, edge(radius, 0.03));
    let hairline = 0.43 + 1.6 * side * side;
    let hair = edge(1.0 + (y - hairline) * 6.0, 0.2);
    colour = blend(
        colour,
        HAIR,
        hair * inside(x, y, (0.5, 0.56), (0.29, 0.36), 0.04),
    );

    colour = blend(
        colour,
        SHADE,
        0.5 * glow(side, y, (0.1, 0.6), (0.085, 0.06)),
    );
    colour = blend(
        colour,
        [226.0, 130.0, 118.0],
        0.3 * glow(side, y, (0.145, 0.76), (0.08, 0.07)),
    );
    let arch = 0.543 + 5.0 * (side - 0.105) * (side - 0.105);
    colour = blend(
        colour,
        HAIR,
        0.9 * inside(side, y, (0.105, arch), (0.066, 0.014), 0.5),
    );
    colour = eye(colour, side, across, y);

    colour = blend(
        colour,
        LIGHT,
        0.5 * glow(x, y, (0.495, 0.66), (0.025, 0.11)),
    );
    colour = blend(
        colour,
        SHADE,
        0.35 * glow(side, y, (0.038, 0.67), (0.022, 0.1)),
    );
    colour = blend(
        colour,
        LIGHT,
        0.5 * glow(x, y, (0.495, 0.745), (0.035, 0.03)),
    );
    colour = blend(
        colour,
        SHADE,
        0.6 * glow(side, y, (0.05, 0.752), (0.018, 0.03)),
    );
    colour = blend(
        colour,
        DARK,
        0.85 * inside(side, y, (0.025, 0.772), (0.015, 0.008), 0.6),
    );
    colour = blend(colour, SHADE, 0.4 * glow(x, y, (0.5, 0.79), (0.05, 0.02)));

    colour = blend(
        colour,
        [172.0, 88.0, 84.0],
        lens(side, y, (0.0, 0.84), (0.088, 0.018)),
    );
    colour = blend(
        colour,
        [192.0, 104.0, 98.0],
        lens(side, y, (0.0, 0.856), (0.08, 0.026)),
    );
    colour = blend(
        colour,
        DARK,
        0.8 * lens(side, y, (0.0, 0.845), (0.09, 0.005)),
    );
    colour = blend(
        colour,
        SHADE,
        0.45 * glow(x, y, (0.5, 0.897), (0.06, 0.018)),
    );
    blend(colour, LIGHT, 0.3 * glow(x, y, (0.49, 0.935), (0.05, 0.03)))
}

/// Both eyes, which look at the camera.
fn eye(colour: Colour, side: f32, across: f32, y: f32) -> Colour {
    let at = (0.105, 0.602);
    let white = lens(side, y, at, (0.052, 0.025));
    let mut colour = blend(
        colour,
        DARK,
        0.8 * lens(side, y, (at.0, at.1 - 0.005), (0.058, 0.029)),
    );
    colour = blend(colour, [236.0, 232.0, 228.0], white);
    let iris = (at.0, at.1 - 0.002);
    colour = blend(
        colour,
        [84.0, 92.0, 84.0],
        white * inside(side, y, iris, (0.023, 0.023), 0.15),
    );
    colour = blend(
        colour,
        DARK,
        white * inside(side, y, iris, (0.011, 0.011), 0.2),
    );
    // The same window in both.
    let window = if across < 0.0 { -0.112 } else { 0.098 };
    blend(
        colour,
        LIGHT,
        inside(across, y, (window, 0.594), (0.005, 0.005), 0.4),
    )
}

/// One colour towards another, by a part from 0 to 1.
fn blend(from: Colour, to: Colour, part: f32) -> Colour {
    let part = part.clamp(0.0, 1.0);
    std::array::from_fn(|channel| from[channel] + (to[channel] - from[channel]) * part)
}

/// How far from an ellipse's middle a point is: 1 on its line.
fn distance(x: f32, y: f32, middle: (f32, f32), radii: (f32, f32)) -> f32 {
    let (across, down) = ((x - middle.0) / radii.0, (y - middle.1) / radii.1);
    (across * across + down * down).sqrt()
}

/// 1 within a line at distance 1, 0 beyond, and soft for some way in between.
fn edge(distance: f32, soft: f32) -> f32 {
    let part = ((1.0 + soft - distance) / (2.0 * soft)).clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}

fn inside(x: f32, y: f32, middle: (f32, f32), radii: (f32, f32), soft: f32) -> f32 {
    edge(distance(x, y, middle, radii), soft)
}

/// Strongest in an ellipse's middle, nothing at its line.
fn glow(x: f32, y: f32, middle: (f32, f32), radii: (f32, f32)) -> f32 {
    let left = (1.0 - distance(x, y, middle, radii)).max(0.0);
    left * left * (3.0 - 2.0 * left)
}

/// Between two arcs that meet in the corners of an eye or a mouth.
fn lens(x: f32, y: f32, middle: (f32, f32), size: (f32, f32)) -> f32 {
    let across = (x - middle.0) / size.0;
    let height = size.1 * (1.0 - across * across);
    if height <= 0.0 {
        return 0.0;
    }
    edge((y - middle.1).abs() / height, 0.15)
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use face_engine::{Engine, Picture, similarity};
    use signin_client::samples::{Sample, parts};

    use super::*;

    fn shipped() -> Vec<u8> {
        let file = "../functions/create-collection/drawn-face.jpg";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        if std::env::var_os("DRAW_THE_FACE").is_some() {
            std::fs::write(&path, face()).expect("the drawing can be written");
        }
        std::fs::read(path).expect("the drawing is there")
    }

    #[test]
    fn the_shipped_face_is_the_one_that_is_drawn_here() {
        assert!(
            shipped() == face(),
            "draw it anew: DRAW_THE_FACE=1 cargo test -p e2e --lib drawn"
        );
    }

    #[test]
    fn the_shipped_face_is_found_like_a_portrait_and_is_nobodys() {
        let engine = Engine::load(&parts().join("models")).expect("the models are there");
        let described = |picture: &[u8]| {
            let picture = Picture::decode(picture).expect("a picture");
            let faces = engine.faces(&picture);
            let face = faces.first().expect("a face is found");
            (faces.len(), face.clone(), engine.describe(&picture, face))
        };
        let (count, drawn, descriptor) = described(&shipped());
        assert_eq!(count, 1);
        assert!(drawn.bounds.width > 300.0 && drawn.score > 0.6, "{drawn:?}");
        assert!(drawn.quality.sharpness > 20.0, "{drawn:?}");
        for sample in [Sample::Enrolment, Sample::SignIn, Sample::Impostor] {
            let (_, _, theirs) = described(&sample.read(&parts()).expect("a sample"));
            let alike = similarity::from_distance(theirs.distance(&descriptor));
            assert!(alike < 50.0, "{sample:?}: {alike}");
        }
    }
}
