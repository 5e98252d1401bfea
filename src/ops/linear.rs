//! Linear layers.
//!
//! `linear`:           y[m, o] = Σ_i x[m, i] · W[o, i] + b[o]      W frozen; backward  dx = dy · W
//! `trainable_linear`: y[m, o] = Σ_i x[m, i] · W[o, i]             backward  dx = dy · W,  dW = dyᵀ · x
//!
//! Weights keep PyTorch's layout `[out_features, in_features]`.

use burn::tensor::Tensor;

/// x `[batch, tokens, in]` · weight `[out, in]`ᵀ + bias `[out]` → `[batch, tokens, out]`.
/// No gradient flows to `weight` and `bias`; the input is not kept for the backward pass.
pub fn linear(x: Tensor<3>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<3> {
    reference::linear(x, weight, bias)
}

/// x `[batch, tokens, in]` · weight `[out, in]`ᵀ → `[batch, tokens, out]`, with gradients to both
/// (the two factors of a LoRA).
pub fn trainable_linear(x: Tensor<3>, weight: Tensor<2>) -> Tensor<3> {
    reference::linear(x, weight, None)
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::Tensor;

    pub fn linear(x: Tensor<3>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<3> {
        let [batch, tokens, in_features] = x.dims();
        let out_features = weight.dims()[0];
        let y = x.reshape([batch * tokens, in_features]).matmul(weight.transpose());
        let y = match bias {
            Some(bias) => y + bias.unsqueeze::<2>(),
            None => y,
        };
        y.reshape([batch, tokens, out_features])
    }
}
