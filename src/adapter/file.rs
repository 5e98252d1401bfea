//! An adapter to and from the bytes of a `.safetensors` file.
//!
//! Guarantee: what [`Adapter::to_bytes`] writes comes back from [`Adapter::from_bytes`] with the same
//! bits (layers in the order of their paths), but for differences of more than cross-attention's keys and
//! values, which are rounded to f16.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::weights::{self, SafetensorsHeader, TensorEntry, write_safetensors};

use super::assemble::{Layers, OpenFile, Slot};
use super::diffusers::is_peft_alone;
use super::embedding_file::{self, MAX_VECTORS};
use super::part::{Part, kind_of_foreign};
use super::peft_config::PeftConfig;
use super::text::{clean_name, clean_placeholder, stem};
use super::types::{Adapter, Embedding};
use super::{Error, bundle, kohya, metadata};

/// The largest file that is read, in bytes: a difference of Stable Diffusion 1.5's whole U-Net has 1.7 GB. A
/// browser's memory is smaller.
pub const MAX_FILE: u64 = if cfg!(target_arch = "wasm32") { 1 << 30 } else { 2 << 30 };

/// What SQLite's databases begin with.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Refuses a file by its length, before it is read into memory.
///
/// # Errors
/// [`Error::TooLarge`].
pub fn check_length(file_name: &str, bytes: u64) -> Result<(), Error> {
    if bytes <= MAX_FILE {
        return Ok(());
    }
    Err(Error::TooLarge { file: clean_name(file_name), gigabytes: bytes as f64 / 1e9 })
}

/// Whether a safetensors file is some kind of adapter, usable or not, rather than a model's part.
pub(super) fn is_adapter(header: &SafetensorsHeader, file_name: &str) -> bool {
    let known =
        |entry: &TensorEntry| Part::of(&entry.name).is_some() || kind_of_foreign(&entry.name).is_some();
    header.tensors.iter().any(known) || embedding_file::find(header, file_name).is_some()
}

impl Adapter {
    /// A kohya or LyCORIS file with the embeddings bundled in and all details in its metadata.
    ///
    /// # Panics
    /// If a layer's or an embedding's values are not as many as its sizes say: the caller's bug.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut tensors = kohya::tensors(self);
        tensors.extend(bundle::tensors(&self.embeddings));
        let mut metadata = metadata::of_adapter(self);
        metadata.extend(metadata::hashes(&tensors, &metadata));
        write_safetensors(&tensors, &metadata)
    }

    /// Reads any of the formats in [the module's table](super). `file_name` names the file in messages,
    /// and the adapter and its word where the file itself does not.
    ///
    /// # Errors
    /// The file is not a sound safetensors file, is no adapter, holds what cannot be used here, or
    /// values that are not finite; see [`Error`].
    pub fn from_bytes(bytes: &[u8], file_name: &str) -> Result<Self, Error> {
        Self::read(bytes, file_name, None)
    }

    /// The same with the configuration that peft keeps in a file of its own.
    pub(super) fn read(bytes: &[u8], file_name: &str, config: Option<&PeftConfig>) -> Result<Self, Error> {
        let shown_name = clean_name(file_name);
        check_length(file_name, bytes.len() as u64)?;
        let header = match SafetensorsHeader::from_bytes(&shown_name, bytes) {
            Ok(header) => header,
            Err(_) if bytes.starts_with(SQLITE) => return Err(Error::DrawThings { file: shown_name }),
            Err(weights::Error::Pickle { .. }) => return Err(Error::Pickle { file: shown_name }),
            Err(_) if has_pickle_extension(file_name) => return Err(Error::Pickle { file: shown_name }),
            Err(error) => return Err(error.into()),
        };
        let file = OpenFile { name: shown_name, bytes, header };
        let metadata = &file.header.metadata;

        let mut layers = Layers::default();
        let mut words: Vec<(&TensorEntry, String)> = Vec::new();
        let mut foreign: Vec<&TensorEntry> = Vec::new();
        for entry in &file.header.tensors {
            match Part::of(&entry.name) {
                Some(Part::Down(path)) => layers.put(&file, path, Slot::Down, entry)?,
                Some(Part::Middle(path)) => layers.put(&file, path, Slot::Middle, entry)?,
                Some(Part::Up(path)) => layers.put(&file, path, Slot::Up, entry)?,
                Some(Part::Alpha(path)) => layers.put(&file, path, Slot::Alpha, entry)?,
                Some(Part::Difference(path)) => layers.put(&file, path, Slot::Difference, entry)?,
                Some(Part::BiasDifference(path)) => {
                    layers.put(&file, path, Slot::BiasDifference, entry)?;
                }
                Some(Part::Embedding(name)) => words.push((entry, bundle::placeholder(&name))),
                None => foreign.push(entry),
            }
        }
        if !foreign.is_empty()
            && let Some(found) = embedding_file::find(&file.header, file_name)
        {
            foreign.clear();
            words.push(found);
        }
        check_foreign(&file, &foreign)?;
        let told;
        let peft = match config {
            Some(config) => config,
            None if file.header.tensors.iter().any(|entry| is_peft_alone(&entry.name)) => {
                return Err(Error::NoPeftConfig { file: file.name });
            }
            None => {
                told = PeftConfig::from_metadata(&file.name, metadata)?;
                &told
            }
        };
        let (lora, differences) = layers.finish(&file, peft)?;
        Ok(Self {
            name: metadata::name(metadata).unwrap_or_else(|| clean_name(stem(file_name))),
            details: metadata::details(metadata),
            lora,
            differences,
            embeddings: read_embeddings(&file, words)?,
        })
    }
}

