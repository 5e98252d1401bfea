//! Why a score could not be computed.

use crate::{model, tokenizer, weights};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Weights(#[from] weights::Error),

    #[error(transparent)]
    Model(#[from] model::Error),

    #[error(transparent)]
    Tokenizer(#[from] tokenizer::Error),

    /// Tokenizer and text tower of a judge don't belong together.
    #[error("the judge's tokenizer writes {tokens} tokens where its text tower reads {positions}")]
    TooManyTokens { tokens: usize, positions: usize },

    /// The device gave no result.
    #[error("the scores could not be read back from the device: {reason}")]
    Readback { reason: String },

    #[error("there are no pictures to compare")]
    NoPictures,
}
