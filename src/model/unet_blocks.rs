//! The U-Net's levels: residual blocks, each followed by a transformer where the level has
//! cross-attention, then a change of resolution (diffusers' `CrossAttnDownBlock2D`, `DownBlock2D`,
//! `UNetMidBlock2DCrossAttn`, `UNetMidBlock2D`, `CrossAttnUpBlock2D`, `UpBlock2D`).

use burn::tensor::Tensor;

use super::layers::Conv2d;
use super::lora::{AdaptableLinear, LoraSet};
use super::resnet::{ResnetBlock2D, ResnetSizes};
use super::transformer::{Transformer2DModel, TransformerSizes};
use super::unet_config::{MidBlockKind, UNet2DConditionConfig};
use crate::ops::{concat::concat_channels, conv2d::Padding, upsample::upsample_nearest};
use crate::weights::{self, Weights};

/// What every block of one forward pass is given beside the image.
#[derive(Clone, Copy)]
pub struct Conditioning<'a> {
    /// silu(time embedding) `[batch, 1, time_embedding_size]`
    pub activated_time: &'a Tensor<3>,
    /// `[batch, tokens, cross_attention_dim]`
    pub encoder_hidden_states: &'a Tensor<3>,
    pub lora: Option<&'a LoraSet>,
}

/// Residual blocks with a transformer after each, or with none.
#[derive(Clone, Debug)]
struct Layers {
    resnets: Vec<ResnetBlock2D>,
    attentions: Vec<Transformer2DModel>,
}

impl Layers {
    /// `path.resnets.i` with `in_channels(i)` input channels, and `path.attentions.i` if `attention`.
    fn load(
        weights: &mut Weights,
        path: &str,
        config: &UNet2DConditionConfig,
        level: usize,
        layers: usize,
        in_channels: impl Fn(usize) -> usize,
        attention: bool,
    ) -> Result<Self, weights::Error> {
        let (mut resnets, mut attentions) = (Vec::new(), Vec::new());
        for i in 0..layers {
            resnets.push(load_resnet(
                weights,
                &format!("{path}.resnets.{i}"),
                config,
                level,
                in_channels(i),
            )?);
            if attention {
                attentions.push(load_transformer(weights, &format!("{path}.attentions.{i}"), config, level)?);
            }
        }
        Ok(Self { resnets, attentions })
    }

    /// Residual block `i` and its transformer.
    fn forward(&self, i: usize, x: Tensor<4>, conditioning: Conditioning) -> Tensor<4> {
        let x = self.resnets[i].forward(x, Some(conditioning.activated_time));
        match self.attentions.get(i) {
            Some(attention) => attention.forward(x, conditioning.encoder_hidden_states, conditioning.lora),
            None => x,
        }
    }

    fn attention_projections(&self) -> impl Iterator<Item = &AdaptableLinear> {
        self.attentions.iter().flat_map(Transformer2DModel::attention_projections)
    }
}

fn load_resnet(
    weights: &mut Weights,
    path: &str,
    config: &UNet2DConditionConfig,
    level: usize,
    in_channels: usize,
) -> Result<ResnetBlock2D, weights::Error> {
    let sizes = ResnetSizes {
        in_channels,
        out_channels: config.block_out_channels[level],
        time_embedding_size: Some(config.time_embedding_size),
        norm_num_groups: config.norm_num_groups,
        norm_eps: config.norm_eps,
    };
    ResnetBlock2D::load(weights, path, sizes)
}

fn load_transformer(
    weights: &mut Weights,
    path: &str,
    config: &UNet2DConditionConfig,
    level: usize,
) -> Result<Transformer2DModel, weights::Error> {
    let sizes = TransformerSizes {
        channels: config.block_out_channels[level],
        heads: config.num_attention_heads[level],
        layers: config.transformer_layers_per_block[level],
        cross_attention_dim: config.cross_attention_dim[level],
        norm_num_groups: config.norm_num_groups,
        use_linear_projection: config.use_linear_projection,
    };
    Transformer2DModel::load(weights, path, sizes)
}

/// One level of the way down.
#[derive(Clone, Debug)]
pub struct DownBlock {
    layers: Layers,
    /// Halves the resolution; none at the coarsest level.
    downsampler: Option<Conv2d>,
}

impl DownBlock {
    pub fn load(
        weights: &mut Weights,
        config: &UNet2DConditionConfig,
        level: usize,
    ) -> Result<Self, weights::Error> {
        let path = format!("down_blocks.{level}");
        let channels = &config.block_out_channels;
        let finer = channels[level.saturating_sub(1)];
        Ok(Self {
            layers: Layers::load(
                weights,
                &path,
                config,
                level,
                config.layers_per_block[level],
                |i| if i == 0 { finer } else { channels[level] },
                config.down_block_attention[level],
            )?,
            downsampler: (level + 1 < channels.len())
                .then(|| {
                    let path = format!("{path}.downsamplers.0.conv");
                    Conv2d::load_downsampling(weights, &path, channels[level], Padding::same(1))
                })
                .transpose()?,
        })
    }

