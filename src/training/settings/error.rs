//! Settings that can't be trained with, each as one sentence.

use super::PLACEHOLDER_MARK;

/// A setting that can't be trained with.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum SettingsError {
    #[error("The {field} is empty; {hint}.")]
    Empty { field: &'static str, hint: &'static str },
    #[error(
        "The target prompt contains the new word \"{placeholder}\"; write the class noun (\"{class_noun}\") there instead."
    )]
    PlaceholderInCleanPrompt { placeholder: String, class_noun: String },
    #[error(
        "The personalization prompt \"{prompt}\" does not contain the new word; write {PLACEHOLDER_MARK} where it belongs."
    )]
    PlaceholderMissing { prompt: String },
    #[error(
        "The personalization prompt is too long: the new word does not fit into the {tokens} tokens the model reads."
    )]
    PlaceholderCutOff { tokens: usize },
    #[error("The class noun \"{class_noun}\" has no word that the model can read; try another one.")]
    ClassNounUnreadable { class_noun: String },
    #[error("The {field} is {value}, but must be between {least} and {most}.")]
    OutOfRange { field: &'static str, value: f64, least: f64, most: f64 },
    #[error("Alignment is set to act from timestep {first} to {last}; the first must not be above the last.")]
    TimestepsReversed { first: usize, last: usize },
}
