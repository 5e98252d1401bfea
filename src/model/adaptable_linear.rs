//! The linear layer that adaptations may change: one launch computes W·x + b, the residual and the first
//! low-rank adaptation together; further ones compute what the [`LoraSet`] asks for beyond that.

use burn::tensor::Tensor;

use super::adaptable::{AdaptableModule, LayerKind};
use super::layers::{to_image, to_tokens};
use super::lora::{LayerWeights, LoraSet, layer_weights};
use crate::ops::frozen_weight::FrozenWeight;
use crate::ops::linear::{adapted_linear, linear_with_residual, trainable_linear};
use crate::weights::{self, Weights};

/// A frozen linear layer that a [`LoraSet`] may adapt.
#[derive(Clone, Debug)]
pub struct AdaptableLinear {
    /// Where the layer is in the model, as in upstream's keys.
    pub path: String,
    /// `[out_features, in_features]`
    pub(super) weight: FrozenWeight<2>,
    /// `[out_features]`
    pub bias: Option<Tensor<1>>,
    /// Whether upstream stores it as a 1×1 convolution.
    pointwise: bool,
}

impl AdaptableLinear {
    /// `path.weight` `[out_features, in_features]` and `path.bias`.
    pub fn load(
        weights: &mut Weights,
        path: &str,
        in_features: usize,
        out_features: usize,
    ) -> Result<Self, weights::Error> {
        let bias = weights.take(&format!("{path}.bias"), [out_features])?;
        Ok(Self { bias: Some(bias), ..Self::load_without_bias(weights, path, in_features, out_features)? })
    }

    /// `path.weight` `[out_features, in_features]`.
    pub fn load_without_bias(
        weights: &mut Weights,
        path: &str,
        in_features: usize,
        out_features: usize,
    ) -> Result<Self, weights::Error> {
        let weight = weights.take_matrix(&format!("{path}.weight"), [out_features, in_features])?;
        Ok(Self { path: path.to_owned(), weight, bias: None, pointwise: false })
    }

    /// A 1×1 convolution: `path.weight` `[out_features, in_features, 1, 1]` and `path.bias`.
    pub fn load_pointwise(
        weights: &mut Weights,
        path: &str,
        in_features: usize,
        out_features: usize,
    ) -> Result<Self, weights::Error> {
        let weight = weights.take_pointwise(&format!("{path}.weight"), [out_features, in_features])?;
        let bias = weights.take(&format!("{path}.bias"), [out_features])?;
        Ok(Self { path: path.to_owned(), weight, bias: Some(bias), pointwise: true })
    }

    /// `[batch, tokens, in_features]` → `[batch, tokens, out_features]`
    pub fn forward(&self, x: Tensor<3>, lora: Option<&LoraSet>) -> Tensor<3> {
        self.forward_plus(x, None, lora)
    }

    /// The same plus `residual` `[batch, tokens, out_features]`.
    pub fn forward_with_residual(
        &self,
        x: Tensor<3>,
        residual: Tensor<3>,
        lora: Option<&LoraSet>,
    ) -> Tensor<3> {
        self.forward_plus(x, Some(residual), lora)
    }

    /// `[batch, height, width, in_features]` → `[batch, height, width, out_features]`
    pub fn forward_image(&self, x: Tensor<4>, lora: Option<&LoraSet>) -> Tensor<4> {
        let [_, height, width, _] = x.dims();
        to_image(self.forward(to_tokens(x), lora), height, width)
    }

    /// The first low-rank adaptation is part of the layer's own launch, unless the weight is trained; further
    /// ones are added.
    fn forward_plus(&self, x: Tensor<3>, residual: Option<Tensor<3>>, lora: Option<&LoraSet>) -> Tensor<3> {
        let layer = layer_weights(lora, &self.path, &self.weight, self.bias.as_ref());
        let LayerWeights { weight, bias, trained } = layer;
        let low_rank = lora.map_or(&[][..], |set| set.get(&self.path));
        let (y, others) = match (low_rank, weight) {
            (_, weight) if trained => (trained_sum(x.clone(), weight.floats(), bias, residual), low_rank),
            ([first, others @ ..], weight) => {
                (adapted_linear(x.clone(), weight, bias, residual, first.factors(x.dtype())), others)
            }
            ([], weight) => (linear_with_residual(x.clone(), weight, bias, residual), low_rank),
        };
        others.iter().fold(y, |sum, layer| sum + layer.forward(x.clone()))
    }

    /// Whether `lora` asks for a gradient to the layer's weights.
    pub(super) fn is_trained(&self, lora: Option<&LoraSet>) -> bool {
        let differences = lora.map_or(&[][..], |set| set.differences(&self.path));
        differences.iter().any(|difference| difference.weight.is_autodiff())
    }

    pub(super) fn module(&self) -> AdaptableModule {
        let [out_features, in_features] = self.weight.dims();
        let kind = if self.pointwise { LayerKind::Pointwise } else { LayerKind::Linear };
        AdaptableModule {
            path: self.path.clone(),
            in_features,
            out_features,
            kind,
            has_bias: self.bias.is_some(),
        }
    }
}

/// x · Wᵀ + b + residual with gradients to all of them.
fn trained_sum(
    x: Tensor<3>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    residual: Option<Tensor<3>>,
) -> Tensor<3> {
    let product = trainable_linear(x, weight);
    let y = match bias {
        Some(bias) => product + bias.unsqueeze::<3>(),
        None => product,
    };
    match residual {
        Some(residual) => residual + y,
        None => y,
    }
}
