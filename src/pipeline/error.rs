//! What can go wrong between a model folder and a picture.

use crate::{adapter, evaluation, gpu, model, plan, sampling, tokenizer, training, weights};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Gpu(#[from] gpu::Error),
    #[error(transparent)]
    Weights(#[from] weights::Error),
    #[error(transparent)]
    Model(#[from] model::Error),
    #[error(transparent)]
    Tokenizer(#[from] tokenizer::Error),
    #[error(transparent)]
    Sampling(#[from] sampling::Error),
    #[error(transparent)]
    Adapter(#[from] adapter::Error),
    #[cfg(not(target_arch = "wasm32"))]
    #[error(transparent)]
    Merge(#[from] adapter::MergeError),
    #[error(transparent)]
    Training(#[from] training::Error),
    #[error(transparent)]
    Evaluation(#[from] evaluation::Error),
    #[error(transparent)]
    Memory(#[from] plan::Error),
    #[error("The prompt is empty; describe the picture you want.")]
    EmptyPrompt,
    #[error(
        "A picture of {width}×{height} can't be made: sides must be multiples of {multiple}, from {multiple} to {most}."
    )]
    Size { width: usize, height: usize, multiple: usize, most: usize },
    #[error("The guidance scale must be between 0 and 50, not {0}.")]
    GuidanceScale(f32),
    #[error(
        "The strength must be between 0 and 1, not {0}: it says how much of the given picture is redrawn."
    )]
    PictureStrength(f64),
    #[error("The mask's blur must be between 0 and {most} pixels, not {asked}.")]
    MaskBlur { asked: f32, most: f32 },
    #[error("Nothing of the mask is white; paint white what is to be repainted.")]
    EmptyMask,
    #[error(
        "The mask's blur of {0} pixels leaves nothing of it white; paint a larger part, or blur its edge less."
    )]
    BlurredMask(f32),
    #[error("The delayed share of the steps must be between 0 and 1, not {0}.")]
    DelayedConcept(f64),
    #[error(
        "There is no learned word in the prompt to delay; write one, load its adapter, or give the prompt of the first steps yourself."
    )]
    NothingToDelay,
    #[error(
        "The adapter of {placeholder} doesn't say what kind of thing it is; give the prompt of the first steps yourself."
    )]
    UnknownClass { placeholder: String },
    #[error("The strength at the end must be between 0 and 2 times that at the start, not {0}.")]
    StrengthEnd(f64),
    #[error(
        "The limit of a learned word's length must be above 0, not {0}: it is counted in the mean length of the model's own words."
    )]
    EmbeddingNormClip(f64),
    #[error("A region must name the learned word that it belongs to.")]
    NamelessRegion,
    #[error("The mask of {placeholder} has no pixels, or another number of them than its sides say.")]
    RegionSize { placeholder: String },
    #[error("Nothing of the mask of {placeholder} is white; paint white where it may be.")]
    EmptyRegion { placeholder: String },
    #[error("\"{word}\" is not in the prompt; write it there, or leave its {purpose} out.")]
    WordNotInPrompt { word: String, purpose: &'static str },
    #[error("The adapter strength must be between −2 and 2, not {0}.")]
    Strength(f32),
    #[error(
        "The text encoder writes {text_encoder} numbers a token where the U-Net reads {unet}: they are of different models."
    )]
    WidthMismatch { text_encoder: usize, unet: usize },
    #[error(
        "The tokenizer writes {tokens} tokens where the text encoder reads {positions}: they are of different models."
    )]
    LengthMismatch { tokens: usize, positions: usize },
    #[error("The device returned numbers that are not finite; report this with your device's description.")]
    NotFinite,
    #[error("This model's numbers outgrow 16 bits. Let it compute with 32-bit numbers (precision f16-f32).")]
    Overflow,
    #[error("Measuring was cancelled.")]
    Cancelled,
    #[error("The device could not return a result: {0}.")]
    ReadBack(String),
}

impl Error {
    /// The error as a sentence for a person: it begins with a capital, unless that is a file's name, and ends
    /// with a full stop.
    pub fn sentence(&self) -> String {
        let message = self.to_string();
        let first_word = message.split(' ').next().unwrap_or_default();
        let mut letters = message.chars();
        let mut sentence: String = match first_word.contains(['/', '.', '\\']) {
            true => message,
            false => letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect(),
        };
        if !sentence.ends_with(['.', '!', '?']) {
            sentence.push('.');
        }
        sentence
    }
}
