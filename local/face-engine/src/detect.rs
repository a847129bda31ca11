//! Where the faces are: a small detector of the YOLO kind.

use std::path::Path;

use pulp::Arch;

use crate::{
    geometry::Rect,
    models::{LoadError, Weights},
    nn::{Convolution, Depthwise, Finish, Map, Padding, Separable, max_pool, max_pool_row},
    picture::Picture,
    resample::{Part, Place, normalise, square_input},
};

/// Colour means of the detector's training pictures: red, green, blue.
pub(crate) const MEAN: [f32; 3] = [117.001, 114.697, 97.404];

/// Width and height of the detector's five anchor boxes, in cells.
const ANCHORS: [(f32, f32); 5] = [
    (1.603_231, 2.094_468),
    (6.041_143, 7.080_126),
    (2.882_459, 3.518_061),
    (4.266_906, 5.178_857),
    (9.041_765, 10.663_08),
];

/// Two boxes that overlap more than this (intersection over union) are one face; the library's
/// own value.
const SAME_FACE: f32 = 0.4;

/// Least score of a face; the library's own default.
pub const MIN_SCORE: f32 = 0.5;

/// Margins that are tried where nothing is found without one, in the picture's longer side.
const MARGINS: [f32; 2] = [0.25, 0.5];

/// Where nothing is found in the whole picture, squares of this part of its longer side are looked at
/// one by one, each as large as the whole was before.
const TILE: usize = 2;

/// Channels of the five blocks after the first convolution's 16.
const BLOCKS: [(usize, usize); 5] = [(16, 32), (32, 64), (64, 128), (128, 256), (256, 512)];

/// The side of the input, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputSize {
    /// 224: quick, finds faces that fill much of the picture.
    Small,
    /// 416: finds most faces from about a tenth of the picture's longer side, and nearly all from
    /// an eighth.
    Large,
}

impl InputSize {
    /// In pixels.
    pub fn pixels(self) -> usize {
        match self {
            Self::Small => 224,
            Self::Large => 416,
        }
    }
}

/// A face that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// Its box in pixels of the picture; it may reach beyond the picture.
    pub bounds: Rect,
    /// How sure the detector is, from [`MIN_SCORE`] to 1.
    pub score: f32,
}

/// The detector network.
pub struct Detector {
    first: Convolution,
    blocks: Vec<Separable>,
    last: Convolution,
}

