//! The few layers that the three networks are made of, on feature maps with a border of zeros.
//!
//! The products run on whatever vector instructions the processor has, chosen at run time; all
//! of it is safe code. Sums are ordered differently from one processor to another, so results
//! differ by rounding alone.

#![expect(
    clippy::inline_always,
    reason = "vector instructions reach only what is inlined"
)]

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

/// A feature map, row-major, channels last, with a border of one zero pixel on every side, so
/// that a 3×3 window never needs a bounds test. Nothing writes to the border.
pub(crate) struct Map {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
    data: Vec<f32>,
}

impl Map {
    pub(crate) fn zeros(height: usize, width: usize, channels: usize) -> Self {
        let data = vec![0.0; (height + 2) * (width + 2) * channels];
        Self {
            height,
            width,
            channels,
            data,
        }
    }

    /// Floats from one row to the next.
    fn pitch(&self) -> usize {
        (self.width + 2) * self.channels
    }

    fn index(&self, y: usize, x: usize) -> usize {
        (y + 1) * self.pitch() + (x + 1) * self.channels
    }

    /// All pixels of row `y`, without the border.
    pub(crate) fn row(&self, y: usize) -> &[f32] {
        &self.data[self.index(y, 0)..][..self.width * self.channels]
    }

    /// As [`Self::row`], to write to.
    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [f32] {
        let start = self.index(y, 0);
        let length = self.width * self.channels;
        &mut self.data[start..][..length]
    }

    /// Left and right exchanged.
    pub(crate) fn mirrored(&self) -> Self {
        let mut out = Self::zeros(self.height, self.width, self.channels);
        for y in 0..self.height {
            let pixels = self.row(y).chunks_exact(self.channels).rev();
            let targets = out.row_mut(y).chunks_exact_mut(self.channels);
            targets
                .zip(pixels)
                .for_each(|(target, pixel)| target.copy_from_slice(pixel));
        }
        out
    }

    /// The channels of one pixel.
    pub(crate) fn pixel(&self, y: usize, x: usize) -> &[f32] {
        &self.data[self.index(y, x)..][..self.channels]
    }
}

/// Where a window lies over its input.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Padding {
    /// Inside the map only.
    Valid,
    /// The output has the input's size divided by the stride, rounded up. As TensorFlow has it,
    /// an odd pixel of padding goes to the end: with stride 2 on an even side, all of it.
    Same,
}

/// What becomes of a sum before it is stored.
#[derive(Clone, Copy)]
pub(crate) enum Finish {
    /// Stored as it is.
    Identity,
    /// Negative values become 0.
    Relu,
    /// Negative values are multiplied by 0.1.
    Leaky,
    /// Added to what is there.
    Add,
    /// Added to what is there, and negative values become 0.
    AddRelu,
}

/// The side of the output and the first tap's offset in bordered coordinates.
fn window(side: usize, kernel: usize, stride: usize, padding: Padding) -> (usize, usize) {
    match padding {
        Padding::Valid => ((side - kernel) / stride + 1, 1),
        Padding::Same => {
            let out = side.div_ceil(stride);
            let before = ((out - 1) * stride + kernel).saturating_sub(side) / 2;
            (out, 1 - before)
        }
    }
}

/// A full convolution with bias.
pub(crate) struct Convolution {
    kernel: usize,
    stride: usize,
    padding: Padding,
    inputs: usize,
    outputs: usize,
    /// Columns of outputs computed together.
    block: usize,
    /// `[block][row of window][column of window × input][output in block]`.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Convolution {
    /// From a filter `[kernel, kernel, inputs, outputs]` and a bias `[outputs]`. The number of
    /// outputs is rounded up to whole blocks by outputs that are always 0.
    pub(crate) fn new(
        kernel: usize,
        stride: usize,
        padding: Padding,
        filter: &[f32],
        bias: &[f32],
    ) -> Self {
        let given = bias.len();
        let taps = filter.len() / given;
        let block = if given <= 16 { 16 } else { 32 };
        let outputs = given.next_multiple_of(block);
        let mut weights = vec![0.0; taps * outputs];
        for (tap, row) in filter.chunks_exact(given).enumerate() {
            for (number, part) in row.chunks(block).enumerate() {
                weights[(number * taps + tap) * block..][..part.len()].copy_from_slice(part);
            }
        }
        let mut padded = bias.to_vec();
        padded.resize(outputs, 0.0);
        let inputs = taps / (kernel * kernel);
        Self {
            kernel,
            stride,
            padding,
            inputs,
            outputs,
            block,
            weights,
            bias: padded,
        }
    }

