//! Low-rank adaptation (LoRA, arXiv:2106.09685) of frozen linear layers.
//!
//! y = W·x + b + Σ_adapters scale · B·(A·x),   scale = strength · alpha / rank
//!
//! The model holds no adapter: a [`LoraSet`] is passed with each forward call, so that the same
//! model answers with and without it. A layer the set does not name computes W·x + b and nothing
//! else, bit by bit the base model.

use std::collections::HashMap;

use burn::tensor::{DType, Tensor};

use super::layers::take_pointwise_weight;
use crate::ops::linear::{LoraFactors, adapted_linear, linear_with_residual, trainable_linear};
use crate::weights::{self, Weights};

/// The two factors of one layer's adaptation, f32; with gradients where they are autodiff tensors.
#[derive(Clone, Debug)]
pub struct LoraLayer {
    /// A `[rank, in_features]`
    pub down: Tensor<2>,
    /// B `[out_features, rank]`
    pub up: Tensor<2>,
    /// strength · alpha / rank
    pub scale: f32,
}

impl LoraLayer {
    /// In the type that the layer computes in.
    fn factors(&self, dtype: DType) -> LoraFactors {
        let (down, up) = (self.down.clone().cast(dtype), self.up.clone().cast(dtype));
        LoraFactors { down, up, scale: self.scale }
    }

    /// scale · B·(A·x), in the type of `x`: `[batch, tokens, in_features]` → `[batch, tokens, out_features]`
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let LoraFactors { down, up, scale } = self.factors(x.dtype());
        trainable_linear(trainable_linear(x, down) * scale, up)
    }
}

/// The adapted layers of a model by module path, for example
/// `down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q`. Several adapters of a layer add up.
#[derive(Clone, Debug, Default)]
pub struct LoraSet {
    layers: HashMap<String, Vec<LoraLayer>>,
}

impl LoraSet {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds to what the set already holds for `path`.
    pub fn insert(&mut self, path: impl Into<String>, layer: LoraLayer) {
        self.layers.entry(path.into()).or_default().push(layer);
    }

    /// The adaptations of the layer at `path`; none is an empty slice.
    pub fn get(&self, path: &str) -> &[LoraLayer] {
        self.layers.get(path).map_or(&[], Vec::as_slice)
    }

    /// The same adaptations, `factor` times as strong.
    pub fn scaled(&self, factor: f32) -> Self {
        let mut scaled = self.clone();
        scaled.layers.values_mut().flatten().for_each(|layer| layer.scale *= factor);
        scaled
    }

    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }
}

/// A frozen linear layer that a [`LoraSet`] may adapt.
#[derive(Clone, Debug)]
pub struct AdaptableLinear {
    /// Where the layer is in the model, as in upstream's keys.
    pub path: String,
    /// `[out_features, in_features]`
    pub weight: Tensor<2>,
    /// `[out_features]`
    pub bias: Option<Tensor<1>>,
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
        let weight = weights.take(&format!("{path}.weight"), [out_features, in_features])?;
        Ok(Self { path: path.to_owned(), weight, bias: None })
    }

    /// A 1×1 convolution: `path.weight` `[out_features, in_features, 1, 1]` and `path.bias`.
    pub fn load_pointwise(
        weights: &mut Weights,
        path: &str,
        in_features: usize,
        out_features: usize,
    ) -> Result<Self, weights::Error> {
        let weight = take_pointwise_weight(weights, path, in_features, out_features)?;
        let bias = weights.take(&format!("{path}.bias"), [out_features])?;
        Ok(Self { path: path.to_owned(), weight, bias: Some(bias) })
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

    /// The first adaptation is part of the layer's own launch; further ones are added.
    fn forward_plus(&self, x: Tensor<3>, residual: Option<Tensor<3>>, lora: Option<&LoraSet>) -> Tensor<3> {
        let (weight, bias) = (self.weight.clone(), self.bias.clone());
        match lora.map_or(&[][..], |set| set.get(&self.path)) {
            [] => linear_with_residual(x, weight, bias, residual),
            [first, others @ ..] => {
                let adapted = adapted_linear(x.clone(), weight, bias, residual, first.factors(x.dtype()));
                others.iter().fold(adapted, |sum, layer| sum + layer.forward(x.clone()))
            }
        }
    }

    pub fn in_features(&self) -> usize {
        self.weight.dims()[1]
    }

    pub fn out_features(&self) -> usize {
        self.weight.dims()[0]
    }
}
