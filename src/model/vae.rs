//! The variational autoencoder between pixels and latents (diffusers' `AutoencoderKL`).
//!
//! Computes in the type of its weights (f32 or f16); inputs and outputs are f32.

use burn::tensor::{DType, Tensor};

use super::layers::Linear;
use super::vae_config::AutoencoderKlConfig;
use super::vae_decoder::VaeDecoder;
use super::vae_encoder::VaeEncoder;
use super::vae_tiles::{LatentSides, in_tiles};
use crate::weights::{self, Weights};

#[derive(Clone, Debug)]
pub struct AutoencoderKl {
    pub config: AutoencoderKlConfig,
    dtype: DType,
    encoder: VaeEncoder,
    quant_conv: Option<Linear>,
    post_quant_conv: Option<Linear>,
    decoder: VaeDecoder,
}

/// The encoder's distribution of an image's latents: a Gaussian for each value, independent of the others.
#[derive(Clone, Debug)]
pub struct LatentDistribution {
    /// `[batch, height, width, latent_channels]`
    pub mean: Tensor<4>,
    /// ln σ², between −30 and 20, of the same shape.
    pub log_variance: Tensor<4>,
}

impl AutoencoderKl {
    /// Takes the tensors by diffusers' keys.
    pub fn load(weights: &mut Weights, config: AutoencoderKlConfig) -> Result<Self, weights::Error> {
        let latents = config.latent_channels;
        let encoder = VaeEncoder::load(weights, &config)?;
        Ok(Self {
            dtype: encoder.dtype(),
            encoder,
            quant_conv: config
                .use_quant_conv
                .then(|| Linear::load_pointwise(weights, "quant_conv", 2 * latents, 2 * latents))
                .transpose()?,
            post_quant_conv: config
                .use_post_quant_conv
                .then(|| Linear::load_pointwise(weights, "post_quant_conv", latents, latents))
                .transpose()?,
            decoder: VaeDecoder::load(weights, &config)?,
            config,
        })
    }

    /// images `[batch, height, width, in_channels]` in −1…1 → latents of `1 / config.downscale()` of
    /// their height and width, not yet multiplied by `config.scaling_factor`.
    pub fn encode(&self, images: Tensor<4>) -> LatentDistribution {
        self.distribution(self.moments(images))
    }

    /// The same in overlapping tiles of `side` latents, which take as much memory as one of them.
    pub fn encode_in_tiles(&self, images: Tensor<4>, side: usize) -> LatentDistribution {
        let latent = LatentSides { input: self.config.downscale(), output: 1 };
        self.distribution(in_tiles(images, side, latent, |tile| self.moments(tile)))
    }

    fn moments(&self, images: Tensor<4>) -> Tensor<4> {
        let moments = self.encoder.forward(images.cast(self.dtype));
        apply(&self.quant_conv, moments).cast(DType::F32)
    }

    fn distribution(&self, moments: Tensor<4>) -> LatentDistribution {
        let latents = self.config.latent_channels;
        LatentDistribution {
            mean: moments.clone().narrow(3, 0, latents),
            log_variance: moments.narrow(3, latents, latents).clamp(-30.0, 20.0),
        }
    }

    /// latents `[batch, height, width, latent_channels]`, already divided by `config.scaling_factor`
    /// → images about −1…1, `config.downscale()` times as high and wide.
    pub fn decode(&self, latents: Tensor<4>) -> Tensor<4> {
        let latents = apply(&self.post_quant_conv, latents.cast(self.dtype));
        self.decoder.forward(latents).cast(DType::F32)
    }

    /// The same in overlapping tiles of `side` latents, which take as much memory as one of them.
    pub fn decode_in_tiles(&self, latents: Tensor<4>, side: usize) -> Tensor<4> {
        let latent = LatentSides { input: 1, output: self.config.downscale() };
        in_tiles(latents, side, latent, |tile| self.decode(tile))
    }
}

/// A 1×1 convolution that some models leave out.
fn apply(conv: &Option<Linear>, x: Tensor<4>) -> Tensor<4> {
    match conv {
        Some(conv) => conv.forward_image(x),
        None => x,
    }
}
