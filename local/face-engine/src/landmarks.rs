//! 68 points of a face: jaw, brows, nose, eyes, mouth.

use std::{fmt, ops::Range, path::Path};

use pulp::Arch;

use crate::{
    detect::{input_from, separable},
    geometry::{Point, Rect},
    models::{LoadError, Weights},
    nn::{Convolution, Finish, Map, Padding, Separable, fully_connected, mean_of_positive},
    picture::Picture,
    resample::{Part, Place, square_input},
};

/// Side of the network's input in pixels.
pub const INPUT_SIZE: usize = 112;

/// Colour means of the face networks' training pictures: red, green, blue.
pub(crate) const MEAN: [f32; 3] = [122.782, 117.001, 104.298];

/// Channels in and out of the four dense blocks.
const BLOCKS: [(usize, usize); 4] = [(3, 32), (32, 64), (64, 128), (128, 256)];

/// The 68 points in the order of the iBUG 300-W annotation, in pixels of the picture. "Left" is
/// the picture's left. `Debug` shows nothing of them.
#[derive(Clone, PartialEq)]
pub struct Landmarks(pub(crate) [Point; 68]);

impl fmt::Debug for Landmarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Landmarks(..)")
    }
}

impl Landmarks {
    /// All points, in order.
    pub fn points(&self) -> &[Point; 68] {
        &self.0
    }

    /// The tip of the nose.
    pub fn nose_tip(&self) -> Point {
        self.0[30]
    }

    /// The outline of the left eye, from its outer corner.
    pub fn left_eye(&self) -> &[Point] {
        self.part(36..42)
    }

    /// The outline of the right eye, from its inner corner.
    pub fn right_eye(&self) -> &[Point] {
        self.part(42..48)
    }

    /// The mouth's corners, left and right.
    pub fn mouth_corners(&self) -> (Point, Point) {
        (self.0[48], self.0[54])
    }

    fn part(&self, range: Range<usize>) -> &[Point] {
        &self.0[range]
    }
}

/// Four layers whose outputs are all added up; the first halves the size.
struct DenseBlock {
    first: First,
    rest: [Separable; 3],
}

enum First {
    Full(Convolution),
    Separable(Separable),
}

/// The landmark network.
pub struct Landmarker {
    blocks: Vec<DenseBlock>,
    matrix: Vec<f32>,
    bias: Vec<f32>,
}

