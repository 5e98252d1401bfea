//! The words of a weight, and the numbers that they stand for.

use burn::{
    backend::Dispatch,
    tensor::{DType, Int, Tensor, TensorData},
};
use thiserror::Error;

use super::super::extension::WeightOperand;

/// How a weight is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// 16-bit floats, two to a word
    Halves,
    /// 8-bit integers, four to a word, and a scale for each output channel
    Integers,
}

/// A number of weights that does not fit their shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a weight of shape {shape:?} cannot be made of {count} numbers: check the file it was read from")]
pub struct WrongCount {
    pub shape: Vec<usize>,
    pub count: usize,
}

/// A linear layer's weight `[out, in]` (D = 2) or a convolution's `[r, s, in, out]` (D = 4).
#[derive(Clone, Debug)]
pub struct PackedWeight<const D: usize> {
    /// `[lines, words]`: numbers along the last extent of the weight, the first in a word's lowest bits; a line
    /// is filled up with zeros to a multiple of four numbers.
    pub(super) words: Tensor<2, Int>,
    /// `[out]`, f32, of integers
    pub(super) scale: Option<Tensor<1>>,
    pub(super) shape: [usize; D],
}

impl<const D: usize> PackedWeight<D> {
    /// The weight's shape.
    pub fn dims(&self) -> [usize; D] {
        self.shape
    }

    /// The weight as plain numbers, f32.
    pub fn unpack(&self) -> Tensor<D> {
        let numbers = match &self.scale {
            None => self.halves(),
            // A matrix has a line for each output channel, a kernel an output channel in each place of a line.
            Some(scale) => self.integers() * scale.clone().unsqueeze_dim::<2>(if D == 2 { 1 } else { 0 }),
        };
        numbers.reshape(self.shape)
    }

    /// `[lines, last extent]`: ± significand · 2^exponent, exact for subnormals too; what is no number stays none.
    fn halves(&self) -> Tensor<2> {
        let [lines, words] = self.words.dims();
        let power = |exponent: i32| if exponent == 31 { f32::NAN } else { 2f32.powi(exponent.max(1) - 25) };
        let powers: Vec<f32> = (0..32).map(power).collect();
        let powers =
            Tensor::<1>::from_data(TensorData::new(powers, [32]), (&self.words.device(), DType::F32));
        let half = |index: i32| {
            let bits = self.words.clone().bitwise_left_shift_scalar(16 - 16 * index);
            let sign = bits.clone().bitwise_right_shift_scalar(31).mul_scalar(2).add_scalar(1);
            let magnitude = bits.bitwise_right_shift_scalar(16).bitwise_and_scalar(0x7fff);
            let exponent = magnitude.clone().bitwise_right_shift_scalar(10);
            let leading = exponent.clone().clamp_max(1).mul_scalar(1 << 10);
            let significand = sign * (magnitude.bitwise_and_scalar(0x3ff) + leading);
            let power = powers.clone().select(0, exponent.flatten(0, 1)).reshape([lines, words]);
            significand.float().cast(DType::F32) * power
        };
        let halves = Tensor::stack::<3>([0, 1].map(half).to_vec(), 2);
        halves.reshape([lines, 2 * words]).narrow(1, 0, self.shape[D - 1])
    }

    /// `[lines, last extent]`, as f32.
    fn integers(&self) -> Tensor<2> {
        let [lines, words] = self.words.dims();
        let byte = |index: i32| {
            let highest = self.words.clone().bitwise_left_shift_scalar(24 - 8 * index);
            highest.bitwise_right_shift_scalar(24).float().cast(DType::F32)
        };
        let bytes = Tensor::stack::<3>([0, 1, 2, 3].map(byte).to_vec(), 2);
        bytes.reshape([lines, 4 * words]).narrow(1, 0, self.shape[D - 1])
    }
}

impl PackedWeight<2> {
    /// A weight of the lines of these indices, which may repeat.
    #[must_use]
    pub fn rows(&self, indices: &[i32]) -> Self {
        let indices = Tensor::<1, Int>::from_data(indices, &self.words.device());
        let shape = [indices.dims()[0], self.shape[1]];
        let scale = self.scale.clone().map(|scale| scale.select(0, indices.clone()));
        Self { words: self.words.clone().select(0, indices), scale, shape }
    }
}

impl<const D: usize> From<PackedWeight<D>> for WeightOperand<Dispatch> {
    fn from(weight: PackedWeight<D>) -> Self {
        Self::Packed { words: weight.words.into_dispatch(), scale: weight.scale.into() }
    }
}
