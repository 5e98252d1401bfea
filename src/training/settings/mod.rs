//! What a training run is told: the words, the method's weights, and how far to move.
//!
//! `choices` holds the settings that are one of a few words, `presets` where all of them start for each
//! method, `subjects` the several things a run may learn, `prompt_words` how their words change places in
//! prompts, `alignment` when and how prompt alignment acts, `validation` and `error` what can't be trained
//! with.

mod alignment;
mod choices;
mod error;
mod presets;
mod prompt_words;
mod subjects;
mod validation;

use serde::{Deserialize, Serialize};

use crate::model::adaptable::ModuleChoice;

pub use super::alignment::{AlignmentForm, AlignmentNoise};
pub use super::learning_rate::LearningRateSchedule;
pub use super::optimizer::Optimizer;
pub use choices::{Activations, LoraTargets, Method, PromptTemplates, TrainedWeights};
pub use error::SettingsError;
pub use prompt_words::{with_article, with_class_noun, with_new_word};
pub use subjects::{Subject, SubjectView};
pub(crate) use validation::MAX_STEPS;
pub use validation::unseen_remark;

/// Stands for the placeholder in a personalization prompt.
pub const PLACEHOLDER_MARK: &str = "{placeholder}";
/// Stands for the class noun in a personalization prompt.
pub const CLASS_MARK: &str = "{class}";

/// All settings of a run. Missing fields of a JSON object take their defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TrainingSettings {
    /// The method whose settings the others started from (see [`TrainingSettings::of_method`]). By itself it
    /// only affects the initializer word.
    pub method: Method,
    /// The new word, `[V]`.
    pub placeholder: String,
    /// The kind of thing the subject is ("dog"): the new word starts as this one.
    pub class_noun: String,
    /// y_c: the target prompt with the class noun instead of the placeholder.
    pub clean_prompt: String,
    /// y_P: describes the photos; `{placeholder}` in it stands for the placeholder.
    pub personalization_prompt: String,
    /// Where the personalization prompts of photos without a caption come from: the prompt above, or a
    /// random sentence of a list.
    pub prompt_templates: PromptTemplates,
    /// Captions: personalization prompts of single photos, in the photos' order, in place of the common one.
    pub captions: Vec<Option<String>>,
    /// More subjects, each with a word of its own, learned by the same weights.
    pub further_subjects: Vec<Subject>,
    /// More target prompts. They take turns with the clean prompt, step by step.
    pub further_clean_prompts: Vec<String>,
    /// Embedding vectors of each new word, 1 to 8.
    pub vectors: usize,
    /// Whether the new words' vectors move.
    pub train_embedding: bool,
    /// The word that the new word starts as; `None` takes the class noun, or its last word for Textual
    /// Inversion. Several words, joined by `+`, are given to the subjects in turn.
    pub initializer_word: Option<String>,
    /// What is trained of the U-Net, beside the new words.
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
    /// Photos in one pass.
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
    /// The noise with which the estimated picture x̂_0 is noised again.
    pub alignment_noise: AlignmentNoise,
    /// Noises over which the direction of alignment is averaged, each with predictions of its own.
    pub alignment_samples: usize,
    /// The paper's rescaling: alignment weighs the same at every timestep. Without it λ has the factor
    /// √(1 − ᾱ_t)/√ᾱ_t, from 0.03 at the first timestep to 15 at the last.
    pub rescale: bool,
    /// Takes the direction at the noisy photo itself instead of the estimate noised again, and reuses the
    /// prediction made there: an approximation, not the paper's, that saves a prediction of the personalized
    /// model.
    pub fast_alignment: bool,
    /// The factor of λ at the lowest and at the highest timestep; linear between.
    pub lambda_profile: [f64; 2],
    /// Steps after the warm-up over which λ rises.
    pub lambda_ramp_steps: usize,
    pub optimizer: Optimizer,
    pub learning_rate_schedule: LearningRateSchedule,
    /// The first steps, over which the learning rates rise from zero.
    pub learning_rate_warmup_steps: usize,
    /// Learning rate of the LoRA factors, or of the weights that are trained in full.
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
    /// Norm to which the embedding vectors are drawn after each update, as a multiple of the vocabulary's
    /// mean norm.
    pub embedding_norm_decay: Option<f64>,
    /// Whether the standard deviation of the embedding's values is drawn to the vocabulary's after each
    /// update.
    pub embedding_std_retraction: bool,
    /// Weight of the squared distance of the embedding from where it started.
    pub embedding_anchor: f64,
    /// Weight of prior preservation (DreamBooth's λ): how much the pictures that the model drew for the class
    /// noun before the training count beside the photos. It acts only with `prior_pictures`.
    pub prior_weight: f64,
    /// Pictures of the class noun that the frozen model draws beforehand; 0 is no prior preservation.
    pub prior_pictures: usize,
    /// γ of min-SNR weighting (arXiv:2303.09556) of the personalization loss; `None` weighs all
    /// timesteps alike, as the paper does.
    pub min_snr_gamma: Option<f64>,
    /// How much less the background counts than the subject, where a photo has a mask: at 0 it counts the
    /// same, at 1 not at all.
    pub masked_loss: f64,
    /// Weight of the localized cross-attention loss (FastComposer, arXiv:2305.10431), which keeps the new
    /// word's attention on the subject; 0 is none. It needs photos with masks.
    pub localized_loss: f64,
    /// Framings of each photo that are trained on: 1 is the photo alone, more add small zooms and
    /// shifts.
    pub photo_variants: usize,
    /// Whether the further framings are Custom Diffusion's: the photo made much smaller or larger, which
    /// the prompt says in words ("very small").
    pub size_words: bool,
    /// Whether each variant is trained on mirrored too; which one a row takes is random.
    pub flip: bool,
    /// How far brightness, contrast and saturation of the further framings stray: 0.2 is up to a fifth.
    pub colour_jitter: f64,
    /// Side of the squares that photos are made, in pixels; `None` is the model's own. Smaller ones train
    /// faster and learn less.
    pub resolution: Option<usize>,
    /// Whether photos keep about their own aspect instead of being cropped to squares.
    pub aspect_buckets: bool,
    /// Everything random in a run follows from this.
    pub seed: u64,
    /// What the pass with gradients keeps on the device. It changes memory and time, not results.
    pub activations: Activations,
}

