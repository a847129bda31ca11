//! Parts of a picture at another size.
//!
//! Enlarging and shrinking to no less than half is bilinear, exactly as the JavaScript library
//! does it. Stronger shrinking first takes the mean of whole squares of pixels, since bilinear
//! sampling alone would skip pixels and make noise of fine detail.

use crate::{geometry::Point, nn::Map, picture::Picture};

/// A part of a picture, in whole pixels. It may reach beyond the picture; black lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) left: i32,
    pub(crate) top: i32,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// Pixels, row-major, three values each.
pub(crate) struct Pixels {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) rgb: Vec<u8>,
}

/// The part of the picture shrunk by a whole factor: each pixel is the mean of a square of
/// `factor` × `factor`. Where the factor does not divide the size, black is added at the right and
/// bottom.
#[expect(clippy::cast_possible_wrap, reason = "pixel numbers are far below 2⁶³")]
pub(crate) fn shrink(picture: &Picture, part: Part, factor: usize) -> Pixels {
    let (width, height) = (part.width.div_ceil(factor), part.height.div_ceil(factor));
    let mut rgb = vec![0; width * height * 3];
    // The columns of the part that lie inside the picture.
    let inside = |start: i32, length: usize, end: usize| {
        let first = usize::try_from(-i64::from(start)).unwrap_or(0).min(length);
        let last = usize::try_from(end as i64 - i64::from(start))
            .unwrap_or(0)
            .min(length);
        first..last.max(first)
    };
    let columns = inside(part.left, part.width, picture.width());
    let rows = inside(part.top, part.height, picture.height());
    let source = |y: usize| {
        let y = usize::try_from(y as i64 + i64::from(part.top)).unwrap_or(0);
        let first = usize::try_from(columns.start as i64 + i64::from(part.left)).unwrap_or(0);
        &picture.row(y)[first * 3..][..columns.len() * 3]
    };
    if columns.is_empty() || rows.is_empty() {
        return Pixels { width, height, rgb };
    }
    if factor == 1 {
        for y in rows {
            rgb[(y * width + columns.start) * 3..][..columns.len() * 3].copy_from_slice(source(y));
        }
        return Pixels { width, height, rgb };
    }
    let area = u32::try_from(factor * factor).unwrap_or(u32::MAX);
    let mut sums = vec![0_u32; width * 3];
    for (line, target) in rgb.chunks_exact_mut(width * 3).enumerate() {
        let lines = (line * factor).max(rows.start)..((line + 1) * factor).min(rows.end);
        if lines.is_empty() {
            continue;
        }
        sums.fill(0);
        for y in lines {
            let mut pixels = source(y).as_chunks::<3>().0;
            // The first square may begin outside.
            let mut column = columns.start / factor;
            let mut room = factor - columns.start % factor;
            while !pixels.is_empty() {
                let (square, rest) = pixels.split_at(room.min(pixels.len()));
                let sum = &mut sums[column * 3..][..3];
                for [red, green, blue] in square {
                    sum[0] += u32::from(*red);
                    sum[1] += u32::from(*green);
                    sum[2] += u32::from(*blue);
                }
                (pixels, column, room) = (rest, column + 1, factor);
            }
        }
        for (target, sum) in target.iter_mut().zip(&sums) {
            *target = u8::try_from((sum + area / 2) / area).unwrap_or(u8::MAX);
        }
    }
    Pixels { width, height, rgb }
}

/// Where a part lies in the square that it is padded to with black.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the upper left corner.
    Corner,
    /// In the middle.
    Middle,
}

/// A network's input and the square in pixels of the picture that it stands for.
pub(crate) struct Square {
    pub(crate) map: Map,
    left: f32,
    top: f32,
    side: f32,
}

impl Square {
    /// A point in units of the square's side as a point of the picture.
    pub(crate) fn point(&self, x: f32, y: f32) -> Point {
        Point {
            x: x * self.side + self.left,
            y: y * self.side + self.top,
        }
    }

    /// A length in units of the square's side in pixels of the picture.
    pub(crate) fn length(&self, length: f32) -> f32 {
        length * self.side
    }
}

