//! Layers with frozen weights, read by upstream key names and re-laid once for `ops`.

use burn::tensor::Tensor;

use crate::ops::{self, layer_norm::LayerNormWeights};
use crate::weights::{self, Weights};

/// A linear layer, or a 1×1 convolution, which is the same for each pixel.
#[derive(Clone, Debug)]
pub struct Linear {
    /// `[out_features, in_features]`
    weight: Tensor<2>,
    /// `[out_features]`
    bias: Tensor<1>,
}

impl Linear {
    /// `path.weight` `[out_features, in_features]` and `path.bias`.
    pub fn load(
        weights: &mut Weights,
        path: &str,
        in_features: usize,
        out_features: usize,
    ) -> Result<Self, weights::Error> {
        Ok(Self {
            weight: weights.take(&format!("{path}.weight"), [out_features, in_features])?,
            bias: weights.take(&format!("{path}.bias"), [out_features])?,
        })
    }

    /// `[batch, tokens, in_features]` → `[batch, tokens, out_features]`
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        ops::linear::linear(x, self.weight.clone(), Some(self.bias.clone()))
    }
}

/// `path.weight` and `path.bias` of a layer normalization.
pub fn load_layer_norm(
    weights: &mut Weights,
    path: &str,
    channels: usize,
    epsilon: f64,
) -> Result<LayerNormWeights, weights::Error> {
    Ok(LayerNormWeights {
        weight: weights.take(&format!("{path}.weight"), [channels])?,
        bias: weights.take(&format!("{path}.bias"), [channels])?,
        epsilon,
    })
}
