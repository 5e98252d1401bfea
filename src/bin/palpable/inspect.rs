//! `palpable inspect`: what a model or adapter file holds.

use std::path::{Path, PathBuf};

use clap::Args;
use palpable::{
    adapter::{inspect_file, inspect_model_folder},
    weights::DirectorySource,
};

use super::error::Error;

/// Say what a model folder, a model part or an adapter file holds
#[derive(Args)]
pub struct Arguments {
    /// A .safetensors file or a model folder
    path: PathBuf,
}

pub async fn run(arguments: Arguments) -> Result<(), Error> {
    let path = &arguments.path;
    let found = if path.is_dir() {
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
