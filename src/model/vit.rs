//! DINO's image encoder (transformers' `ViTModel`): pictures → one vector each, of what they look like
//! rather than what they are called.

use burn::tensor::Tensor;
use serde::Deserialize;

use super::{
    Error,
    clip_encoder::{ClipEncoder, EncoderConfig, HiddenAct, LayerNames},
    clip_vision::{check_patches, patch_weight_as_matrix, to_patches},
    layers::load_layer_norm,
};
use crate::ops::{
    layer_norm::{LayerNormWeights, layer_norm},
    linear::linear,
};
use crate::weights::{self, Weights};

/// Red, green, blue.
const CHANNELS: usize = 3;

const LAYER: LayerNames = LayerNames {
    query: "attention.attention.query",
    key: "attention.attention.key",
    value: "attention.attention.value",
    out: "attention.output.dense",
    layer_norm1: "layernorm_before",
    layer_norm2: "layernorm_after",
    fc1: "intermediate.dense",
    fc2: "output.dense",
};

/// `config.json` of a ViT, with transformers' names and defaults.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct VitConfig {
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    /// Height and width of a picture.
    #[serde(default = "default_image_size")]
    pub image_size: usize,
    /// Height and width of the squares that become tokens.
    #[serde(default = "default_patch_size")]
    pub patch_size: usize,
    #[serde(default = "default_hidden_act")]
    pub hidden_act: HiddenAct,
    #[serde(default = "default_layer_norm_eps")]
    pub layer_norm_eps: f64,
}

fn default_image_size() -> usize {
    224
}

fn default_patch_size() -> usize {
    16
}

fn default_hidden_act() -> HiddenAct {
    HiddenAct::Gelu
}

fn default_layer_norm_eps() -> f64 {
    1e-12
}

impl VitConfig {
    /// Reads a `config.json`.
    ///
    /// # Errors
    /// A setting is missing, of the wrong kind, or contradicts another.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let component = "DINO";
        let config: Self =
            serde_json::from_str(json).map_err(|reason| Error::UnreadableConfig { component, reason })?;
        check_patches(component, config.image_size, config.patch_size)?;
        config.encoder().check(component)?;
        Ok(config)
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

/// The image encoder, frozen.
#[derive(Clone, Debug)]
pub struct VitModel {
    config: VitConfig,
    /// `[1, 1, hidden_size]`
    class_token: Tensor<3>,
    /// `[hidden_size, patch_size·patch_size·3]`
    patch_weight: Tensor<2>,
    /// `[hidden_size]`
    patch_bias: Tensor<1>,
    /// `[1, 1 + patches, hidden_size]`
    position_embeddings: Tensor<3>,
    encoder: ClipEncoder,
    layer_norm: LayerNormWeights,
}

impl VitModel {
    /// Keys `embeddings.…`, `encoder.layer.{n}.…`, `layernorm.…`, or the same below `vit.`; a pooler is
    /// not read.
    ///
    /// # Errors
    /// A tensor is missing or has another shape than the config implies.
    pub fn load(weights: &mut Weights, config: VitConfig) -> Result<Self, weights::Error> {
        let level = if weights.contains("vit.embeddings.cls_token") { "vit." } else { "" };
        let VitConfig { hidden_size: width, patch_size, layer_norm_eps, .. } = config;
        let patches = (config.image_size / patch_size).pow(2);
        let projection = format!("{level}embeddings.patch_embeddings.projection");
        let patch_weight: Tensor<4> =
            weights.take(&format!("{projection}.weight"), [width, CHANNELS, patch_size, patch_size])?;
        Ok(Self {
            class_token: weights.take(&format!("{level}embeddings.cls_token"), [1, 1, width])?,
            patch_weight: patch_weight_as_matrix(patch_weight),
            patch_bias: weights.take(&format!("{projection}.bias"), [width])?,
            position_embeddings: weights
                .take(&format!("{level}embeddings.position_embeddings"), [1, patches + 1, width])?,
            encoder: ClipEncoder::load(
                weights,
                &format!("{level}encoder.layer"),
                &LAYER,
                &config.encoder(),
                false,
            )?,
            layer_norm: load_layer_norm(weights, &format!("{level}layernorm"), width, layer_norm_eps)?,
            config,
        })
    }

    pub fn config(&self) -> &VitConfig {
        &self.config
    }

    /// Normalized pictures `[batch, image_size, image_size, 3]` → the class token's last hidden state
    /// after the final normalization, `[batch, hidden_size]`.
    pub fn forward(&self, pixel_values: Tensor<4>) -> Tensor<2> {
        let (batch, width) = (pixel_values.dims()[0], self.config.hidden_size);
        let patches = to_patches(pixel_values, self.config.patch_size);
        let patches = linear(patches, self.patch_weight.clone(), Some(self.patch_bias.clone()));
        let class = self.class_token.clone().expand([batch, 1, width]);
        let tokens = Tensor::cat(vec![class, patches], 1) + self.position_embeddings.clone();
        let class = self.encoder.forward(tokens).narrow(1, 0, 1);
        layer_norm(class, &self.layer_norm).reshape([batch, width])
    }
}
