//! What can be wrong with a tokenizer's files or a placeholder.

use crate::weights;

/// Why a tokenizer could not be made, or a placeholder not be added.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Files(#[from] weights::Error),

    #[error("the tokenizer's vocab.json is not usable: {problem}")]
    BadVocabulary { problem: String },

    /// Lines count from 1.
    #[error("line {line} of the tokenizer's merges.txt is not a pair of tokens")]
    BadMerge { line: usize },

    /// vocab.json and merges.txt are not of the same model.
    #[error("the tokenizer's vocab.json and merges.txt do not belong together: {problem}")]
    Mismatch { problem: String },

    #[error("the tokenizer's settings are not usable: {problem}")]
    BadConfig { problem: String },

    #[error("the tokenizer's vocabulary lacks {token}")]
    MissingToken { token: String },

    #[error("a placeholder needs a name, such as <my-dog>")]
    EmptyPlaceholder,

    #[error(
        "\"{placeholder}\" cannot be a placeholder, because it contains a space; write <my-dog>, for instance"
    )]
    PlaceholderWithSpace { placeholder: String },

    #[error(
        "\"{word}\" is a word that the model already knows; choose another placeholder, such as <my-{word}>"
    )]
    KnownWord { word: String },

    /// Special tokens or the syntax of emphasis stand in it.
    #[error(
        "\"{placeholder}\" cannot be a placeholder, because this model reads it in parts; choose another of \
         letters, digits and hyphens, such as <my-dog>"
    )]
    SplitPlaceholder { placeholder: String },

    #[error("a placeholder has 1 to {most} vectors, not {vectors}")]
    VectorCount { vectors: usize, most: usize },
}
