//! Prompts to encoder hidden states, with the words that adapters add.

use std::{collections::HashMap, rc::Rc};

use burn::tensor::{Device, Tensor, TensorData};

use super::Error;
use crate::{adapter::Embedding, model::clip_text::ClipTextModel, tokenizer::Tokenizer};

/// The text encoder with the vocabulary of some adapters.
#[derive(Clone)]
pub struct PromptEncoder {
    tokenizer: Tokenizer,
    text_encoder: Rc<ClipTextModel>,
    /// `[vectors, width]` by placeholder
    embeddings: HashMap<String, Tensor<2>>,
}

impl PromptEncoder {
    pub fn new(tokenizer: Tokenizer, text_encoder: Rc<ClipTextModel>) -> Self {
        Self { tokenizer, text_encoder, embeddings: HashMap::new() }
    }

    /// Learns a word. A word learned twice keeps its newer meaning.
    pub fn add(&mut self, embedding: &Embedding, device: &Device) -> Result<(), Error> {
        self.tokenizer.remove_placeholder(&embedding.placeholder);
        self.tokenizer.add_placeholder(&embedding.placeholder, embedding.vectors)?;
        let values = TensorData::new(embedding.values.clone(), [embedding.vectors, embedding.width]);
        self.embeddings.insert(embedding.placeholder.clone(), Tensor::from_data(values, device));
        Ok(())
    }

    /// `[1, tokens, width]`; and the end of the prompt that did not fit, if it was too long.
    pub fn encode(&self, prompt: &str) -> (Tensor<3>, Option<String>) {
        let tokens = self.tokenizer.encode(prompt);
        let words = self.text_encoder.embed_tokens(&tokens.ids);
        let [_, width] = words.dims();
        let mut spliced = words;
        for span in &tokens.placeholders {
            if let Some(embedding) = self.embeddings.get(&span.placeholder) {
                let place = [span.position..span.position + span.vectors, 0..width];
                let embedding = embedding.clone().narrow(0, span.first_vector, span.vectors);
                let embedding = embedding.cast(spliced.dtype());
                spliced = spliced.slice_assign(place, embedding);
            }
        }
        (self.text_encoder.forward(spliced.unsqueeze()), tokens.truncated)
    }
}
