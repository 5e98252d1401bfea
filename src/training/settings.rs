//! What a training run is told: the words, the method's weights, and how far to move.
//!
//! The defaults are the paper's (arXiv:2401.06105, App. C) scaled to the embedded model by a pilot:
//! small batches at a higher rate, few steps, the composition guidance α 7.5, β 1.

use serde::{Deserialize, Serialize};

use super::ActivationPolicy;
use crate::model::adaptable::ModuleChoice;

/// Stands for the placeholder in a personalization prompt.
pub const PLACEHOLDER_MARK: &str = "{placeholder}";

/// Rates above it are remarked on where full weights are trained: Custom Diffusion's effective one is 8e-5,
/// DreamBooth's 5e-6.
const LARGEST_FULL_RATE: f64 = 2e-4;

/// All settings of a run. Missing fields of a JSON object take their defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TrainingSettings {
    /// The new word, "[V]".
    pub placeholder: String,
    /// The kind of thing the subject is ("dog"): the new word starts as this one.
    pub class_noun: String,
    /// y_c: the target prompt with the class noun instead of the placeholder.
    pub clean_prompt: String,
    /// y_P: describes the photos; `{placeholder}` in it stands for the placeholder.
    pub personalization_prompt: String,
    /// Embedding vectors of the new word, 1 to 4.
    pub vectors: usize,
    /// What is trained of the U-Net, beside the new word.
    pub trained_weights: TrainedWeights,
    /// Where the LoRA acts, if that is what is trained.
    pub lora_targets: LoraTargets,
    /// Rank of the LoRA factors.
    pub rank: usize,
    /// The LoRA branch is scaled by this over the rank; `None` takes the rank, a scale of 1.
    pub lora_alpha: Option<f64>,
    /// Optimizer steps.
    pub steps: usize,
    /// The first steps, which train without alignment (λ = 0) until the new word means something.
    pub warmup_steps: usize,
    /// Pictures in one pass.
    pub batch: usize,
    /// Passes whose gradients are averaged into one step.
    pub accumulation: usize,
    /// α: guidance of the frozen model with the clean prompt.
    pub alpha: f64,
    /// β: guidance of the personalized model; 1 is none and saves a prediction.
    pub beta: f64,
    /// λ: weight of prompt alignment; 0 trains Textual Inversion + DreamBooth-LoRA alone.
    pub lambda: f64,
    /// First and last timestep at which alignment acts.
    pub alignment_timesteps: [usize; 2],
    /// Of the LoRA factors, or of the weights that are trained in full.
    pub lora_learning_rate: f64,
    pub embedding_learning_rate: f64,
    /// AdamW's decay of the LoRA factors, or of full differences (towards the model's own weights). The
    /// embedding never decays.
    pub weight_decay: f64,
    /// Largest norm of all gradients together.
    pub gradient_clip: f64,
    /// Largest norm of an embedding vector, as a multiple of the norm it starts with; `None` lets it
    /// grow, and a huge vector drowns the other words of a prompt.
    pub embedding_norm_cap: Option<f64>,
    /// Framings of each photo that are trained on: 1 is the photo alone, more add small zooms and
    /// shifts.
    pub photo_variants: usize,
    /// Everything random in a run follows from this.
    pub seed: u64,
    /// What the pass with gradients keeps on the device. It changes memory and time, not results.
    pub activations: Activations,
}

/// What is trained of the U-Net.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TrainedWeights {
    /// Low-rank factors.
    #[default]
    Lora,
    /// All of cross-attention's keys and values (Custom Diffusion, arXiv:2212.04488).
    CrossAttention,
    /// All linear layers and convolutions (DreamBooth, arXiv:2208.12242).
    All,
    /// Nothing: the new word alone is learned (Textual Inversion, arXiv:2208.01618).
    None,
}

impl TrainedWeights {
    /// As in the settings' JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lora => "lora",
            Self::CrossAttention => "crossAttention",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

/// Which attention projections have a LoRA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LoraTargets {
    /// All.
    #[default]
    Attention,
    /// Those that look at the prompt.
    CrossAttention,
}

/// Whether activations are kept for the backward pass or computed again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activations {
    /// Kept where a memory plan finds room, which a `Trainer` alone takes for granted.
    #[default]
    Auto,
    Keep,
    Recompute,
}

impl From<ActivationPolicy> for Activations {
    fn from(policy: ActivationPolicy) -> Self {
        match policy {
            ActivationPolicy::Keep => Self::Keep,
            ActivationPolicy::Recompute => Self::Recompute,
        }
    }
}

impl Default for TrainingSettings {
    fn default() -> Self {
        Self {
            placeholder: "<my-subject>".to_owned(),
            class_noun: String::new(),
            clean_prompt: String::new(),
            personalization_prompt: format!("a photo of {PLACEHOLDER_MARK}"),
            vectors: 1,
            trained_weights: TrainedWeights::Lora,
            lora_targets: LoraTargets::Attention,
            rank: 16,
            lora_alpha: None,
            steps: 100,
            warmup_steps: 50,
            batch: 4,
            accumulation: 1,
            alpha: 7.5,
            beta: 1.0,
            lambda: 0.25,
            alignment_timesteps: [20, 980],
            lora_learning_rate: 1e-3,
            embedding_learning_rate: 5e-3,
            weight_decay: 1e-2,
            gradient_clip: 1.0,
            embedding_norm_cap: Some(1.2),
            photo_variants: 4,
            seed: 0,
            activations: Activations::Auto,
        }
    }
}

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

