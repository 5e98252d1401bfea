//! The tiny autoencoder (TAESD, diffusers' `AutoencoderTiny`): latents ↔ pixels in a fraction of the
//! VAE's time, for previews. It takes the U-Net's latents as they are (`scaling_factor` 1).
//!
//! All it does is 3×3 convolutions and relu:  block(x) = relu(x + C₃·relu(C₂·relu(C₁·x)))
//! encoder: convolution, blocks, then a halving convolution and blocks for each further level; decoder:
//! the way back with nearest-neighbour doublings, on 3·tanh(latents / 3).

use burn::tensor::{DType, Tensor, activation::relu};
use serde::Deserialize;
use serde_json::json;

use super::{
    Error,
    config::{ConfigFile, MAX_EXTENT, MAX_LAYERS, MAX_LEVELS, Supported},
    layers::Conv2d,
    vae_config::AutoencoderKlConfig,
};
use crate::ops::conv2d::Additions;
use crate::weights::{self, Weights};

/// `config.json` of an `AutoencoderTiny`. The encoder's levels are listed finest first, the decoder's
/// coarsest first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AutoencoderTinyConfig {
    pub in_channels: usize,
    pub out_channels: usize,
    pub latent_channels: usize,
    pub encoder_block_out_channels: Vec<usize>,
    pub decoder_block_out_channels: Vec<usize>,
    /// Blocks per level.
    pub num_encoder_blocks: Vec<usize>,
    pub num_decoder_blocks: Vec<usize>,
}

impl Default for AutoencoderTinyConfig {
    /// diffusers' defaults, which are TAESD's settings.
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            latent_channels: 4,
            encoder_block_out_channels: vec![64; 4],
            decoder_block_out_channels: vec![64; 4],
            num_encoder_blocks: vec![1, 3, 3, 3],
            num_decoder_blocks: vec![3, 3, 3, 1],
        }
    }
}

impl AutoencoderTinyConfig {
    /// Reads a `config.json`.
    ///
    /// # Errors
    /// Another architecture, a setting of the wrong kind or beyond any model's, or levels that contradict each
    /// other.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let file = ConfigFile::parse("preview autoencoder", json)?;
        file.refuse_unsupported(&supported_settings())?;
        let config: Self = file.read()?;
        for (half, channels, setting, blocks) in [
            ("encoder", &config.encoder_block_out_channels, "num_encoder_blocks", &config.num_encoder_blocks),
            ("decoder", &config.decoder_block_out_channels, "num_decoder_blocks", &config.num_decoder_blocks),
        ] {
            let levels = blocks.len();
            if levels == 0 || levels != channels.len() {
                let reason = format!("the {half}'s lists of channels and blocks do not fit");
                return Err(file.inconsistent(reason));
            }
            if levels > MAX_LEVELS {
                return Err(file.unsupported(setting, format!("{levels} levels")));
            }
            file.within(setting, blocks, MAX_LAYERS)?;
            // Convolutions between levels keep the number of channels.
            if channels.windows(2).any(|pair| pair[0] != pair[1]) {
                return Err(file.inconsistent(format!("the {half}'s levels differ in their channels")));
            }
        }
        let sizes = [
            ("in_channels", &[config.in_channels][..]),
            ("out_channels", &[config.out_channels]),
            ("latent_channels", &[config.latent_channels]),
            ("encoder_block_out_channels", &config.encoder_block_out_channels),
            ("decoder_block_out_channels", &config.decoder_block_out_channels),
        ];
        for (setting, values) in sizes {
            file.within(setting, values, MAX_EXTENT)?;
        }
        Ok(config)
    }

    /// # Errors
    /// Its latents or pictures are of other sizes than this VAE's: another model's preview autoencoder.
    pub fn check_stands_in_for(&self, vae: &AutoencoderKlConfig) -> Result<(), Error> {
        let levels = vae.block_out_channels.len();
        for (setting, own, wanted) in [
            ("latent_channels", self.latent_channels, vae.latent_channels),
            ("in_channels", self.in_channels, vae.in_channels),
            ("out_channels", self.out_channels, vae.out_channels),
            ("num_encoder_blocks", self.num_encoder_blocks.len(), levels),
            ("num_decoder_blocks", self.num_decoder_blocks.len(), levels),
        ] {
            if own != wanted {
                let (component, value) = ("preview autoencoder", own.to_string());
                return Err(Error::UnsupportedSetting { component, setting, value });
            }
        }
        Ok(())
    }
}

/// Settings that would change the computation, with the values that do not.
fn supported_settings() -> Vec<Supported> {
    vec![
        ("_class_name", vec![json!("AutoencoderTiny")]),
        ("act_fn", vec![json!("relu")]),
        ("upsample_fn", vec![json!("nearest")]),
        ("upsampling_scaling_factor", vec![json!(2)]),
        ("scaling_factor", vec![json!(1)]),
        ("shift_factor", vec![json!(0)]),
    ]
}

/// The tiny autoencoder, frozen. Computes in the type of its weights; inputs and outputs are f32.
#[derive(Clone, Debug)]
pub struct AutoencoderTiny {
    config: AutoencoderTinyConfig,
    encoder: Vec<Layer>,
    decoder: Vec<Layer>,
    dtype: DType,
}

