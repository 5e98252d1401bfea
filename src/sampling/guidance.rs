//! Classifier-free guidance (arXiv:2207.12598) with diffusers' scale: G^g(x, y) = G(∅) + g·(G(y) − G(∅)). At
//! g = 1 it is the prediction with the prompt, at 0 the one without. For v-prediction models it applies to v.

use burn::tensor::Tensor;

/// Both predictions `[batch, height, width, channels]` of the same latents and timestep.
pub fn guide(unconditional: Tensor<4>, conditional: Tensor<4>, guidance_scale: f32) -> Tensor<4> {
    unconditional.clone() + (conditional - unconditional).mul_scalar(guidance_scale)
}
