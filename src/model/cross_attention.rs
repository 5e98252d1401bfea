//! Explicit cross-attention: a hook sees how much each pixel attends to each token of the prompt, and may
//! change it.
//!
//! P = softmax(Q·Kᵀ/√d),  O = P'·V      with P' what the hook makes of P
//!
//! P is computed operation by operation in f32, whatever the model is stored in, and only where there is a
//! hook: without one, cross-attention is the fused kernel's, which never holds P. Gradients flow through
//! P and through what the hook does with it.

use burn::tensor::{DType, Tensor, activation::softmax};

use super::lora::LoraSet;
use crate::ops::linear::batched_linear;

/// Reads or replaces the probabilities of every cross-attention (`attn2`) of a forward pass.
pub trait CrossAttentionHook {
    /// probabilities `[batch, heads, pixels, tokens]`, f32, whose sum over the tokens is 1 → what the
    /// values are weighted with, of the same shape and type.
    fn attend(&self, place: Place, probabilities: Tensor<4>) -> Tensor<4>;
}

/// Where in the U-Net an attention is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Upstream's module path: `down_blocks.0.attentions.0.transformer_blocks.0.attn2`
    pub path: &'a str,
    /// `[height, width]` of its image; pixels are counted row by row.
    pub size: [usize; 2],
}

/// What may act on a forward pass beside the prompt. By default nothing does.
#[derive(Clone, Copy, Default)]
pub struct Guides<'a> {
    pub lora: Option<&'a LoraSet>,
    pub cross_attention: Option<&'a dyn CrossAttentionHook>,
}

/// Several hooks, each given what the one before it returned.
pub struct Chain<'a>(pub Vec<&'a dyn CrossAttentionHook>);

impl CrossAttentionHook for Chain<'_> {
    fn attend(&self, place: Place, probabilities: Tensor<4>) -> Tensor<4> {
        self.0.iter().fold(probabilities, |probabilities, hook| hook.attend(place, probabilities))
    }
}

/// Attention as [`attention`](crate::ops::attention::attention) computes it, with the hook applied to the
/// probabilities: query `[batch, pixels, heads·d]`, key and value `[batch, tokens, heads·d]` →
/// `[batch, pixels, heads·d]`.
pub(super) fn hooked_attention(
    [query, key, value]: [Tensor<3>; 3],
    heads: usize,
    hook: &dyn CrossAttentionHook,
    place: Place,
) -> Tensor<3> {
    let (dtype, [batch, pixels, channels]) = (query.dtype(), query.dims());
    let split = |x: Tensor<3>| {
        let tokens = x.dims()[1];
        x.cast(DType::F32).reshape([batch, tokens, heads, channels / heads]).swap_dims(1, 2)
    };
    let [query, key, value] = [query, key, value].map(split);
    let scale = 1.0 / ((channels / heads) as f64).sqrt();
    let probabilities = softmax(batched_linear(query * scale, key), 3);
    let attended = batched_linear(hook.attend(place, probabilities), value.transpose());
    attended.swap_dims(1, 2).reshape([batch, pixels, channels]).cast(dtype)
}
