//! The models of Stable Diffusion 1.x with frozen weights, by upstream's names: every key is
//! diffusers' or transformers', every size comes from `config.json`.

pub mod clip;
mod clip_encoder;
pub mod clip_text;
pub mod clip_vision;
mod error;
mod layers;

pub use error::Error;
