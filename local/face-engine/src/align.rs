//! A face as the descriptor network wants it: upright, 150 pixels square, eyes, nose and mouth at
//! fixed places.

use std::fmt;

use crate::{
    geometry::Point,
    landmarks::Landmarks,
    picture::Picture,
    resample::{Part, between, shrink},
};

/// Side of a chip in pixels.
pub const CHIP_SIZE: usize = 150;

/// Where the descriptor network's training chips have the centres of the left and right eye, the
/// tip of the nose and the left and right corner of the mouth.
const TARGETS: [Point; 5] = [
    Point { x: 47.4, y: 46.1 },
    Point { x: 100.6, y: 46.1 },
    Point { x: 74.0, y: 76.6 },
    Point { x: 50.4, y: 103.0 },
    Point { x: 97.6, y: 103.0 },
];

/// An aligned face, 150 × 150 pixels. `Debug` shows nothing of it.
#[derive(Clone, PartialEq)]
pub struct Chip {
    /// Row-major, three values from 0 to 255 per pixel.
    pub(crate) rgb: Vec<f32>,
    /// For each pixel whether it lies wholly inside the picture.
    pub(crate) visible: Vec<bool>,
}

impl fmt::Debug for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chip(..)")
    }
}

/// A rotation, a scale and a shift: `(x, y)` goes to `(a·x − b·y + x0, b·x + a·y + y0)`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Similarity {
    a: f32,
    b: f32,
    x0: f32,
    y0: f32,
}

impl Similarity {
    /// The one that brings `from` nearest to `to`, by least squares.
    fn fit(from: &[Point], to: &[Point]) -> Self {
        let (centre, goal) = (Point::mean(from), Point::mean(to));
        let (mut along, mut across, mut spread) = (0.0, 0.0, 0.0);
        for (from, to) in from.iter().zip(to) {
            let (x, y) = (from.x - centre.x, from.y - centre.y);
            let (u, v) = (to.x - goal.x, to.y - goal.y);
            along += x * u + y * v;
            across += x * v - y * u;
            spread += x * x + y * y;
        }
        // All points in one place have no scale: any will do.
        let (a, b) = if spread > 0.0 {
            (along / spread, across / spread)
        } else {
            (1.0, 0.0)
        };
        let x0 = goal.x - a * centre.x + b * centre.y;
        let y0 = goal.y - b * centre.x - a * centre.y;
        Self { a, b, x0, y0 }
    }

    fn apply(self, Point { x, y }: Point) -> Point {
        Point {
            x: self.a * x - self.b * y + self.x0,
            y: self.b * x + self.a * y + self.y0,
        }
    }

    fn scale(self) -> f32 {
        self.a.hypot(self.b)
    }
}

/// Cuts the face out, turned upright. Black lies beyond the picture.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixel numbers are far below 2²³"
)]
pub fn align(picture: &Picture, landmarks: &Landmarks) -> Chip {
    let (left_corner, right_corner) = landmarks.mouth_corners();
    let points = [
        Point::mean(landmarks.left_eye()),
        Point::mean(landmarks.right_eye()),
        landmarks.nose_tip(),
        left_corner,
        right_corner,
    ];
    let to_picture = Similarity::fit(&TARGETS, &points);
    let size = CHIP_SIZE as f32;
    let corners = [(0.0, 0.0), (size, 0.0), (0.0, size), (size, size)]
        .map(|(x, y)| to_picture.apply(Point { x, y }));
    // Landmarks come out of a network: keep what it says within a few pictures' size.
    let longest = 4.0 * picture.width().max(picture.height()) as f32;
    let bound = |pick: fn(f32, f32) -> f32, of: fn(&Point) -> f32| {
        corners
            .iter()
            .map(of)
            .reduce(pick)
            .unwrap_or(0.0)
            .clamp(-longest, longest)
    };
    let (left, right) = (
        bound(f32::min, |p| p.x).floor() - 1.0,
        bound(f32::max, |p| p.x) + 2.0,
    );
    let (top, bottom) = (
        bound(f32::min, |p| p.y).floor() - 1.0,
        bound(f32::max, |p| p.y) + 2.0,
    );
    let factor = (to_picture.scale() as usize).clamp(1, picture.width().max(picture.height()));
    let part = Part {
        left: left as i32,
        top: top as i32,
        width: (right - left) as usize,
        height: (bottom - top) as usize,
    };
    let pixels = shrink(picture, part, factor);
    let source = pixels.rgb.as_chunks::<3>().0;
    let pixel = |x: isize, y: isize| match (usize::try_from(x), usize::try_from(y)) {
        (Ok(x), Ok(y)) if x < pixels.width && y < pixels.height => {
            source[y * pixels.width + x].map(f32::from)
        }
        _ => [0.0; 3],
    };
    let inside = |x: f32, y: f32| {
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        x >= 0.0 && y >= 0.0 && x + factor as f32 <= width && y + factor as f32 <= height
    };
    // The centre of a square of `factor` pixels lies this far from its first pixel's.
    let shift = (factor as f32 - 1.0) / 2.0;
    let mut rgb = Vec::with_capacity(CHIP_SIZE * CHIP_SIZE * 3);
    let mut visible = Vec::with_capacity(CHIP_SIZE * CHIP_SIZE);
    for y in 0..CHIP_SIZE {
        for x in 0..CHIP_SIZE {
            let place = to_picture.apply(Point {
                x: x as f32,
                y: y as f32,
            });
            visible.push(inside(place.x, place.y));
            let across = (place.x - left - shift) / factor as f32;
            let along = (place.y - top - shift) / factor as f32;
            let (column, row) = (across.floor() as isize, along.floor() as isize);
            let (right, down) = (across - across.floor(), along - along.floor());
            let upper = between(pixel(column, row), pixel(column + 1, row), right);
            let lower = between(pixel(column, row + 1), pixel(column + 1, row + 1), right);
            rgb.extend(between(upper, lower, down));
        }
    }
    Chip { rgb, visible }
}

