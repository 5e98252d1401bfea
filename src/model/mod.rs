//! The networks of Stable Diffusion 1.x and 2.x (U-Net, VAE, CLIP's text encoder), and those that preview and
//! score pictures (TAESD, CLIP, DINO), with frozen weights, by upstream's names: every key is diffusers' or
//! transformers', every size comes from `config.json`.

pub mod adaptable;
pub mod adaptable_linear;
pub mod clip;
pub mod clip_encoder;
pub mod clip_text;
pub mod clip_vision;
mod config;
pub mod cross_attention;
mod error;
mod layers;
pub mod lora;
pub mod resample;
mod resnet;
pub mod taesd;
mod time_embedding;
mod token_table;
mod transformer;
mod transformer_block;
pub mod unet;
pub(crate) mod unet_blocks;
pub mod unet_config;
pub mod unet_segments;
pub mod vae;
mod vae_blocks;
pub mod vae_config;
mod vae_decoder;
mod vae_encoder;
pub mod vae_tiles;
pub mod vit;

pub use error::Error;
