//! Adapters: LoRA factors and full differences for the linear layers and convolutions of U-Net and text
//! encoder, and the embeddings of new words, in memory and in the files that other programs write and read
//! (docs/formats.md).
//!
//! | file | read | written | where |
//! |---|---|---|---|
//! | kohya LoRA, LoCon and LyCORIS full differences `.safetensors`, optionally with embeddings bundled in | yes | yes | `kohya`, `bundle` |
//! | the names of original checkpoints (ComfyUI, OneTrainer) | yes | | `original_layout` |
//! | diffusers and peft LoRA, four dialects | yes | the newer two | `diffusers` |
//! | embedding `.safetensors` (`emb_params`, diffusers' single key, `clip_l`) | yes | the first two | `embedding_file`, `export` |
//! | diffusers' and peft's folders, also zipped | yes | yes | `folder`, `export` |
//! | a project `.palpable.zip` | yes | yes | `project`, `archive` |
//!
//! What is not understood is refused by name, never ignored: an adapter either works as its maker
//! meant or says why not. Files are taken for hostile.

mod apply;
mod archive;
mod assemble;
mod bundle;
mod difference;
mod diffusers;
mod embedding_file;
mod error;
mod export;
mod file;
mod fit;
mod folder;
mod inspect;
mod inspect_model;
mod kohya;
#[cfg(not(target_arch = "wasm32"))]
mod merge;
mod metadata;
mod module_path;
mod original_layout;
mod original_path;
mod part;
mod peft_config;
mod project;
mod text;
mod types;

pub use difference::Difference;
pub use error::Error;
pub use export::{ExportFormat, ExportedFile};
pub use file::{MAX_FILE, check_length};
pub use inspect::{InspectError, inspect_file};
pub use inspect_model::inspect_model_folder;
#[cfg(not(target_arch = "wasm32"))]
pub use merge::{ConceptToken, MergeError};
pub use module_path::{kohya_name, path_from_kohya_name};
pub use project::{Project, ProjectPicture, read_adapter, read_project, zip_of};
pub use types::{Adapter, AdapterDetails, Embedding, LoraWeights};
