//! An adapter as other programs want it.
//!
//! | format | files |
//! |---|---|
//! | kohya | `NAME.safetensors`: LoRA, differences and words in one, with all metadata |
//! | diffusers | `pytorch_lora_weights.safetensors`, and `learned_embeds.safetensors` for the word |
//! | peft | `adapter_config.json` and `adapter_model.safetensors` for the U-Net, the same in `text_encoder/` for the text encoder, and `learned_embeds.safetensors` |
//! | embedding | `WORD.safetensors` for each word |
//!
//! diffusers' files carry no alpha: alpha/rank is multiplied into B. Of several words each has its own
//! `learned_embeds-WORD.safetensors`, because diffusers takes one a file.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::types::{Adapter, Embedding, LoraWeights, is_of_text_encoder};
use super::{Error, MAX_FILE, bundle, metadata};
use crate::model::adaptable::TEXT_ENCODER;
use crate::weights::{OutgoingTensor, write_safetensors};

/// What an adapter can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    Kohya,
    Diffusers,
    Peft,
    Embedding,
}

/// A file of an export, by its path in the folder that it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    pub path: String,
    pub bytes: Vec<u8>,
}

impl ExportFormat {
    pub const ALL: [Self; 4] = [Self::Kohya, Self::Diffusers, Self::Peft, Self::Embedding];

    pub fn name(self) -> &'static str {
        match self {
            Self::Kohya => "kohya",
            Self::Diffusers => "diffusers",
            Self::Peft => "peft",
            Self::Embedding => "embedding",
        }
    }

    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

impl Adapter {
    /// The files of a format.
    ///
    /// # Errors
    /// [`Error::NotWritable`]: full differences as diffusers' or peft's LoRA; layers of ranks that differ so much
    /// that one rank for all would make diffusers' file too large; an embedding of an adapter that has no word.
    pub fn export(&self, format: ExportFormat) -> Result<Vec<ExportedFile>, Error> {
        let refused =
            |problem| Err(Error::NotWritable { adapter: self.name.clone(), format: format.name(), problem });
        let is_folder = matches!(format, ExportFormat::Diffusers | ExportFormat::Peft);
        if is_folder && !self.differences.is_empty() {
            return refused("it changes whole weights, which a LoRA cannot hold; choose kohya");
        }
        if format == ExportFormat::Embedding && self.embeddings.is_empty() {
            return refused("it has no new word");
        }
        if format == ExportFormat::Diffusers && self.filling_bytes() > MAX_FILE {
            return refused(
                "its layers have ranks that differ too much, and with one rank for all, as diffusers needs it, \
                 they would be larger than any adapter; choose peft",
            );
        }
        Ok(match format {
            ExportFormat::Kohya => {
                let path = format!("{}.safetensors", file_stem(&self.name));
                vec![ExportedFile { path, bytes: self.to_bytes() }]
            }
            ExportFormat::Diffusers => self.diffusers_files(),
            ExportFormat::Peft => self.peft_files(),
            ExportFormat::Embedding => self
                .word_stems()
                .into_iter()
                .enumerate()
                .filter_map(|(word, stem)| {
                    let path = format!("{stem}.safetensors");
                    Some(ExportedFile { path, bytes: self.embedding_file(word)? })
                })
                .collect(),
        })
    }

    /// Each layer with the one rank that its component's layers get: before version 0.40 diffusers took the first
    /// layer's rank for the alpha of all.
    fn layers_and_ranks(&self) -> impl Iterator<Item = (&LoraWeights, usize)> {
        let rank_of = |of_text_encoder| {
            let layers = self.lora.iter().filter(|each| is_of_text_encoder(&each.path) == of_text_encoder);
            layers.map(|each| each.rank).max().unwrap_or_default()
        };
        let (unet_rank, text_rank) = (rank_of(false), rank_of(true));
        let rank = move |path: &str| if is_of_text_encoder(path) { text_rank } else { unet_rank };
        self.lora.iter().map(move |weights| (weights, rank(&weights.path)))
    }

    /// Bytes of the zeros that layers of smaller ranks are filled up with for diffusers.
    fn filling_bytes(&self) -> u64 {
        let zeros = self.layers_and_ranks().map(|(layer, rank)| {
            let numbers_per_rank = layer.in_features * layer.kind.taps() + layer.out_features;
            (rank - layer.rank) as u64 * numbers_per_rank as u64
        });
        zeros.sum::<u64>() * size_of::<f32>() as u64
    }

    fn diffusers_files(&self) -> Vec<ExportedFile> {
        let mut tensors = Vec::new();
        for (weights, rank) in self.layers_and_ranks() {
            let component = if is_of_text_encoder(&weights.path) { "" } else { "unet." };
            let scale = weights.scale();
            let weights = weights.filled_up(rank);
            let up: Vec<f32> = weights.up.iter().map(|value| value * scale).collect();
            tensors.extend(factors(&format!("{component}{}", weights.path), &weights, &up));
        }
        let weights = (!tensors.is_empty()).then(|| ExportedFile {
            path: "pytorch_lora_weights.safetensors".to_owned(),
            bytes: write_safetensors(&tensors, &self.pytorch_metadata()),
        });
        weights.into_iter().chain(self.learned_embeds()).collect()
    }

