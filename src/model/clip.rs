//! Both towers of CLIP with their projections (transformers' `CLIPModel`): texts and pictures → unit
//! vectors in one space.

use burn::tensor::Tensor;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Error,
    clip_text::{ClipTextConfig, ClipTextModel},
    clip_vision::{ClipVisionConfig, ClipVisionModel},
    config::{MAX_EXTENT, at_most},
};
use crate::ops::linear::linear;
use crate::weights::{self, Weights};

/// `config.json` of a CLIP.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ClipConfig {
    pub text_config: ClipTextConfig,
    pub vision_config: ClipVisionConfig,
    /// The length of the vectors that are compared.
    pub projection_dim: usize,
}

impl ClipConfig {
    /// Reads a `config.json`. Sizes that are left out are those of ViT-B/32, as in transformers, whose
    /// older versions saved only what differs from them.
    ///
    /// # Errors
    /// A setting is missing, of the wrong kind, or contradicts another.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let component = "CLIP";
        let unreadable = |reason| Error::UnreadableConfig { component, reason };
        let mut config: Value = serde_json::from_str(json).map_err(unreadable)?;
        fill(&mut config, &default_config());
        let config: Self = serde_json::from_value(config).map_err(unreadable)?;
        at_most(component, "projection_dim", config.projection_dim, MAX_EXTENT)?;
        config.text_config.check(component)?;
        config.vision_config.check(component)?;
        Ok(config)
    }
}

/// transformers' defaults: ViT-B/32.
fn default_config() -> Value {
    json!({
        "text_config": {
            "vocab_size": 49408,
            "hidden_size": 512,
            "intermediate_size": 2048,
            "num_hidden_layers": 12,
            "num_attention_heads": 8,
            "max_position_embeddings": 77,
        },
        "vision_config": {
            "hidden_size": 768,
            "intermediate_size": 3072,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "image_size": 224,
            "patch_size": 32,
        },
        "projection_dim": 512,
    })
}

/// Adds to `config` what it lacks of `defaults`, at any depth.
fn fill(config: &mut Value, defaults: &Value) {
    if let (Value::Object(config), Value::Object(defaults)) = (config, defaults) {
        for (name, default) in defaults {
            fill(config.entry(name).or_insert_with(|| default.clone()), default);
        }
    }
}

/// CLIP, frozen.
#[derive(Clone, Debug)]
pub struct ClipModel {
    text_model: ClipTextModel,
    vision_model: ClipVisionModel,
    /// `[projection_dim, text hidden_size]`
    text_projection: Tensor<2>,
    /// `[projection_dim, vision hidden_size]`
    visual_projection: Tensor<2>,
}

impl ClipModel {
    /// Keys `vision_model.…`, `visual_projection.weight`, `text_projection.weight`. The text tower is
    /// given, because the embedded model's CLIP shares it with the U-Net.
    ///
    /// # Errors
    /// A tensor is missing or has another shape than the config implies.
    pub fn load(
        weights: &mut Weights,
        config: ClipConfig,
        text_model: ClipTextModel,
    ) -> Result<Self, weights::Error> {
        let text_shape = [config.projection_dim, text_model.config().hidden_size];
        let visual_shape = [config.projection_dim, config.vision_config.hidden_size];
        Ok(Self {
            text_model,
            text_projection: weights.take("text_projection.weight", text_shape)?,
            visual_projection: weights.take("visual_projection.weight", visual_shape)?,
            vision_model: ClipVisionModel::load(weights, config.vision_config)?,
        })
    }

    pub fn vision_model(&self) -> &ClipVisionModel {
        &self.vision_model
    }

    /// The ids of a text, as the tokenizer gives them → its unit vector `[1, projection_dim]`.
    pub fn embed_text(&self, ids: &[u32]) -> Tensor<2> {
        let embeddings = self.text_model.embed_tokens(ids).unsqueeze::<3>();
        let hidden = self.text_model.forward(embeddings);
        normalize(project(self.text_model.pool(hidden, ids), &self.text_projection))
    }

    /// Normalized pictures `[batch, image_size, image_size, 3]` → unit vectors `[batch, projection_dim]`.
    pub fn embed_images(&self, pixel_values: Tensor<4>) -> Tensor<2> {
        normalize(project(self.vision_model.forward(pixel_values), &self.visual_projection))
    }
}

fn project(x: Tensor<2>, weight: &Tensor<2>) -> Tensor<2> {
    linear(x.unsqueeze::<3>(), weight.clone(), None).squeeze_dim::<2>(0)
}

/// x / ‖x‖₂ for each row
fn normalize(x: Tensor<2>) -> Tensor<2> {
    let norm = x.clone().square().sum_dim(1).sqrt();
    x / norm
}
