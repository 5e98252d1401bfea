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
        let (first, row) = (self.scale.len(), self.row);
        let channels = (values.len() / row.max(1)).min(self.channels - first);
        let rows = values.chunks_exact(row.max(1)).take(channels);
        let largest = |row: &[f32]| row.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        self.scale.extend(rows.map(|row| largest(row) / 127.0));
        let words_a_line = self.shape[D - 1].div_ceil(4);
        for block in (0..channels).step_by(CHANNELS) {
            for begin in (0..row).step_by(NUMBERS) {
                for index in begin..row.min(begin + NUMBERS) {
                    let line = self.line_of(index);
                    for channel in block..channels.min(block + CHANNELS) {
                        let value = values[channel * row + index];
                        let channel = first + channel;
                        let (line, column) = line.map_or((channel, index), |line| (line, channel));
                        let byte = integer(value, self.scale[channel]) as u8;
                        self.words[line * words_a_line + column / 4] |= i32::from(byte) << (8 * (column % 4));
                    }
                }
            }
        }
        self
    }

    /// Where a kernel's number lies for any channel: `[in, r, s]` → `[r, s, in]`. A matrix's channels are its lines.
    fn line_of(&self, index: usize) -> Option<usize> {
        let &[height, width, inputs, _] = &self.shape[..] else { return None };
        let taps = height * width;
        Some(index % taps * inputs + index / taps)
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

fn integer(value: f32, scale: f32) -> i8 {
    if scale > 0.0 { (value / scale).round().clamp(-127.0, 127.0) as i8 } else { 0 }
}
