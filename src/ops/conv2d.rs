//! Two-dimensional convolution on channels-last images.
//!
//! y[b, p, q, o] = Σ_{r, s, i} x[b, p·stride + r − pad, q·stride + s − pad, i] · W[r, s, i, o] + bias[o]
//!
//! Weights are re-laid once at load from PyTorch's `[out, in, r, s]` to `[r, s, in, out]`
//! ([`relay_weight`]): for each tap a plain `[in, out]` matrix, so that forward (x · W) and input
//! gradient (dy · Wᵀ) are both implicit matrix products with vector loads.
//! The weight is frozen: backward needs the weight and the input's shape, not the input.

use burn::tensor::Tensor;

/// Zeros around the image, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Padding {
    pub top: usize,
    pub left: usize,
    pub bottom: usize,
    pub right: usize,
}

impl Padding {
    /// The same on all four sides.
    pub const fn same(pixels: usize) -> Self {
        Self { top: pixels, left: pixels, bottom: pixels, right: pixels }
    }

    /// What the VAE's encoder puts before its stride 2: one row below, one column to the right.
    pub const fn bottom_right(pixels: usize) -> Self {
        Self { top: 0, left: 0, bottom: pixels, right: pixels }
    }
}

/// x `[batch, height, width, in]`, weight `[r, s, in, out]`, bias `[out]` → `[batch, height', width', out]`.
/// No gradient flows to `weight` and `bias`.
pub fn conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: Padding,
) -> Tensor<4> {
    reference::conv2d(x, weight, bias, stride, padding)
}

/// PyTorch's `[out, in, r, s]` → `[r, s, in, out]`.
pub fn relay_weight(weight: Tensor<4>) -> Tensor<4> {
    weight.permute([2, 3, 1, 0])
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::{Padding, Tensor};
    use burn::tensor::{module, ops::ConvOptions};

    pub fn conv2d(
        x: Tensor<4>,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        stride: usize,
        padding: Padding,
    ) -> Tensor<4> {
        let x = x.permute([0, 3, 1, 2]);
        let x = x.pad((padding.left, padding.right, padding.top, padding.bottom), 0.0);
        let weight = weight.permute([3, 2, 0, 1]);
        let options = ConvOptions::new([stride, stride], [0, 0], [1, 1], 1);
        module::conv2d(x, weight, bias, options).permute([0, 2, 3, 1])
    }
}
