//! Embeddings in a file of their own (textual inversion): one tensor `[vectors, width]`, or `[width]`
//! in old files.
//!
//! - `emb_params` (kohya, A1111, ComfyUI; the one we write): the word is the file's name
//! - diffusers: the key is the word itself, `<cat-toy>`
//! - `clip_l`: as `emb_params`; together with `clip_g` it is for SDXL and not usable here

use crate::weights::{OutgoingTensor, SafetensorsHeader, TensorEntry, write_safetensors};

use super::metadata;
use super::part::{Part, kind_of_foreign};
use super::text::stem;
use super::types::Adapter;

/// No prompt has room for more.
pub(super) const MAX_VECTORS: usize = 75;

/// The one tensor of an embedding file and the word it stands for; `None` if it is no such file.
pub(super) fn find<'a>(header: &'a SafetensorsHeader, file_name: &str) -> Option<(&'a TensorEntry, String)> {
    let [entry] = header.tensors.as_slice() else { return None };
    let rows = match entry.shape.as_slice() {
        [_] => 1,
        [rows, _] => *rows,
        _ => return None,
    };
    if !(1..=MAX_VECTORS).contains(&rows) {
        return None;
    }
    let placeholder = match entry.name.as_str() {
        "emb_params" | "clip_l" => format!("<{}>", stem(file_name)),
        word if word.starts_with('<') => word.to_owned(),
        // A lone tensor of some other adapter is not a word.
        name if Part::of(name).is_some() || kind_of_foreign(name).is_some() => return None,
        word => word.to_owned(),
    };
    Some((entry, placeholder))
}

impl Adapter {
    /// The embedding of the adapter's `word`-th new word (from 0) alone as `NAME.safetensors`, for programs
    /// that want it apart; `None` if the adapter has no such word. The file's name is the word to type there.
    pub fn embedding_file(&self, word: usize) -> Option<Vec<u8>> {
        let embedding = self.embeddings.get(word)?;
        let shape = [embedding.vectors, embedding.width];
        let tensor = OutgoingTensor::f32("emb_params", &shape, &embedding.values);
        Some(write_safetensors(&[tensor], &metadata::of_embedding(self, embedding)))
    }
}
