//! Where a model lies: a folder in diffusers' layout, or one checkpoint file.

use std::path::Path;

use clap::ValueEnum;
use palpable::weights::{self, ByteSource, DirectorySource, SingleFile, SingleFileOptions};

/// CLIP's merges, for files that come without a tokenizer; all models of one architecture share them.
const MERGES: &str = include_str!("../../../models/clip-tokenizer/merges.txt");

/// What the U-Net of a checkpoint file predicts.
#[derive(Clone, Copy, ValueEnum)]
pub enum Predicts {
    /// The noise, as all 1.x models and those of 2.x for 512 pixels do
    Epsilon,
    /// The velocity, as models of 2.x for 768 pixels do
    V,
}

/// A model on this machine.
pub struct Place {
    /// The folder, or the one that the file lies in.
    pub directory: DirectorySource,
    /// The file's name in it.
    file: Option<String>,
    /// What people know the model by.
    pub name: String,
}

impl Place {
    /// A folder is taken for a model in diffusers' layout, anything else for a file.
    pub fn of(path: &Path) -> Self {
        let name = |name: &std::ffi::OsStr| name.to_string_lossy().into_owned();
        let known_as = path.file_stem().filter(|_| path.is_file()).or(path.file_name());
        let known_as = known_as.map_or("model".into(), name);
        if !path.is_file() {
            return Self { directory: DirectorySource::new(path), file: None, name: known_as };
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = path.file_name().map(name);
        Self { directory: DirectorySource::new(folder), file, name: known_as }
    }

    /// The SHA-256 of a file; nothing of a folder.
    pub async fn sha256(&self) -> Result<Option<String>, weights::Error> {
        match &self.file {
            Some(file) => weights::file_sha256(&self.directory, file).await.map(Some),
            None => Ok(None),
        }
    }

    /// Refuses options of checkpoint files for a folder, where they would do nothing.
    pub fn check_options(&self, averaged: bool, predicts: Option<Predicts>) -> Result<(), weights::Error> {
        if self.file.is_some() || (!averaged && predicts.is_none()) {
            return Ok(());
        }
        let reason = "--prediction and --averaged are for checkpoint files; a folder's config files say what its \
                      U-Net predicts, and it has one set of weights: leave them out";
        // In quotes, since a sentence would begin with a capital.
        Err(weights::Error::Unreadable { path: format!("\"{}\"", self.name), reason: reason.to_owned() })
    }

    /// Reads a file's header; of a folder nothing yet.
    pub async fn open(
        &self,
        averaged: bool,
        predicts: Option<Predicts>,
    ) -> Result<OpenedModel<'_>, weights::Error> {
        let Some(file) = &self.file else { return Ok(OpenedModel::Folder(&self.directory)) };
        let predicts_v = predicts.map(|predicts| matches!(predicts, Predicts::V));
        let options = SingleFileOptions { averaged, predicts_v, merges: Some(MERGES) };
        SingleFile::open(&self.directory, file, options).await.map(OpenedModel::File)
    }
}

/// Refuses what is no folder or file here, with how to fetch it where it looks like a hub's name or an
/// address: this program opens no connection.
pub fn check_is_here(written: &str) -> Result<(), weights::Error> {
    if Path::new(written).exists() {
        return Ok(());
    }
    let mut path = written.split('/');
    let reason = if written.starts_with("https://") || written.starts_with("http://") {
        let name = path.next_back().filter(|name| name.ends_with(".safetensors"));
        let name = name.unwrap_or("model.safetensors");
        format!(
            "models are read from this disk alone; fetch it with `curl -L --fail -o {name} {written}`, then give \
             --model {name}"
        )
    } else if let (Some(_), Some(name), None) = (path.next(), path.next(), path.next()) {
        let (name, revision) = name.split_once('@').unwrap_or((name, "main"));
        let repository = written.split('@').next().unwrap_or(written);
        format!(
            "there is no such folder; if it is a model's name on a hub, fetch it with `hf download {repository} \
             --revision {revision} --local-dir {name}` (pip install huggingface_hub), then give --model {name}"
        )
    } else {
        "there is no such folder or file".to_owned()
    };
    Err(weights::Error::Unreadable { path: format!("\"{written}\""), reason })
}

/// A model as a folder in diffusers' layout.
pub enum OpenedModel<'a> {
    Folder(&'a DirectorySource),
    File(SingleFile<'a>),
}

impl OpenedModel<'_> {
    pub fn source(&self) -> &dyn ByteSource {
        match self {
            Self::Folder(folder) => *folder,
            Self::File(file) => file,
        }
    }

    /// The parts that are missing, by their folders' names; a folder says so itself when it is read.
    pub fn lacks(&self) -> Vec<&'static str> {
        match self {
            Self::Folder(_) => Vec::new(),
            Self::File(file) => file.lacks(),
        }
    }
}
