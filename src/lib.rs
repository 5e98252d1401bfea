//! Palpable's engine: a latent diffusion model that generates pictures and trains PALP adapters
//! (LoRA + a new word embedding) on the visitor's own GPU, in a browser or natively.
//!
//! Each folder knows only the ones above it in this list: `gpu` (device, kernels), `ops` (one
//! operation a file: forward, backward, reference), `startup` (what a device is tested for), `weights`
//! (model files), `model` (CLIP, U-Net, VAE), `tokenizer`, `sampling`, `adapter` (LoRA, weight differences,
//! embeddings, their files), `training`, `plan` (the memory that work will take), `evaluation`, `pipeline`
//! (all of it together), `bench` (how fast it is), and `web` (the browser's surface).

pub mod adapter;
pub mod bench;
pub mod evaluation;
pub mod gpu;
pub mod model;
pub mod ops;
pub mod pipeline;
pub mod plan;
pub mod sampling;
pub mod startup;
pub mod tokenizer;
pub mod training;
#[cfg(target_arch = "wasm32")]
mod web;
pub mod weights;
