//! Pixels → latent moments (diffusers' `Encoder` with `DownEncoderBlock2D`).

use burn::tensor::{DType, Tensor};

use super::layers::{Conv2d, load_group_norm};
use super::resnet::ResnetBlock2D;
use super::vae_blocks::{NORM_EPSILON, VaeMidBlock, load_resnet};
use super::vae_config::AutoencoderKlConfig;
use crate::ops::{
    conv2d::Padding,
    group_norm::{GroupNormWeights, group_norm},
};
use crate::weights::{self, Weights};

#[derive(Clone, Debug)]
pub struct VaeEncoder {
    conv_in: Conv2d,
    down_blocks: Vec<EncoderBlock>,
    mid_block: VaeMidBlock,
    conv_norm_out: GroupNormWeights,
    conv_out: Conv2d,
}

/// One resolution of the encoder.
#[derive(Clone, Debug)]
struct EncoderBlock {
    resnets: Vec<ResnetBlock2D>,
    /// Halves the resolution; none at the coarsest.
    downsampler: Option<Conv2d>,
}

impl VaeEncoder {
    pub fn load(weights: &mut Weights, config: &AutoencoderKlConfig) -> Result<Self, weights::Error> {
        let channels = &config.block_out_channels;
        let coarsest = channels[channels.len() - 1];
        Ok(Self {
            conv_in: Conv2d::load(weights, "encoder.conv_in", config.in_channels, channels[0])?,
            down_blocks: (0..channels.len())
                .map(|level| EncoderBlock::load(weights, config, level))
                .collect::<Result<_, _>>()?,
            mid_block: VaeMidBlock::load(weights, "encoder.mid_block", config, coarsest)?,
            conv_norm_out: load_group_norm(
                weights,
                "encoder.conv_norm_out",
                coarsest,
                config.norm_num_groups,
                NORM_EPSILON,
            )?,
            conv_out: Conv2d::load(weights, "encoder.conv_out", coarsest, 2 * config.latent_channels)?,
        })
    }

    /// `[batch, height, width, in_channels]` →
    /// `[batch, height / downscale, width / downscale, 2·latent_channels]`
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let x = self.down_blocks.iter().fold(self.conv_in.forward(images, None), |x, block| block.forward(x));
        let x = self.mid_block.forward(x);
        self.conv_out.forward(group_norm(x, &self.conv_norm_out, true), None)
    }

    /// The type of the weights.
    pub fn dtype(&self) -> DType {
        self.conv_in.dtype()
    }
}

impl EncoderBlock {
    fn load(
        weights: &mut Weights,
        config: &AutoencoderKlConfig,
        level: usize,
    ) -> Result<Self, weights::Error> {
        let path = format!("encoder.down_blocks.{level}");
        let channels = config.block_out_channels[level];
        let finer = config.block_out_channels[level.saturating_sub(1)];
        Ok(Self {
            resnets: (0..config.layers_per_block)
                .map(|i| {
                    let in_channels = if i == 0 { finer } else { channels };
                    load_resnet(weights, &format!("{path}.resnets.{i}"), config, in_channels, channels)
                })
                .collect::<Result<_, _>>()?,
            downsampler: (level + 1 < config.block_out_channels.len())
                .then(|| {
                    let path = format!("{path}.downsamplers.0.conv");
                    Conv2d::load_downsampling(weights, &path, channels, Padding::bottom_right(1))
                })
                .transpose()?,
        })
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.resnets.iter().fold(x, |x, resnet| resnet.forward(x, None, None));
        match &self.downsampler {
            Some(downsampler) => downsampler.forward(x, None),
            None => x,
        }
    }
}
