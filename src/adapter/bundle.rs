//! Embeddings inside a LoRA file, as A1111's Lora extension defined them:
//! `bundle_emb.NAME.string_to_param.*` `[vectors, width]` (the asterisk is literal). OneTrainer's
//! spelling `bundle_emb.NAME.clip_l` is read too. NAME is what users of those programs type; it ends
//! at the first dot, so it must hold none.

use std::collections::{HashMap, HashSet};

use crate::weights::OutgoingTensor;

use super::part::Part;
use super::types::Embedding;

pub(super) fn part(key: &str) -> Option<Part> {
    let rest = key.strip_prefix("bundle_emb.")?;
    let name = rest.strip_suffix(".string_to_param.*").or_else(|| rest.strip_suffix(".clip_l"))?;
    Some(Part::Embedding(name.to_owned()))
}

/// What stands in prompts for NAME: `<NAME>`, or NAME itself where it has its brackets, as OneTrainer's do.
pub(super) fn placeholder(name: &str) -> String {
    if name.starts_with('<') && name.ends_with('>') { name.to_owned() } else { format!("<{name}>") }
}

/// NAME of an embedding that OneTrainer puts in the text encoder's output.
pub(super) fn output_name(key: &str) -> Option<&str> {
    let (name, rest) = key.strip_prefix("bundle_emb.")?.rsplit_once('.')?;
    (rest == "clip_l_out").then_some(name)
}

/// NAME for a placeholder: without the angle brackets, dots replaced.
pub(super) fn name(placeholder: &str) -> String {
    let name = placeholder.trim_start_matches('<').trim_end_matches('>').replace('.', "_");
    if name.is_empty() { "word".to_owned() } else { name }
}

/// NAME for each placeholder: where two would be one, the later ones get a number.
pub(super) fn names<'a>(placeholders: impl Iterator<Item = &'a str>) -> Vec<String> {
    distinct(placeholders.map(name))
}

/// The same names, but where two would be one, in whatever case, the later ones get a number.
pub(super) fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let free = |name: String| {
        if taken.insert(name.to_lowercase()) {
            return name;
        }
        // Goes on where the last of this name left off: a hostile file repeats one endlessly.
        let number = numbers.entry(name.to_lowercase()).or_insert(1);
        loop {
            *number += 1;
            let numbered = format!("{name}_{number}");
            if taken.insert(numbered.to_lowercase()) {
                return numbered;
            }
        }
    };
    names.map(free).collect()
}

pub(super) fn tensors(embeddings: &[Embedding]) -> impl Iterator<Item = OutgoingTensor> {
    let names = names(embeddings.iter().map(|embedding| embedding.placeholder.as_str()));
    names.into_iter().zip(embeddings).map(|(name, embedding)| {
        let key = format!("bundle_emb.{name}.string_to_param.*");
        OutgoingTensor::f32(key, &[embedding.vectors, embedding.width], &embedding.values)
    })
}
