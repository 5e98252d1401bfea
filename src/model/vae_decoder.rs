//! Latents → pixels (diffusers' `Decoder` with `UpDecoderBlock2D`).

use burn::tensor::Tensor;

use super::layers::{Conv2d, load_group_norm};
use super::resnet::ResnetBlock2D;
use super::vae_blocks::{NORM_EPSILON, VaeMidBlock, load_resnet};
use super::vae_config::AutoencoderKlConfig;
use crate::ops::group_norm::{GroupNormWeights, group_norm};
use crate::weights::{self, Weights};

#[derive(Clone, Debug)]
pub struct VaeDecoder {
    conv_in: Conv2d,
    mid_block: VaeMidBlock,
    up_blocks: Vec<DecoderBlock>,
    conv_norm_out: GroupNormWeights,
    conv_out: Conv2d,
}

/// One resolution of the decoder.
#[derive(Clone, Debug)]
struct DecoderBlock {
    resnets: Vec<ResnetBlock2D>,
    /// Follows the doubling of the resolution; none at the finest.
    upsampler: Option<Conv2d>,
}

impl VaeDecoder {
    pub fn load(weights: &mut Weights, config: &AutoencoderKlConfig) -> Result<Self, weights::Error> {
        let channels = &config.block_out_channels;
        let (finest, coarsest) = (channels[0], channels[channels.len() - 1]);
        Ok(Self {
            conv_in: Conv2d::load(weights, "decoder.conv_in", config.latent_channels, coarsest)?,
            mid_block: VaeMidBlock::load(weights, "decoder.mid_block", config, coarsest)?,
            up_blocks: (0..channels.len())
                .map(|index| DecoderBlock::load(weights, config, index))
                .collect::<Result<_, _>>()?,
            conv_norm_out: load_group_norm(
                weights,
                "decoder.conv_norm_out",
                finest,
                config.norm_num_groups,
                NORM_EPSILON,
            )?,
            conv_out: Conv2d::load(weights, "decoder.conv_out", finest, config.out_channels)?,
        })
    }

    /// `[batch, height, width, latent_channels]` →
    /// `[batch, height · downscale, width · downscale, out_channels]`
    pub fn forward(&self, latents: Tensor<4>) -> Tensor<4> {
        let x = self.mid_block.forward(self.conv_in.forward(latents, None));
        let x = self.up_blocks.iter().fold(x, |x, block| block.forward(x));
        self.conv_out.forward(group_norm(x, &self.conv_norm_out, true), None)
    }
}

impl DecoderBlock {
    /// `index` counts from the coarsest resolution.
    fn load(
        weights: &mut Weights,
        config: &AutoencoderKlConfig,
        index: usize,
    ) -> Result<Self, weights::Error> {
        let path = format!("decoder.up_blocks.{index}");
        let levels = config.block_out_channels.len();
        let level = levels - 1 - index;
        let channels = config.block_out_channels[level];
        let coarser = config.block_out_channels[(level + 1).min(levels - 1)];
        Ok(Self {
            resnets: (0..config.layers_per_block + 1)
                .map(|i| {
                    let in_channels = if i == 0 { coarser } else { channels };
                    load_resnet(weights, &format!("{path}.resnets.{i}"), config, in_channels, channels)
                })
                .collect::<Result<_, _>>()?,
            upsampler: (level > 0)
                .then(|| Conv2d::load(weights, &format!("{path}.upsamplers.0.conv"), channels, channels))
                .transpose()?,
        })
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.resnets.iter().fold(x, |x, resnet| resnet.forward(x, None, None));
        match &self.upsampler {
            Some(upsampler) => {
                let [_, height, width, _] = x.dims();
                upsampler.forward_upsampled(x, [2 * height, 2 * width], None)
            }
            None => x,
        }
    }
}
