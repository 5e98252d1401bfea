//! Activations between layers. Where no gradient is wanted, a layer's kernel applies them to its result
//! ([`super::linear::activated_linear`]); elsewhere burn's element-wise operations do.

use std::f64::consts::FRAC_1_SQRT_2;

use burn::tensor::{Tensor, activation};

pub use crate::gpu::Activation;

impl Activation {
    /// Applies the activation to every element.
    pub fn of<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Silu => activation::silu(x),
            // Not burn's gelu, whose gradient on a GPU is that of the approximation by tanh.
            Self::Gelu => x.clone() * (((x * FRAC_1_SQRT_2).erf() + 1.0) * 0.5),
            Self::QuickGelu => x.clone() * activation::sigmoid(x * 1.702),
        }
    }
}
