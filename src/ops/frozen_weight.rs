//! A frozen layer's weight: floats, or fewer bits that stand for them. Layers ask for their result, and tables for
//! their rows, and need not know which.

use burn::{
    backend::Dispatch,
    tensor::{DType, Tensor},
};

use super::{extension::WeightOperand, packed::PackedWeight};

/// A linear layer's weight `[out, in]` (D = 2) or a convolution's `[r, s, in, out]` (D = 4).
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "one for each layer, and both are handles of device memory")]
pub enum FrozenWeight<const D: usize> {
    Floats(Tensor<D>),
    Packed {
        weight: PackedWeight<D>,
        /// The type that the layer computes in.
        dtype: DType,
    },
}

impl<const D: usize> FrozenWeight<D> {
    pub fn dims(&self) -> [usize; D] {
        match self {
            Self::Floats(weight) => weight.dims(),
            Self::Packed { weight, .. } => weight.dims(),
        }
    }

    /// The weight as floats, made anew where it is packed.
    pub fn floats(&self) -> Tensor<D> {
        match self {
            Self::Floats(weight) => weight.clone(),
            Self::Packed { weight, dtype } => weight.unpack().cast(*dtype),
        }
    }

    /// The type that the layer computes in.
    pub fn dtype(&self) -> DType {
        match self {
            Self::Floats(weight) => weight.dtype(),
            Self::Packed { dtype, .. } => *dtype,
        }
    }
}

impl FrozenWeight<2> {
    /// Its lines of these indices, `[indices, in]`, as floats.
    pub fn rows(&self, indices: &[i32]) -> Tensor<2> {
        match self {
            Self::Floats(weight) => weight.clone().select(0, Tensor::from_data(indices, &weight.device())),
            Self::Packed { weight, dtype } => weight.rows(indices).unpack().cast(*dtype),
        }
    }
}

impl<const D: usize> From<Tensor<D>> for FrozenWeight<D> {
    fn from(weight: Tensor<D>) -> Self {
        Self::Floats(weight)
    }
}

impl<const D: usize> From<FrozenWeight<D>> for WeightOperand<Dispatch> {
    fn from(weight: FrozenWeight<D>) -> Self {
        match weight {
            FrozenWeight::Floats(weight) => Self::Floats(weight.into_dispatch()),
            FrozenWeight::Packed { weight, .. } => weight.into(),
        }
    }
}
