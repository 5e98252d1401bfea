//! Layers with frozen weights, read by upstream key names and reordered once for `ops`.

use burn::tensor::{DType, Tensor};

use super::adaptable::{AdaptableModule, LayerKind};
use super::lora::{Folding, LayerWeights, LoraSet, layer_weights};
use crate::ops::{
    self,
    activation::Activation,
    conv2d::{Additions, Padding, conv2d, conv2d_with, doubled, trainable_conv2d, upsampling_conv2d},
    frozen_weight::FrozenWeight,
    group_norm::GroupNormWeights,
    layer_norm::LayerNormWeights,
};
use crate::weights::{self, Weights};

/// A linear layer, or a 1×1 convolution, which is the same for each pixel.
#[derive(Clone, Debug)]
pub struct Linear {
    /// `[out_features, in_features]`
    weight: FrozenWeight<2>,
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
            weight: weights.take_matrix(&format!("{path}.weight"), [out_features, in_features])?,
            bias: weights.take(&format!("{path}.bias"), [out_features])?,
        })
    }

    /// The same, or None where the model has no `path.weight`.
    pub fn load_if_present(
        weights: &mut Weights,
        path: &str,
        in_features: usize,
        out_features: usize,
    ) -> Result<Option<Self>, weights::Error> {
        let present = weights.contains(&format!("{path}.weight"));
        present.then(|| Self::load(weights, path, in_features, out_features)).transpose()
    }

    /// A 1×1 convolution: `path.weight` `[out_channels, in_channels, 1, 1]` and `path.bias`.
    pub fn load_pointwise(
        weights: &mut Weights,
        path: &str,
        in_channels: usize,
        out_channels: usize,
    ) -> Result<Self, weights::Error> {
        Ok(Self {
            weight: weights.take_pointwise(&format!("{path}.weight"), [out_channels, in_channels])?,
            bias: weights.take(&format!("{path}.bias"), [out_channels])?,
        })
    }

    /// The layer with the adaptations that `lora` has for `path` folded into its weights.
    pub(super) fn adapted(&self, path: &str, lora: &mut LoraSet) -> Self {
        lora.fold(path, &self.weight, Some(&self.bias), Folding::All);
        let LayerWeights { weight, bias, .. } =
            layer_weights(Some(lora), path, &self.weight, Some(&self.bias));
        Self { weight, bias: bias.unwrap_or_else(|| self.bias.clone()) }
    }

    pub(super) fn module(&self, path: String) -> AdaptableModule {
        let [out_features, in_features] = self.weight.dims();
        AdaptableModule { path, in_features, out_features, kind: LayerKind::Linear, has_bias: true }
    }

    /// `[batch, tokens, in_features]` → `[batch, tokens, out_features]`
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        ops::linear::linear(x, self.weight.clone(), Some(self.bias.clone()))
    }

    /// activation(W·x + b)
    pub fn forward_activated(&self, x: Tensor<3>, activation: Activation) -> Tensor<3> {
        ops::linear::activated_linear(x, self.weight.clone(), Some(self.bias.clone()), activation)
    }

    /// W·x + b + residual `[batch, tokens, out_features]`
    pub fn forward_with_residual(&self, x: Tensor<3>, residual: Tensor<3>) -> Tensor<3> {
        let (weight, bias) = (self.weight.clone(), self.bias.clone());
        ops::linear::linear_with_residual(x, weight, Some(bias), Some(residual))
    }

    /// `[batch, height, width, in_features]` → `[batch, height, width, out_features]`
    pub fn forward_image(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, height, width, _] = x.dims();
        to_image(self.forward(to_tokens(x)), height, width)
    }
}

/// `[batch, height, width, channels]` → `[batch, height·width, channels]`
pub fn to_tokens(image: Tensor<4>) -> Tensor<3> {
    let [batch, height, width, channels] = image.dims();
    image.reshape([batch, height * width, channels])
}

/// `[batch, height·width, channels]` → `[batch, height, width, channels]`
pub fn to_image(tokens: Tensor<3>, height: usize, width: usize) -> Tensor<4> {
    let [batch, _, channels] = tokens.dims();
    tokens.reshape([batch, height, width, channels])
}

/// A 3×3 convolution. In a U-Net a [`LoraSet`] may adapt it.
#[derive(Clone, Debug)]
pub struct Conv2d {
    /// Where the layer is in the model, as in upstream's keys.
    path: String,
    /// `[3, 3, in_channels, out_channels]`
    weight: FrozenWeight<4>,
    /// `[out_channels]`
    bias: Tensor<1>,
    stride: usize,
    padding: Padding,
}

impl Conv2d {
    /// Stride 1 and one pixel of padding: height and width stay.
    pub fn load(
        weights: &mut Weights,
        path: &str,
        in_channels: usize,
        out_channels: usize,
    ) -> Result<Self, weights::Error> {
        Self::load_with(weights, path, in_channels, out_channels, 1, Padding::same(1))
    }