impl TrainingSettings {
    /// y_P with the placeholder put in.
    pub fn personalization_text(&self) -> String {
        self.personalization_prompt.replace(PLACEHOLDER_MARK, &self.placeholder)
    }

    /// The LoRA alpha in force: given, or the rank.
    pub fn effective_lora_alpha(&self) -> f64 {
        self.lora_alpha.unwrap_or(self.rank as f64)
    }

    /// The layers that are trained beside the new word.
    pub fn trained_modules(&self) -> ModuleChoice {
        match (self.trained_weights, self.lora_targets) {
            (TrainedWeights::Lora, LoraTargets::Attention) => ModuleChoice::AttentionProjections,
            (TrainedWeights::Lora, LoraTargets::CrossAttention) => ModuleChoice::CrossAttention,
            (TrainedWeights::CrossAttention, _) => ModuleChoice::CrossAttentionKeysValues,
            (TrainedWeights::All, _) => ModuleChoice::All,
            (TrainedWeights::None, _) => ModuleChoice::Nothing,
        }
    }

    /// Whether a step (counted from 0) has an alignment part.
    pub fn aligns(&self, step: usize) -> bool {
        self.lambda > 0.0 && step >= self.warmup_steps
    }

    /// Checks every field; `Ok` holds remarks, sentences about settings that can be trained with but
    /// may not do what was meant.
    pub fn validate(&self) -> Result<Vec<String>, SettingsError> {
        let filled = |field, text: &str, hint| match text.trim() {
            "" => Err(SettingsError::Empty { field, hint }),
            _ => Ok(()),
        };
        filled("new word", &self.placeholder, "give the subject a name like <my-dog>")?;
        filled("class noun", &self.class_noun, "say in a word what the subject is, like \"dog\"")?;
        filled(
            "target prompt",
            &self.clean_prompt,
            "describe the picture you want, like \"a sketch of a dog\"",
        )?;
        filled(
            "personalization prompt",
            &self.personalization_prompt,
            "\"a photo of {placeholder}\" will do",
        )?;
        let lower = |text: &str| text.to_lowercase();
        if lower(&self.clean_prompt).contains(&lower(&self.placeholder)) {
            return Err(SettingsError::PlaceholderInCleanPrompt {
                placeholder: self.placeholder.clone(),
                class_noun: self.class_noun.clone(),
            });
        }
        if !self.personalization_text().contains(&self.placeholder) {
            return Err(SettingsError::PlaceholderMissing { prompt: self.personalization_prompt.clone() });
        }
        self.check_ranges()?;
        Ok(self.remarks())
    }

    fn check_ranges(&self) -> Result<(), SettingsError> {
        let within = |field, value: f64, least: f64, most: f64| match (least..=most).contains(&value) {
            true => Ok(()),
            // NaN is outside every range.
            false => Err(SettingsError::OutOfRange { field, value, least, most }),
        };
        let count = |field, value: usize, least: usize, most: usize| {
            within(field, value as f64, least as f64, most as f64)
        };
        count("number of embedding vectors", self.vectors, 1, 4)?;
        count("rank", self.rank, 1, 256)?;
        within("LoRA alpha", self.effective_lora_alpha(), 1e-3, 1024.0)?;
        count("number of steps", self.steps, 1, 100_000)?;
        count("number of warm-up steps", self.warmup_steps, 0, 100_000)?;
        count("batch size", self.batch, 1, 64)?;
        count("number of accumulated batches", self.accumulation, 1, 256)?;
        within("alpha", self.alpha, 0.0, 100.0)?;
        within("beta", self.beta, 0.0, 100.0)?;
        within("lambda", self.lambda, 0.0, 100.0)?;
        let [first, last] = self.alignment_timesteps;
        if first > last {
            return Err(SettingsError::TimestepsReversed { first, last });
        }
        within("LoRA learning rate", self.lora_learning_rate, 0.0, 1.0)?;
        within("embedding learning rate", self.embedding_learning_rate, 0.0, 1.0)?;
        within("weight decay", self.weight_decay, 0.0, 1.0)?;
        within("gradient clip", self.gradient_clip, 1e-6, 1e6)?;
        within("embedding norm cap", self.embedding_norm_cap.unwrap_or(1.0), 0.1, 100.0)?;
        count("number of framings of a photo", self.photo_variants, 1, 16)
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if !self.clean_prompt.to_lowercase().contains(&self.class_noun.to_lowercase()) {
            remarks.push(format!(
                "The target prompt \"{}\" does not mention the class noun \"{}\": alignment will then pull away from the subject.",
                self.clean_prompt, self.class_noun
            ));
        }
        if self.lambda > 0.0 && self.warmup_steps >= self.steps {
            remarks.push(format!(
                "All {} steps are warm-up steps, so prompt alignment will never act.",
                self.steps
            ));
        }
        if self.lambda > 0.0 && self.alpha <= self.beta {
            remarks.push(format!(
                "Alpha ({}) is not above beta ({}), so the target prompt will hardly be followed.",
                self.alpha, self.beta
            ));
        }
        let full = matches!(self.trained_weights, TrainedWeights::CrossAttention | TrainedWeights::All);
        if full && self.lora_learning_rate > LARGEST_FULL_RATE {
            remarks.push(format!(
                "Full weights are to be trained at a rate of {}, which will likely ruin the model; 0.000005 to 0.0001 is usual.",
                self.lora_learning_rate
            ));
        }
        remarks
    }
}
