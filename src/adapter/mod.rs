//! Adapters: LoRA factors for the U-Net's attention projections, full differences of its weights and the
//! embeddings of new words, in memory and in the files that other programs write and read.
//!
//! | file | read | written | where |
//! |---|---|---|---|
//! | kohya LoRA and LyCORIS full differences `.safetensors`, optionally with embeddings bundled in | yes | yes | `kohya`, `bundle` |
//! | diffusers and peft LoRA, three dialects | yes | | `diffusers` |
//! | embedding `.safetensors` (`emb_params`, diffusers' single key, `clip_l`) | yes | `emb_params` | `embedding_file` |
//!
//! What is not understood is refused by name, never ignored: an adapter either works as its maker
//! meant or says why not. Files are taken for hostile.

mod assemble;
mod bundle;
mod difference;
mod diffusers;
mod embedding_file;
mod error;
mod file;
mod fit;
mod inspect;
mod inspect_model;
mod kohya;
#[cfg(not(target_arch = "wasm32"))]
mod merge;
mod metadata;
mod module_path;
mod part;
mod text;
mod types;

pub use difference::Difference;
pub use error::Error;
pub use file::{LARGEST_FILE, check_length};
pub use inspect::{InspectError, inspect_file};
pub use inspect_model::inspect_model_folder;
#[cfg(not(target_arch = "wasm32"))]
pub use merge::{ConceptToken, MergeError};
pub use module_path::{kohya_name, layer_path_from_kohya_name, path_from_kohya_name};
pub use types::{Adapter, AdapterDetails, Embedding, LoraWeights};
