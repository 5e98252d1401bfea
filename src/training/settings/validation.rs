//! Whether settings can be trained with, and whether they may do what was meant.

use std::collections::HashSet;

use super::{SettingsError, SubjectView, TrainedWeights, TrainingSettings};

/// Learning rates above this are remarked on where full weights are trained: Custom Diffusion's effective
/// rate is 8e-5, DreamBooth's 5e-6.
const MAX_FULL_RATE: f64 = 2e-4;

/// Vectors that a new word may have.
const MAX_VECTORS: usize = 8;

/// Steps that a training may have.
pub(crate) const MAX_STEPS: usize = 100_000;

/// Largest side of the pictures that are trained on, in pixels.
const MAX_RESOLUTION: usize = 1024;

impl TrainingSettings {
    /// Checks every field; `Ok` holds remarks, sentences about settings that can be trained with but
    /// may not do what was meant.
    pub fn validate(&self) -> Result<Vec<String>, SettingsError> {
        for subject in self.subjects() {
            filled("new word", subject.placeholder, "give the subject a name like <my-dog>")?;
            filled("class noun", subject.class_noun, "say in a word what the subject is, like \"dog\"")?;
            filled(
                "personalization prompt",
                subject.personalization_prompt,
                "\"a photo of a {placeholder} {class}\" will do",
            )?;
            holds_placeholder(&subject, subject.personalization_prompt)?;
        }
        if let Some(placeholder) = self.repeated_placeholder() {
            return Err(SettingsError::PlaceholderTwice { placeholder: placeholder.to_owned() });
        }
        if self.lambda > 0.0 {
            for prompt in self.clean_prompts() {
                filled("target prompt", prompt, "describe the picture you want, like \"a sketch of a dog\"")?;
            }
        }
        for prompt in self.clean_prompts() {
            let named = self.subjects().find(|subject| contains(prompt, subject.placeholder));
            if let Some(SubjectView { placeholder, class_noun, .. }) = named {
                let [placeholder, class_noun] = [placeholder, class_noun].map(str::to_owned);
                return Err(SettingsError::PlaceholderInCleanPrompt { placeholder, class_noun });
            }
        }
        if let Some(word) = &self.initializer_word {
            filled("initializer word", word, "leave it out to start from the class noun")?;
        }
        self.check_ranges()?;
        Ok(self.remarks())
    }

    /// Whether subjects and captions fit this number of photos.
    pub fn check_photos(&self, photos: usize) -> Result<(), SettingsError> {
        let counts = self.photo_counts(photos);
        if counts.contains(&0) || counts.iter().sum::<usize>() != photos {
            return Err(SettingsError::PhotosMiscounted { further: self.further_photos(), photos });
        }
        if self.captions.len() > photos {
            return Err(SettingsError::CaptionsMiscounted { captions: self.captions.len(), photos });
        }
        let owners =
            self.subjects().zip(counts).flat_map(|(subject, count)| std::iter::repeat_n(subject, count));
        for (subject, caption) in owners.zip(&self.captions) {
            if let Some(caption) = caption {
                holds_placeholder(&subject, caption)?;
            }
        }
        Ok(())
    }

    /// Whether this number of photos with a mask is enough: the localized loss needs one.
    pub fn check_masks(&self, masked: usize) -> Result<(), SettingsError> {
        match masked == 0 && self.localized_loss > 0.0 {
            true => Err(SettingsError::MasksMissing),
            false => Ok(()),
        }
    }

    fn repeated_placeholder(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        self.subjects().map(|subject| subject.placeholder).find(|word| !seen.insert(word.to_lowercase()))
    }

