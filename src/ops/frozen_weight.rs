//! A frozen layer's weight: floats, or the integers that stand for them. Layers ask for their result and
//! need not know which.

use burn::tensor::{DType, Tensor};

use super::conv2d::{self, Additions, Padding};
use super::linear;
use super::quantized::{self, QuantizedWeight};

/// A linear layer's weight `[out, in]` (D = 2) or a convolution's `[r, s, in, out]` (D = 4).
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "one for each layer, and both are handles of device memory")]
pub enum FrozenWeight<const D: usize> {
    Floats(Tensor<D>),
    Integers {
        weight: QuantizedWeight<D>,
        /// The type that the layer computes in.
        dtype: DType,
    },
}

impl<const D: usize> FrozenWeight<D> {
    pub fn dims(&self) -> [usize; D] {
        match self {
            Self::Floats(weight) => weight.dims(),
            Self::Integers { weight, .. } => weight.dims(),
        }
    }

    /// The weight as floats, made anew where it is kept as integers.
    pub fn floats(&self) -> Tensor<D> {
        match self {
            Self::Floats(weight) => weight.clone(),
            Self::Integers { weight, dtype } => weight.dequantize().cast(*dtype),
        }
    }
}

impl FrozenWeight<2> {
    /// [`linear_with_residual`](super::linear::linear_with_residual) with this weight.
    pub fn linear(&self, x: Tensor<3>, bias: Option<Tensor<1>>, residual: Option<Tensor<3>>) -> Tensor<3> {
        match self {
            Self::Floats(weight) => linear::linear_with_residual(x, weight.clone(), bias, residual),
            Self::Integers { weight, .. } => {
                quantized::quantized_linear_with_residual(x, weight, bias, residual)
            }
        }
    }
}

impl FrozenWeight<4> {
    /// [`conv2d_with`](super::conv2d::conv2d_with) with this weight.
    pub fn conv2d(
        &self,
        x: Tensor<4>,
        bias: Option<Tensor<1>>,
        stride: usize,
        padding: Padding,
        additions: Additions,
    ) -> Tensor<4> {
        match self {
            Self::Floats(weight) => conv2d::conv2d_with(x, weight.clone(), bias, stride, padding, additions),
            Self::Integers { weight, .. } => {
                quantized::quantized_conv2d_with(x, weight, bias, stride, padding, additions)
            }
        }
    }

    /// [`upsampling_conv2d`](super::conv2d::upsampling_conv2d) with this weight.
    pub fn upsampling_conv2d(&self, x: Tensor<4>, bias: Option<Tensor<1>>, size: [usize; 2]) -> Tensor<4> {
        match self {
            Self::Floats(weight) => conv2d::upsampling_conv2d(x, weight.clone(), bias, size),
            Self::Integers { weight, .. } => quantized::quantized_upsampling_conv2d(x, weight, bias, size),
        }
    }
}
