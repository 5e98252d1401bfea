//! The model that an adapter is trained for, and what a run needs of its tokenizer and text encoder.

use std::rc::Rc;

use burn::tensor::{DType, Tensor};

use super::embedding::{NewWords, PromptTemplate};
use super::gradients::Networks;
use super::settings::{Method, SettingsError};
use super::{ActivationPolicy, Error, PhotoLatents};
use crate::model::clip_text::ClipTextModel;
use crate::model::unet::UNet2DConditionModel;
use crate::sampling::NoiseSchedule;
use crate::tokenizer::Tokenizer;
use crate::weights::CheckpointHashes;

/// The frozen parts of a model. A run shares the networks and has a tokenizer of its own, to which the
/// placeholder is added.
pub struct FrozenModel {
    /// Written into the adapter's details.
    pub name: String,
    /// Hashes of the file, written there too, if the model came as one file.
    pub checkpoint: Option<CheckpointHashes>,
    /// What tells it from others of its name: what it predicts, and a hash of each part's file. Not its precision, which
    /// may have to change to go on where numbers overflow or memory is short; that may take files of its own.
    pub identity: Vec<(String, String)>,
    /// Side of the square pictures the model was trained on, in pixels.
    pub resolution: usize,
    pub tokenizer: Tokenizer,
    pub text_encoder: Rc<ClipTextModel>,
    pub unet: Rc<UNet2DConditionModel>,
    pub schedule: NoiseSchedule,
    /// The type the weights are stored in, f32 or f16.
    pub dtype: DType,
}

impl FrozenModel {
    /// Whether the parts and the photos' latents fit each other.
    pub(super) fn check(&self, latents: &PhotoLatents) -> Result<(), Error> {
        let unet = self.unet.config();
        let [_, _, channels] = latents.shape(0);
        if [unet.in_channels, unet.out_channels] != [channels; 2] {
            let reason = format!(
                "its U-Net maps {} to {} channels, but latents have {channels}",
                unet.in_channels, unet.out_channels
            );
            return Err(Error::Model { reason });
        }
        let width = self.text_encoder.config().hidden_size;
        if unet.cross_attention_dim.iter().any(|&dim| dim != width) {
            let reason = format!("its text encoder is {width} wide, which its U-Net does not take");
            return Err(Error::Model { reason });
        }
        Ok(())
    }

    pub(super) fn networks(&self, activations: ActivationPolicy) -> Networks<'_> {
        Networks {
            text_encoder: &self.text_encoder,
            unet: &self.unet,
            schedule: &self.schedule,
            dtype: self.dtype,
            activations,
        }
    }

    /// The template of a prompt that may hold new words.
    pub(super) fn template(&self, prompt: &str, new_words: &NewWords) -> PromptTemplate {
        PromptTemplate::new(&self.tokenizer.encode(prompt), new_words, &self.text_encoder)
    }

    /// Whether the model reads the whole new word in a personalization prompt.
    pub(super) fn check_prompt(&self, prompt: &str, placeholder: &str, vectors: usize) -> Result<(), Error> {
        let tokens = self.tokenizer.encode(prompt);
        let whole = tokens.placeholders.iter().any(|span| {
            (span.placeholder.as_str(), span.first_vector, span.vectors) == (placeholder, 0, vectors)
        });
        match whole {
            true => Ok(()),
            false => Err(SettingsError::PlaceholderCutOff { tokens: tokens.ids.len() }.into()),
        }
    }

    /// Encoder hidden states `[1, tokens, width]` of a fixed prompt, and the end of it that did not fit.
    pub(super) fn encode(&self, prompt: &str) -> (Tensor<3>, Option<String>) {
        let tokens = self.tokenizer.encode(prompt);
        let embeddings = self.text_encoder.embed_tokens(&tokens.ids).unsqueeze();
        (self.text_encoder.forward(embeddings), tokens.truncated)
    }

    /// The text encoder's rows `[tokens, width]` for the word that a new word starts as. Textual Inversion
    /// accepts only a word of one token.
    pub(super) fn initializer_rows(&self, word: &str, method: Method) -> Result<Tensor<2>, Error> {
        // The empty prompt is start, end, padding.
        let end = self.tokenizer.encode("").ids.get(1).copied();
        let ids = self.tokenizer.encode(word).ids;
        let pieces: Vec<u32> = ids.into_iter().skip(1).take_while(|&id| Some(id) != end).collect();
        if pieces.is_empty() {
            return Err(SettingsError::WordUnreadable { word: word.to_owned() }.into());
        }
        if method == Method::TextualInversion && pieces.len() > 1 {
            let word = word.to_owned();
            return Err(SettingsError::InitializerOfSeveralTokens { word, tokens: pieces.len() }.into());
        }
        Ok(self.text_encoder.embed_tokens(&pieces))
    }
}
