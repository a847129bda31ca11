//! A face as 128 numbers: near for one person, far for two.

use std::{fmt, path::Path};

use pulp::Arch;
use zeroize::Zeroizing;

use crate::{
    align::{CHIP_SIZE, Chip},
    detect::input_from,
    landmarks::MEAN,
    models::{LoadError, Weights},
    nn::{Convolution, Finish, Padding, fully_connected, halve, max_pool, mean_of_positive},
};

/// Numbers in a descriptor.
pub const LENGTH: usize = 128;

/// 128 numbers that describe a face. Biometric data: `Debug` shows nothing of them, and their
/// memory is cleared when they are dropped.
#[derive(Clone)]
pub struct Descriptor(Box<Zeroizing<[f32; LENGTH]>>);

impl fmt::Debug for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Descriptor(..)")
    }
}

impl Descriptor {
    /// From its numbers.
    pub fn new(values: [f32; LENGTH]) -> Self {
        Self(Box::new(Zeroizing::new(values)))
    }

    /// Its numbers.
    pub fn values(&self) -> &[f32; LENGTH] {
        &self.0
    }

    /// The Euclidean distance to another: 0 for the same picture, about 0.3 for two pictures of
    /// one person, about 0.8 for two persons; 0.6 is the network's published operating point.
    pub fn distance(&self, other: &Self) -> f32 {
        let squares = self
            .0
            .iter()
            .zip(other.0.iter())
            .map(|(a, b)| (a - b) * (a - b));
        squares.sum::<f32>().sqrt()
    }

    /// The mean of two descriptors of one face.
    fn mean(&self, other: &Self) -> Self {
        Self::new(std::array::from_fn(|place| {
            f32::midpoint(self.0[place], other.0[place])
        }))
    }
}

/// Channels of the residual blocks, and whether a block halves the size.
const BLOCKS: [(&str, usize, usize, bool); 14] = [
    ("conv32_1", 32, 32, false),
    ("conv32_2", 32, 32, false),
    ("conv32_3", 32, 32, false),
    ("conv64_down", 32, 64, true),
    ("conv64_1", 64, 64, false),
    ("conv64_2", 64, 64, false),
    ("conv64_3", 64, 64, false),
    ("conv128_down", 64, 128, true),
    ("conv128_1", 128, 128, false),
    ("conv128_2", 128, 128, false),
    ("conv256_down", 128, 256, true),
    ("conv256_1", 256, 256, false),
    ("conv256_2", 256, 256, false),
    ("conv256_down_out", 256, 256, true),
];

struct Residual {
    first: Convolution,
    second: Convolution,
    outputs: usize,
    down: bool,
}

/// The descriptor network, a residual network of 29 convolutions.
pub struct Describer {
    stem: Convolution,
    blocks: Vec<Residual>,
    matrix: Vec<f32>,
}

impl Describer {
    /// Reads the network's pinned files from `folder`.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        let weights = &mut Weights::load(folder, "face_recognition")?;
        let stem = scaled(weights, "conv32_down", (7, 3, 32), (2, Padding::Valid))?;
        let mut blocks = Vec::with_capacity(BLOCKS.len());
        for (name, inputs, outputs, down) in BLOCKS {
            let shape = if down {
                (2, Padding::Valid)
            } else {
                (1, Padding::Same)
            };
            let first = scaled(
                weights,
                &format!("{name}/conv1"),
                (3, inputs, outputs),
                shape,
            )?;
            let second = scaled(
                weights,
                &format!("{name}/conv2"),
                (3, outputs, outputs),
                (1, Padding::Same),
            )?;
            blocks.push(Residual {
                first,
                second,
                outputs,
                down,
            });
        }
        let matrix = weights.take("fc", &[256, LENGTH])?;
        Ok(Self {
            stem,
            blocks,
            matrix,
        })
    }

    /// The mean of the chip's descriptor and its mirror image's, which is steadier than either.
    pub fn describe(&self, chip: &Chip) -> Descriptor {
        let mirrored = Zeroizing::new(chip.mirrored());
        match (self.describe_in(&chip.rgb), self.describe_in(&mirrored)) {
            (Some(plain), Some(mirrored)) => plain.mean(&mirrored),
            _ => unreachable!("chips have the network's size"),
        }
    }

    /// The network's own output for one square face crop of 3 × 150² values from 0 to 255,
    /// row-major, three values per pixel, however aligned. `None` where the length is another.
    pub fn describe_in(&self, rgb: &[f32]) -> Option<Descriptor> {
        let arch = Arch::new();
        let input = input_from(rgb, CHIP_SIZE, MEAN)?;
        let stem = self.stem.apply(arch, &input, Finish::Relu);
        let mut map = max_pool(arch, &stem, 3, 2, Padding::Valid);
        for block in &self.blocks {
            let inner = block.first.apply(arch, &map, Finish::Relu);
            if block.down {
                map = halve(&map, block.outputs);
            }
            // The shortcut may be one row and column larger; nothing is added to those.
            let rows = 0..inner.height;
            block
                .second
                .apply_to(arch, &inner, rows, &mut map, Finish::AddRelu);
        }
        let values = fully_connected(&mean_of_positive(&map), &self.matrix, &[0.0; LENGTH]);
        <[f32; LENGTH]>::try_from(values).ok().map(Descriptor::new)
    }
}

/// A convolution whose outputs are scaled and shifted by channel, folded into one.
fn scaled(
    weights: &mut Weights,
    name: &str,
    (kernel, inputs, outputs): (usize, usize, usize),
    (stride, padding): (usize, Padding),
) -> Result<Convolution, LoadError> {
    let mut filter = weights.take(
        &format!("{name}/conv/filters"),
        &[kernel, kernel, inputs, outputs],
    )?;
    let mut bias = weights.take(&format!("{name}/conv/bias"), &[outputs])?;
    let scale = weights.take(&format!("{name}/scale/weights"), &[outputs])?;
    let shift = weights.take(&format!("{name}/scale/biases"), &[outputs])?;
    for row in filter.chunks_exact_mut(outputs) {
        row.iter_mut()
            .zip(&scale)
            .for_each(|(weight, scale)| *weight *= scale);
    }
    for ((bias, scale), shift) in bias.iter_mut().zip(&scale).zip(&shift) {
        *bias = *bias * scale + shift;
    }
    Ok(Convolution::new(kernel, stride, padding, &filter, &bias))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_descriptor_is_shown() {
        assert_eq!(
            format!("{:?}", Descriptor::new([0.5; LENGTH])),
            "Descriptor(..)"
        );
    }

    #[test]
    fn distance_is_euclidean() {
        let (mut a, b) = ([0.0; LENGTH], [0.0; LENGTH]);
        (a[0], a[127]) = (3.0, 4.0);
        assert!((Descriptor::new(a).distance(&Descriptor::new(b)) - 5.0).abs() < 1e-6);
    }
}
