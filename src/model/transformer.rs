//! The transformer over an image's pixels (diffusers' `Transformer2DModel`, continuous input).
//!
//! y = x + proj_out(blocks(proj_in(norm(x))))

use burn::tensor::Tensor;

use super::adaptable::AdaptableLayer;
use super::adaptable_linear::AdaptableLinear;
use super::cross_attention::Guides;
use super::layers::{load_group_norm, to_image, to_tokens};
use super::transformer_block::BasicTransformerBlock;
use crate::ops::group_norm::{GroupNormWeights, group_norm};
use crate::weights::{self, Weights};

/// The transformer's own, whatever `norm_eps` the U-Net has.
const GROUP_NORM_EPSILON: f64 = 1e-6;

/// The sizes of one transformer.
#[derive(Clone, Copy, Debug)]
pub struct TransformerSizes {
    pub channels: usize,
    pub heads: usize,
    pub layers: usize,
    pub cross_attention_dim: usize,
    pub norm_num_groups: usize,
    /// proj_in and proj_out are stored as linear layers, not as 1×1 convolutions.
    pub use_linear_projection: bool,
}

#[derive(Clone, Debug)]
pub struct Transformer2DModel {
    norm: GroupNormWeights,
    proj_in: AdaptableLinear,
    transformer_blocks: Vec<BasicTransformerBlock>,
    proj_out: AdaptableLinear,
}

impl Transformer2DModel {
    pub fn load(weights: &mut Weights, path: &str, sizes: TransformerSizes) -> Result<Self, weights::Error> {
        let channels = sizes.channels;
        let load_projection =
            if sizes.use_linear_projection { AdaptableLinear::load } else { AdaptableLinear::load_pointwise };
        Ok(Self {
            norm: load_group_norm(
                weights,
                &format!("{path}.norm"),
                channels,
                sizes.norm_num_groups,
                GROUP_NORM_EPSILON,
            )?,
            proj_in: load_projection(weights, &format!("{path}.proj_in"), channels, channels)?,
            transformer_blocks: (0..sizes.layers)
                .map(|i| {
                    let path = format!("{path}.transformer_blocks.{i}");
                    BasicTransformerBlock::load(
                        weights,
                        &path,
                        channels,
                        sizes.heads,
                        sizes.cross_attention_dim,
                    )
                })
                .collect::<Result<_, _>>()?,
            proj_out: load_projection(weights, &format!("{path}.proj_out"), channels, channels)?,
        })
    }

    /// x `[batch, height, width, channels]`, encoder_hidden_states `[batch, tokens, cross_attention_dim]`
    /// → `[batch, height, width, channels]`
    pub fn forward(&self, x: Tensor<4>, encoder_hidden_states: &Tensor<3>, guides: Guides) -> Tensor<4> {
        let [_, height, width, _] = x.dims();
        let normal = to_tokens(group_norm(x.clone(), &self.norm, false));
        let hidden = self
            .transformer_blocks
            .iter()
            .fold(self.proj_in.forward(normal, guides.lora), |hidden, block| {
                block.forward(hidden, [height, width], encoder_hidden_states, guides)
            });
        to_image(self.proj_out.forward_with_residual(hidden, to_tokens(x), guides.lora), height, width)
    }

    /// Its linear layers and 1×1 convolutions.
    pub(super) fn layers(&self) -> impl Iterator<Item = AdaptableLayer<'_>> {
        let blocks = self.transformer_blocks.iter().flat_map(BasicTransformerBlock::layers);
        [(&self.proj_in).into()].into_iter().chain(blocks).chain([(&self.proj_out).into()])
    }
}
