//! The networks and the tokenizer, each against what diffusers or transformers answer (`tools/goldens`).

#[path = "../support/mod.rs"]
mod support;
mod tokenizer;
mod unet;
mod vae;