impl Chip {
    /// The chip's own values, row-major, three from 0 to 255 per pixel.
    pub fn rgb(&self) -> &[f32] {
        &self.rgb
    }

    /// Red, green and blue of one pixel.
    pub(crate) fn pixel(&self, x: usize, y: usize) -> [f32; 3] {
        self.rgb.as_chunks().0[y * CHIP_SIZE + x]
    }

    /// Left and right exchanged.
    pub(crate) fn mirrored(&self) -> Vec<f32> {
        let lines = self.rgb.chunks_exact(CHIP_SIZE * 3);
        lines
            .flat_map(|line| line.as_chunks::<3>().0.iter().rev().flatten().copied())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_similarity_is_found_again() {
        let known = Similarity {
            a: 1.5,
            b: -0.5,
            x0: 20.0,
            y0: 7.0,
        };
        let found = Similarity::fit(&TARGETS, &TARGETS.map(|point| known.apply(point)));
        for (found, known) in [
            (found.a, known.a),
            (found.b, known.b),
            (found.x0, known.x0),
            (found.y0, known.y0),
        ] {
            assert!((found - known).abs() < 1e-3);
        }
    }

    /// Landmarks of a face that lies exactly where `known` takes a chip's.
    fn landmarks(known: Similarity) -> Landmarks {
        let [left_eye, right_eye, nose, left_corner, right_corner] =
            TARGETS.map(|point| known.apply(point));
        Landmarks(std::array::from_fn(|number| match number {
            36..42 => left_eye,
            42..48 => right_eye,
            48 => left_corner,
            54 => right_corner,
            _ => nose,
        }))
    }

    #[test]
    fn a_turned_and_enlarged_face_comes_out_upright() {
        // A picture of 600 × 600 whose pixels tell their place, and a face turned by 30 degrees
        // that is shrunk to a third.
        let rgb = (0..600 * 600).flat_map(|place| {
            let (x, y) = (place % 600, place / 600);
            [
                u8::try_from(x / 3).unwrap(),
                u8::try_from(y / 3).unwrap(),
                0,
            ]
        });
        let picture = Picture::from_rgb(600, 600, rgb.collect()).unwrap();
        let (sin, cos) = 30_f32.to_radians().sin_cos();
        let known = Similarity {
            a: 3.0 * cos,
            b: 3.0 * sin,
            x0: 200.0,
            y0: -20.0,
        };
        let chip = align(&picture, &landmarks(known));
        for (x, y) in [(40_u8, 40_u8), (75, 75), (100, 60)] {
            let place = known.apply(Point {
                x: f32::from(x),
                y: f32::from(y),
            });
            let [red, green, _] = chip.pixel(x.into(), y.into());
            assert!((red - place.x / 3.0).abs() < 1.0 && (green - place.y / 3.0).abs() < 1.0);
        }
    }

    #[test]
    fn landmarks_in_one_place_or_far_away_cause_no_harm() {
        let picture = Picture::from_rgb(2, 2, vec![9; 12]).unwrap();
        for point in [0.0, 1e9, -1e9, f32::NAN] {
            let chip = align(&picture, &Landmarks([Point { x: point, y: point }; 68]));
            assert_eq!(chip.rgb.len(), CHIP_SIZE * CHIP_SIZE * 3);
        }
    }
}
