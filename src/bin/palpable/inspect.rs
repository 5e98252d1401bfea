//! `palpable inspect`: what a model or adapter file holds.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use clap::Args;
use palpable::{
    adapter::{InspectError, inspect_file, inspect_model_folder},
    pipeline,
    weights::DirectorySource,
};

use super::{adapter_file::read_adapter, error::Error, terminal::write_result};

/// Say what a model folder, a model part or an adapter file holds
#[derive(Args)]
pub struct Arguments {
    /// A .safetensors file, a model folder, an adapter's folder or a project
    path: PathBuf,
}

pub async fn run(arguments: Arguments) -> Result<(), Error> {
    let path = &arguments.path;
    std::fs::metadata(path).map_err(|reason| Error::unreadable(path, reason))?;
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
        let name = path.file_name().and_then(OsStr::to_str);
        let name = name.ok_or_else(|| Error::unreadable(path, "its name is no Unicode"))?;
        inspect_file(&DirectorySource::new(folder), name).await
    };
    let lines = found.map_err(|error| match error {
        InspectError::Adapter(error) => pipeline::Error::from(error),
        InspectError::Weights(error) => error.into(),
        InspectError::Config(error) => error.into(),
        InspectError::Scheduler(error) => error.into(),
    })?;
    write_result(&(lines.join("\n") + "\n"))
}
