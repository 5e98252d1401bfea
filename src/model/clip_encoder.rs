//! The transformer that both of CLIP's towers share (transformers' `CLIPEncoder`), and DINO's ViT with
//! other names.
//!
//! A layer, with normalization first:  h = x + Attention(LN₁(x)),  y = h + W₂·act(W₁·LN₂(h))

use burn::tensor::Tensor;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Error,
    adaptable::AdaptableModule,
    config::{MAX_EXTENT, MAX_LAYERS, at_most, is_divisor},
    layers::{Linear, load_layer_norm},
    lora::LoraSet,
};
use crate::ops::{
    activation::Activation,
    attention::attention,
    layer_norm::{LayerNormWeights, layer_norm},
};
use crate::weights::{self, Weights};

/// The activation of the feed-forward layers, by transformers' names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenAct {
    /// x·σ(1.702·x): OpenAI's CLIP, Stable Diffusion 1
    QuickGelu,
    /// x·Φ(x): OpenCLIP, Stable Diffusion 2
    Gelu,
}

impl HiddenAct {
    fn activation(self) -> Activation {
        match self {
            Self::QuickGelu => Activation::QuickGelu,
            Self::Gelu => Activation::Gelu,
        }
    }
}

/// What a tower's config says about its encoder.
pub(crate) struct EncoderConfig {
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub hidden_act: HiddenAct,
    pub layer_norm_eps: f64,
}

impl EncoderConfig {
    /// # Errors
    /// [`Error::UnsupportedSetting`] if a size is too large or `layer_norm_eps` is not above 0,
    /// [`Error::InconsistentConfig`] if the heads do not share the width evenly.
    pub fn check(&self, component: &'static str) -> Result<(), Error> {
        at_most(component, "num_hidden_layers", self.num_hidden_layers, MAX_LAYERS)?;
        at_most(component, "hidden_size", self.hidden_size, MAX_EXTENT)?;
        at_most(component, "intermediate_size", self.intermediate_size, MAX_EXTENT)?;
        if !is_divisor(self.layer_norm_eps) {
            let value = Value::from(self.layer_norm_eps).to_string();
            return Err(Error::UnsupportedSetting { component, setting: "layer_norm_eps", value });
        }
        let (width, heads) = (self.hidden_size, self.num_attention_heads);
        if width == 0 || heads == 0 || !width.is_multiple_of(heads) {
            let reason = format!("a hidden_size of {width} cannot be shared by {heads} attention heads");
            return Err(Error::InconsistentConfig { component, reason });
        }
        Ok(())
    }
}

/// What upstream calls the parts of a layer.
pub(super) struct LayerNames {
    pub query: &'static str,
    pub key: &'static str,
    pub value: &'static str,
    pub out: &'static str,
    pub layer_norm1: &'static str,
    pub layer_norm2: &'static str,
    pub fc1: &'static str,
    pub fc2: &'static str,
}

/// CLIP's names.
pub(super) const CLIP_LAYER: LayerNames = LayerNames {
    query: "self_attn.q_proj",
    key: "self_attn.k_proj",
    value: "self_attn.v_proj",
    out: "self_attn.out_proj",
    layer_norm1: "layer_norm1",
    layer_norm2: "layer_norm2",
    fc1: "mlp.fc1",
    fc2: "mlp.fc2",
};

#[derive(Clone, Debug)]
pub(super) struct ClipEncoder {
    layers: Vec<EncoderLayer>,
    /// A token sees only itself and those before it.
    causal: bool,
}

impl ClipEncoder {
    /// Keys `{path}.{n}.…`, and within a layer by `names`.
    pub fn load(
        weights: &mut Weights,
        path: &str,
        names: &LayerNames,
        config: &EncoderConfig,
        causal: bool,
    ) -> Result<Self, weights::Error> {
        let mut layers = Vec::new();
        for index in 0..config.num_hidden_layers {
            layers.push(EncoderLayer::load(weights, &format!("{path}.{index}"), names, config)?);
        }
        Ok(Self { layers, causal })
    }

    /// The linear layers of all encoder layers, with their paths below `{path}.{n}`.
    pub fn modules(&self, path: &str, names: &LayerNames) -> Vec<AdaptableModule> {
        let mut modules = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let linears = layer.linears(names).into_iter();
            modules.extend(linears.map(|(name, linear)| linear.module(format!("{path}.{index}.{name}"))));
        }
        modules
    }

    /// The same encoder with what `lora` does to its layers folded into their weights.
    pub fn adapted(&self, path: &str, names: &LayerNames, lora: &mut LoraSet) -> Self {
        let layers = self.layers.iter().enumerate();
        let layers = layers.map(|(index, layer)| layer.adapted(&format!("{path}.{index}"), names, lora));
        Self { layers: layers.collect(), causal: self.causal }
    }

    /// `[batch, tokens, hidden_size]` → the same shape.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.layers.iter().fold(x, |x, layer| layer.forward(x, self.causal))
    }
}

#[derive(Clone, Debug)]
struct EncoderLayer {
    layer_norm1: LayerNormWeights,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    layer_norm2: LayerNormWeights,
    fc1: Linear,
    fc2: Linear,
    heads: usize,
    hidden_act: HiddenAct,
}

impl EncoderLayer {
    fn load(
        weights: &mut Weights,
        path: &str,
        names: &LayerNames,
        config: &EncoderConfig,
    ) -> Result<Self, weights::Error> {
        let &EncoderConfig { hidden_size: width, intermediate_size, layer_norm_eps, .. } = config;
        let mut linear =
            |name, input, output| Linear::load(weights, &format!("{path}.{name}"), input, output);
        Ok(Self {
            query: linear(names.query, width, width)?,
            key: linear(names.key, width, width)?,
            value: linear(names.value, width, width)?,
            out: linear(names.out, width, width)?,
            fc1: linear(names.fc1, width, intermediate_size)?,
            fc2: linear(names.fc2, intermediate_size, width)?,
            layer_norm1: load_layer_norm(
                weights,
                &format!("{path}.{}", names.layer_norm1),
                width,
                layer_norm_eps,
            )?,
            layer_norm2: load_layer_norm(
                weights,
                &format!("{path}.{}", names.layer_norm2),
                width,
                layer_norm_eps,
            )?,
            heads: config.num_attention_heads,
            hidden_act: config.hidden_act,
        })
    }

    fn linears(&self, names: &LayerNames) -> [(&'static str, &Linear); 6] {
        [
            (names.query, &self.query),
            (names.key, &self.key),
            (names.value, &self.value),
            (names.out, &self.out),
            (names.fc1, &self.fc1),
            (names.fc2, &self.fc2),
        ]
    }

    fn adapted(&self, path: &str, names: &LayerNames, lora: &mut LoraSet) -> Self {
        let [query, key, value, out, fc1, fc2] =
            self.linears(names).map(|(name, linear)| linear.adapted(&format!("{path}.{name}"), lora));
        Self { query, key, value, out, fc1, fc2, ..self.clone() }
    }

    fn forward(&self, x: Tensor<3>, causal: bool) -> Tensor<3> {
        let normal = layer_norm(x.clone(), &self.layer_norm1);
        let query = self.query.forward(normal.clone());
        let key = self.key.forward(normal.clone());
        let value = self.value.forward(normal);
        let x = self.out.forward_with_residual(attention(query, key, value, self.heads, causal), x);
        let normal = layer_norm(x.clone(), &self.layer_norm2);
        let hidden = self.fc1.forward_activated(normal, self.hidden_act.activation());
        self.fc2.forward_with_residual(hidden, x)
    }
}
