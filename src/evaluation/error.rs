//! Why a score or a heat map could not be computed.

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
    #[error("the results could not be read back from the device: {reason}")]
    Readback { reason: String },

    #[error("there are no pictures to compare")]
    NoPictures,

    #[error("there is no heat map of \"{word}\"; map it together with the other words")]
    NotMapped { word: String },

    #[error("only \"{word}\" is mapped; map the other words of the prompt too, to compare it with them")]
    NothingToCompare { word: String },

    #[error("the heat maps and the mask do not fit together; take those of one picture")]
    UnequalMaps,

    #[error("nothing of the mask is foreground, or no word acted there; give another mask")]
    NoForeground,
}
