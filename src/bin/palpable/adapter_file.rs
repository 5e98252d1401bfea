//! Adapters on disk: one file, a folder of diffusers' or peft's, a project.

use std::path::Path;

use palpable::adapter::{Adapter, check_length, read_adapter as read_adapter_bytes};

use super::error::Error;

/// Where a folder of an adapter has its files.
const SUBFOLDERS: [&str; 3] = ["", "unet", "text_encoder"];

/// From a file or a folder.
pub fn read_adapter(path: &Path) -> Result<Adapter, Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if !path.is_dir() {
        return Ok(read_adapter_bytes(&read(path)?, &name)?);
    }
    let mut files = Vec::new();
    for subfolder in SUBFOLDERS {
        let Ok(entries) = std::fs::read_dir(path.join(subfolder)) else { continue };
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        for name in names.iter().filter(|name| is_adapters(name)) {
            let separator = if subfolder.is_empty() { "" } else { "/" };
            files.push((format!("{subfolder}{separator}{name}"), read(&path.join(subfolder).join(name))?));
        }
    }
    Ok(Adapter::from_files(&name, &files)?)
}

fn is_adapters(name: &str) -> bool {
    name.ends_with(".safetensors") || name == "adapter_config.json"
}

/// A whole file, unless it is too large for an adapter.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let length = std::fs::metadata(path).map_err(|reason| Error::unreadable(path, reason))?.len();
    check_length(&path.display().to_string(), length)?;
    std::fs::read(path).map_err(|reason| Error::unreadable(path, reason))
}
