//! CLIP's image encoder (transformers' `CLIPVisionModel`): pictures → one vector each.

use burn::tensor::Tensor;
use serde::Deserialize;

use super::{
    Error,
    clip_encoder::{CLIP_LAYER, ClipEncoder, EncoderConfig, HiddenAct},
    clip_text::{default_hidden_act, default_layer_norm_eps},
    config::{MAX_SIDE, at_most},
    layers::load_layer_norm,
};
use crate::ops::{
    layer_norm::{LayerNormWeights, layer_norm},
    linear::linear,
};
use crate::weights::{self, Weights};

/// Red, green, blue.
const CHANNELS: usize = 3;

/// `vision_config` of a CLIP's `config.json`, with transformers' names and defaults.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ClipVisionConfig {
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    /// Height and width of a picture.
    pub image_size: usize,
    /// Height and width of the squares that become tokens.
    pub patch_size: usize,
    #[serde(default = "default_hidden_act")]
    pub hidden_act: HiddenAct,
    #[serde(default = "default_layer_norm_eps")]
    pub layer_norm_eps: f64,
}

impl ClipVisionConfig {
    pub(super) fn check(&self, component: &'static str) -> Result<(), Error> {
        check_patches(component, self.image_size, self.patch_size)?;
        self.encoder().check(component)
    }

    pub(crate) fn encoder(&self) -> EncoderConfig {
        EncoderConfig {
            hidden_size: self.hidden_size,
            intermediate_size: self.intermediate_size,
            num_hidden_layers: self.num_hidden_layers,
            num_attention_heads: self.num_attention_heads,
            hidden_act: self.hidden_act,
            layer_norm_eps: self.layer_norm_eps,
        }
    }
}

/// Whether pictures of that side can be cut into squares of this one.
///
/// # Errors
/// They are too large, or some of a picture would be left.
pub(super) fn check_patches(component: &'static str, image: usize, patch: usize) -> Result<(), Error> {
    at_most(component, "image_size", image, MAX_SIDE)?;
    if image == 0 || patch == 0 || !image.is_multiple_of(patch) {
        let reason = format!("an image_size of {image} cannot be cut into patches of {patch}");
        return Err(Error::InconsistentConfig { component, reason });
    }
    Ok(())
}

/// The image encoder, frozen.
#[derive(Clone, Debug)]
pub struct ClipVisionModel {
    config: ClipVisionConfig,
    /// `[1, 1, hidden_size]`
    class_embedding: Tensor<3>,
    /// `[hidden_size, patch_size·patch_size·3]`
    patch_embedding: Tensor<2>,
    /// `[1 + patches, hidden_size]`
    position_embedding: Tensor<2>,
    pre_layer_norm: LayerNormWeights,
    encoder: ClipEncoder,
    post_layer_norm: LayerNormWeights,
}

impl ClipVisionModel {
    /// Keys `vision_model.…`.
    ///
    /// # Errors
    /// A tensor is missing or has another shape than the config implies.
    pub fn load(weights: &mut Weights, config: ClipVisionConfig) -> Result<Self, weights::Error> {
        let ClipVisionConfig { hidden_size: width, patch_size, layer_norm_eps, .. } = config;
        let patches = (config.image_size / patch_size).pow(2);
        let class_embedding = weights.take("vision_model.embeddings.class_embedding", [width])?;
        let patch_embedding: Tensor<4> = weights.take(
            "vision_model.embeddings.patch_embedding.weight",
            [width, CHANNELS, patch_size, patch_size],
        )?;
        let position_embedding =
            weights.take("vision_model.embeddings.position_embedding.weight", [patches + 1, width])?;
        Ok(Self {
            class_embedding: class_embedding.reshape([1, 1, width]),
            patch_embedding: patch_weight_as_matrix(patch_embedding),
            position_embedding,
            // Upstream's spelling.
            pre_layer_norm: load_layer_norm(weights, "vision_model.pre_layrnorm", width, layer_norm_eps)?,
            encoder: ClipEncoder::load(
                weights,
                "vision_model.encoder.layers",
                &CLIP_LAYER,
                &config.encoder(),
                false,
            )?,
            post_layer_norm: load_layer_norm(weights, "vision_model.post_layernorm", width, layer_norm_eps)?,
            config,
        })
    }

    pub fn config(&self) -> &ClipVisionConfig {
        &self.config
    }

    /// Normalized pictures `[batch, image_size, image_size, 3]` → the class token's last hidden state
    /// after its normalization, `[batch, hidden_size]`.
    pub fn forward(&self, pixel_values: Tensor<4>) -> Tensor<2> {
        let batch = pixel_values.dims()[0];
        let patches =
            linear(to_patches(pixel_values, self.config.patch_size), self.patch_embedding.clone(), None);
        let class = self.class_embedding.clone().expand([batch, 1, self.config.hidden_size]);
        let tokens = Tensor::cat(vec![class, patches], 1) + self.position_embedding.clone().unsqueeze::<3>();
        let hidden = self.encoder.forward(layer_norm(tokens, &self.pre_layer_norm));
        let class = hidden.narrow(1, 0, 1);
        layer_norm(class, &self.post_layer_norm).reshape([batch, self.config.hidden_size])
    }
}

/// `[batch, height, width, 3]` → `[batch, patches, patch·patch·3]`: patches from left to right, then
/// down; within one the same, each pixel's colours together. A convolution with stride = kernel size
/// is then a linear layer.
pub(super) fn to_patches(pixels: Tensor<4>, patch: usize) -> Tensor<3> {
    let [batch, height, width, channels] = pixels.dims();
    let (down, across) = (height / patch, width / patch);
    pixels.reshape([batch, down, patch, across, patch, channels]).swap_dims(2, 3).reshape([
        batch,
        down * across,
        patch * patch * channels,
    ])
}

/// PyTorch's `[out, 3, patch, patch]` → `[out, patch·patch·3]`, in the order of [`to_patches`].
pub(super) fn patch_weight_as_matrix(weight: Tensor<4>) -> Tensor<2> {
    let [out, channels, height, width] = weight.dims();
    weight.permute([0, 2, 3, 1]).reshape([out, height * width * channels])
}