impl Detector {
    /// Reads the network's pinned files from `folder`.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        let weights = &mut Weights::load(folder, "tiny_face_detector")?;
        let filter = weights.take("conv0/filters", &[3, 3, 3, 16])?;
        let bias = weights.take("conv0/bias", &[16])?;
        let first = Convolution::new(3, 1, Padding::Valid, &filter, &bias);
        let blocks = (1..)
            .zip(BLOCKS)
            .map(|(number, channels)| separable(weights, &format!("conv{number}"), channels, 1))
            .collect::<Result<_, _>>()?;
        let filter = weights.take("conv8/filters", &[1, 1, 512, 25])?;
        let bias = weights.take("conv8/bias", &[25])?;
        let last = Convolution::new(1, 1, Padding::Valid, &filter, &bias);
        Ok(Self {
            first,
            blocks,
            last,
        })
    }

    /// All faces in the picture, best first.
    ///
    /// Both input sizes are always used: the large one finds second and small faces that the
    /// small one misses, the small one finds a face that fills the picture beside them. Where
    /// neither finds any, the picture with a wide black margin is tried, for faces cropped so
    /// tightly that they have no outline; and then its parts, for faces from about a fifteenth of
    /// its longer side. 18 portraits were pasted at four places of three pages, 900 × 1200 to
    /// 1654 × 2339: at a fifteenth 216 of 216 were found, at a twentieth 201; by the whole picture
    /// alone 35 and none. A picture in which the whole shows no face costs three times as much.
    pub fn detect(&self, picture: &Picture) -> Vec<Detection> {
        let mut found = self.detect_at(picture, InputSize::Large, 0.0);
        for candidate in self.detect_at(picture, InputSize::Small, 0.0) {
            // The two sizes draw their boxes differently: half of either in the other is enough.
            let known = |known: &Detection| known.bounds.overlap(&candidate.bounds) > 0.5;
            if !found.iter().any(known) {
                found.push(candidate);
            }
        }
        for margin in MARGINS {
            if found.is_empty() {
                found = self.detect_at(picture, InputSize::Large, margin);
            }
        }
        if found.is_empty() {
            let tiles = tiles(picture.width(), picture.height());
            let found_in = |tile| self.detect_part(picture, tile, InputSize::Large);
            found = suppress(tiles.into_iter().flat_map(found_in).collect());
        }
        found
    }

    /// All faces in the picture, best first, by one pass of the network over the picture with a
    /// black margin of `margin` times its longer side all around.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "pixel numbers are far below 2²³"
    )]
    pub fn detect_at(&self, picture: &Picture, size: InputSize, margin: f32) -> Vec<Detection> {
        let border = (picture.width().max(picture.height()) as f32 * margin) as usize;
        let part = Part {
            left: -(border as i32),
            top: -(border as i32),
            width: picture.width() + 2 * border,
            height: picture.height() + 2 * border,
        };
        self.detect_part(picture, part, size)
    }

    /// All faces in a part of the picture, best first.
    fn detect_part(&self, picture: &Picture, part: Part, size: InputSize) -> Vec<Detection> {
        let square = square_input(picture, part, Place::Corner, size.pixels(), MEAN);
        let in_picture = |Detection { bounds, score }| {
            let corner = square.point(bounds.left, bounds.top);
            let bounds = Rect {
                left: corner.x,
                top: corner.y,
                width: square.length(bounds.width),
                height: square.length(bounds.height),
            };
            Detection { bounds, score }
        };
        suppress(boxes(&self.forward(&square.map)))
            .into_iter()
            .map(in_picture)
            .collect()
    }

    /// All faces in a square input of 3 × `size`² values from 0 to 255, row-major, three values
    /// per pixel; boxes in units of the input's side. `None` where the length is another.
    pub fn detect_in(&self, rgb: &[f32], size: InputSize) -> Option<Vec<Detection>> {
        input_from(rgb, size.pixels(), MEAN).map(|input| suppress(boxes(&self.forward(&input))))
    }

    fn forward(&self, input: &Map) -> Map {
        let arch = Arch::new();
        let (height, width) = self.first.output(input);
        let mut map = Map::zeros(height.div_ceil(2), width.div_ceil(2), 16);
        // Two rows at a time, which stay in the cache, go straight through the pool.
        let mut rows = Map::zeros(2, width, 16);
        for y in 0..map.height {
            let range = 2 * y..(2 * y + 2).min(height);
            let count = range.len();
            self.first
                .apply_to(arch, input, range, &mut rows, Finish::Leaky);
            max_pool_row(arch, &rows, 0..count, (2, 2), (&mut map, y));
        }
        for (block, (inputs, outputs)) in self.blocks.iter().zip(BLOCKS) {
            let (height, width) = (map.height, map.width);
            let last = outputs == 512;
            // The last block's pool has stride 1 and follows below.
            let step = if last { 1 } else { 2 };
            let mut next = Map::zeros(height.div_ceil(step), width.div_ceil(step), outputs);
            if last {
                let mut between = Map::zeros(height, width, inputs);
                let out = (&mut next, Finish::Leaky);
                block.apply_to(arch, &map, 0..height, (&mut between, false), out);
            } else {
                let mut between = Map::zeros(2, width, inputs);
                let mut rows = Map::zeros(2, width, outputs);
                for y in 0..next.height {
                    let range = 2 * y..(2 * y + 2).min(height);
                    let count = range.len();
                    let out = (&mut rows, Finish::Leaky);
                    block.apply_to(arch, &map, range, (&mut between, false), out);
                    max_pool_row(arch, &rows, 0..count, (2, 2), (&mut next, y));
                }
            }
            map = next;
        }
        let map = max_pool(arch, &map, 2, 1, Padding::Same);
        self.last.apply(arch, &map, Finish::Identity)
    }
}

