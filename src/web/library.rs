//! The adapters that the engine holds, by the number the page knows them under.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::fault::named;
use crate::{adapter::Adapter, pipeline::AppliedAdapter};

#[derive(Default)]
pub struct Library {
    adapters: BTreeMap<u32, Adapter>,
    next: u32,
}

/// An adapter that a picture is drawn with.
#[derive(Deserialize)]
pub struct AdapterChoice {
    id: u32,
    strength: f32,
}

/// What the page shows of an adapter.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdapterReport {
    id: u32,
    name: String,
    /// The placeholder of its first word.
    placeholder: Option<String>,
    /// The placeholders of all its words.
    placeholders: Vec<String>,
    /// In the words' order; empty where the file says nothing of one.
    class_nouns: Vec<String>,
    /// How prompts name each word's subject: `<my-dog>`, or `<my-dog> dog`.
    phrases: Vec<String>,
    clean_prompt: Option<String>,
    /// The name of the model that it was trained on.
    base_model: Option<String>,
    /// The largest of its layers' LoRA.
    rank: usize,
    modules: usize,
    /// Of all its words.
    vectors: usize,
}

impl Library {
    /// A number that no adapter has had.
    pub fn reserve(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// Keeps an adapter under a number, in place of what was there.
    pub fn keep(&mut self, id: u32, adapter: Adapter) -> AdapterReport {
        let report = AdapterReport {
            id,
            name: adapter.name.clone(),
            placeholder: adapter.embeddings.first().map(|embedding| embedding.placeholder.clone()),
            placeholders: adapter.embeddings.iter().map(|embedding| embedding.placeholder.clone()).collect(),
            class_nouns: adapter.class_nouns(),
            phrases: adapter.phrases(),
            clean_prompt: adapter.details.clean_prompt.clone(),
            base_model: adapter.details.base_model.clone(),
            rank: adapter.lora.iter().map(|layer| layer.rank).max().unwrap_or(0),
            modules: adapter.lora.len() + adapter.differences.len(),
            vectors: adapter.embeddings.iter().map(|embedding| embedding.vectors).sum(),
        };
        self.adapters.insert(id, adapter);
        report
    }

    pub fn get(&self, id: u32) -> Result<&Adapter, JsValue> {
        self.adapters
            .get(&id)
            .ok_or_else(|| named("BadSettings", "That adapter is no longer loaded; import it again."))
    }

    /// # Errors
    /// One of them is not here.
    pub fn applied(&self, choices: &[AdapterChoice]) -> Result<Vec<AppliedAdapter<'_>>, JsValue> {
        let applied = |&AdapterChoice { id, strength }: &AdapterChoice| {
            Ok(AppliedAdapter { adapter: self.get(id)?, strength })
        };
        choices.iter().map(applied).collect()
    }

    pub fn remove(&mut self, id: u32) {
        self.adapters.remove(&id);
    }
}