    /// Stride 2: height and width are halved.
    pub fn load_downsampling(
        weights: &mut Weights,
        path: &str,
        channels: usize,
        padding: Padding,
    ) -> Result<Self, weights::Error> {
        Self::load_with(weights, path, channels, channels, 2, padding)
    }

    /// With `path.weight` alone; stride 1 keeps height and width, 2 halves them.
    pub fn load_without_bias(
        weights: &mut Weights,
        path: &str,
        channels: usize,
        stride: usize,
    ) -> Result<Self, weights::Error> {
        let weight = weights.take_kernel(&format!("{path}.weight"), [channels, channels, 3, 3])?;
        let like = weight.floats();
        let bias = Tensor::zeros([channels], (&like.device(), like.dtype()));
        Ok(Self { path: path.to_owned(), weight, bias, stride, padding: Padding::same(1) })
    }

    fn load_with(
        weights: &mut Weights,
        path: &str,
        in_channels: usize,
        out_channels: usize,
        stride: usize,
        padding: Padding,
    ) -> Result<Self, weights::Error> {
        let weight = weights.take_kernel(&format!("{path}.weight"), [out_channels, in_channels, 3, 3])?;
        let bias = weights.take(&format!("{path}.bias"), [out_channels])?;
        Ok(Self { path: path.to_owned(), weight, bias, stride, padding })
    }

    /// `[batch, height, width, in_channels]` → `[batch, height', width', out_channels]`
    pub fn forward(&self, x: Tensor<4>, lora: Option<&LoraSet>) -> Tensor<4> {
        self.forward_with(x, Additions::default(), lora)
    }

    /// The same plus `additions`.
    pub fn forward_with(&self, x: Tensor<4>, additions: Additions, lora: Option<&LoraSet>) -> Tensor<4> {
        let (weight, bias, trained) = self.weights(lora);
        let (stride, padding) = (self.stride, self.padding);
        let y = if trained {
            let y = trainable_conv2d(x.clone(), weight.floats(), bias, stride, padding);
            let y = match additions.image_add {
                Some(image_add) => y + image_add.unsqueeze_dims(&[1, 1]),
                None => y,
            };
            match additions.residual {
                Some(residual) => residual + y,
                None => y,
            }
        } else {
            conv2d_with(x.clone(), weight, Some(bias), stride, padding, additions)
        };
        self.plus_low_rank(y, x, lora, |x, down| conv2d(x, down, None, stride, padding))
    }

    /// y plus the low-rank adaptations' share; `convolve` is this layer's convolution with another weight.
    fn plus_low_rank(
        &self,
        y: Tensor<4>,
        x: Tensor<4>,
        lora: Option<&LoraSet>,
        convolve: impl Fn(Tensor<4>, Tensor<4>) -> Tensor<4>,
    ) -> Tensor<4> {
        let low_rank = lora.map_or(&[][..], |set| set.get(&self.path));
        low_rank.iter().fold(y, |sum, layer| sum + layer.forward_convolution(x.clone(), &convolve))
    }

    /// The layer (of stride 1) on the nearest-neighbour doubling of x, cut to `size` `[height', width']`:
    /// `[batch, height, width, in_channels]` → `[batch, height', width', out_channels]`
    pub fn forward_upsampled(&self, x: Tensor<4>, size: [usize; 2], lora: Option<&LoraSet>) -> Tensor<4> {
        let (weight, bias, trained) = self.weights(lora);
        let y = if trained {
            trainable_conv2d(doubled(x.clone(), size), weight.floats(), bias, self.stride, self.padding)
        } else {
            upsampling_conv2d(x.clone(), weight, Some(bias), size)
        };
        self.plus_low_rank(y, x, lora, |x, down| upsampling_conv2d(x, down, None, size))
    }

    /// Weight and bias with what `lora` adds to them, and whether it asks for their gradients.
    fn weights(&self, lora: Option<&LoraSet>) -> (FrozenWeight<4>, Tensor<1>, bool) {
        let layer = layer_weights(lora, &self.path, &self.weight, Some(&self.bias));
        (layer.weight, layer.bias.unwrap_or_else(|| self.bias.clone()), layer.trained)
    }

    pub(super) fn fold(&self, set: &mut LoraSet, folding: Folding) {
        set.fold(&self.path, &self.weight, Some(&self.bias), folding);
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn module(&self) -> AdaptableModule {
        let [_, _, in_features, out_features] = self.weight.dims();
        let (path, kind) = (self.path.clone(), LayerKind::Convolution);
        AdaptableModule { path, in_features, out_features, kind, has_bias: true }
    }

    /// The type that it computes in.
    pub fn dtype(&self) -> DType {
        self.bias.dtype()
    }
}

/// `path.weight` and `path.bias` of a group normalization.
pub fn load_group_norm(
    weights: &mut Weights,
    path: &str,
    channels: usize,
    groups: usize,
    epsilon: f64,
) -> Result<GroupNormWeights, weights::Error> {
    Ok(GroupNormWeights {
        weight: weights.take(&format!("{path}.weight"), [channels])?,
        bias: weights.take(&format!("{path}.bias"), [channels])?,
        groups,
        epsilon,
    })
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