/// The embeddings under the placeholders that the file's own metadata tells for their names, in its order;
/// else as they are named.
fn read_embeddings(file: &OpenFile, words: Vec<(&TensorEntry, String)>) -> Result<Vec<Embedding>, Error> {
    let told = metadata::placeholders(&file.header.metadata);
    let told_names = bundle::names(told.iter().map(String::as_str)).into_iter().zip(0..);
    let told_names: HashMap<String, usize> =
        told_names.map(|(name, place)| (format!("<{name}>"), place)).collect();
    let alone = words.len() == 1 && told.len() == 1;
    let mut embeddings = Vec::new();
    for (entry, named) in words {
        let place = if alone { Some(0) } else { told_names.get(&named).copied() };
        let placeholder = place.and_then(|place| told.get(place).cloned());
        let placeholder = placeholder.unwrap_or_else(|| clean_placeholder(&named));
        embeddings.push((place.unwrap_or(usize::MAX), read_embedding(file, entry, placeholder)?));
    }
    embeddings.sort_by_key(|(place, _)| *place);
    let embeddings: Vec<Embedding> = embeddings.into_iter().map(|(_, embedding)| embedding).collect();
    let mut seen = HashSet::new();
    for Embedding { placeholder, .. } in &embeddings {
        if !seen.insert(placeholder) {
            let (file, placeholder) = (file.name.clone(), placeholder.clone());
            return Err(Error::RepeatedWord { file, placeholder });
        }
    }
    Ok(embeddings)
}

fn read_embedding(file: &OpenFile, entry: &TensorEntry, placeholder: String) -> Result<Embedding, Error> {
    let (vectors, width) = match *entry.shape.as_slice() {
        [width] => (1, width),
        [vectors, width] => (vectors, width),
        _ => (0, 0),
    };
    if width == 0 || !(1..=MAX_VECTORS).contains(&vectors) {
        return Err(file.wrong_shape(entry, "1 to 75 vectors"));
    }
    Ok(Embedding { placeholder, vectors, width, values: file.values(entry)? })
}

/// Refuses tensors without a place here, listing by kind what they are.
fn check_foreign(file: &OpenFile, foreign: &[&TensorEntry]) -> Result<(), Error> {
    if let Some(name) = foreign.iter().find_map(|entry| bundle::output_name(&entry.name)) {
        return Err(Error::OutputEmbedding { file: file.name.clone(), name: clean_name(name) });
    }
    let Some(first) = foreign.first() else {
        let empty = file.header.tensors.is_empty();
        return if empty { Err(Error::Empty { file: file.name.clone() }) } else { Ok(()) };
    };
    let everything = foreign.len() == file.header.tensors.len();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in foreign {
        *counts.entry(kind_of_foreign(&entry.name).unwrap_or("unknown parts")).or_default() += 1;
    }
    let (file, example) = (file.name.clone(), clean_name(&first.name));
    if everything && foreign.iter().all(|entry| kind_of_foreign(&entry.name).is_none()) {
        return Err(Error::NotAnAdapter { file, example });
    }
    let listed = counts.into_iter().map(|(kind, count)| match count {
        1 => format!("{kind} (1 tensor)"),
        _ => format!("{kind} ({count} tensors)"),
    });
    let parts = listed.collect::<Vec<_>>().join(", ");
    Err(Error::NotUnderstood { file, parts, example })
}

fn has_pickle_extension(file_name: &str) -> bool {
    let extension = file_name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    matches!(extension.as_str(), "pt" | "bin" | "ckpt" | "pth" | "pkl")
}