/// The part of the picture, padded to a square, as a network's input of `size` × `size` pixels.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixel numbers are far below 2²³"
)]
pub(crate) fn square_input(
    picture: &Picture,
    part: Part,
    place: Place,
    size: usize,
    mean: [f32; 3],
) -> Square {
    let factor = (part.width.max(part.height) / size).max(1);
    let pixels = shrink(picture, part, factor);
    let longer = pixels.width.max(pixels.height);
    let (border_left, border_top) = match place {
        Place::Corner => (0, 0),
        Place::Middle => ((longer - pixels.width) / 2, (longer - pixels.height) / 2),
    };
    let scale = longer as f32 / size as f32;
    // For each output place the two source places and the weight of the second.
    let steps: Vec<(usize, usize, f32)> = (0..size)
        .map(|step| {
            let at = step as f32 * scale;
            let first = (at as usize).min(longer - 1);
            (
                first,
                (at.ceil() as usize).min(longer - 1),
                at - first as f32,
            )
        })
        .collect();
    let mut line = vec![[0; 3]; longer];
    let mut stretch = |y: usize, target: &mut Vec<f32>| {
        let row = y.checked_sub(border_top).filter(|row| *row < pixels.height);
        let inside = &mut line[border_left..][..pixels.width];
        match row {
            Some(row) => {
                let row = &pixels.rgb[row * pixels.width * 3..][..pixels.width * 3];
                inside.copy_from_slice(row.as_chunks::<3>().0);
            }
            None => inside.fill([0; 3]),
        }
        target.clear();
        for (first, second, weight) in &steps {
            let (first, second) = (line[*first].map(f32::from), line[*second].map(f32::from));
            target.extend(between(first, second, *weight));
        }
    };
    let mut map = Map::zeros(size, size, 3);
    let (mut upper, mut lower) = ((usize::MAX, Vec::new()), (usize::MAX, Vec::new()));
    for (y, (first, second, weight)) in steps.iter().enumerate() {
        if upper.0 != *first {
            std::mem::swap(&mut upper, &mut lower);
        }
        for (line, y) in [(&mut upper, first), (&mut lower, second)] {
            if line.0 != *y {
                stretch(*y, &mut line.1);
                line.0 = *y;
            }
        }
        let lines = upper
            .1
            .as_chunks::<3>()
            .0
            .iter()
            .zip(lower.1.as_chunks::<3>().0);
        for (target, (upper, lower)) in map.row_mut(y).as_chunks_mut().0.iter_mut().zip(lines) {
            *target = normalise(between(*upper, *lower, *weight), mean);
        }
    }
    Square {
        map,
        left: part.left as f32 - (border_left * factor) as f32,
        top: part.top as f32 - (border_top * factor) as f32,
        side: (longer * factor) as f32,
    }
}

/// A pixel as a network takes it: `(value − mean) / 255`.
pub(crate) fn normalise(pixel: [f32; 3], mean: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|channel| (pixel[channel] - mean[channel]) / 255.0)
}

/// The pixel that lies `weight` of the way from the first to the second.
#[expect(
    clippy::suboptimal_flops,
    reason = "a fused product is slow on older processors"
)]
pub(crate) fn between(first: [f32; 3], second: [f32; 3], weight: f32) -> [f32; 3] {
    std::array::from_fn(|channel| first[channel] + (second[channel] - first[channel]) * weight)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn gradient(width: usize, height: usize) -> Picture {
        let rgb = (0..width * height).flat_map(|place| {
            let (x, y) = (place % width, place / width);
            [x, y, 10].map(|value| u8::try_from(value).unwrap())
        });
        Picture::from_rgb(width, height, rgb.collect()).unwrap()
    }

    #[test]
    fn shrinking_takes_the_mean_of_squares() {
        let part = Part {
            left: 0,
            top: 0,
            width: 8,
            height: 4,
        };
        let small = shrink(&gradient(8, 4), part, 2);
        assert_eq!((small.width, small.height), (4, 2));
        // Half a step is rounded up.
        assert_eq!(small.rgb[..6], [1, 1, 10, 3, 1, 10]);
    }

    #[test]
    fn black_lies_beyond_the_picture() {
        for factor in [1, 2] {
            let part = Part {
                left: -4,
                top: -2,
                width: 12,
                height: 8,
            };
            let pixels = shrink(&gradient(4, 4), part, factor);
            let lit = pixels
                .rgb
                .chunks_exact(3)
                .filter(|pixel| pixel[2] == 10)
                .count();
            assert_eq!(lit, 16 / (factor * factor));
        }
        let outside = Part {
            left: 50,
            top: -90,
            width: 6,
            height: 6,
        };
        assert!(
            shrink(&gradient(4, 4), outside, 1)
                .rgb
                .iter()
                .all(|value| *value == 0)
        );
    }

    #[test]
    fn enlarging_is_bilinear() {
        let part = Part {
            left: 0,
            top: 0,
            width: 4,
            height: 4,
        };
        let input = square_input(&gradient(4, 4), part, Place::Corner, 8, [0.0; 3]);
        for x in 0..6_u8 {
            let value = input.map.pixel(2, usize::from(x))[0] * 255.0;
            assert!((value - f32::from(x) / 2.0).abs() < 1e-5);
        }
    }

    #[test]
    fn a_place_in_the_input_is_a_place_in_the_picture() {
        let part = Part {
            left: 10,
            top: 2,
            width: 20,
            height: 12,
        };
        for (place, top) in [(Place::Corner, 2.0), (Place::Middle, -2.0)] {
            let square = square_input(&gradient(40, 30), part, place, 8, [0.0; 3]);
            assert_eq!(square.point(0.0, 0.0), Point { x: 10.0, y: top });
            assert!((square.length(1.0) - 20.0).abs() < 1e-6);
        }
    }
}
