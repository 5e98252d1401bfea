//! Activations between small tensors, where burn's element-wise operations serve as they are.

use burn::tensor::{Tensor, activation};

/// x·σ(x)
pub fn silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::silu(x)
}

/// x·Φ(x), the exact form (transformers' `gelu`)
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::gelu(x)
}

/// x·σ(1.702·x) (OpenAI CLIP's activation)
pub fn quick_gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.clone() * activation::sigmoid(x * 1.702)
}
