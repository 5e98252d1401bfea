//! The residual block of U-Net and VAE (diffusers' `ResnetBlock2D`, default time embedding norm).
//!
//! h = conv1(silu(norm1(x))) + time_emb_proj(silu(time embedding))
//! y = conv_shortcut(x) + conv2(silu(norm2(h)))     conv_shortcut only where the channels change

use burn::tensor::Tensor;

use super::adaptable::AdaptableLayer;
use super::adaptable_linear::AdaptableLinear;
use super::layers::{Conv2d, load_group_norm};
use super::lora::LoraSet;
use crate::ops::conv2d::Additions;
use crate::ops::group_norm::{GroupNormWeights, group_norm};
use crate::weights::{self, Weights};

/// The sizes of one residual block.
#[derive(Clone, Copy, Debug)]
pub struct ResnetSizes {
    pub in_channels: usize,
    pub out_channels: usize,
    /// None: a block that does not see the timestep (VAE).
    pub time_embedding_size: Option<usize>,
    pub norm_num_groups: usize,
    pub norm_eps: f64,
}

#[derive(Clone, Debug)]
pub struct ResnetBlock2D {
    norm1: GroupNormWeights,
    conv1: Conv2d,
    time_emb_proj: Option<AdaptableLinear>,
    norm2: GroupNormWeights,
    conv2: Conv2d,
    conv_shortcut: Option<AdaptableLinear>,
}

impl ResnetBlock2D {
    pub fn load(weights: &mut Weights, path: &str, sizes: ResnetSizes) -> Result<Self, weights::Error> {
        let ResnetSizes { in_channels, out_channels, time_embedding_size, norm_num_groups, norm_eps } = sizes;
        let key = |name: &str| format!("{path}.{name}");
        Ok(Self {
            norm1: load_group_norm(weights, &key("norm1"), in_channels, norm_num_groups, norm_eps)?,
            conv1: Conv2d::load(weights, &key("conv1"), in_channels, out_channels)?,
            time_emb_proj: time_embedding_size
                .map(|size| AdaptableLinear::load(weights, &key("time_emb_proj"), size, out_channels))
                .transpose()?,
            norm2: load_group_norm(weights, &key("norm2"), out_channels, norm_num_groups, norm_eps)?,
            conv2: Conv2d::load(weights, &key("conv2"), out_channels, out_channels)?,
            conv_shortcut: (in_channels != out_channels)
                .then(|| {
                    AdaptableLinear::load_pointwise(weights, &key("conv_shortcut"), in_channels, out_channels)
                })
                .transpose()?,
        })
    }

    /// x `[batch, height, width, in_channels]`, activated_time silu(time embedding)
    /// `[batch, 1, time_embedding_size]` → `[batch, height, width, out_channels]`
    pub fn forward(
        &self,
        x: Tensor<4>,
        activated_time: Option<&Tensor<3>>,
        lora: Option<&LoraSet>,
    ) -> Tensor<4> {
        let normal = group_norm(x.clone(), &self.norm1, true);
        let hidden = match self.time_emb_proj.as_ref().zip(activated_time) {
            None => self.conv1.forward(normal, lora),
            Some((projection, time)) => {
                let time: Tensor<2> = projection.forward(time.clone(), lora).squeeze_dim(1);
                if projection.is_trained(lora) {
                    // What a convolution adds in its own launch gets no gradient.
                    self.conv1.forward(normal, lora) + time.unsqueeze_dims(&[1, 1])
                } else {
                    let additions = Additions { image_add: Some(time), residual: None };
                    self.conv1.forward_with(normal, additions, lora)
                }
            }
        };
        let shortcut = match &self.conv_shortcut {
            Some(conv_shortcut) => conv_shortcut.forward_image(x, lora),
            None => x,
        };
        let normal = group_norm(hidden, &self.norm2, true);
        self.conv2.forward_with(normal, Additions { image_add: None, residual: Some(shortcut) }, lora)
    }

    /// Its linear layers and convolutions.
    pub(super) fn layers(&self) -> impl Iterator<Item = AdaptableLayer<'_>> {
        let layers = [
            self.time_emb_proj.as_ref().map(AdaptableLayer::from),
            Some((&self.conv1).into()),
            self.conv_shortcut.as_ref().map(AdaptableLayer::from),
            Some((&self.conv2).into()),
        ];
        layers.into_iter().flatten()
    }
}
