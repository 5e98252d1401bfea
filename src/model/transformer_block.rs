//! Attention and feed-forward between the U-Net's residual blocks (diffusers' `BasicTransformerBlock`).
//!
//! x ← x + attn1(norm1(x))                self-attention over the pixels
//! x ← x + attn2(norm2(x), prompt)        cross-attention to the prompt's tokens
//! x ← x + ff(norm3(x))                   GEGLU, four times as wide

use burn::tensor::Tensor;

use super::adaptable::AdaptableLayer;
use super::adaptable_linear::AdaptableLinear;
use super::cross_attention::{CrossAttentionHook, Guides, Place, hooked_attention};
use super::layers::load_layer_norm;
use super::lora::LoraSet;
use crate::ops::{
    attention::attention,
    geglu::geglu,
    layer_norm::{LayerNormWeights, layer_norm},
};
use crate::weights::{self, Weights};

/// torch's default, which no configuration of the U-Net changes.
const LAYER_NORM_EPSILON: f64 = 1e-5;
/// How much wider the feed-forward layer is than the block.
const FEED_FORWARD_FACTOR: usize = 4;

#[derive(Clone, Debug)]
pub struct BasicTransformerBlock {
    norm1: LayerNormWeights,
    attn1: Attention,
    norm2: LayerNormWeights,
    attn2: Attention,
    norm3: LayerNormWeights,
    ff: FeedForward,
}

impl BasicTransformerBlock {
    pub fn load(
        weights: &mut Weights,
        path: &str,
        channels: usize,
        heads: usize,
        cross_attention_dim: usize,
    ) -> Result<Self, weights::Error> {
        let key = |name: &str| format!("{path}.{name}");
        Ok(Self {
            norm1: load_layer_norm(weights, &key("norm1"), channels, LAYER_NORM_EPSILON)?,
            attn1: Attention::load(weights, &key("attn1"), channels, heads, channels)?,
            norm2: load_layer_norm(weights, &key("norm2"), channels, LAYER_NORM_EPSILON)?,
            attn2: Attention::load(weights, &key("attn2"), channels, heads, cross_attention_dim)?,
            norm3: load_layer_norm(weights, &key("norm3"), channels, LAYER_NORM_EPSILON)?,
            ff: FeedForward::load(weights, &key("ff"), channels)?,
        })
    }

    /// x `[batch, pixels, channels]` of an image of `size` `[height, width]`, encoder_hidden_states
    /// `[batch, tokens, cross_attention_dim]` → `[batch, pixels, channels]`
    pub fn forward(
        &self,
        x: Tensor<3>,
        size: [usize; 2],
        encoder_hidden_states: &Tensor<3>,
        guides: Guides,
    ) -> Tensor<3> {
        let Guides { lora, cross_attention } = guides;
        let normal = layer_norm(x.clone(), &self.norm1);
        let x = self.attn1.forward(normal.clone(), normal, x, lora, None);
        let normal = layer_norm(x.clone(), &self.norm2);
        let hook = cross_attention.map(|hook| (hook, size));
        let x = self.attn2.forward(normal, encoder_hidden_states.clone(), x, lora, hook);
        let normal = layer_norm(x.clone(), &self.norm3);
        self.ff.forward(normal, x, lora)
    }

    /// The projections of both attentions, then the feed-forward layers.
    pub(super) fn layers(&self) -> impl Iterator<Item = AdaptableLayer<'_>> {
        let attention = [&self.attn1, &self.attn2]
            .into_iter()
            .flat_map(|attn| [&attn.to_q, &attn.to_k, &attn.to_v, &attn.to_out]);
        attention.chain([&self.ff.proj, &self.ff.out]).map(AdaptableLayer::from)
    }
}

/// Multi-head attention with its four projections.
#[derive(Clone, Debug)]
struct Attention {
    to_q: AdaptableLinear,
    to_k: AdaptableLinear,
    to_v: AdaptableLinear,
    to_out: AdaptableLinear,
    heads: usize,
}

impl Attention {
    /// `context_size`: the width of what keys and values are made from.
    fn load(
        weights: &mut Weights,
        path: &str,
        channels: usize,
        heads: usize,
        context_size: usize,
    ) -> Result<Self, weights::Error> {
        let mut projection = |name: &str, in_features: usize| {
            AdaptableLinear::load_without_bias(weights, &format!("{path}.{name}"), in_features, channels)
        };
        Ok(Self {
            to_q: projection("to_q", channels)?,
            to_k: projection("to_k", context_size)?,
            to_v: projection("to_v", context_size)?,
            to_out: AdaptableLinear::load(weights, &format!("{path}.to_out.0"), channels, channels)?,
            heads,
        })
    }

    /// residual + to_out(attention(to_q(x), to_k(context), to_v(context))). A hook may change the
    /// probabilities; it is given with the `[height, width]` of the image x.
    fn forward(
        &self,
        x: Tensor<3>,
        context: Tensor<3>,
        residual: Tensor<3>,
        lora: Option<&LoraSet>,
        hook: Option<(&dyn CrossAttentionHook, [usize; 2])>,
    ) -> Tensor<3> {
        let query = self.to_q.forward(x, lora);
        let key = self.to_k.forward(context.clone(), lora);
        let value = self.to_v.forward(context, lora);
        let attended = match hook {
            None => attention(query, key, value, self.heads, false),
            Some((hook, size)) => {
                let path = self.to_q.path.trim_end_matches(".to_q");
                hooked_attention([query, key, value], self.heads, hook, Place { path, size })
            }
        };
        self.to_out.forward_with_residual(attended, residual, lora)
    }
}

/// Two linear layers with GEGLU between them.
#[derive(Clone, Debug)]
struct FeedForward {
    proj: AdaptableLinear,
    out: AdaptableLinear,
}

impl FeedForward {
    fn load(weights: &mut Weights, path: &str, channels: usize) -> Result<Self, weights::Error> {
        let inner = FEED_FORWARD_FACTOR * channels;
        Ok(Self {
            proj: AdaptableLinear::load(weights, &format!("{path}.net.0.proj"), channels, 2 * inner)?,
            out: AdaptableLinear::load(weights, &format!("{path}.net.2"), inner, channels)?,
        })
    }

    /// residual + out(geglu(proj(x)))
    fn forward(&self, x: Tensor<3>, residual: Tensor<3>, lora: Option<&LoraSet>) -> Tensor<3> {
        self.out.forward_with_residual(geglu(self.proj.forward(x, lora)), residual, lora)
    }
}