    /// The size of the output for this input.
    pub(crate) fn output(&self, input: &Map) -> (usize, usize) {
        let side = |side| window(side, self.kernel, self.stride, self.padding).0;
        (side(input.height), side(input.width))
    }

    /// Applied to the whole input.
    pub(crate) fn apply(&self, arch: Arch, input: &Map, finish: Finish) -> Map {
        let (height, width) = self.output(input);
        let mut out = Map::zeros(height, width, self.outputs);
        self.apply_to(arch, input, 0..height, &mut out, finish);
        out
    }

    /// Computes the output rows `rows` into the first rows of `out`.
    pub(crate) fn apply_to(
        &self,
        arch: Arch,
        input: &Map,
        rows: Range<usize>,
        out: &mut Map,
        finish: Finish,
    ) {
        assert_eq!((input.channels, out.channels), (self.inputs, self.outputs));
        arch.dispatch(Convolve {
            layer: self,
            input,
            rows,
            out,
            finish,
        });
    }
}

struct Convolve<'a> {
    layer: &'a Convolution,
    input: &'a Map,
    rows: Range<usize>,
    out: &'a mut Map,
    finish: Finish,
}

impl WithSimd for Convolve<'_> {
    type Output = ();

    /// Pixels × vectors held in registers at once: 16 of the 32 registers of 512 or 128 bits,
    /// 12 of the 16 of 256 bits.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (S::F32_LANES, self.layer.block) {
            (16, 16) => self.tiles::<S, 12, 1>(simd),
            (16, _) => self.tiles::<S, 8, 2>(simd),
            (8, 16) => self.tiles::<S, 6, 2>(simd),
            (8, _) => self.tiles::<S, 3, 4>(simd),
            (4, 16) => self.tiles::<S, 4, 4>(simd),
            (4, _) => self.tiles::<S, 2, 8>(simd),
            (_, 16) => self.tiles::<S, 1, 16>(simd),
            _ => self.tiles::<S, 1, 32>(simd),
        }
    }
}

impl Convolve<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const PIXELS: usize, const VECTORS: usize>(self, simd: S) {
        let Self {
            layer,
            input,
            rows,
            out,
            finish,
        } = self;
        let (_, first) = window(input.height, layer.kernel, layer.stride, layer.padding);
        let (height, width) = (rows.len(), layer.output(input).1);
        let taps = layer.kernel * layer.kernel * layer.inputs;
        let place = |pixel: usize| {
            let (y, x) = (pixel / width, pixel % width);
            let top = (rows.start + y) * layer.stride + first;
            let left = x * layer.stride + first;
            (top * input.pitch() + left * input.channels, out.index(y, x))
        };
        let places: Vec<(usize, usize)> = (0..height * width).map(place).collect();
        let (whole, rest) = places.as_chunks::<PIXELS>();
        let blocks = layer.weights.chunks_exact(taps * layer.block);
        for (block, (weights, bias)) in blocks.zip(layer.bias.chunks_exact(layer.block)).enumerate()
        {
            let weights = S::as_simd_f32s(weights).0.as_chunks::<VECTORS>().0;
            let bias = S::as_simd_f32s(bias).0.as_chunks::<VECTORS>().0[0];
            let column = block * layer.block;
            for places in whole {
                tile(
                    simd, layer, weights, bias, input, places, out, column, finish,
                );
            }
            for place in rest {
                tile(
                    simd,
                    layer,
                    weights,
                    bias,
                    input,
                    &[*place],
                    out,
                    column,
                    finish,
                );
            }
        }
    }
}

