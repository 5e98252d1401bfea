//! Model files: where their bytes come from, how they are read, and how their tensors reach the device.
//!
//! A model is a folder in diffusers' layout behind a [`ByteSource`] (a disk, the browser, memory); a
//! checkpoint in one file is shown as such a folder ([`SingleFile`]).
//! [`Weights::load`] brings one component ("unet", "vae", …) to the device, a piece of a tensor at a
//! time, so that a model never lies in memory as a whole. Files are taken for hostile: every length
//! is checked before it is believed, and each failure is one sentence ([`Error`]).

mod bringing;
mod combined;
mod component;
mod convert;
mod error;
mod files;
mod hash;
mod header;
mod packing;
mod random;
mod reading;
mod single_file;
mod source;
mod take;
mod taps_first;
mod writer;

pub use combined::Combined;
pub use component::Weights;
pub use error::Error;
pub use files::{ComponentFile, component_files};
pub(crate) use hash::sha256;
pub use hash::{CheckpointHashes, checkpoint_hash, file_sha256, middle_hash};
pub use header::{SafetensorsHeader, StoredType, TensorEntry};
pub use packing::packing_of;
pub(crate) use single_file::RESNET_LAYERS;
pub use single_file::{SingleFile, SingleFileOptions};
#[cfg(not(target_arch = "wasm32"))]
pub use source::DirectorySource;
pub use source::{ByteSource, LocalFuture, MemorySource, read_config, read_text};
pub use writer::{OutgoingTensor, data_hash, legacy_hash, write_safetensors};
