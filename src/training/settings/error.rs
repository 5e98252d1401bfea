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
    #[error("The model can read nothing in \"{word}\", which the new word would start as; try another word.")]
    WordUnreadable { word: String },
    #[error(
        "The new word would start as \"{word}\", which is {tokens} tokens to the model, and Textual Inversion starts as one; set the initializer word to a single common word that names the subject."
    )]
    InitializerOfSeveralTokens { word: String, tokens: usize },
    #[error("Two subjects have the same new word \"{placeholder}\"; give each a word of its own.")]
    PlaceholderTwice { placeholder: String },
    #[error(
        "The further subjects are said to have {further} of the {photos} photos; each subject needs at least one of its own, the first one too."
    )]
    PhotosMiscounted { further: usize, photos: usize },
    #[error("There are {captions} captions for {photos} photos; give at most one a photo.")]
    CaptionsMiscounted { captions: usize, photos: usize },
    #[error(
        "The localized loss needs to know where the subject is, and no photo has a mask; give photos with transparency or masks, or set it to 0."
    )]
    MasksMissing,
    #[error("The {field} is {value}, but must be between {least} and {most}.")]
    OutOfRange { field: &'static str, value: f64, least: f64, most: f64 },
    #[error("Alignment is set to act from timestep {first} to {last}; the first must not be above the last.")]
    TimestepsReversed { first: usize, last: usize },
}
