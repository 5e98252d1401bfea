//! The noise prediction network of Stable Diffusion 1.x (diffusers' `UNet2DConditionModel`).
//!
//! Computes in the type of its weights (f32 or f16); input and output are f32. Weights are frozen:
//! gradients flow to the sample, the prompt's embedding and the LoRA factors.

use burn::tensor::{DType, Tensor};

use super::layers::{Conv2d, load_group_norm};
use super::lora::{AdaptableLinear, LoraSet};
use super::time_embedding::{Sinusoids, TimeEmbedding};
use super::unet_blocks::{Conditioning, DownBlock, MidBlock, UpBlock};
use super::unet_config::UNet2DConditionConfig;
use crate::ops::group_norm::{GroupNormWeights, group_norm};
use crate::weights::{self, Weights};

#[derive(Clone, Debug)]
pub struct UNet2DConditionModel {
    config: UNet2DConditionConfig,
    conv_in: Conv2d,
    time_embedding: TimeEmbedding,
    down_blocks: Vec<DownBlock>,
    mid_block: Option<MidBlock>,
    up_blocks: Vec<UpBlock>,
    conv_norm_out: GroupNormWeights,
    conv_out: Conv2d,
}

/// An attention projection that adapters are trained on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    /// Upstream's module path, `….attn1.to_q` for example.
    pub path: String,
    pub in_features: usize,
    pub out_features: usize,
}

impl UNet2DConditionModel {
    /// Takes the tensors by diffusers' keys.
    pub fn load(weights: &mut Weights, config: UNet2DConditionConfig) -> Result<Self, weights::Error> {
        let levels = config.block_out_channels.len();
        let finest = config.block_out_channels[0];
        let sinusoids = Sinusoids {
            size: finest,
            flip_sin_to_cos: config.flip_sin_to_cos,
            freq_shift: config.freq_shift,
        };
        Ok(Self {
            conv_in: Conv2d::load(weights, "conv_in", config.in_channels, finest)?,
            time_embedding: TimeEmbedding::load(
                weights,
                "time_embedding",
                sinusoids,
                config.time_embedding_size,
            )?,
            down_blocks: (0..levels)
                .map(|level| DownBlock::load(weights, &config, level))
                .collect::<Result<_, _>>()?,
            mid_block: config.mid_block.map(|kind| MidBlock::load(weights, &config, kind)).transpose()?,
            up_blocks: (0..levels)
                .map(|index| UpBlock::load(weights, &config, index))
                .collect::<Result<_, _>>()?,
            conv_norm_out: load_group_norm(
                weights,
                "conv_norm_out",
                finest,
                config.norm_num_groups,
                config.norm_eps,
            )?,
            conv_out: Conv2d::load(weights, "conv_out", finest, config.out_channels)?,
            config,
        })
    }

    pub fn config(&self) -> &UNet2DConditionConfig {
        &self.config
    }

    /// sample `[batch, height, width, in_channels]` (any height and width), one timestep for each
    /// batch row, encoder_hidden_states `[batch, tokens, cross_attention_dim]`
    /// → noise prediction `[batch, height, width, out_channels]`, f32.
    ///
    /// Without `lora`, and with a set that names none of its layers, this is the base model.
    pub fn forward(
        &self,
        sample: Tensor<4>,
        timesteps: &[f32],
        encoder_hidden_states: Tensor<3>,
        lora: Option<&LoraSet>,
    ) -> Tensor<4> {
        let dtype = self.conv_in.dtype();
        let device = sample.device();
        let activated_time = self.time_embedding.forward(timesteps, &device, dtype);
        let encoder_hidden_states = encoder_hidden_states.cast(dtype);
        let conditioning = Conditioning {
            activated_time: &activated_time,
            encoder_hidden_states: &encoder_hidden_states,
            lora,
        };

        let mut x = self.conv_in.forward(sample.cast(dtype));
        let mut skips = vec![x.clone()];
        for block in &self.down_blocks {
            x = block.forward(x, &mut skips, conditioning);
        }
        if let Some(block) = &self.mid_block {
            x = block.forward(x, conditioning);
        }
        for block in &self.up_blocks {
            x = block.forward(x, &mut skips, conditioning);
        }
        self.conv_out.forward(group_norm(x, &self.conv_norm_out, true)).cast(DType::F32)
    }

    /// to_q, to_k, to_v, to_out.0 of every attention, in the order of the forward pass.
    pub fn attention_projections(&self) -> Vec<Projection> {
        let down = self.down_blocks.iter().flat_map(DownBlock::attention_projections);
        let mid = self.mid_block.iter().flat_map(MidBlock::attention_projections);
        let up = self.up_blocks.iter().flat_map(UpBlock::attention_projections);
        down.chain(mid).chain(up).map(Projection::of).collect()
    }
}

impl Projection {
    fn of(layer: &AdaptableLinear) -> Self {
        Self {
            path: layer.path.clone(),
            in_features: layer.in_features(),
            out_features: layer.out_features(),
        }
    }
}
