//! What the VAE's encoder and decoder have in common: their residual blocks, and their middle of
//! residual block, self-attention, residual block (diffusers' `UNetMidBlock2D`).

use burn::tensor::Tensor;

use super::layers::{Linear, load_group_norm, to_image, to_tokens};
use super::resnet::{ResnetBlock2D, ResnetSizes};
use super::vae_config::AutoencoderKlConfig;
use crate::ops::{
    attention::attention,
    group_norm::{GroupNormWeights, group_norm},
};
use crate::weights::{self, Weights};

/// ε of all group normalizations in the VAE; no setting changes it.
pub const NORM_EPSILON: f64 = 1e-6;

/// A residual block that does not see a timestep.
pub fn load_resnet(
    weights: &mut Weights,
    path: &str,
    config: &AutoencoderKlConfig,
    in_channels: usize,
    out_channels: usize,
) -> Result<ResnetBlock2D, weights::Error> {
    let sizes = ResnetSizes {
        in_channels,
        out_channels,
        time_embedding_size: None,
        norm_num_groups: config.norm_num_groups,
        norm_eps: NORM_EPSILON,
    };
    ResnetBlock2D::load(weights, path, sizes)
}

/// The middle of an encoder or decoder, at the coarsest resolution.
#[derive(Clone, Debug)]
pub struct VaeMidBlock {
    first_resnet: ResnetBlock2D,
    attention: Option<VaeAttention>,
    second_resnet: ResnetBlock2D,
}

impl VaeMidBlock {
    /// `path`: "encoder.mid_block" or "decoder.mid_block".
    pub fn load(
        weights: &mut Weights,
        path: &str,
        config: &AutoencoderKlConfig,
        channels: usize,
    ) -> Result<Self, weights::Error> {
        Ok(Self {
            first_resnet: load_resnet(weights, &format!("{path}.resnets.0"), config, channels, channels)?,
            attention: config
                .mid_block_add_attention
                .then(|| {
                    let path = format!("{path}.attentions.0");
                    VaeAttention::load(weights, &path, channels, config.norm_num_groups)
                })
                .transpose()?,
            second_resnet: load_resnet(weights, &format!("{path}.resnets.1"), config, channels, channels)?,
        })
    }

    /// `[batch, height, width, channels]` → the same shape.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.first_resnet.forward(x, None, None);
        let x = match &self.attention {
            Some(attention) => attention.forward(x),
            None => x,
        };
        self.second_resnet.forward(x, None, None)
    }
}

/// Self-attention over the pixels, with one head of all channels:
/// y = x + to_out(attention(to_q(h), to_k(h), to_v(h))),  h = group_norm(x)
#[derive(Clone, Debug)]
struct VaeAttention {
    group_norm: GroupNormWeights,
    to_q: Linear,
    to_k: Linear,
    to_v: Linear,
    to_out: Linear,
}

impl VaeAttention {
    fn load(
        weights: &mut Weights,
        path: &str,
        channels: usize,
        groups: usize,
    ) -> Result<Self, weights::Error> {
        let group_norm =
            load_group_norm(weights, &format!("{path}.group_norm"), channels, groups, NORM_EPSILON)?;
        let mut projection = |name: &str, legacy_name: &str| {
            let (path, legacy_path) = (format!("{path}.{name}"), format!("{path}.{legacy_name}"));
            match Linear::load_if_present(weights, &legacy_path, channels, channels)? {
                Some(linear) => Ok(linear),
                None => Linear::load(weights, &path, channels, channels),
            }
        };
        // Stable Diffusion 1.x was published with the legacy names; diffusers reads both.
        Ok(Self {
            to_q: projection("to_q", "query")?,
            to_k: projection("to_k", "key")?,
            to_v: projection("to_v", "value")?,
            to_out: projection("to_out.0", "proj_attn")?,
            group_norm,
        })
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, height, width, _] = x.dims();
        let normal = to_tokens(group_norm(x.clone(), &self.group_norm, false));
        let query = self.to_q.forward(normal.clone());
        let key = self.to_k.forward(normal.clone());
        let value = self.to_v.forward(normal);
        let attended = attention(query, key, value, 1, false);
        to_image(self.to_out.forward_with_residual(attended, to_tokens(x)), height, width)
    }
}
