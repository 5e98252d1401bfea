//! Group normalization, with SiLU fused where the model applies it next.
//!
//! For each batch row and group g of channels, over all pixels:
//! x̂ = (x − mean_g) / √(var_g + ε),  u = γ·x̂ + β,  y = u or silu(u) = u·σ(u)
//! backward: du = dy or dy·σ(u)(1 + u(1 − σ(u))),  dx̂ = γ·du,
//! dx = (dx̂ − mean_g(dx̂) − x̂·mean_g(dx̂·x̂)) / √(var_g + ε)
//!
//! γ and β are frozen. Statistics are f32 whatever the storage type.

use burn::tensor::Tensor;

/// Frozen parameters of one group normalization.
#[derive(Clone, Debug)]
pub struct GroupNormWeights {
    /// γ `[channels]`
    pub weight: Tensor<1>,
    /// β `[channels]`
    pub bias: Tensor<1>,
    pub groups: usize,
    pub epsilon: f64,
}

/// x `[batch, height, width, channels]` → the same shape. `silu`: apply x·σ(x) to the result.
pub fn group_norm(x: Tensor<4>, weights: &GroupNormWeights, silu: bool) -> Tensor<4> {
    reference::group_norm(x, weights, silu)
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::{GroupNormWeights, Tensor};

    pub fn group_norm(x: Tensor<4>, weights: &GroupNormWeights, silu: bool) -> Tensor<4> {
        let [batch, height, width, channels] = x.dims();
        let per_group = channels / weights.groups;
        let grouped = x.reshape([batch, height * width, weights.groups, per_group]);
        let mean = grouped.clone().mean_dim(1).mean_dim(3);
        let centred = grouped - mean;
        let variance = centred.clone().square().mean_dim(1).mean_dim(3);
        let normal = centred / (variance + weights.epsilon).sqrt();
        let y = normal.reshape([batch, height, width, channels]) * weights.weight.clone().unsqueeze::<4>()
            + weights.bias.clone().unsqueeze::<4>();
        if silu { burn::tensor::activation::silu(y) } else { y }
    }
}
