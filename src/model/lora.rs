//! Adaptations of frozen layers: low-rank ones (LoRA, arXiv:2106.09685) and full differences.
//!
//! y = (W + Σ strength · D)·x + b + Σ strength · d + Σ scale · B·(A·x),   scale = strength · alpha / rank
//!
//! The model holds no adapter: a [`LoraSet`] is passed with each forward call, so that the same
//! model answers with and without it. A layer the set does not name computes W·x + b and nothing
//! else, bit by bit the base model. Every linear layer and convolution of the U-Net's segments can be adapted
//! in both ways; the affine numbers of norms, and the time embedding before the segments, stay frozen. Of a
//! 3×3 convolution A is a convolution like the layer itself, to `rank` channels, and B a 1×1 one.
//!
//! What a set does to a layer can be folded: W + Σ strength · D + Σ scale · B·A is computed once and kept by
//! the set in the layer's place. The layer's own weights stay as they are, so without the set the model is
//! the base model again, bit by bit.
//!
//! Factors and differences may be leaves of an autodiff graph: then they get gradients. A layer whose
//! difference is such a leaf computes each term of its sum in a launch of its own, which carries gradients.

use std::collections::HashMap;

use burn::tensor::{DType, Tensor};

use super::layers::{to_image, to_tokens};
use crate::ops::frozen_weight::FrozenWeight;
use crate::ops::linear::{LoraFactors, trainable_linear};

/// The two factors of one layer's adaptation, f32; with gradients where they are autodiff tensors.
#[derive(Clone, Debug)]
pub struct LoraLayer {
    /// A `[rank, in_features]`; of a 3×3 convolution `[3·3·in_channels, rank]`, which is how the weight
    /// `[3, 3, in_channels, rank]` of a convolution lies in memory.
    pub down: Tensor<2>,
    /// B `[out_features, rank]`
    pub up: Tensor<2>,
    /// strength · alpha / rank
    pub scale: f32,
}

impl LoraLayer {
    /// The factors in the type that the layer computes in.
    pub(super) fn factors(&self, dtype: DType) -> LoraFactors {
        let (down, up) = (self.down.clone().cast(dtype), self.up.clone().cast(dtype));
        LoraFactors { down, up, scale: self.scale }
    }

    /// scale · B·(A·x), in the type of `x`: `[batch, tokens, in_features]` → `[batch, tokens, out_features]`
    pub(super) fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let LoraFactors { down, up, scale } = self.factors(x.dtype());
        trainable_linear(trainable_linear(x, down) * scale, up)
    }

    /// scale · B·(A∗x) of a 3×3 convolution; `convolve` convolves x as the layer itself does, by a weight
    /// `[3, 3, in_channels, rank]`.
    pub(super) fn forward_convolution(
        &self,
        x: Tensor<4>,
        convolve: impl Fn(Tensor<4>, Tensor<4>) -> Tensor<4>,
    ) -> Tensor<4> {
        let LoraFactors { down, up, scale } = self.factors(x.dtype());
        let ([rows, rank], in_channels) = (down.dims(), x.dims()[3]);
        let side = (rows / in_channels.max(1)).isqrt();
        let reduced = convolve(x, down.reshape([side, side, in_channels, rank]));
        let [_, height, width, _] = reduced.dims();
        to_image(trainable_linear(to_tokens(reduced) * scale, up), height, width)
    }

    /// scale · B·A as a difference of the layer's weight.
    fn into_difference(self, of_convolution: bool) -> WeightDifference {
        let Self { down, up, scale } = self;
        let (rows, columns) = if of_convolution { (down, up) } else { (up, down.transpose()) };
        let product = trainable_linear(rows.unsqueeze::<3>(), columns);
        WeightDifference { weight: product.squeeze_dim(0), bias: None, strength: scale }
    }
}

/// A full difference of one layer's weights, f32; with gradients where they are autodiff tensors.
#[derive(Clone, Debug)]
pub struct WeightDifference {
    /// D `[out_features, in_features]`; of a 3×3 convolution `[3·3·in_channels, out_channels]`, which is
    /// how the layer's own weight `[3, 3, in_channels, out_channels]` lies in memory.
    pub weight: Tensor<2>,
    /// d `[out_features]`; None where the layer has no bias (then nothing is added), or its bias stays.
    pub bias: Option<Tensor<1>>,
    pub strength: f32,
}

/// What a layer computes with: its own weights, and what a set's differences add to them.
pub(super) struct LayerWeights<const D: usize> {
    pub weight: FrozenWeight<D>,
    pub bias: Option<Tensor<1>>,
    /// Whether gradients to weight and bias are wanted.
    pub trained: bool,
}

/// What part of a [`LoraSet`] is folded into weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folding {
    /// Nothing: what is folded can't change its strength from step to step.
    Nothing,
    /// Full differences: low-rank ones stay beside the weights.
    Differences,
    /// Low-rank adaptations too: this takes as much memory as the layers' weights, and makes a forward pass
    /// as fast as the base model's.
    All,
}

