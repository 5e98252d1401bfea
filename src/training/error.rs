//! What can go wrong in training, each as one sentence for the visitor.

use crate::{tokenizer, weights};

/// An error of preparing, running, saving or resuming a training run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A photo that can't be used.
    #[error(transparent)]
    Photo(#[from] super::photos::PhotoError),
    /// A setting outside its range, or prompts that don't fit together.
    #[error(transparent)]
    Settings(#[from] super::settings::SettingsError),
    /// The placeholder is not a possible new word.
    #[error(transparent)]
    Tokenizer(#[from] tokenizer::Error),
    /// The model's parts don't fit each other, or not the photos' latents.
    #[error("This model can't be personalized: {reason}.")]
    Model { reason: String },
    /// A checkpoint that is no readable file.
    #[error("This checkpoint can't be read: {0}")]
    CheckpointFile(#[from] weights::Error),
    /// A checkpoint of something else: another model, a newer program.
    #[error("This checkpoint can't be resumed: {reason}.")]
    Checkpoint { reason: String },
    /// The loss or a gradient overflowed. The state before the step is kept.
    #[error(
        "The training diverged at step {step}: its loss is no longer a number. What was learned before that step is kept; try lower learning rates or a smaller lambda."
    )]
    NotFinite { step: usize },
    /// A photo's latents are not numbers.
    #[error("The model's autoencoder makes no numbers of a photo; use another model.")]
    NotFiniteLatents,
    /// The caller no longer wants what is being prepared.
    #[error("The training was cancelled while it was prepared.")]
    Cancelled,
    /// Every step of the run has been made.
    #[error("The training run is complete: all its {steps} steps have been made.")]
    Complete { steps: usize },
    /// The device failed while results were read back.
    #[error("The device stopped working during training ({reason}); resume from the last checkpoint.")]
    Device { reason: String },
}