/// The squares in which small faces are looked for: each overlaps the next by half, so that a face
/// lies whole in one of them.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "pixel numbers are far below 2³¹"
)]
fn tiles(width: usize, height: usize) -> Vec<Part> {
    let side = (width.max(height) / TILE).max(1);
    // The last one ends with the picture.
    let starts = |length: usize| {
        let last = length.saturating_sub(side);
        let inner = (0..last).step_by((side / 2).max(1));
        inner.chain([last]).collect::<Vec<_>>()
    };
    let tile = |left: usize, top: usize| Part {
        left: left as i32,
        top: top as i32,
        width: side,
        height: side,
    };
    let rows = starts(height);
    starts(width)
        .into_iter()
        .flat_map(|left| rows.iter().map(move |&top| tile(left, top)))
        .collect()
}

/// A depthwise-separable convolution by its name in the manifest.
pub(crate) fn separable(
    weights: &mut Weights,
    name: &str,
    (inputs, outputs): (usize, usize),
    stride: usize,
) -> Result<Separable, LoadError> {
    let depthwise = weights.take(&format!("{name}/depthwise_filter"), &[3, 3, inputs, 1])?;
    let pointwise = weights.take(
        &format!("{name}/pointwise_filter"),
        &[1, 1, inputs, outputs],
    )?;
    let bias = weights.take(&format!("{name}/bias"), &[outputs])?;
    Ok(Separable {
        depthwise: Depthwise::new(stride, depthwise),
        pointwise: Convolution::new(1, 1, Padding::Valid, &pointwise, &bias),
    })
}

/// A network's input from raw values; `None` where there are not 3 × `size`² of them.
pub(crate) fn input_from(rgb: &[f32], size: usize, mean: [f32; 3]) -> Option<Map> {
    (rgb.len() == size * size * 3).then(|| {
        let mut input = Map::zeros(size, size, 3);
        for (y, line) in rgb.chunks_exact(size * 3).enumerate() {
            let (target, _) = input.row_mut(y).as_chunks_mut::<3>();
            for (target, source) in target.iter_mut().zip(line.as_chunks::<3>().0) {
                *target = normalise(*source, mean);
            }
        }
        input
    })
}

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

/// The boxes that score enough, in units of the input's side.
#[expect(
    clippy::cast_precision_loss,
    reason = "the grid has 13 × 13 cells at most"
)]
fn boxes(map: &Map) -> Vec<Detection> {
    let cells = map.width as f32;
    let mut found = Vec::new();
    for row in 0..map.height {
        for column in 0..map.width {
            let pixel = map.pixel(row, column);
            for (anchor, [x, y, width, height, score]) in
                ANCHORS.iter().zip(pixel.as_chunks::<5>().0)
            {
                let score = sigmoid(*score);
                if score > MIN_SCORE {
                    let (width, height) = (
                        width.exp() * anchor.0 / cells,
                        height.exp() * anchor.1 / cells,
                    );
                    let left = (column as f32 + sigmoid(*x)) / cells - width / 2.0;
                    let top = (row as f32 + sigmoid(*y)) / cells - height / 2.0;
                    found.push(Detection {
                        bounds: Rect {
                            left,
                            top,
                            width,
                            height,
                        },
                        score,
                    });
                }
            }
        }
    }
    found
}

/// Keeps the best of each group of boxes that are one face, best first.
fn suppress(mut found: Vec<Detection>) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for candidate in found {
        let new = |known: &Detection| {
            known.bounds.intersection_over_union(&candidate.bounds) <= SAME_FACE
        };
        if kept.iter().all(new) {
            kept.push(candidate);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detection(left: f32, score: f32) -> Detection {
        Detection {
            bounds: Rect {
                left,
                top: 0.0,
                width: 10.0,
                height: 10.0,
            },
            score,
        }
    }

    #[test]
    fn of_overlapping_boxes_the_best_is_kept() {
        let kept = suppress(vec![
            detection(0.0, 0.6),
            detection(1.0, 0.9),
            detection(20.0, 0.7),
        ]);
        assert_eq!(kept, [detection(1.0, 0.9), detection(20.0, 0.7)]);
    }

    #[test]
    fn boxes_below_the_least_score_are_left_out() {
        assert!(boxes(&Map::zeros(13, 13, 32)).is_empty());
    }
}