/// The adapted layers of a model by module path, for example
/// `down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q`. Several adaptations of a layer add up.
#[derive(Clone, Debug, Default)]
pub struct LoraSet {
    layers: HashMap<String, Vec<LoraLayer>>,
    differences: HashMap<String, Vec<WeightDifference>>,
    /// W + Σ strength · D, flat, and the bias, in place of the layers' own.
    folded: HashMap<String, (Tensor<1>, Option<Tensor<1>>)>,
}

impl LoraSet {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds to what the set already holds for `path`.
    pub fn insert(&mut self, path: impl Into<String>, layer: LoraLayer) {
        self.layers.entry(path.into()).or_default().push(layer);
    }

    /// Adds a full difference to what the set already holds for `path`. It is added to the layer's weights
    /// at every forward call, until [`UNet2DConditionModel::fold`](super::unet::UNet2DConditionModel::fold)
    /// does that once for all.
    pub fn insert_difference(&mut self, path: impl Into<String>, difference: WeightDifference) {
        self.differences.entry(path.into()).or_default().push(difference);
    }

    /// The low-rank adaptations of the layer at `path`; none is an empty slice.
    pub fn get(&self, path: &str) -> &[LoraLayer] {
        self.layers.get(path).map_or(&[], Vec::as_slice)
    }

    /// The full differences of the layer at `path` that are not folded into its weights.
    pub fn differences(&self, path: &str) -> &[WeightDifference] {
        self.differences.get(path).map_or(&[], Vec::as_slice)
    }

    /// Whether the set has adaptations of the layer at `path` that [`fold`](Self::fold) would fold.
    pub(super) fn folds(&self, path: &str, folding: Folding) -> bool {
        match folding {
            Folding::Nothing => false,
            Folding::Differences => self.differences.contains_key(path),
            Folding::All => self.differences.contains_key(path) || self.layers.contains_key(path),
        }
    }

    /// The same adaptations, `factor` times as strong; what is folded into weights stays as strong as it is.
    pub fn scaled(&self, factor: f32) -> Self {
        let mut scaled = self.clone();
        scaled.layers.values_mut().flatten().for_each(|layer| layer.scale *= factor);
        scaled.differences.values_mut().flatten().for_each(|difference| difference.strength *= factor);
        scaled
    }

    /// Replaces the set's adaptations for `path`, as far as `folding` says, by a copy of the layer's weights
    /// (D = 2 for a linear layer, 4 for a convolution) with these adaptations added.
    pub(super) fn fold<const D: usize>(
        &mut self,
        path: &str,
        weight: &FrozenWeight<D>,
        bias: Option<&Tensor<1>>,
        folding: Folding,
    ) {
        if !self.folds(path, folding) {
            return;
        }
        if folding == Folding::All {
            for layer in self.layers.remove(path).unwrap_or_default() {
                self.insert_difference(path, layer.into_difference(D == 4));
            }
        }
        let LayerWeights { weight, bias, .. } = layer_weights(Some(self), path, weight, bias);
        let weight = weight.floats();
        let count = weight.shape().num_elements();
        self.differences.remove(path);
        self.folded.insert(path.to_owned(), (weight.reshape([count]), bias));
    }
}

/// The weights that the layer at `path` computes with, in the type of the layer's own.
pub(super) fn layer_weights<const D: usize>(
    lora: Option<&LoraSet>,
    path: &str,
    weight: &FrozenWeight<D>,
    bias: Option<&Tensor<1>>,
) -> LayerWeights<D> {
    let shape = weight.dims();
    let folded = lora.and_then(|set| set.folded.get(path));
    let (mut weight, mut bias) = match folded {
        Some((weight, bias)) => (FrozenWeight::Floats(weight.clone().reshape(shape)), bias.clone()),
        None => (weight.clone(), bias.cloned()),
    };
    let mut trained = false;
    let differences = lora.map_or(&[][..], |set| set.differences(path));
    if !differences.is_empty() {
        let weights = differences.iter().map(|each| (each.weight.clone().reshape(shape), each.strength));
        let sum = plus(weight.floats(), weights);
        trained = sum.is_autodiff();
        weight = FrozenWeight::Floats(sum);
        let own = bias.take();
        let biases = differences.iter().filter_map(|each| Some((each.bias.clone()?, each.strength)));
        bias = own.map(|own| plus(own, biases));
    }
    trained |= bias.as_ref().is_some_and(Tensor::is_autodiff);
    LayerWeights { weight, bias, trained }
}

/// own + Σ strength · difference, summed in f32 and rounded to the layer's type at the end: a training's
/// small steps would be lost in f16.
fn plus<const D: usize>(own: Tensor<D>, differences: impl Iterator<Item = (Tensor<D>, f32)>) -> Tensor<D> {
    let dtype = own.dtype();
    let sum = differences.fold(own.cast(DType::F32), |sum, (difference, strength)| {
        sum + if strength == 1.0 { difference } else { difference * strength }
    });
    sum.cast(dtype)
}
