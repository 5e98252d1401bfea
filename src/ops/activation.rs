//! Activations between layers. A kernel applies them to what it computes where no gradient is wanted
//! ([`super::linear::activated_linear`]); elsewhere burn's element-wise operations serve as they are.

use burn::tensor::{Tensor, activation};

pub use crate::gpu::Activation;

impl Activation {
    /// Of every element.
    pub fn of<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Silu => activation::silu(x),
            Self::Gelu => activation::gelu(x),
            Self::QuickGelu => x.clone() * activation::sigmoid(x * 1.702),
        }
    }
}