/// One entry of diffusers' lists `encoder.layers` and `decoder.layers`.
#[derive(Clone, Debug)]
enum Layer {
    Convolution(Conv2d),
    Relu,
    Block(Box<[Conv2d; 3]>),
    /// The doubling and the convolution after it.
    Upsampler(Conv2d),
}

impl AutoencoderTiny {
    /// Takes the tensors by diffusers' keys.
    ///
    /// # Errors
    /// A tensor is missing or has another shape than the config implies.
    pub fn load(weights: &mut Weights, config: &AutoencoderTinyConfig) -> Result<Self, weights::Error> {
        let (encoder, dtype) = load_encoder(weights, config)?;
        Ok(Self { config: config.clone(), encoder, decoder: load_decoder(weights, config)?, dtype })
    }

    pub fn config(&self) -> &AutoencoderTinyConfig {
        &self.config
    }

    /// images `[batch, height, width, in_channels]` in −1…1 → latents as the U-Net takes them, half as
    /// high and wide for each level but the first.
    pub fn encode(&self, images: Tensor<4>) -> Tensor<4> {
        // The network itself sees 0…1.
        run(&self.encoder, ((images + 1.0) / 2.0).cast(self.dtype)).cast(DType::F32)
    }

    /// latents `[batch, height, width, latent_channels]` as the U-Net gives them → images about −1…1.
    pub fn decode(&self, latents: Tensor<4>) -> Tensor<4> {
        let clamped = (latents / 3.0).tanh() * 3.0;
        run(&self.decoder, clamped.cast(self.dtype)).cast(DType::F32) * 2.0 - 1.0
    }
}

fn run(layers: &[Layer], x: Tensor<4>) -> Tensor<4> {
    layers.iter().fold(x, |x, layer| match layer {
        Layer::Convolution(conv) => conv.forward(x, None),
        Layer::Relu => relu(x),
        Layer::Upsampler(conv) => {
            let [_, height, width, _] = x.dims();
            conv.forward_upsampled(x, [2 * height, 2 * width], None)
        }
        Layer::Block(convs) => {
            let [first, second, third] = &**convs;
            let hidden = relu(second.forward(relu(first.forward(x.clone(), None)), None));
            relu(third.forward_with(hidden, Additions { residual: Some(x), ..Default::default() }, None))
        }
    })
}

fn load_encoder(
    weights: &mut Weights,
    config: &AutoencoderTinyConfig,
) -> Result<(Vec<Layer>, DType), weights::Error> {
    let channels = config.encoder_block_out_channels[0];
    let first = Conv2d::load(weights, "encoder.layers.0", config.in_channels, channels)?;
    let dtype = first.dtype();
    let mut layers = vec![Layer::Convolution(first)];
    for (level, &blocks) in config.num_encoder_blocks.iter().enumerate() {
        if level > 0 {
            let path = format!("encoder.layers.{}", layers.len());
            layers.push(Layer::Convolution(Conv2d::load_without_bias(weights, &path, channels, 2)?));
        }
        load_blocks(weights, "encoder", &mut layers, 0, blocks, channels)?;
    }
    let path = format!("encoder.layers.{}", layers.len());
    layers.push(Layer::Convolution(Conv2d::load(weights, &path, channels, config.latent_channels)?));
    Ok((layers, dtype))
}

fn load_decoder(weights: &mut Weights, config: &AutoencoderTinyConfig) -> Result<Vec<Layer>, weights::Error> {
    let channels = config.decoder_block_out_channels[0];
    let first = Conv2d::load(weights, "decoder.layers.0", config.latent_channels, channels)?;
    let mut layers = vec![Layer::Convolution(first), Layer::Relu];
    let levels = config.num_decoder_blocks.len();
    for (level, &blocks) in config.num_decoder_blocks.iter().enumerate() {
        // diffusers counts each doubling before here as an entry of its own.
        load_blocks(weights, "decoder", &mut layers, level, blocks, channels)?;
        if level + 1 < levels {
            let path = format!("decoder.layers.{}", layers.len() + level + 1);
            layers.push(Layer::Upsampler(Conv2d::load_without_bias(weights, &path, channels, 1)?));
        }
    }
    let path = format!("decoder.layers.{}", layers.len() + levels - 1);
    layers.push(Layer::Convolution(Conv2d::load(weights, &path, channels, config.out_channels)?));
    Ok(layers)
}

/// `offset`: entries of diffusers' list that have no layer of their own here.
fn load_blocks(
    weights: &mut Weights,
    half: &str,
    layers: &mut Vec<Layer>,
    offset: usize,
    blocks: usize,
    channels: usize,
) -> Result<(), weights::Error> {
    for _ in 0..blocks {
        let path = format!("{half}.layers.{}.conv", layers.len() + offset);
        let mut conv = |place: usize| Conv2d::load(weights, &format!("{path}.{place}"), channels, channels);
        layers.push(Layer::Block(Box::new([conv(0)?, conv(2)?, conv(4)?])));
    }
    Ok(())
}
