//! The integers of a weight and their scales.

use burn::tensor::{DType, Int, Tensor};

/// A linear layer's weight `[out, in]` (D = 2) or a convolution's `[r, s, in, out]` (D = 4).
#[derive(Clone, Debug)]
pub struct QuantizedWeight<const D: usize> {
    /// `[lines, words]`: four integers to a word, the lowest byte first, along the last extent of the
    /// weight; a line is filled up with zeros.
    pub(super) packed: Tensor<2, Int>,
    /// `[out]`, f32
    pub(super) scale: Tensor<1>,
    pub(super) shape: [usize; D],
}

impl<const D: usize> QuantizedWeight<D> {
    /// The weight's shape.
    pub fn dims(&self) -> [usize; D] {
        self.shape
    }

    /// The weight as plain numbers, f32.
    pub fn dequantize(&self) -> Tensor<D> {
        // A matrix has a line for each output channel, a kernel an output channel in each place of a line.
        let scale: Tensor<2> = match D {
            2 => self.scale.clone().unsqueeze_dim(1),
            _ => self.scale.clone().unsqueeze_dim(0),
        };
        (self.integers() * scale).reshape(self.shape)
    }

    /// The unpacked integers, as f32: `[lines, last extent]`.
    fn integers(&self) -> Tensor<2> {
        let [lines, words] = self.packed.dims();
        let byte = |index: i32| {
            let highest = self.packed.clone().bitwise_left_shift_scalar(24 - 8 * index);
            highest.bitwise_right_shift_scalar(24).float().cast(DType::F32)
        };
        let bytes = Tensor::stack::<3>([0, 1, 2, 3].map(byte).to_vec(), 2);
        bytes.reshape([lines, 4 * words]).narrow(1, 0, self.shape[D - 1])
    }
}
