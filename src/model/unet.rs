//! The noise prediction network of Stable Diffusion 1.x and 2.x (diffusers' `UNet2DConditionModel`).
//!
//! Computes in the type of its weights (f32 or f16); input and output are f32. Weights are frozen:
//! gradients flow to the sample, the prompt's embedding and what a [`LoraSet`] holds.

use std::cmp::Reverse;

use burn::tensor::{DType, Device, Tensor};

use super::adaptable::{AdaptableLayer, AdaptableModule, ModuleChoice};
use super::cross_attention::Guides;
use super::lora::{Folding, LoraSet};
use super::time_embedding::{Sinusoids, TimeEmbedding};
use super::unet_blocks::{Conditioning, Segment, SegmentInput};
use super::unet_config::UNet2DConditionConfig;
use crate::{
    gpu::release_unused,
    weights::{self, Weights},
};

#[derive(Clone, Debug)]
pub struct UNet2DConditionModel {
    config: UNet2DConditionConfig,
    dtype: DType,
    time_embedding: TimeEmbedding,
    segments: Vec<Segment>,
}

impl UNet2DConditionModel {
    /// Takes the tensors by diffusers' keys.
    pub fn load(weights: &mut Weights, config: UNet2DConditionConfig) -> Result<Self, weights::Error> {
        let sinusoids = Sinusoids {
            size: config.block_out_channels[0],
            flip_sin_to_cos: config.flip_sin_to_cos,
            freq_shift: config.freq_shift,
        };
        let time_embedding = TimeEmbedding::load(
            weights,
            "time_embedding",
            sinusoids,
            config.time_embedding_size,
            config.time_cond_proj_dim,
        )?;
        let segments = config
            .segments()
            .into_iter()
            .map(|shape| Segment::load(weights, &config, shape))
            .collect::<Result<Vec<_>, _>>()?;
        let dtype = segments.iter().find_map(Segment::dtype).unwrap_or(DType::F32);
        Ok(Self { config, dtype, time_embedding, segments })
    }

    pub fn config(&self) -> &UNet2DConditionConfig {
        &self.config
    }

    /// Whether the network takes the guidance scale itself, in place of a second pass without the prompt.
    pub fn takes_guidance(&self) -> bool {
        self.config.time_cond_proj_dim.is_some()
    }

    /// The same network (nothing is copied), given a guidance scale; changes nothing where it takes none.
    #[must_use]
    pub fn with_guidance(&self, guidance_scale: f32) -> Self {
        Self { time_embedding: self.time_embedding.with_guidance(guidance_scale), ..self.clone() }
    }

    /// The type that weights and activations are stored in.
    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    /// The segments of the forward pass, in order.
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// silu(time embedding) `[batch, 1, time_embedding_size]` of one timestep for each batch row.
    pub fn activated_time(&self, timesteps: &[f32], device: &Device) -> Tensor<3> {
        self.time_embedding.forward(timesteps, device, self.dtype)
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
        let guides = Guides { lora, cross_attention: None };
        self.forward_guided(sample, timesteps, encoder_hidden_states, guides)
    }

    /// The same with all guides.
    pub fn forward_guided(
        &self,
        sample: Tensor<4>,
        timesteps: &[f32],
        encoder_hidden_states: Tensor<3>,
        guides: Guides,
    ) -> Tensor<4> {
        let activated_time = self.activated_time(timesteps, &sample.device());
        self.forward_at(sample, activated_time, encoder_hidden_states, guides)
    }

    /// The same at timesteps that are embedded already, by [`Self::activated_time`].
    pub fn forward_at(
        &self,
        sample: Tensor<4>,
        activated_time: Tensor<3>,
        encoder_hidden_states: Tensor<3>,
        guides: Guides,
    ) -> Tensor<4> {
        // Once for all segments; each casts what it is given, which is then nothing to do.
        let encoder_hidden_states = encoder_hidden_states.cast(self.dtype);
        let conditioning = Conditioning {
            activated_time: &activated_time,
            encoder_hidden_states: &encoder_hidden_states,
            lora: guides.lora,
            cross_attention: guides.cross_attention,
        };
        let mut skips: Vec<Tensor<4>> = Vec::new();
        let mut image = sample.cast(self.dtype);
        for segment in &self.segments {
            let skip = if segment.shape().takes_skip { skips.pop() } else { None };
            let next_skip = skips.last().map(size);
            image = segment.forward(SegmentInput { image, skip, next_skip }, conditioning);
            if segment.shape().leaves_skip {
                skips.push(image.clone());
            }
        }
        image.cast(DType::F32)
    }

    /// The layers that adapters may change, in the order of the forward pass.
    pub fn adaptable_modules(&self, choice: ModuleChoice) -> Vec<AdaptableModule> {
        let chosen = self.layers().filter(|layer| choice.includes(layer.path()));
        chosen.map(AdaptableLayer::module).collect()
    }

    /// to_q, to_k, to_v, to_out.0 of every attention, in the order of the forward pass.
    pub fn attention_projections(&self) -> Vec<AdaptableModule> {
        self.adaptable_modules(ModuleChoice::AttentionProjections)
    }

    /// Folds what a set does to this model's layers into copies of their weights, once for all: the set then
    /// takes as much memory as the weights of the layers it names, and a forward pass as long as without it.
    /// The largest layers come first, while the copies still take little, and sums in the making are given
    /// back before smaller layers follow: their buffers would serve none of these.
    pub fn fold(&self, set: &mut LoraSet, folding: Folding, device: &Device) {
        let count = |layer: &AdaptableLayer| layer.module().weight_shape().iter().product::<usize>();
        let mut layers: Vec<_> = self.layers().filter(|layer| set.folds(layer.path(), folding)).collect();
        layers.sort_by_key(|layer| Reverse(count(layer)));
        for (group, same_size) in layers.chunk_by(|a, b| count(a) == count(b)).enumerate() {
            if group > 0 {
                release_unused(device);
            }
            same_size.iter().for_each(|layer| layer.fold(set, folding));
        }
    }

    fn layers(&self) -> impl Iterator<Item = AdaptableLayer<'_>> {
        self.segments.iter().flat_map(Segment::layers)
    }
}

/// `[height, width]`
pub(crate) fn size(image: &Tensor<4>) -> [usize; 2] {
    let [_, height, width, _] = image.dims();
    [height, width]
}
