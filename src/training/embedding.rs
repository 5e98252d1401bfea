//! The new word `[V]` as a parameter of its own.
//!
//! Its vectors are spliced into the token embeddings where the placeholder stands, before positions
//! are added. No row of the model's own table is a parameter, so none can move (with the usual
//! "train the table, zero the other rows' gradients" AdamW's decay moves them all the same).

use std::ops::Range;

use burn::tensor::{DType, Tensor};

use super::random::{Purpose, stream};
use super::transfer::upload;
use crate::model::clip_text::ClipTextModel;
use crate::sampling::noise;
use crate::tokenizer::Tokens;

/// Standard deviation of the noise that tells a word's second and further vectors from its first,
/// as a share of the first one's root mean square.
const FURTHER_VECTOR_NOISE: f32 = 0.1;

/// The new words of a run: each with as many vectors, which lie in the embedding in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWords {
    pub placeholders: Vec<String>,
    pub vectors: usize,
}

impl NewWords {
    pub fn one(placeholder: &str, vectors: usize) -> Self {
        Self { placeholders: vec![placeholder.to_owned()], vectors }
    }

    /// Rows of the embedding.
    pub fn rows(&self) -> usize {
        self.placeholders.len() * self.vectors
    }

    fn first_row(&self, placeholder: &str) -> Option<usize> {
        let word = self.placeholders.iter().position(|known| known == placeholder)?;
        Some(word * self.vectors)
    }
}

/// A prompt's token embeddings with gaps where the new word's vectors go.
#[derive(Clone, Debug)]
pub struct PromptTemplate {
    parts: Vec<Part>,
    /// Type of the model's token table.
    dtype: DType,
}

#[derive(Clone, Debug)]
enum Part {
    /// Rows of the model's table `[tokens, width]`.
    Words(Box<Tensor<2>>),
    /// Rows of the embedding: all rows of a new word, unless the prompt was cut or names one vector itself.
    Placeholder(Range<usize>),
}

impl PromptTemplate {
    /// Looks up the frozen rows of all tokens that are no new word's.
    pub fn new(tokens: &Tokens, new_words: &NewWords, text_encoder: &ClipTextModel) -> Self {
        let words =
            |range: Range<usize>| Part::Words(Box::new(text_encoder.embed_tokens(&tokens.ids[range])));
        let mut parts = Vec::new();
        let mut position = 0;
        for span in &tokens.placeholders {
            let Some(first_row) = new_words.first_row(&span.placeholder) else { continue };
            if span.position > position {
                parts.push(words(position..span.position));
            }
            let first = first_row + span.first_vector;
            parts.push(Part::Placeholder(first..first + span.vectors));
            position = span.position + span.vectors;
        }
        if position < tokens.ids.len() {
            parts.push(words(position..tokens.ids.len()));
        }
        Self { parts, dtype: text_encoder.dtype() }
    }

    /// Positions of the embedding's rows `rows` among the prompt's tokens.
    pub fn positions(&self, rows: &Range<usize>) -> Vec<usize> {
        let mut found = Vec::new();
        let mut position = 0;
        for part in &self.parts {
            match part {
                Part::Words(words) => position += words.dims()[0],
                Part::Placeholder(range) => {
                    let own = range.clone().enumerate().filter(|(_, row)| rows.contains(row));
                    found.extend(own.map(|(offset, _)| position + offset));
                    position += range.len();
                }
            }
        }
        found
    }

    /// The prompt's token embeddings `[1, tokens, width]` with `embedding` `[vectors, width]` in the
    /// gaps. Gradients flow to `embedding`, and to nothing else.
    pub fn splice(&self, embedding: &Tensor<2>) -> Tensor<3> {
        let tracked = embedding.is_autodiff();
        let parts = self.parts.iter().map(|part| match part {
            Part::Words(rows) if tracked => (**rows).clone().autodiff(),
            Part::Words(rows) => (**rows).clone(),
            Part::Placeholder(range) => {
                embedding.clone().narrow(0, range.start, range.len()).cast(self.dtype)
            }
        });
        Tensor::cat(parts.collect(), 0).unsqueeze()
    }
}

/// The first value of a subject's `[V]` `[vectors, width]`, f32: the mean of the initializer word's token
/// embeddings `[tokens, width]`. Further vectors add a little noise so that they can diverge.
pub fn initial_embedding(
    initializer_rows: Tensor<2>,
    vectors: usize,
    subject: usize,
    seed: u64,
) -> Tensor<2> {
    let device = initializer_rows.device();
    let first = initializer_rows.cast(DType::F32).mean_dim(0);
    let width = first.dims()[1];
    let size = first.clone().square().mean_dim(1).sqrt() * FURTHER_VECTOR_NOISE;
    let further = (1..vectors).map(|vector| {
        let noise = noise::normal(seed, stream(Purpose::EmbeddingStart, vector, subject), width);
        first.clone() + upload(noise, &device).reshape([1, width]) * size.clone()
    });
    Tensor::cat(std::iter::once(first.clone()).chain(further).collect(), 0)
}