impl TrainingSettings {
    /// All target prompts; step n (counted from 0) takes the one at n modulo their number.
    pub fn clean_prompts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.clean_prompt.as_str())
            .chain(self.further_clean_prompts.iter().map(String::as_str))
    }

    /// The word that a subject's new word starts as. Textual Inversion starts from a single token: of a noun
    /// of several words it takes the last, which says what the thing is ("teddy bear": a bear).
    pub fn initializer(&self, subject: usize, class_noun: &str) -> String {
        let words: Vec<&str> = self.initializer_word.iter().flat_map(|words| words.split('+')).collect();
        let word = match self.method {
            _ if !words.is_empty() => words[subject % words.len()],
            Method::TextualInversion => class_noun.split_whitespace().next_back().unwrap_or_default(),
            _ => class_noun,
        };
        word.trim().to_owned()
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

    /// Whether pictures of the class noun are drawn beforehand and trained on.
    pub fn preserves_prior(&self) -> bool {
        self.prior_pictures > 0 && self.prior_weight > 0.0
    }

    /// Rows of one pass: the photos, and as many prior pictures where there are any.
    pub fn rows(&self) -> usize {
        if self.preserves_prior() { 2 * self.batch } else { self.batch }
    }

    /// Number of pictures that are kept as latents for this many photos.
    pub fn pictures(&self, photos: usize) -> usize {
        let mirrored = if self.flip { 2 } else { 1 };
        photos * self.photo_variants * mirrored + if self.preserves_prior() { self.prior_pictures } else { 0 }
    }
}