    fn peft_files(&self) -> Vec<ExportedFile> {
        let mut files = Vec::new();
        for (folder, of_text_encoder) in [("", false), ("text_encoder/", true)] {
            let layers = self.lora.iter().filter(|each| is_of_text_encoder(&each.path) == of_text_encoder);
            let layers: Vec<(&str, &LoraWeights)> = layers
                .map(|each| (each.path.strip_prefix(TEXT_ENCODER).unwrap_or(&each.path), each))
                .collect();
            if layers.is_empty() {
                continue;
            }
            let tensors = layers
                .iter()
                .flat_map(|(path, each)| factors(&format!("base_model.model.{path}"), each, &each.up));
            let tensors: Vec<OutgoingTensor> = tensors.collect();
            let config = peft_config(&layers, self.details.base_model.as_deref());
            files.push(ExportedFile {
                path: format!("{folder}adapter_config.json"),
                bytes: format!("{config:#}\n").into_bytes(),
            });
            files.push(ExportedFile {
                path: format!("{folder}adapter_model.safetensors"),
                bytes: write_safetensors(&tensors, &self.pytorch_metadata()),
            });
        }
        files.extend(self.learned_embeds());
        files
    }

    /// A file's name for each word, all of them different.
    fn word_stems(&self) -> Vec<String> {
        let stems = self.embeddings.iter().map(|embedding| file_stem(&bundle::name(&embedding.placeholder)));
        bundle::distinct(stems)
    }

    /// A file for each word, whose one tensor has the word's name.
    fn learned_embeds(&self) -> impl Iterator<Item = ExportedFile> {
        let several = self.embeddings.len() > 1;
        self.embeddings.iter().zip(self.word_stems()).map(move |(embedding, stem)| {
            let Embedding { placeholder, vectors, width, values } = embedding;
            let mut metadata = metadata::of_embedding(self, embedding);
            metadata.insert("format".to_owned(), "pt".to_owned());
            let tensor = OutgoingTensor::f32(placeholder.clone(), &[*vectors, *width], values);
            let word = if several { format!("-{stem}") } else { String::new() };
            ExportedFile {
                path: format!("learned_embeds{word}.safetensors"),
                bytes: write_safetensors(&[tensor], &metadata),
            }
        })
    }

    fn pytorch_metadata(&self) -> BTreeMap<String, String> {
        let mut metadata = metadata::own_entries(self);
        metadata.insert("format".to_owned(), "pt".to_owned());
        metadata
    }
}

/// A and B under peft's names.
fn factors(path: &str, weights: &LoraWeights, up: &[f32]) -> [OutgoingTensor; 2] {
    [
        OutgoingTensor::f32(format!("{path}.lora_A.weight"), &weights.down_shape(), &weights.down),
        OutgoingTensor::f32(format!("{path}.lora_B.weight"), &weights.up_shape(), up),
    ]
}

/// What peft calls `LoraConfig`: the first layer's rank and alpha, and the layers that differ from it.
fn peft_config(layers: &[(&str, &LoraWeights)], base_model: Option<&str>) -> Value {
    let (rank, alpha) = layers.first().map_or((1, 1.0), |(_, first)| (first.rank, first.alpha));
    let pattern = |exception: &dyn Fn(&LoraWeights) -> Option<Value>| -> Map<String, Value> {
        layers.iter().filter_map(|(path, each)| Some(((*path).to_owned(), exception(each)?))).collect()
    };
    json!({
        "peft_type": "LORA",
        "base_model_name_or_path": base_model,
        "r": rank,
        "lora_alpha": number(alpha),
        "rank_pattern": pattern(&|each| (each.rank != rank).then(|| json!(each.rank))),
        "alpha_pattern": pattern(&|each| (each.alpha != alpha).then(|| number(each.alpha))),
        "target_modules": layers.iter().map(|(path, _)| path).collect::<Vec<_>>(),
        "bias": "none",
        "lora_dropout": 0.0,
        "use_rslora": false,
        "use_dora": false,
        "fan_in_fan_out": false,
        "inference_mode": true,
    })
}

/// Whole where it can be, as peft expects an alpha.
fn number(value: f32) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e6 { json!(value as i64) } else { json!(value) }
}

/// A name fit for a file on any system.
fn file_stem(name: &str) -> String {
    let safe = |letter: char| if letter.is_alphanumeric() || "-_ ()".contains(letter) { letter } else { '-' };
    let stem: String = name.chars().map(safe).collect();
    let stem = stem.trim().trim_matches('-');
    if stem.is_empty() { "adapter".to_owned() } else { stem.to_owned() }
}
