//! What a training run is told: the words, the method's weights, and how far to move.
//!
//! `choices` holds the settings that are one of a few words, `presets` where all of them start,
//! `validation` and `error` what can't be trained with; `alignment` is the part about prompt alignment.

mod alignment;
mod choices;
mod error;
mod presets;
mod validation;

use serde::{Deserialize, Serialize};

pub use super::alignment::{AlignmentForm, AlignmentNoise};
pub use super::learning_rate::LearningRateSchedule;
pub use super::optimizer::Optimizer;
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
    /// What the frozen model's prediction is compared with.
    pub alignment_form: AlignmentForm,
    /// The noise that the estimated picture is noised with.
    pub alignment_noise: AlignmentNoise,
    /// Noises over which the direction of alignment is averaged, each with predictions of its own.
    pub alignment_samples: usize,
    /// The paper's rescaling: alignment weighs the same at every timestep. Without it λ has the factor
    /// √(1 − ᾱ_t)/√ᾱ_t, from 0.03 at the first timestep to 15 at the last.
    pub rescale: bool,
    /// Looks at the noisy photo itself instead of the estimate noised again and takes the prediction that
    /// is there already: an approximation that with β = 1 saves a prediction. Not the paper's.
    pub fast_alignment: bool,
    /// The factor of λ at the lowest and at the highest timestep; linear between.
    pub lambda_profile: [f64; 2],
    /// Steps after the warm-up over which λ rises.
    pub lambda_ramp_steps: usize,
    pub optimizer: Optimizer,
    pub learning_rate_schedule: LearningRateSchedule,
    /// The first steps, over which the learning rates rise from zero.
    pub learning_rate_warmup_steps: usize,
    pub lora_learning_rate: f64,
    pub embedding_learning_rate: f64,
    /// AdamW's decay of the LoRA factors. The embedding never decays.
    pub weight_decay: f64,
    /// Largest norm of all gradients together.
    pub gradient_clip: f64,
    /// Largest norm of an embedding vector, as a multiple of the norm it starts with; `None` lets it
    /// grow, and a huge vector drowns the other words of a prompt.
    pub embedding_norm_cap: Option<f64>,
    /// Draws the embedding vectors to this norm after each update, as a multiple of the mean norm of the
    /// vocabulary.
    pub embedding_norm_decay: Option<f64>,
    /// Draws the spread of the embedding's numbers to the vocabulary's after each update.
    pub embedding_std_retraction: bool,
    /// Weight of the squared distance of the embedding from where it started.
    pub embedding_anchor: f64,
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
}