/// One block of outputs for a few pixels, whose sums stay in registers.
#[expect(
    clippy::too_many_arguments,
    reason = "the innermost loop: nothing is worth a name"
)]
#[inline(always)]
fn tile<S: Simd, const PIXELS: usize, const VECTORS: usize>(
    simd: S,
    layer: &Convolution,
    weights: &[[S::f32s; VECTORS]],
    bias: [S::f32s; VECTORS],
    input: &Map,
    places: &[(usize, usize); PIXELS],
    out: &mut Map,
    column: usize,
    finish: Finish,
) {
    let span = layer.kernel * layer.inputs;
    let mut sums = [bias; PIXELS];
    for (line, weights) in weights.chunks_exact(span).enumerate() {
        let offset = line * input.pitch();
        let pixels: [&[f32]; PIXELS] =
            std::array::from_fn(|pixel| &input.data[places[pixel].0 + offset..][..span]);
        for (tap, weights) in weights.iter().enumerate() {
            for pixel in 0..PIXELS {
                let value = simd.splat_f32s(pixels[pixel][tap]);
                for vector in 0..VECTORS {
                    let sum = &mut sums[pixel][vector];
                    *sum = simd.mul_add_e_f32s(value, weights[vector], *sum);
                }
            }
        }
    }
    let zero = simd.splat_f32s(0.0);
    let tenth = simd.splat_f32s(0.1);
    for pixel in 0..PIXELS {
        let target = &mut out.data[places[pixel].1 + column..][..layer.block];
        let (target, _) = S::as_mut_simd_f32s(target);
        for (target, sum) in target.iter_mut().zip(sums[pixel]) {
            *target = match finish {
                Finish::Identity => sum,
                Finish::Relu => simd.max_f32s(sum, zero),
                Finish::Leaky => simd.max_f32s(sum, simd.mul_f32s(sum, tenth)),
                Finish::Add => simd.add_f32s(*target, sum),
                Finish::AddRelu => simd.max_f32s(simd.add_f32s(*target, sum), zero),
            };
        }
    }
}

/// A 3×3 convolution of each channel by itself, padded to the input's size over the stride.
pub(crate) struct Depthwise {
    stride: usize,
    channels: usize,
    /// `[tap][channel]`.
    weights: Vec<f32>,
}

impl Depthwise {
    /// From a filter `[3, 3, channels, 1]`; the channels are a multiple of 16.
    pub(crate) fn new(stride: usize, filter: Vec<f32>) -> Self {
        let channels = filter.len() / 9;
        assert!(channels.is_multiple_of(16));
        Self {
            stride,
            channels,
            weights: filter,
        }
    }

    /// The size of the output for this input.
    pub(crate) fn output(&self, input: &Map) -> (usize, usize) {
        let side = |side: usize| side.div_ceil(self.stride);
        (side(input.height), side(input.width))
    }

    /// Computes the output rows `rows` into the first rows of `out`, taking negative inputs for
    /// 0 where `relu` says so.
    pub(crate) fn apply_to(
        &self,
        arch: Arch,
        input: &Map,
        rows: Range<usize>,
        out: &mut Map,
        relu: bool,
    ) {
        assert_eq!(
            (input.channels, out.channels),
            (self.channels, self.channels)
        );
        let floor = if relu { 0.0 } else { f32::NEG_INFINITY };
        arch.dispatch(ConvolveDepthwise {
            layer: self,
            input,
            rows,
            out,
            floor,
        });
    }
}

struct ConvolveDepthwise<'a> {
    layer: &'a Depthwise,
    input: &'a Map,
    rows: Range<usize>,
    out: &'a mut Map,
    floor: f32,
}

impl WithSimd for ConvolveDepthwise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            layer,
            input,
            rows,
            out,
            floor,
        } = self;
        let floor = simd.splat_f32s(floor);
        let channels = layer.channels;
        let (_, first) = window(input.height, 3, layer.stride, Padding::Same);
        let weights: [&[S::f32s]; 9] = std::array::from_fn(|tap| {
            S::as_simd_f32s(&layer.weights[tap * channels..][..channels]).0
        });
        let vectors = weights[0].len();
        let width = layer.output(input).1;
        for y in 0..rows.len() {
            let top = (rows.start + y) * layer.stride + first;
            for x in 0..width {
                let start = top * input.pitch() + (x * layer.stride + first) * channels;
                let taps: [&[S::f32s]; 9] = std::array::from_fn(|tap| {
                    let offset = start + tap / 3 * input.pitch() + tap % 3 * channels;
                    let (pixels, _) = S::as_simd_f32s(&input.data[offset..][..channels]);
                    &pixels[..vectors]
                });
                let place = out.index(y, x);
                let (target, _) = S::as_mut_simd_f32s(&mut out.data[place..][..channels]);
                for (vector, target) in target[..vectors].iter_mut().enumerate() {
                    let mut sum = simd.splat_f32s(0.0);
                    for tap in 0..9 {
                        let value = simd.max_f32s(taps[tap][vector], floor);
                        sum = simd.mul_add_e_f32s(value, weights[tap][vector], sum);
                    }
                    *target = sum;
                }
            }
        }
    }
}

