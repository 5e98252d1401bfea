//! The new word's vectors: how many, where they start, how far they may go.

use clap::Args;
use palpable::training::TrainingSettings;

use super::{Options, take, values::OrNone};

#[derive(Args)]
#[command(next_help_heading = "The new word")]
pub struct NewWordOptions {
    /// Embedding vectors of each new word, 1 to 8
    #[arg(long)]
    vectors: Option<usize>,
    /// The word that the new word starts as, instead of the class noun; several, joined by +, are one for each
    /// subject
    #[arg(long, value_name = "WORD")]
    initializer_word: Option<String>,
    /// Whether the new word's vectors are trained
    #[arg(long, value_name = "BOOL")]
    train_embedding: Option<bool>,
    /// Longest that a vector may be, as a multiple of its length at the start
    #[arg(long, value_name = "FACTOR|none")]
    embedding_norm_cap: Option<OrNone>,
    /// Length that vectors are drawn to after each step, as a multiple of the vocabulary's mean
    #[arg(long, value_name = "FACTOR|none")]
    embedding_norm_decay: Option<OrNone>,
    /// Draw the spread of a vector's numbers to the vocabulary's after each step
    #[arg(long, value_name = "BOOL")]
    embedding_std_retraction: Option<bool>,
    /// Weight of the squared distance of the vectors from their start
    #[arg(long, value_name = "WEIGHT")]
    embedding_anchor: Option<f64>,
}

impl Options for NewWordOptions {
    fn apply(&self, settings: &mut TrainingSettings) {
        take(&mut settings.vectors, &self.vectors);
        take(&mut settings.initializer_word, &self.initializer_word);
        take(&mut settings.train_embedding, &self.train_embedding);
        take(&mut settings.embedding_norm_cap, &self.embedding_norm_cap);
        take(&mut settings.embedding_norm_decay, &self.embedding_norm_decay);
        take(&mut settings.embedding_std_retraction, &self.embedding_std_retraction);
        take(&mut settings.embedding_anchor, &self.embedding_anchor);
    }
}
