//! What a safetensors file holds, in lines for people: an adapter, an embedding, or a part of a model.

use std::collections::BTreeMap;

use crate::weights::{ByteSource, SafetensorsHeader};
use crate::{model, sampling, weights};

use super::fit::in_words;
use super::text::clean_name;
use super::types::{Adapter, is_of_text_encoder};
use super::{Error, check_length, file};

/// Why a file or folder cannot be described, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    #[error(transparent)]
    Adapter(#[from] Error),
    #[error(transparent)]
    Weights(#[from] weights::Error),
    #[error(transparent)]
    Config(#[from] model::Error),
    #[error(transparent)]
    Scheduler(#[from] sampling::Error),
}

/// Describes one file of `source`. An adapter is read whole, so that what is reported is usable; of a
/// model's part only the header is.
///
/// # Errors
/// It is not sound, or an adapter that cannot be used.
pub async fn inspect_file(source: &dyn ByteSource, path: &str) -> Result<Vec<String>, InspectError> {
    let header = match SafetensorsHeader::read(source, path).await {
        Ok(header) => header,
        Err(weights::Error::Pickle { path }) => return Err(Error::Pickle { file: clean_name(&path) }.into()),
        Err(error) => return Err(error.into()),
    };
    let length = header.tensors.last().map_or(header.data_start, |entry| entry.range.end);
    if !file::is_adapter(&header, path) {
        return Ok(vec![format!("{}: {}", kind_of_component(&header), tensors_in_words(&header, length))]);
    }
    check_length(path, length)?;
    let bytes = source.read(path, 0..length).await?;
    let mut lines = Adapter::from_bytes(&bytes, path)?.describe();
    lines.push(format!("File: {}", tensors_in_words(&header, length)));
    Ok(lines)
}

impl Adapter {
    /// The adapter in lines for people: kind, name, base, rank, word, prompts, training.
    pub fn describe(&self) -> Vec<String> {
        let details = &self.details;
        let quoted = |text: &String| format!("\"{text}\"");
        let nouns: Vec<&str> =
            details.class_nouns.iter().map(String::as_str).filter(|noun| !noun.is_empty()).collect();
        let listed = |words: &[&str]| (!words.is_empty()).then(|| words.join(", "));
        let lines = [
            ("Kind", Some(self.kind_in_words())),
            ("Name", Some(self.name.clone())),
            ("Base model", details.base_model.clone()),
            ("Text vectors", self.text_width().map(in_words)),
            ("LoRA", self.lora_in_words()),
            ("Differences", self.differences_in_words()),
            (if self.embeddings.len() > 1 { "New words" } else { "New word" }, self.words_in_words()),
            (if nouns.len() > 1 { "Class nouns" } else { "Class noun" }, listed(&nouns)),
            ("Target prompt", details.clean_prompt.as_ref().map(quoted)),
            ("Prompt of the photos", details.personalization_prompt.as_ref().map(quoted)),
            ("Training", self.training_in_words()),
        ];
        lines.into_iter().filter_map(|(label, text)| Some(format!("{label}: {}", text?))).collect()
    }

    fn kind_in_words(&self) -> String {
        let words = self.embeddings.len();
        let weights = match (self.lora.is_empty(), self.differences.is_empty()) {
            (true, true) if words > 1 => return "Embeddings of new words (textual inversion)".to_owned(),
            (true, true) => return "Embedding of a new word (textual inversion)".to_owned(),
            (false, true) => "LoRA adapter",
            (true, false) => "Full differences of weights",
            (false, false) => "LoRA and full differences of weights",
        };
        match words {
            0 => weights.to_owned(),
            1 => format!("{weights} with a new word"),
            _ => format!("{weights} with {words} new words"),
        }
    }

    fn differences_in_words(&self) -> Option<String> {
        let layers = self.differences.len();
        let noun = if layers == 1 { "layer" } else { "layers" };
        let numbers = amount(self.difference_values() as f64);
        (layers > 0).then(|| format!("{layers} {noun}, {numbers} numbers"))
    }

    fn words_in_words(&self) -> Option<String> {
        let words = self.embeddings.iter().map(|embedding| match embedding.vectors {
            1 => format!("{} (1 vector)", embedding.placeholder),
            vectors => format!("{} ({vectors} vectors)", embedding.placeholder),
        });
        (!self.embeddings.is_empty()).then(|| words.collect::<Vec<_>>().join(", "))
    }

    fn lora_in_words(&self) -> Option<String> {
        let ranks = range(self.lora.iter().map(|weights| weights.rank as f32))?;
        let alphas = range(self.lora.iter().map(|weights| weights.alpha))?;
        let scales = range(self.lora.iter().map(|weights| weights.scale()))?;
        let layers = self.lora.len();
        let noun = if layers == 1 { "layer" } else { "layers" };
        let of_text_encoder = self.lora.iter().filter(|weights| is_of_text_encoder(&weights.path)).count();
        let of_text_encoder = match of_text_encoder {
            0 => String::new(),
            count => format!(", {count} of them the text encoder's"),
        };
        Some(format!("rank {ranks}, alpha {alphas} (scale {scales}), {layers} {noun}{of_text_encoder}"))
    }

    fn training_in_words(&self) -> Option<String> {
        let details = &self.details;
        let number = |name: &str, value: Option<f64>| value.map(|value| format!("{name} {value}"));
        let parts = [
            details.steps.map(|steps| format!("{steps} steps")),
            details.trained_weights.as_ref().map(|trained| format!("trained weights {trained}")),
            number("guidance alpha", details.alpha),
            number("beta", details.beta),
            number("lambda", details.lambda),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// "8", or "4 to 32".
fn range(values: impl Iterator<Item = f32>) -> Option<String> {
    let ends = |ends: Option<(f32, f32)>, value: f32| {
        Some(ends.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
    };
    let (low, high) = values.fold(None, ends)?;
    Some(if low == high { low.to_string() } else { format!("{low} to {high}") })
}

/// What part of a model this is, by the names upstream gives its tensors.
fn kind_of_component(header: &SafetensorsHeader) -> &'static str {
    let any = |prefix: &str| header.tensors.iter().any(|entry| entry.name.starts_with(prefix));
    let (vision, text) = (any("vision_model."), any("text_model.") || any("text_projection"));
    if any("model.diffusion_model.") {
        "Whole model in one file (original layout)"
    } else if any("decoder.") && any("encoder.") {
        "Autoencoder (VAE)"
    } else if any("down_blocks.") || any("up_blocks.") || any("mid_block.") {
        "U-Net"
    } else if vision {
        "CLIP image encoder"
    } else if text {
        "CLIP text encoder"
    } else {
        "Tensors of an unknown kind"
    }
}

/// "385 tensors, 6.4 million numbers in F32, 25.5 MB"
pub(super) fn tensors_in_words(header: &SafetensorsHeader, length: u64) -> String {
    let mut count_of_type: BTreeMap<String, usize> = BTreeMap::new();
    let mut numbers = 0;
    for entry in &header.tensors {
        *count_of_type.entry(entry.dtype.to_string()).or_default() += 1;
        numbers += entry.shape.iter().product::<usize>();
    }
    let types = count_of_type.into_keys().collect::<Vec<_>>().join(" and ");
    let tensors = header.tensors.len();
    let noun = if tensors == 1 { "tensor" } else { "tensors" };
    format!("{tensors} {noun}, {} numbers in {types}, {}", amount(numbers as f64), size(length))
}

/// A count with two or three digits: 512, 6.4 thousand, 860 million.
fn amount(count: f64) -> String {
    scaled(count, &[(1e9, " billion"), (1e6, " million"), (1e3, " thousand")], "")
}

/// Bytes in powers of 1000, as download sizes are told.
pub(super) fn size(bytes: u64) -> String {
    scaled(bytes as f64, &[(1e9, " GB"), (1e6, " MB"), (1e3, " kB")], " bytes")
}

fn scaled(value: f64, units: &[(f64, &str)], plain: &str) -> String {
    match units.iter().find(|(unit, _)| value >= *unit) {
        Some((unit, name)) if value / unit < 10.0 => format!("{:.1}{name}", value / unit),
        Some((unit, name)) => format!("{:.0}{name}", value / unit),
        None => format!("{value}{plain}"),
    }
}