    /// Pushes the image after each layer and after the downsampler on `skips`.
    pub fn forward(
        &self,
        mut x: Tensor<4>,
        skips: &mut Vec<Tensor<4>>,
        conditioning: Conditioning,
    ) -> Tensor<4> {
        for i in 0..self.layers.resnets.len() {
            x = self.layers.forward(i, x, conditioning);
            skips.push(x.clone());
        }
        if let Some(downsampler) = &self.downsampler {
            x = downsampler.forward(x);
            skips.push(x.clone());
        }
        x
    }

    pub fn attention_projections(&self) -> impl Iterator<Item = &AdaptableLinear> {
        self.layers.attention_projections()
    }
}

/// Between the way down and the way up, at the coarsest resolution.
#[derive(Clone, Debug)]
pub struct MidBlock {
    first_resnet: ResnetBlock2D,
    attention: Option<(Transformer2DModel, ResnetBlock2D)>,
}

impl MidBlock {
    pub fn load(
        weights: &mut Weights,
        config: &UNet2DConditionConfig,
        kind: MidBlockKind,
    ) -> Result<Self, weights::Error> {
        let level = config.block_out_channels.len() - 1;
        let channels = config.block_out_channels[level];
        Ok(Self {
            first_resnet: load_resnet(weights, "mid_block.resnets.0", config, level, channels)?,
            attention: match kind {
                MidBlockKind::Residual => None,
                MidBlockKind::CrossAttention => Some((
                    load_transformer(weights, "mid_block.attentions.0", config, level)?,
                    load_resnet(weights, "mid_block.resnets.1", config, level, channels)?,
                )),
            },
        })
    }

    pub fn forward(&self, x: Tensor<4>, conditioning: Conditioning) -> Tensor<4> {
        let time = Some(conditioning.activated_time);
        let x = self.first_resnet.forward(x, time);
        match &self.attention {
            Some((attention, resnet)) => {
                let x = attention.forward(x, conditioning.encoder_hidden_states, conditioning.lora);
                resnet.forward(x, time)
            }
            None => x,
        }
    }

    pub fn attention_projections(&self) -> impl Iterator<Item = &AdaptableLinear> {
        self.attention.iter().flat_map(|(attention, _)| attention.attention_projections())
    }
}

/// One level of the way up.
#[derive(Clone, Debug)]
pub struct UpBlock {
    layers: Layers,
    /// Follows the doubling of the resolution; none at the finest level.
    upsampler: Option<Conv2d>,
}

impl UpBlock {
    /// `index` counts from the coarsest level.
    pub fn load(
        weights: &mut Weights,
        config: &UNet2DConditionConfig,
        index: usize,
    ) -> Result<Self, weights::Error> {
        let path = format!("up_blocks.{index}");
        let channels = &config.block_out_channels;
        let level = channels.len() - 1 - index;
        // Each layer's input is the image so far and one skip of the way down: this level's
        // layers', last first, then what the next finer level's downsampler left.
        let coarser = channels[(level + 1).min(channels.len() - 1)];
        let finer = channels[level.saturating_sub(1)];
        let layers = config.layers_per_block[level] + 1;
        let in_channels = |i| {
            let image = if i == 0 { coarser } else { channels[level] };
            let skip = if i + 1 == layers { finer } else { channels[level] };
            image + skip
        };
        Ok(Self {
            layers: Layers::load(
                weights,
                &path,
                config,
                level,
                layers,
                in_channels,
                config.up_block_attention[index],
            )?,
            upsampler: (level > 0)
                .then(|| {
                    let path = format!("{path}.upsamplers.0.conv");
                    Conv2d::load(weights, &path, channels[level], channels[level])
                })
                .transpose()?,
        })
    }

    /// Takes its skips from the end of `skips`. Where the way down rounded an odd size up, the
    /// upsampled image is cut to the next skip's size, which is what nearest-neighbour
    /// interpolation to that size gives.
    pub fn forward(
        &self,
        mut x: Tensor<4>,
        skips: &mut Vec<Tensor<4>>,
        conditioning: Conditioning,
    ) -> Tensor<4> {
        let kept = skips.len() - self.layers.resnets.len();
        for (i, skip) in skips.drain(kept..).rev().enumerate() {
            x = self.layers.forward(i, concat_channels(x, skip), conditioning);
        }
        match (&self.upsampler, skips.last()) {
            (Some(upsampler), Some(next_skip)) => {
                let [_, height, width, _] = next_skip.dims();
                upsampler.forward(crop(upsample_nearest(x), height, width))
            }
            _ => x,
        }
    }

    pub fn attention_projections(&self) -> impl Iterator<Item = &AdaptableLinear> {
        self.layers.attention_projections()
    }
}

/// The top left of an image; the whole image where it has that size.
fn crop(image: Tensor<4>, height: usize, width: usize) -> Tensor<4> {
    let [_, full_height, full_width, _] = image.dims();
    if (full_height, full_width) == (height, width) {
        return image;
    }
    image.narrow(1, 0, height).narrow(2, 0, width)
}
