//! CLIP's text encoder (transformers' `CLIPTextModel`): token embeddings → the hidden states that
//! condition the U-Net.
//!
//! It takes embeddings rather than ids, so that a placeholder's vectors can stand among them; the
//! gradient flows back to those embeddings. Attention is causal, padding is not masked.

use burn::tensor::{DType, Tensor};
use serde::Deserialize;

use super::{
    Error,
    adaptable::{AdaptableModule, TEXT_ENCODER},
    clip_encoder::{CLIP_LAYER, ClipEncoder, EncoderConfig, HiddenAct},
    config::{MAX_EXTENT, MAX_VOCABULARY, at_most},
    layers::load_layer_norm,
    lora::LoraSet,
    token_table::TokenTable,
};
use crate::ops::layer_norm::{LayerNormWeights, layer_norm};
use crate::ops::total::mean;
use crate::weights::{self, Weights};

/// `text_encoder/config.json`, with transformers' names and defaults.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ClipTextConfig {
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    /// Tokens in a prompt, start, end and padding included.
    pub max_position_embeddings: usize,
    #[serde(default = "default_hidden_act")]
    pub hidden_act: HiddenAct,
    #[serde(default = "default_layer_norm_eps")]
    pub layer_norm_eps: f64,
    #[serde(default = "default_eos_token_id")]
    pub eos_token_id: u32,
}

pub(super) fn default_hidden_act() -> HiddenAct {
    HiddenAct::QuickGelu
}

pub(super) fn default_layer_norm_eps() -> f64 {
    1e-5
}

fn default_eos_token_id() -> u32 {
    49407
}

/// What old configs, Stable Diffusion 1.5's among them, give as `eos_token_id`; the end-of-text token
/// is then the highest id.
const WRONG_EOS_TOKEN_ID: u32 = 2;

impl ClipTextConfig {
    /// Reads a `config.json`.
    ///
    /// # Errors
    /// A setting is missing, of the wrong kind, or contradicts another.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let component = "text encoder";
        let config: Self =
            serde_json::from_str(json).map_err(|reason| Error::UnreadableConfig { component, reason })?;
        config.check(component)?;
        Ok(config)
    }

    pub(super) fn check(&self, component: &'static str) -> Result<(), Error> {
        if self.vocab_size == 0 {
            let reason = "it has a vocabulary of nothing".to_owned();
            return Err(Error::InconsistentConfig { component, reason });
        }
        at_most(component, "vocab_size", self.vocab_size, MAX_VOCABULARY)?;
        at_most(component, "max_position_embeddings", self.max_position_embeddings, MAX_EXTENT)?;
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

/// Upstream's path of the transformer's layers, also for files whose keys lack its first level.
const LAYERS: &str = "text_model.encoder.layers";

/// The text encoder, frozen.
#[derive(Clone, Debug)]
pub struct ClipTextModel {
    config: ClipTextConfig,
    token_embedding: TokenTable,
    /// `[max_position_embeddings, hidden_size]`
    position_embedding: Tensor<2>,
    encoder: ClipEncoder,
    final_layer_norm: LayerNormWeights,
}

impl ClipTextModel {
    /// Keys `text_model.…`, or the same without that level.
    ///
    /// # Errors
    /// A tensor is missing or has another shape than the config implies.
    pub fn load(weights: &mut Weights, config: ClipTextConfig) -> Result<Self, weights::Error> {
        let bare = "embeddings.token_embedding.weight";
        let level = if weights.contains(bare) { "" } else { "text_model." };
        let width = config.hidden_size;
        let position_embedding = format!("{level}embeddings.position_embedding.weight");
        let final_layer_norm = format!("{level}final_layer_norm");
        Ok(Self {
            token_embedding: TokenTable::load(
                weights,
                &format!("{level}{bare}"),
                [config.vocab_size, width],
            )?,
            position_embedding: weights.take(&position_embedding, [config.max_position_embeddings, width])?,
            encoder: ClipEncoder::load(
                weights,
                &format!("{level}encoder.layers"),
                &CLIP_LAYER,
                &config.encoder(),
                true,
            )?,
            final_layer_norm: load_layer_norm(weights, &final_layer_norm, width, config.layer_norm_eps)?,
            config,
        })
    }

    pub fn config(&self) -> &ClipTextConfig {
        &self.config
    }

    /// The linear layers that adapters may change.
    pub fn adaptable_modules(&self) -> Vec<AdaptableModule> {
        self.encoder.modules(&format!("{TEXT_ENCODER}{LAYERS}"), &CLIP_LAYER)
    }

    /// The same model with what `lora` does to its layers folded into their weights; layers that it does
    /// not name are shared.
    #[must_use]
    pub fn adapted(&self, mut lora: LoraSet) -> Self {
        let encoder = self.encoder.adapted(&format!("{TEXT_ENCODER}{LAYERS}"), &CLIP_LAYER, &mut lora);
        Self { encoder, ..self.clone() }
    }

    /// The type that the weights are stored in.
    pub fn dtype(&self) -> DType {
        self.token_embedding.dtype()
    }

    /// The table's rows `[tokens, hidden_size]`. Ids beyond the table are placeholders' (see
    /// [`Tokens`](crate::tokenizer::Tokens)); they get the end-of-text row until the caller puts
    /// their vectors there.
    pub fn embed_tokens(&self, ids: &[u32]) -> Tensor<2> {
        self.token_embedding.rows(ids)
    }

    /// The mean length of the table's rows, `[1]`, f32.
    pub fn vocabulary_norm(&self) -> Tensor<1> {
        let norms = self.vocabulary_blocks().map(|block| block.square().sum_dim(1).sqrt());
        mean(Tensor::cat(norms.collect(), 0))
    }

    /// All rows of the table, some at a time, `[rows, hidden_size]`, f32.
    pub fn vocabulary_blocks(&self) -> impl Iterator<Item = Tensor<2>> {
        self.token_embedding.blocks()
    }

    /// Token embeddings `[batch, tokens, hidden_size]` → the last hidden state, of the same shape,
    /// after the final layer normalization. `tokens` is at most `max_position_embeddings`.
    pub fn forward(&self, token_embeddings: Tensor<3>) -> Tensor<3> {
        let positions = self.position_embedding.clone().narrow(0, 0, token_embeddings.dims()[1]);
        let hidden = self.encoder.forward(token_embeddings + positions.unsqueeze::<3>());
        layer_norm(hidden, &self.final_layer_norm)
    }

    /// The hidden state `[1, hidden_size]` at the end of the text, from the last hidden state
    /// `[1, tokens, hidden_size]` of `ids`: what CLIP compares with pictures.
    pub fn pool(&self, last_hidden_state: Tensor<3>, ids: &[u32]) -> Tensor<2> {
        let width = self.config.hidden_size;
        last_hidden_state.narrow(1, self.end_of_text(ids), 1).reshape([1, width])
    }

    fn end_of_text(&self, ids: &[u32]) -> usize {
        let end = match self.config.eos_token_id {
            WRONG_EOS_TOKEN_ID => {
                ids.iter().copied().filter(|&id| (id as usize) < self.config.vocab_size).max()
            }
            end => Some(end),
        };
        ids.iter().position(|&id| Some(id) == end).unwrap_or(0)
    }
}
