//! The segments of the U-Net with their weights: residual blocks, each followed by a transformer where
//! the level has cross-attention, changes of resolution, and the two ends (diffusers'
//! `CrossAttnDownBlock2D`, `DownBlock2D`, `UNetMidBlock2DCrossAttn`, `UNetMidBlock2D`,
//! `CrossAttnUpBlock2D`, `UpBlock2D`, taken apart).

use burn::tensor::{DType, Tensor};

use super::adaptable::AdaptableLayer;
use super::cross_attention::{CrossAttentionHook, Guides};
use super::layers::{Conv2d, load_group_norm};
use super::lora::LoraSet;
use super::resnet::{ResnetBlock2D, ResnetSizes};
use super::transformer::{Transformer2DModel, TransformerSizes};
use super::unet_config::UNet2DConditionConfig;
use super::unet_segments::{SegmentKind, SegmentShape};
use crate::ops::{
    concat::concat_channels,
    conv2d::Padding,
    group_norm::{GroupNormWeights, group_norm},
};
use crate::weights::{self, Weights};

/// What every segment of one forward pass is given beside the image.
#[derive(Clone, Copy)]
pub struct Conditioning<'a> {
    /// silu(time embedding) `[batch, 1, time_embedding_size]`
    pub activated_time: &'a Tensor<3>,
    /// `[batch, tokens, cross_attention_dim]`, cast to the weights' type where it is used
    pub encoder_hidden_states: &'a Tensor<3>,
    pub lora: Option<&'a LoraSet>,
    /// Sees and may change the probabilities of each `attn2`.
    pub cross_attention: Option<&'a dyn CrossAttentionHook>,
}

/// What passes from earlier segments to one.
#[derive(Clone, Debug)]
pub struct SegmentInput {
    /// `[batch, height, width, channels]`
    pub image: Tensor<4>,
    /// The skip that the segment takes; none if it takes none.
    pub skip: Option<Tensor<4>>,
    /// `[height, width]` of the skip that comes next. Where the way down rounded an odd size up, an
    /// upsampled image is cut to it, which is what nearest-neighbour interpolation to that size gives.
    pub next_skip: Option<[usize; 2]>,
}

/// One segment with its weights.
#[derive(Clone, Debug)]
pub struct Segment {
    shape: SegmentShape,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    /// conv_in, or a downsampler
    Convolution(Conv2d),
    Layer(Box<Layer>),
    Upsampler(Conv2d),
    Output(Box<(GroupNormWeights, Conv2d)>),
}

#[derive(Clone, Debug)]
struct Layer {
    resnet: ResnetBlock2D,
    transformer: Option<Transformer2DModel>,
}

impl Segment {
    /// Takes the segment's tensors.
    ///
    /// # Errors
    /// A tensor is missing or has another shape than the config implies.
    pub fn load(
        weights: &mut Weights,
        config: &UNet2DConditionConfig,
        shape: SegmentShape,
    ) -> Result<Self, weights::Error> {
        let (inputs, outputs) = (shape.in_channels, shape.out_channels);
        let body = match &shape.kind {
            SegmentKind::Input => Body::Convolution(Conv2d::load(weights, "conv_in", inputs, outputs)?),
            SegmentKind::Layer { resnet, transformer } => Body::Layer(Box::new(Layer {
                resnet: load_resnet(weights, resnet, config, &shape)?,
                transformer: transformer
                    .as_ref()
                    .map(|path| load_transformer(weights, path, config, shape.level))
                    .transpose()?,
            })),
            SegmentKind::Downsampler { path } => {
                Body::Convolution(Conv2d::load_downsampling(weights, path, inputs, Padding::same(1))?)
            }
            SegmentKind::Upsampler { path } => Body::Upsampler(Conv2d::load(weights, path, inputs, outputs)?),
            SegmentKind::Output => {
                let (groups, epsilon) = (config.norm_num_groups, config.norm_eps);
                let norm = load_group_norm(weights, "conv_norm_out", inputs, groups, epsilon)?;
                Body::Output(Box::new((norm, Conv2d::load(weights, "conv_out", inputs, outputs)?)))
            }
        };
        Ok(Self { shape, body })
    }

    pub fn shape(&self) -> &SegmentShape {
        &self.shape
    }

    /// The segment's image, `[batch, height, width, out_channels]`, in the type of its input.
    pub fn forward(&self, input: SegmentInput, conditioning: Conditioning) -> Tensor<4> {
        let SegmentInput { image, skip, next_skip } = input;
        let image = match skip {
            Some(skip) => concat_channels(image, skip),
            None => image,
        };
        let lora = conditioning.lora;
        match &self.body {
            Body::Convolution(conv) => conv.forward(image, lora),
            Body::Layer(layer) => layer.forward(image, conditioning),
            Body::Upsampler(conv) => {
                let [_, height, width, _] = image.dims();
                let [height, width] = next_skip.unwrap_or([2 * height, 2 * width]);
                conv.forward_upsampled(image, [height, width], lora)
            }
            Body::Output(output) => {
                let (norm, conv) = &**output;
                conv.forward(group_norm(image, norm, true), lora)
            }
        }
    }

    /// The type of its weights, if the segment is a convolution alone.
    pub fn dtype(&self) -> Option<DType> {
        match &self.body {
            Body::Convolution(conv) => Some(conv.dtype()),
            _ => None,
        }
    }

    /// Its linear layers and convolutions.
    pub(super) fn layers(&self) -> Vec<AdaptableLayer<'_>> {
        match &self.body {
            Body::Convolution(conv) | Body::Upsampler(conv) => vec![conv.into()],
            Body::Output(output) => vec![(&output.1).into()],
            Body::Layer(layer) => {
                let transformer = layer.transformer.iter().flat_map(Transformer2DModel::layers);
                layer.resnet.layers().chain(transformer).collect()
            }
        }
    }

    /// The paths of its linear layers and convolutions.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.layers().into_iter().map(AdaptableLayer::path)
    }

    /// Whether it looks at the prompt.
    pub fn reads_prompt(&self) -> bool {
        matches!(&self.body, Body::Layer(layer) if layer.transformer.is_some())
    }
}

impl Layer {
    fn forward(&self, image: Tensor<4>, conditioning: Conditioning) -> Tensor<4> {
        let x = self.resnet.forward(image, Some(conditioning.activated_time), conditioning.lora);
        match &self.transformer {
            Some(transformer) => {
                let Conditioning { encoder_hidden_states, lora, cross_attention, .. } = conditioning;
                let states = encoder_hidden_states.clone().cast(x.dtype());
                transformer.forward(x, &states, Guides { lora, cross_attention })
            }
            None => x,
        }
    }
}

fn load_resnet(
    weights: &mut Weights,
    path: &str,
    config: &UNet2DConditionConfig,
    shape: &SegmentShape,
) -> Result<ResnetBlock2D, weights::Error> {
    let sizes = ResnetSizes {
        in_channels: shape.in_channels,
        out_channels: shape.out_channels,
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
