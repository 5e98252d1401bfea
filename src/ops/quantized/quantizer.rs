//! Making a weight's integers while it arrives, a few whole output channels at a time: each has a scale of its own,
//! so nothing but the integers need be held.

use burn::tensor::{DType, Device, Tensor, TensorData};
use thiserror::Error;

use super::QuantizedWeight;
use crate::gpu::hand_over;

/// A number of weights that does not fit their shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a weight of shape {shape:?} cannot be made of {count} numbers: check the file it was read from")]
pub struct WrongCount {
    pub shape: Vec<usize>,
    pub count: usize,
}

/// Channels and numbers of each that are dealt with together, so that what is read and what is written stay in the
/// innermost cache, in whichever order they lie.
const CHANNELS: usize = 64;
const NUMBERS: usize = 16;

/// A weight in the making.
pub struct Quantizer<const D: usize> {
    /// As [`QuantizedWeight`] has them.
    words: Vec<i32>,
    scale: Vec<f32>,
    shape: [usize; D],
    channels: usize,
    /// Numbers of a channel.
    row: usize,
    /// Numbers that came.
    count: usize,
}

impl Quantizer<2> {
    /// Of a linear layer's weight `[out, in]`.
    pub fn matrix(shape: [usize; 2]) -> Self {
        let [outputs, inputs] = shape;
        Self::new(shape, outputs, inputs)
    }
}

impl Quantizer<4> {
    /// Of a convolution's weight as PyTorch stores it, `[out, in, r, s]`; it becomes `[r, s, in, out]`.
    pub fn kernel([outputs, inputs, height, width]: [usize; 4]) -> Self {
        Self::new([height, width, inputs, outputs], outputs, inputs * height * width)
    }
}

impl<const D: usize> Quantizer<D> {
    fn new(shape: [usize; D], channels: usize, row: usize) -> Self {
        let lines: usize = shape[..D - 1].iter().product();
        let words = vec![0; lines * shape[D - 1].div_ceil(4)];
        Self { words, scale: Vec::with_capacity(channels), shape, channels, row, count: 0 }
    }

    /// With the numbers of the next output channels, whole ones, in PyTorch's order.
    #[must_use]
    pub fn with(mut self, values: &[f32]) -> Self {
        self.count += values.len();
        let first = self.scale.len();
        let channels = (values.len() / self.row.max(1)).min(self.channels - first);
        let rows = values.chunks_exact(self.row.max(1)).take(channels);
        self.scale.extend(rows.map(|row| largest(row) / 127.0));
        if D == 2 {
            self.fill_lines(values, first);
        } else {
            self.fill_places(values, first);
        }
        self
    }

    /// A matrix: a channel is a line.
    fn fill_lines(&mut self, values: &[f32], first: usize) {
        let words_a_line = self.shape[D - 1].div_ceil(4);
        let lines = self.words.chunks_exact_mut(words_a_line.max(1)).skip(first);
        for ((row, line), &scale) in values.chunks_exact(self.row.max(1)).zip(lines).zip(&self.scale[first..])
        {
            let inverse = inverse(scale);
            for (word, four) in line.iter_mut().zip(row.chunks(4)) {
                *word = four.iter().rev().fold(0, |word, &value| word << 8 | integer(value, inverse));
            }
        }
    }

    /// A kernel: a channel has a place in every line, four of them share a word.
    fn fill_places(&mut self, values: &[f32], first: usize) {
        let (row, end) = (self.row, self.scale.len());
        let words_a_line = self.shape[D - 1].div_ceil(4);
        let inverses: Vec<f32> = self.scale[first..].iter().map(|&scale| inverse(scale)).collect();
        // The channels that came of each word of a line.
        let words: Vec<_> = (first / 4..end.div_ceil(4))
            .map(|word| (word, (4 * word).max(first) - first..(4 * word + 4).min(end) - first))
            .collect();
        for words in words.chunks(CHANNELS / 4) {
            for begin in (0..row).step_by(NUMBERS) {
                for index in begin..row.min(begin + NUMBERS) {
                    let line = self.line_of(index) * words_a_line;
                    for (word, channels) in words {
                        let byte = |channel: usize| integer(values[channel * row + index], inverses[channel]);
                        let bytes = channels.clone().rev().fold(0, |word, channel| word << 8 | byte(channel));
                        self.words[line + word] |= bytes << (8 * ((first + channels.start) % 4));
                    }
                }
            }
        }
    }

    /// Where a kernel's number lies for any channel: `[in, r, s]` → `[r, s, in]`.
    fn line_of(&self, index: usize) -> usize {
        let taps = self.shape[0] * self.shape[1];
        let inputs = self.row / taps;
        index % taps * inputs + index / taps
    }

    /// The weight on the device.
    ///
    /// # Errors
    /// [`WrongCount`] if more or fewer numbers came than the weight has, or none.
    pub fn finish(self, device: &Device) -> Result<QuantizedWeight<D>, WrongCount> {
        let Self { words, scale, shape, channels, row, count } = self;
        if count != channels * row || count == 0 {
            return Err(WrongCount { shape: shape.to_vec(), count });
        }
        let words_a_line = shape[D - 1].div_ceil(4);
        let packed = TensorData::new::<i32, _>(words, [count / shape[D - 1], words_a_line]);
        let packed = Tensor::from_data(packed, (device, DType::I32));
        let scale = Tensor::from_data(TensorData::new::<f32, _>(scale, [channels]), (device, DType::F32));
        hand_over(&scale);
        Ok(QuantizedWeight { packed, scale, shape })
    }
}

/// max |value|; in eight running maxima, which need not wait for each other.
fn largest(row: &[f32]) -> f32 {
    let larger = |most: f32, value: f32| if value.abs() > most { value.abs() } else { most };
    let (eights, rest) = row.as_chunks::<8>();
    let mut most = [0.0; 8];
    for eight in eights {
        for (most, &value) in most.iter_mut().zip(eight) {
            *most = larger(*most, value);
        }
    }
    rest.iter().chain(&most).fold(0.0, |most, &value| larger(most, value))
}

fn inverse(scale: f32) -> f32 {
    if scale > 0.0 { 1.0 / scale } else { 0.0 }
}

/// The nearest integer to value · inverse in a word's lowest byte. Beside 1.5 · 2²³ a float has no room for a fraction:
/// its last bits are the integer, rounded by the addition. `round` is a function call in wasm, and with a division
/// took three quarters of a model's loading.
fn integer(value: f32, inverse: f32) -> i32 {
    (value * inverse + 12_582_912.0).to_bits() as i32 & 0xff
}
