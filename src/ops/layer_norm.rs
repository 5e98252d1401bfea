//! Layer normalization over the channels of each token.
//!
//! x̂ = (x − mean) / √(var + ε),  y = γ·x̂ + β
//! backward: dx̂ = γ·dy,  dx = (dx̂ − mean(dx̂) − x̂·mean(dx̂·x̂)) / √(var + ε)
//!
//! γ and β are frozen. Statistics are f32 whatever the storage type.

use burn::tensor::Tensor;

/// Frozen parameters of one layer normalization.
#[derive(Clone, Debug)]
pub struct LayerNormWeights {
    /// γ `[channels]`
    pub weight: Tensor<1>,
    /// β `[channels]`
    pub bias: Tensor<1>,
    pub epsilon: f64,
}

/// x `[batch, tokens, channels]` → the same shape.
pub fn layer_norm(x: Tensor<3>, weights: &LayerNormWeights) -> Tensor<3> {
    reference::layer_norm(x, weights)
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::{LayerNormWeights, Tensor};

    pub fn layer_norm(x: Tensor<3>, weights: &LayerNormWeights) -> Tensor<3> {
        let centred = x.clone() - x.mean_dim(2);
        let variance = centred.clone().square().mean_dim(2);
        let normal = centred / (variance + weights.epsilon).sqrt();
        normal * weights.weight.clone().unsqueeze::<3>() + weights.bias.clone().unsqueeze::<3>()
    }
}
