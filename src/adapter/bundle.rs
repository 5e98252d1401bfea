//! An embedding inside a LoRA file, as A1111's Lora extension defined it:
//! `bundle_emb.NAME.string_to_param.*` `[vectors, width]` (the asterisk is literal). OneTrainer's
//! spelling `bundle_emb.NAME.clip_l` is read too. NAME is what users of those programs type; it ends
//! at the first dot, so it must hold none.

use crate::weights::OutgoingTensor;

use super::part::Part;
use super::types::Embedding;

pub(super) fn part(key: &str) -> Option<Part> {
    let (name, rest) = key.strip_prefix("bundle_emb.")?.split_once('.')?;
    matches!(rest, "string_to_param.*" | "clip_l").then(|| Part::Embedding(name.to_owned()))
}

/// NAME for a placeholder: without the angle brackets, dots replaced.
pub(super) fn name(placeholder: &str) -> String {
    let name = placeholder.trim_start_matches('<').trim_end_matches('>').replace('.', "_");
    if name.is_empty() { "word".to_owned() } else { name }
}

pub(super) fn tensor(embedding: &Embedding) -> OutgoingTensor {
    let key = format!("bundle_emb.{}.string_to_param.*", name(&embedding.placeholder));
    OutgoingTensor::f32(key, &[embedding.vectors, embedding.width], &embedding.values)
}
