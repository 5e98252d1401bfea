//! Makes a weight's integers while the weight arrives, a few whole output channels at a time. Each channel
//! has a scale of its own, so nothing but the integers and scales need be held.

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::{PackedWeight, WrongCount};
use crate::gpu::submit_queued;

/// Words (of four numbers) per channel that are moved at a time, for [`Quantizer::TOGETHER`] channels, so
/// that the memory read and written stays in the innermost cache.
const QUADS: usize = 4;

/// A weight in the making.
pub struct Quantizer<const D: usize> {
    /// The integers, packed as in [`PackedWeight`].
    words: Vec<i32>,
    scale: Vec<f32>,
    shape: [usize; D],
    channels: usize,
    /// Numbers in a channel.
    row: usize,
    /// Numbers received so far.
    count: usize,
}

impl Quantizer<2> {
    /// For a linear layer's weight `[out, in]`.
    pub fn matrix(shape: [usize; 2]) -> Self {
        let [outputs, inputs] = shape;
        Self::new(shape, outputs, inputs)
    }
}

impl Quantizer<4> {
    /// For a convolution's weight as PyTorch stores it, `[out, in, r, s]`; it becomes `[r, s, in, out]`.
    pub fn kernel([outputs, inputs, height, width]: [usize; 4]) -> Self {
        Self::new([height, width, inputs, outputs], outputs, inputs * height * width)
    }
}

impl<const D: usize> Quantizer<D> {
    /// Number of output channels that are best given at once.
    pub const TOGETHER: usize = 64;

    fn new(shape: [usize; D], channels: usize, row: usize) -> Self {
        let lines: usize = shape[..D - 1].iter().product();
        let words = vec![0; lines * shape[D - 1].div_ceil(4)];
        Self { words, scale: Vec::with_capacity(channels), shape, channels, row, count: 0 }
    }

    /// Adds the numbers of the next output channels: whole channels, in PyTorch's order.
    #[must_use]
    pub fn with(mut self, values: &[f32]) -> Self {
        self.count += values.len();
        let first = self.scale.len();
        let channels = (values.len() / self.row.max(1)).min(self.channels - first);
        let rows = values.chunks_exact(self.row.max(1)).take(channels);
        self.scale.extend(rows.map(|row| largest(row) / 127.0));
        let rows = values.chunks_exact(self.row.max(1)).zip(&self.scale[first..]);
        if D == 2 {
            let lines = self.words.chunks_exact_mut(self.row.div_ceil(4).max(1)).skip(first);
            rows.zip(lines).for_each(|((row, &scale), line)| fill_line(line, row, scale));
        } else {
            let mut lines = vec![0; channels * self.row.div_ceil(4)];
            let each = lines.chunks_exact_mut(self.row.div_ceil(4).max(1));
            rows.zip(each).for_each(|((row, &scale), line)| fill_line(line, row, scale));
            self.fill_places(&lines, first);
        }
        self
    }

    /// Fills in channels of a convolution's kernel, each of which has a place in every line. `channels`:
    /// lines of integers, one for each channel from `first` on. Four channels share a word, so four
    /// integers are moved at a time.
    fn fill_places(&mut self, channels: &[i32], first: usize) {
        let (quads, end) = (self.row.div_ceil(4), self.scale.len());
        let words_a_line = self.shape[D - 1].div_ceil(4);
        let line_at = |channel: usize| (first..end).contains(&channel).then(|| (channel - first) * quads);
        let words: Vec<_> = (first / 4..end.div_ceil(4))
            .map(|word| (word, [0, 1, 2, 3].map(|place| line_at(4 * word + place))))
            .collect();
        for words in words.chunks(Self::TOGETHER / 4) {
            for begin in (0..quads).step_by(QUADS) {
                for quad in begin..quads.min(begin + QUADS) {
                    let lines = [0, 1, 2, 3].map(|number| self.line_of(4 * quad + number) * words_a_line);
                    let numbers = (self.row - 4 * quad).min(4);
                    for &(word, places) in words {
                        let four =
                            places.map(|start| start.map_or(0, |start| channels[start + quad]).to_le_bytes());
                        for (number, line) in lines[..numbers].iter().enumerate() {
                            self.words[line + word] |= i32::from_le_bytes(four.map(|bytes| bytes[number]));
                        }
                    }
                }
            }
        }
    }

    /// The line in which number `index` of any channel of a kernel lies: `[in, r, s]` → `[r, s, in]`.
    fn line_of(&self, index: usize) -> usize {
        let taps = self.shape[0] * self.shape[1];
        let inputs = self.row / taps;
        index % taps * inputs + index / taps
    }

    /// The weight on the device.
    ///
    /// # Errors
    /// [`WrongCount`] if more or fewer numbers came than the weight has, or none.
    pub fn finish(self, device: &Device) -> Result<PackedWeight<D>, WrongCount> {
        let Self { words, scale, shape, channels, row, count } = self;
        if count != channels * row || count == 0 {
            return Err(WrongCount { shape: shape.to_vec(), count });
        }
        let words_a_line = shape[D - 1].div_ceil(4);
        let words = TensorData::new::<i32, _>(words, [count / shape[D - 1], words_a_line]);
        let words = Tensor::from_data(words, (device, DType::I32));
        let scale = Tensor::from_data(TensorData::new::<f32, _>(scale, [channels]), (device, DType::F32));
        submit_queued(&scale);
        Ok(PackedWeight { words, scale: Some(scale), shape })
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

/// A channel's integers, four to a word.
fn fill_line(line: &mut [i32], row: &[f32], scale: f32) {
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let integers = |four: [f32; 4]| i32::from_le_bytes(four.map(|value| integer(value, inverse)));
    let (fours, rest) = row.as_chunks();
    line.iter_mut().zip(fours).for_each(|(word, &four)| *word = integers(four));
    if !rest.is_empty() {
        let mut last = [0.0; 4];
        last[..rest.len()].copy_from_slice(rest);
        line[fours.len()] = integers(last);
    }
}

/// The integer nearest to value · inverse, as a byte. Added to 1.5 · 2²³, a float has no room for a fraction:
/// the addition rounds, and the lowest byte is the integer. `round` is a function call in wasm, and together
/// with a division it took three quarters of a model's loading.
fn integer(value: f32, inverse: f32) -> u8 {
    (value * inverse + 12_582_912.0).to_bits() as u8
}