    /// Whether every number is in its range; words may still be missing.
    pub(crate) fn check_ranges(&self) -> Result<(), SettingsError> {
        let count = |field, value: usize, least: usize, most: usize| {
            within(field, value as f64, least as f64, most as f64)
        };
        count("number of embedding vectors", self.vectors, 1, MAX_VECTORS)?;
        count("rank", self.rank, 1, 256)?;
        within("LoRA alpha", self.effective_lora_alpha(), 1e-3, 1024.0)?;
        count("number of steps", self.steps, 1, MAX_STEPS)?;
        count("number of warm-up steps", self.warmup_steps, 0, MAX_STEPS)?;
        count("batch size", self.batch, 1, 64)?;
        count("number of accumulated batches", self.accumulation, 1, 256)?;
        self.check_alignment()?;
        within("LoRA learning rate", self.lora_learning_rate, 0.0, 1.0)?;
        within("embedding learning rate", self.embedding_learning_rate, 0.0, 1.0)?;
        within("weight decay", self.weight_decay, 0.0, 1.0)?;
        within("gradient clip", self.gradient_clip, 1e-6, 1e6)?;
        count("number of warm-up steps of the learning rate", self.learning_rate_warmup_steps, 0, MAX_STEPS)?;
        within("embedding norm cap", self.embedding_norm_cap.unwrap_or(1.0), 0.1, 100.0)?;
        within("norm that the embedding decays to", self.embedding_norm_decay.unwrap_or(1.0), 0.1, 100.0)?;
        within("embedding anchor", self.embedding_anchor, 0.0, 1e4)?;
        within("weight of prior preservation", self.prior_weight, 0.0, 100.0)?;
        count("number of prior pictures", self.prior_pictures, 0, 1000)?;
        within("min-SNR gamma", self.min_snr_gamma.unwrap_or(1.0), 1e-3, 1e4)?;
        within("share of the masked loss", self.masked_loss, 0.0, 1.0)?;
        within("weight of the localized loss", self.localized_loss, 0.0, 10.0)?;
        within("colour jitter", self.colour_jitter, 0.0, 1.0)?;
        count("resolution", self.resolution.unwrap_or(MAX_RESOLUTION), 64, MAX_RESOLUTION)?;
        count("number of framings of a photo", self.photo_variants, 1, 16)
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for prompt in self.clean_prompts().filter(|prompt| !prompt.trim().is_empty()) {
            if !self.subjects().any(|subject| contains(prompt, subject.class_noun)) {
                remarks.push(format!(
                    "The target prompt \"{prompt}\" does not mention the class noun \"{}\": alignment will then pull away from the subject.",
                    self.class_noun
                ));
            }
        }
        remarks.extend(self.alignment_remarks());
        if self.learning_rate_warmup_steps >= self.steps {
            remarks.push(format!(
                "The learning rates rise over {} steps, which is the whole run: they will never be what is set.",
                self.learning_rate_warmup_steps
            ));
        }
        if self.embedding_norm_decay.is_some() && self.embedding_std_retraction {
            remarks.push(
                "Norm decay and retraction of the spread both draw at the length of the new word; one of them is enough."
                    .to_owned(),
            );
        }
        let full = matches!(self.trained_weights, TrainedWeights::CrossAttention | TrainedWeights::All);
        if full && self.lora_learning_rate > MAX_FULL_RATE {
            remarks.push(format!(
                "Full weights are to be trained at a rate of {}, which will likely ruin the model; 0.000005 to 0.0001 is usual.",
                self.lora_learning_rate
            ));
        }
        if !self.train_embedding && self.trained_weights == TrainedWeights::None {
            remarks.push(
                "Neither the new word nor any weight is trained, so nothing will be learned.".to_owned(),
            );
        }
        if self.photo_variants == 1 && (self.size_words || self.colour_jitter > 0.0) {
            remarks.push(
                "With one framing a photo there is none to change in size or colour; the first framing is always the photo itself."
                    .to_owned(),
            );
        }
        remarks
    }
}

/// What is said of a target prompt whose end, `rest`, has no place in the text encoder.
pub fn unseen_remark(rest: &str) -> String {
    format!("The target prompt is too long; the model does not see \"{rest}\".")
}

/// # Errors
/// The value is outside its range; NaN is outside every range.
pub(super) fn within(field: &'static str, value: f64, least: f64, most: f64) -> Result<(), SettingsError> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(SettingsError::OutOfRange { field, value, least, most }),
    }
}

fn filled(field: &'static str, text: &str, hint: &'static str) -> Result<(), SettingsError> {
    match text.trim() {
        "" => Err(SettingsError::Empty { field, hint }),
        _ => Ok(()),
    }
}

/// Upper and lower case are the same to the model.
fn contains(text: &str, word: &str) -> bool {
    text.to_lowercase().contains(&word.to_lowercase())
}

fn holds_placeholder(subject: &SubjectView, prompt: &str) -> Result<(), SettingsError> {
    match contains(&subject.fill(prompt), subject.placeholder) {
        true => Ok(()),
        false => Err(SettingsError::PlaceholderMissing { prompt: prompt.to_owned() }),
    }
}