/// A depthwise 3×3 convolution followed by a 1×1 convolution with bias.
pub(crate) struct Separable {
    pub(crate) depthwise: Depthwise,
    pub(crate) pointwise: Convolution,
}

impl Separable {
    /// Computes the output rows `rows` into the first rows of `out`; `between` holds the
    /// depthwise half's rows.
    pub(crate) fn apply_to(
        &self,
        arch: Arch,
        input: &Map,
        rows: Range<usize>,
        (between, relu): (&mut Map, bool),
        (out, finish): (&mut Map, Finish),
    ) {
        let count = rows.len();
        self.depthwise.apply_to(arch, input, rows, between, relu);
        self.pointwise
            .apply_to(arch, between, 0..count, out, finish);
    }
}

/// The greatest value of the windows of `kernel` × `kernel` pixels, for the output row `to` of
/// `out` from the rows of `input` that begin at `from`. Windows end at the map's edge.
pub(crate) fn max_pool_row(
    arch: Arch,
    input: &Map,
    from: Range<usize>,
    (kernel, stride): (usize, usize),
    (out, to): (&mut Map, usize),
) {
    let channels = input.channels;
    let width = input.width;
    arch.dispatch(
        #[inline(always)]
        || {
            let target = out.row_mut(to);
            for (x, target) in target.chunks_exact_mut(channels).enumerate() {
                target.fill(f32::NEG_INFINITY);
                for y in from.clone() {
                    let window = x * stride..(x * stride + kernel).min(width);
                    let source = &input.row(y)[window.start * channels..window.end * channels];
                    for pixel in source.chunks_exact(channels) {
                        for (target, value) in target.iter_mut().zip(pixel) {
                            *target = if *value > *target { *value } else { *target };
                        }
                    }
                }
            }
        },
    );
}

/// Max pooling of the whole map, `kernel` × `kernel` with `stride`.
pub(crate) fn max_pool(
    arch: Arch,
    input: &Map,
    kernel: usize,
    stride: usize,
    padding: Padding,
) -> Map {
    let side = |side: usize| match padding {
        Padding::Valid => (side - kernel) / stride + 1,
        Padding::Same => side.div_ceil(stride),
    };
    let mut out = Map::zeros(side(input.height), side(input.width), input.channels);
    for y in 0..out.height {
        let from = y * stride..(y * stride + kernel).min(input.height);
        max_pool_row(arch, input, from, (kernel, stride), (&mut out, y));
    }
    out
}

/// The mean of each 2×2 window, with stride 2, inside the map; further channels are 0.
pub(crate) fn halve(input: &Map, channels: usize) -> Map {
    let mut out = Map::zeros(input.height / 2, input.width / 2, channels);
    for y in 0..out.height {
        let (upper, lower) = (input.row(2 * y), input.row(2 * y + 1));
        let pairs = upper
            .chunks_exact(2 * input.channels)
            .zip(lower.chunks_exact(2 * input.channels));
        for (target, (upper, lower)) in out.row_mut(y).chunks_exact_mut(channels).zip(pairs) {
            let (upper, lower) = (
                upper.split_at(input.channels),
                lower.split_at(input.channels),
            );
            let left = upper.0.iter().zip(lower.0);
            let right = upper.1.iter().zip(lower.1);
            for (target, ((a, b), (c, d))) in target.iter_mut().zip(left.zip(right)) {
                *target = (a + b + c + d) * 0.25;
            }
        }
    }
    out
}

