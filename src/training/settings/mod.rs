//! What a training run is told: the words, the method's weights, and how far to move.
//!
//! `choices` holds the settings that are one of a few words, `presets` where all of them start,
//! `validation` and `error` what can't be trained with.

mod choices;
mod error;
mod presets;
mod validation;

use serde::{Deserialize, Serialize};

pub use choices::Activations;
pub use error::SettingsError;

/// Stands for the placeholder in a personalization prompt.
pub const PLACEHOLDER_MARK: &str = "{placeholder}";

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
    pub lora_learning_rate: f64,
    pub embedding_learning_rate: f64,
    /// AdamW's decay of the LoRA factors. The embedding never decays.
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

impl TrainingSettings {
    /// y_P with the placeholder put in.
    pub fn personalization_text(&self) -> String {
        self.personalization_prompt.replace(PLACEHOLDER_MARK, &self.placeholder)
    }

    /// The LoRA alpha in force: given, or the rank.
    pub fn effective_lora_alpha(&self) -> f64 {
        self.lora_alpha.unwrap_or(self.rank as f64)
    }

    /// Whether a step (counted from 0) has an alignment part.
    pub fn aligns(&self, step: usize) -> bool {
        self.lambda > 0.0 && step >= self.warmup_steps
    }
}
