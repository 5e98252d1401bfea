//! The layers that can be adapted: every linear layer and convolution of the U-Net's segments, by upstream's
//! path, and the linear layers of the text encoder's transformer, by upstream's path after [`TEXT_ENCODER`].
//! (Norms and the time embedding before the U-Net's segments stay as they are.)

use super::adaptable_linear::AdaptableLinear;
use super::layers::Conv2d;
use super::lora::{Folding, LoraSet};

/// What stands before the paths of the text encoder's layers:
/// `text_encoder.text_model.encoder.layers.0.self_attn.q_proj` for example.
pub const TEXT_ENCODER: &str = "text_encoder.";

/// A layer as far as adapters are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdaptableModule {
    /// Upstream's module path, `….attn1.to_q` for example.
    pub path: String,
    pub in_features: usize,
    pub out_features: usize,
    pub kind: LayerKind,
    pub has_bias: bool,
}

/// How upstream stores a layer's weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// `[out, in]`
    Linear,
    /// A 1×1 convolution: `[out, in, 1, 1]`
    Pointwise,
    /// A 3×3 convolution: `[out, in, 3, 3]`
    Convolution,
}

/// A choice among a U-Net's layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleChoice {
    /// to_q, to_k, to_v, to_out.0 of attn1 and attn2.
    AttentionProjections,
    /// The same of attn2 only.
    CrossAttention,
    /// to_k and to_v of attn2: what reads the prompt (Custom Diffusion, arXiv:2212.04488).
    CrossAttentionKeysValues,
    /// Every linear layer and convolution.
    All,
    Nothing,
}

impl LayerKind {
    /// The dimensions of a weight's shape after outputs and inputs.
    pub fn kernel(self) -> &'static [usize] {
        match self {
            Self::Linear => &[],
            Self::Pointwise => &[1, 1],
            Self::Convolution => &[3, 3],
        }
    }

    /// Number of input places that one output place of the layer reads.
    pub fn taps(self) -> usize {
        self.kernel().iter().product()
    }
}

impl AdaptableModule {
    /// Upstream's shape of the weight.
    pub fn weight_shape(&self) -> Vec<usize> {
        [&[self.out_features, self.in_features], self.kind.kernel()].concat()
    }

    /// Number of values in the weight.
    pub fn weight_count(&self) -> usize {
        self.weight_shape().iter().product()
    }

    /// Rows and columns of a full difference on the device (see
    /// [`WeightDifference`](super::lora::WeightDifference)).
    pub fn difference_shape(&self) -> [usize; 2] {
        match self.kind {
            LayerKind::Linear | LayerKind::Pointwise => [self.out_features, self.in_features],
            LayerKind::Convolution => [9 * self.in_features, self.out_features],
        }
    }
}

impl ModuleChoice {
    /// Whether the layer at this path is one of them.
    pub fn includes(self, path: &str) -> bool {
        let cross_attention = path.contains(".attn2.");
        match self {
            Self::AttentionProjections => cross_attention || path.contains(".attn1."),
            Self::CrossAttention => cross_attention,
            Self::CrossAttentionKeysValues => path.ends_with(".attn2.to_k") || path.ends_with(".attn2.to_v"),
            Self::All => true,
            Self::Nothing => false,
        }
    }
}

/// One of a model's own layers.
#[derive(Clone, Copy)]
pub(super) enum AdaptableLayer<'a> {
    Linear(&'a AdaptableLinear),
    Convolution(&'a Conv2d),
}

impl<'a> From<&'a AdaptableLinear> for AdaptableLayer<'a> {
    fn from(layer: &'a AdaptableLinear) -> Self {
        Self::Linear(layer)
    }
}

impl<'a> From<&'a Conv2d> for AdaptableLayer<'a> {
    fn from(layer: &'a Conv2d) -> Self {
        Self::Convolution(layer)
    }
}

impl<'a> AdaptableLayer<'a> {
    pub fn path(self) -> &'a str {
        match self {
            Self::Linear(layer) => &layer.path,
            Self::Convolution(layer) => layer.path(),
        }
    }

    pub fn module(self) -> AdaptableModule {
        match self {
            Self::Linear(layer) => layer.module(),
            Self::Convolution(layer) => layer.module(),
        }
    }

    /// See [`LoraSet::fold`].
    pub fn fold(self, set: &mut LoraSet, folding: Folding) {
        match self {
            Self::Linear(layer) => set.fold(&layer.path, &layer.weight, layer.bias.as_ref(), folding),
            Self::Convolution(layer) => layer.fold(set, folding),
        }
    }
}