/// The mean of each channel over the whole map, negative values taken for 0.
pub(crate) fn mean_of_positive(input: &Map) -> Vec<f32> {
    let mut mean = vec![0.0; input.channels];
    for y in 0..input.height {
        for pixel in input.row(y).chunks_exact(input.channels) {
            for (mean, value) in mean.iter_mut().zip(pixel) {
                *mean += value.max(0.0);
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "maps have a few pixels by then")]
    let count = (input.height * input.width) as f32;
    for mean in &mut mean {
        *mean /= count;
    }
    mean
}

/// The vector times the matrix `[inputs, outputs]`, plus the bias.
pub(crate) fn fully_connected(input: &[f32], matrix: &[f32], bias: &[f32]) -> Vec<f32> {
    let mut out = bias.to_vec();
    for (value, row) in input.iter().zip(matrix.chunks_exact(bias.len())) {
        for (out, weight) in out.iter_mut().zip(row) {
            *out += value * weight;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without a pattern, the same on every run.
    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(i16::try_from(state >> 20).unwrap_or(0)) / 2048.0 - 1.0
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    fn map(height: usize, width: usize, channels: usize) -> Map {
        let mut map = Map::zeros(height, width, channels);
        let values = numbers(height * width * channels, 7);
        for (y, row) in values.chunks_exact(width * channels).enumerate() {
            map.row_mut(y).copy_from_slice(row);
        }
        map
    }

    /// The value at a place that may lie outside, where everything is 0.
    fn at(map: &Map, y: isize, x: isize, channel: usize) -> f32 {
        let inside = |value: isize, side| usize::try_from(value).ok().filter(|v| *v < side);
        match (inside(y, map.height), inside(x, map.width)) {
            (Some(y), Some(x)) => map.pixel(y, x)[channel],
            _ => 0.0,
        }
    }

    fn check(kernel: usize, stride: usize, padding: Padding, before: isize, size: [usize; 4]) {
        let [height, width, inputs, outputs] = size;
        let (filter, bias) = (
            numbers(kernel * kernel * inputs * outputs, 3),
            numbers(outputs, 5),
        );
        let input = map(height, width, inputs);
        let layer = Convolution::new(kernel, stride, padding, &filter, &bias);
        let out = layer.apply(Arch::new(), &input, Finish::Identity);
        for y in 0..out.height {
            for x in 0..out.width {
                for channel in 0..outputs {
                    let mut sum = bias[channel];
                    for tap in 0..kernel * kernel * inputs {
                        let (line, rest) = (tap / (kernel * inputs), tap % (kernel * inputs));
                        let y = (y * stride + line).cast_signed() - before;
                        let x = (x * stride + rest / inputs).cast_signed() - before;
                        sum += at(&input, y, x, rest % inputs) * filter[tap * outputs + channel];
                    }
                    let found = out.pixel(y, x)[channel];
                    assert!(
                        (found - sum).abs() < 1e-4,
                        "{y} {x} {channel}: {found} {sum}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_convolution_is_the_sum_over_its_window() {
        check(3, 1, Padding::Same, 1, [5, 7, 4, 40]);
        check(3, 2, Padding::Same, 0, [6, 8, 3, 16]);
        check(3, 2, Padding::Valid, 0, [7, 9, 2, 32]);
        check(7, 2, Padding::Valid, 0, [15, 15, 3, 32]);
        check(1, 1, Padding::Valid, 0, [3, 11, 16, 25]);
    }

    #[test]
    fn a_depthwise_convolution_keeps_channels_apart() {
        for (stride, before) in [(1, 1), (2, 0)] {
            let (input, filter) = (map(6, 4, 16), numbers(9 * 16, 9));
            let layer = Depthwise::new(stride, filter.clone());
            let (height, width) = layer.output(&input);
            let mut out = Map::zeros(height, width, 16);
            layer.apply_to(Arch::new(), &input, 0..height, &mut out, true);
            for y in 0..height {
                for x in 0..width {
                    for channel in 0..16 {
                        let sum: f32 = (0..9)
                            .map(|tap| {
                                let y = (y * stride + tap / 3).cast_signed() - before;
                                let x = (x * stride + tap % 3).cast_signed() - before;
                                at(&input, y, x, channel).max(0.0) * filter[tap * 16 + channel]
                            })
                            .sum();
                        assert!((out.pixel(y, x)[channel] - sum).abs() < 1e-5);
                    }
                }
            }
        }
    }

    #[test]
    fn pooling_windows_end_at_the_edge() {
        let input = map(5, 5, 1);
        let out = max_pool(Arch::new(), &input, 2, 2, Padding::Same);
        assert_eq!((out.height, out.width), (3, 3));
        assert_eq!(out.pixel(2, 2), input.pixel(4, 4));
    }
}
