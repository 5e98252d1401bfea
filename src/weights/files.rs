//! Which files hold a component's weights: one file, its `.fp16` variant, or shards with an index.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::FloatDType;
use serde::Deserialize;

use super::{ByteSource, Error, source::read_config};

/// One file of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentFile {
    /// Relative to the model folder.
    pub path: String,
    /// In bytes.
    pub length: u64,
}

/// The files that [`Weights::load`](super::Weights::load) will read, with their lengths (for a
/// progress bar that knows its end).
///
/// # Errors
/// As [`Weights::load`](super::Weights::load), as far as names and lengths show.
pub async fn component_files(
    source: &dyn ByteSource,
    folder: &str,
    stem: &str,
    dtype: FloatDType,
) -> Result<Vec<ComponentFile>, Error> {
    let layout = Layout::find(source, folder, stem, dtype).await?;
    Ok(layout.files)
}

/// A component's files, and what the index says if there are several.
pub(super) struct Layout {
    pub files: Vec<ComponentFile>,
    pub index: Option<Index>,
}

pub(super) struct Index {
    pub path: String,
    /// The shard (as a path in the model folder) that holds each tensor.
    pub shard_of: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct IndexFile {
    weight_map: BTreeMap<String, String>,
}

impl Layout {
    pub async fn find(
        source: &dyn ByteSource,
        folder: &str,
        stem: &str,
        dtype: FloatDType,
    ) -> Result<Self, Error> {
        let full = [format!("{stem}.safetensors"), format!("{stem}.safetensors.index.json")];
        // diffusers and transformers place the variant's name in the index file's name differently.
        let half = [
            format!("{stem}.fp16.safetensors"),
            format!("{stem}.safetensors.index.fp16.json"),
            format!("{stem}.safetensors.fp16.index.json"),
            format!("{stem}.fp16.safetensors.index.json"),
        ];
        // For a device that computes in f16, the variant has all it can use in half the bytes.
        let candidates: Vec<_> = match dtype {
            FloatDType::F16 => half.into_iter().chain(full).collect(),
            _ => full.into_iter().chain(half).collect(),
        };
        for name in candidates {
            let path = join(folder, &name);
            let Some(length) = source.length(&path).await? else { continue };
            if path.ends_with(".json") {
                return Self::sharded(source, folder, path).await;
            }
            return Ok(Self { files: vec![ComponentFile { path, length }], index: None });
        }
        for pickle in [format!("{stem}.bin"), "pytorch_model.bin".to_owned(), format!("{stem}.ckpt")] {
            let path = join(folder, &pickle);
            if source.length(&path).await?.is_some() {
                return Err(Error::Pickle { path });
            }
        }
        Err(Error::MissingFile { path: join(folder, &format!("{stem}.safetensors")) })
    }

    async fn sharded(source: &dyn ByteSource, folder: &str, index: String) -> Result<Self, Error> {
        let mut shard_of = read_config::<IndexFile>(source, &index).await?.weight_map;
        // A name with a path in it would lead out of the model's folder.
        if let Some(shard) = shard_of.values().find(|shard| shard.contains(['/', '\\'])) {
            let problem = format!("it names a part outside of its folder, {shard}");
            return Err(Error::BadConfig { path: index, problem });
        }
        for shard in shard_of.values_mut() {
            *shard = join(folder, shard);
        }
        let mut files = Vec::new();
        for shard in shard_of.values().collect::<BTreeSet<_>>() {
            let Some(length) = source.length(shard).await? else {
                return Err(Error::MissingShard { index, shard: shard.clone() });
            };
            files.push(ComponentFile { path: shard.clone(), length });
        }
        Ok(Self { files, index: Some(Index { path: index, shard_of }) })
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
