//! Encoding prompts to hidden states, with the words that adapters add.
//!
//! Emphasis is A1111's ("Original"): the hidden states of a chunk are multiplied by their tokens' weights,
//! then all of them by one number that restores the chunk's mean. The text encoder reads one chunk at a time;
//! the U-Net attends to all chunks, one after the other.

use std::{collections::HashMap, rc::Rc};

use burn::tensor::{DType, Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::Error;
use crate::{
    adapter::Embedding,
    model::clip_text::ClipTextModel,
    ops::total::mean,
    tokenizer::{Tokenizer, Tokens, WeightedTokens},
};

/// How a prompt is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PromptSyntax {
    /// Every character as it stands, up to what fits into one chunk.
    #[default]
    Literal,
    /// With `(emphasis:1.2)`, BREAK, and as many chunks as it takes.
    Weighted,
}

/// What the U-Net attends to.
pub struct EncodedPrompts {
    /// `[prompts, tokens, width]`; with several chunks, tokens is a multiple of the tokenizer's length.
    pub hidden_states: Tensor<3>,
    /// The end of each prompt that did not fit.
    pub truncated: Vec<Option<String>>,
}

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

    /// Reads prompts with another text encoder of the same vocabulary from now on.
    pub(super) fn read_with(&mut self, text_encoder: Rc<ClipTextModel>) {
        self.text_encoder = text_encoder;
    }

    /// Learns a word. A word learned twice keeps its newer meaning.
    pub fn add(&mut self, embedding: &Embedding, device: &Device) -> Result<(), Error> {
        self.tokenizer.remove_placeholder(&embedding.placeholder);
        self.tokenizer.add_placeholder(&embedding.placeholder, embedding.vectors)?;
        let values = TensorData::new(embedding.values.clone(), [embedding.vectors, embedding.width]);
        self.embeddings.insert(embedding.placeholder.clone(), Tensor::from_data(values, device));
        Ok(())
    }

    /// Encodes at least one prompt. All get as many tokens as the longest; shorter ones are filled up with
    /// empty chunks.
    pub fn encode(&self, prompts: &[&str], syntax: PromptSyntax) -> EncodedPrompts {
        match syntax {
            PromptSyntax::Literal => {
                let tokens: Vec<Tokens> =
                    prompts.iter().map(|prompt| self.tokenizer.encode(prompt)).collect();
                let states = tokens.iter().map(|tokens| self.hidden_states(tokens)).collect();
                let truncated = tokens.into_iter().map(|tokens| tokens.truncated).collect();
                EncodedPrompts { hidden_states: Tensor::cat(states, 0), truncated }
            }
            PromptSyntax::Weighted => {
                let mut chunked: Vec<_> =
                    prompts.iter().map(|prompt| self.tokenizer.encode_chunks(prompt)).collect();
                let most = chunked.iter().map(Vec::len).max().unwrap_or_default();
                let rows = chunked.iter_mut().map(|chunks| {
                    while chunks.len() < most {
                        chunks.extend(self.tokenizer.encode_chunks(""));
                    }
                    Tensor::cat(chunks.iter().map(|chunk| self.weighted_states(chunk)).collect(), 1)
                });
                EncodedPrompts {
                    hidden_states: Tensor::cat(rows.collect(), 0),
                    truncated: vec![None; prompts.len()],
                }
            }
        }
    }

    /// Positions of a word along the tokens' axis of [`encode`](Self::encode)'s hidden states: all tokens of
    /// all occurrences. Empty if the prompt lacks the word, or is cut before it.
    pub fn word_positions(&self, prompt: &str, word: &str, syntax: PromptSyntax) -> Vec<usize> {
        let chunks = match syntax {
            PromptSyntax::Literal => vec![self.tokenizer.encode(prompt)],
            PromptSyntax::Weighted => {
                self.tokenizer.encode_chunks(prompt).into_iter().map(|chunk| chunk.tokens).collect()
            }
        };
        let of_chunk = |(index, tokens): (usize, &Tokens)| {
            let first = index * self.tokenizer.length();
            let positions = self.tokenizer.word_positions(tokens, word);
            positions.into_iter().map(move |position| first + position)
        };
        chunks.iter().enumerate().flat_map(of_chunk).collect()
    }

    /// Shortens learned vectors to at most `factor` mean lengths of the model's own tokens:
    /// v ← v·min(1, τ/‖v‖).
    pub fn clip_norms(&mut self, factor: f64) {
        let limit = (self.text_encoder.vocabulary_norm() * factor).reshape([1, 1]);
        for vectors in self.embeddings.values_mut() {
            let norms = vectors.clone().square().sum_dim(1).sqrt().clamp_min(f32::MIN_POSITIVE);
            *vectors = vectors.clone() * (limit.clone() / norms).clamp_max(1.0);
        }
    }

    /// `[1, tokens, width]` of one chunk.
    fn hidden_states(&self, tokens: &Tokens) -> Tensor<3> {
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
        self.text_encoder.forward(spliced.unsqueeze())
    }

    /// The hidden states `[places, width]` at a prompt's own tokens and its end, without those of `prefix`,
    /// with which the prompt begins.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn token_states(&self, prompt: &str, prefix: &str) -> Tensor<2> {
        let end = self.tokenizer.encode("").ids.get(1).copied();
        let tokens = self.tokenizer.encode(prompt);
        let count = |ids: &[u32]| ids.iter().skip(1).take_while(|&&id| Some(id) != end).count();
        let (first, last) = (1 + count(&self.tokenizer.encode(prefix).ids), 1 + count(&tokens.ids));
        let states = self.hidden_states(&tokens);
        let last = last.min(states.dims()[1] - 1);
        states.narrow(1, first, last + 1 - first).squeeze_dim(0)
    }

    /// `[1, tokens, width]` of one chunk, multiplied by the tokens' weights.
    fn weighted_states(&self, chunk: &WeightedTokens) -> Tensor<3> {
        let plain = self.hidden_states(&chunk.tokens);
        if chunk.weights.iter().all(|&weight| weight == 1.0) {
            return plain;
        }
        let dtype = plain.dtype();
        let plain = plain.cast(DType::F32);
        let weights = TensorData::new(chunk.weights.clone(), [1, chunk.weights.len(), 1]);
        let weighted = plain.clone() * Tensor::from_data(weights, (&plain.device(), DType::F32));
        let share = mean(plain) / mean(weighted.clone());
        (weighted * share.reshape([1, 1, 1])).cast(dtype)
    }
}
