//! `palpable inspect`: what a model or adapter file holds.

use std::path::{Path, PathBuf};

use clap::Args;
use palpable::{
    adapter::{inspect_file, inspect_model_folder},
    weights::DirectorySource,
};

use super::{adapter_file::read_adapter, error::Error};

/// Say what a model folder, a model part or an adapter file holds
#[derive(Args)]
pub struct Arguments {
    /// A .safetensors file, a model folder, an adapter's folder or a project
    path: PathBuf,
}

pub async fn run(arguments: Arguments) -> Result<(), Error> {
    let path = &arguments.path;
    let is_zip = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    let is_adapters = |name: &str| path.join(name).is_file();
    let adapter_files =
        ["adapter_config.json", "pytorch_lora_weights.safetensors", "learned_embeds.safetensors"];
    let found = if is_zip || adapter_files.into_iter().any(is_adapters) {
        Ok(read_adapter(path)?.describe())
    } else if path.is_dir() {
        inspect_model_folder(&DirectorySource::new(path)).await
    } else {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        inspect_file(&DirectorySource::new(folder), &name).await
    };
    for line in found.map_err(|error| Error::Other(error.to_string()))? {
        println!("{line}");
    }
    Ok(())
}