impl Landmarker {
    /// Reads the network's pinned files from `folder`.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        let weights = &mut Weights::load(folder, "face_landmark_68")?;
        let mut blocks = Vec::with_capacity(BLOCKS.len());
        for (number, (inputs, outputs)) in BLOCKS.into_iter().enumerate() {
            let name = |layer: usize| format!("dense{number}/conv{layer}");
            let first = if number == 0 {
                let filter = weights.take("dense0/conv0/filters", &[3, 3, inputs, outputs])?;
                let bias = weights.take("dense0/conv0/bias", &[outputs])?;
                First::Full(Convolution::new(3, 2, Padding::Same, &filter, &bias))
            } else {
                First::Separable(separable(weights, &name(0), (inputs, outputs), 2)?)
            };
            let mut layer =
                |number: usize| separable(weights, &name(number), (outputs, outputs), 1);
            blocks.push(DenseBlock {
                first,
                rest: [layer(1)?, layer(2)?, layer(3)?],
            });
        }
        let matrix = weights.take("fc/weights", &[256, 136])?;
        let bias = weights.take("fc/bias", &[136])?;
        Ok(Self {
            blocks,
            matrix,
            bias,
        })
    }

    /// The points of the face in `bounds`: the mean of what the network says of the face and of
    /// its mirror image, which is steadier than either.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "pixel numbers are far below 2²³"
    )]
    pub fn landmarks(&self, picture: &Picture, bounds: &Rect) -> Landmarks {
        // The box in whole pixels inside the picture, with black bars to a square: so the network
        // was trained.
        let inside = |start: f32, length: f32, end: usize| {
            let end = end as f32;
            let first = start.clamp(0.0, end - 1.0).floor();
            (
                first,
                (start + length).clamp(first + 1.0, end).floor() - first,
            )
        };
        let (left, width) = inside(bounds.left, bounds.width, picture.width());
        let (top, height) = inside(bounds.top, bounds.height, picture.height());
        let part = Part {
            left: left as i32,
            top: top as i32,
            width: width as usize,
            height: height as usize,
        };
        let square = square_input(picture, part, Place::Middle, INPUT_SIZE, MEAN);
        let plain = self.forward(&square.map);
        let mirrored = self.forward(&square.map.mirrored());
        let (plain, mirrored) = (plain.as_chunks::<2>().0, mirrored.as_chunks::<2>().0);
        Landmarks(std::array::from_fn(|number| {
            let ([x, y], [u, v]) = (plain[number], mirrored[opposite(number)]);
            square.point(f32::midpoint(x, 1.0 - u), f32::midpoint(y, v))
        }))
    }

    /// The network's own output for a square face crop of 3 × 112² values from 0 to 255, row-major,
    /// three values per pixel: 68 points in units of the crop's side. `None` where the length is
    /// another.
    pub fn landmarks_in(&self, rgb: &[f32]) -> Option<Vec<Point>> {
        let output = self.forward(&input_from(rgb, INPUT_SIZE, MEAN)?);
        Some(
            output
                .as_chunks::<2>()
                .0
                .iter()
                .map(|&[x, y]| Point { x, y })
                .collect(),
        )
    }

    fn forward(&self, input: &Map) -> Vec<f32> {
        let arch = Arch::new();
        // `map` holds running sums; whoever reads it takes negative values for 0.
        let mut map: Option<Map> = None;
        for (block, (inputs, outputs)) in self.blocks.iter().zip(BLOCKS) {
            let source = map.as_ref().unwrap_or(input);
            let mut sum = match &block.first {
                First::Full(layer) => layer.apply(arch, source, Finish::Relu),
                First::Separable(layer) => {
                    let (height, width) = layer.depthwise.output(source);
                    let mut between = Map::zeros(height, width, inputs);
                    let mut out = Map::zeros(height, width, outputs);
                    let target = (&mut out, Finish::Relu);
                    layer.apply_to(arch, source, 0..height, (&mut between, true), target);
                    out
                }
            };
            let mut between = Map::zeros(sum.height, sum.width, outputs);
            for layer in &block.rest {
                let rows = 0..sum.height;
                layer
                    .depthwise
                    .apply_to(arch, &sum, rows.clone(), &mut between, true);
                layer
                    .pointwise
                    .apply_to(arch, &between, rows, &mut sum, Finish::Add);
            }
            map = Some(sum);
        }
        let features = map.map(|map| mean_of_positive(&map)).unwrap_or_default();
        fully_connected(&features, &self.matrix, &self.bias)
    }
}

/// The number of the point that a mirror shows in this one's place.
fn opposite(number: usize) -> usize {
    // Each run of points is mirrored within itself; the sum of a pair's numbers tells them.
    match number {
        0..17 => 16 - number,             // jaw
        17..27 => 43 - number,            // brows
        27..31 => number,                 // bridge of the nose
        31..36 => 66 - number,            // underside of the nose
        36..40 | 42..46 => 81 - number,   // eyes, upper halves
        40 | 41 | 46 | 47 => 87 - number, // eyes, lower halves
        48..55 => 102 - number,           // outer lips, upper half
        55..60 => 114 - number,           // outer lips, lower half
        60..65 => 124 - number,           // inner lips, upper half
        _ => 132 - number,                // inner lips, lower half
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrored_twice_every_point_is_itself() {
        for number in 0..68 {
            assert_eq!(opposite(opposite(number)), number);
        }
        assert_eq!(
            [36, 39, 40, 48, 57, 66, 67].map(opposite),
            [45, 42, 47, 54, 57, 66, 65]
        );
    }

    #[test]
    fn nothing_of_landmarks_is_shown() {
        assert_eq!(
            format!("{:?}", Landmarks([Point { x: 7.0, y: 8.0 }; 68])),
            "Landmarks(..)"
        );
    }
}
