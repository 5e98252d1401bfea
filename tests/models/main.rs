//! The networks and the tokenizer, each against what diffusers or transformers answer (`tools/goldens`).

mod prompt_chunks;
#[path = "../support/mod.rs"]
mod support;
mod tokenizer;
mod unet;
mod unet_lora;
mod vae;
