//! Where settings start: PALP's values (arXiv:2401.06105, App. C) scaled to the embedded model by a
//! pilot: small batches at a higher rate, few steps, the composition guidance α 7.5, β 1. The other
//! methods' published values are scaled likewise: rates by 2.5 to twenty, steps to a tenth to two fifths.

use super::{
    Activations, AlignmentForm, AlignmentNoise, CLASS_MARK, LearningRateSchedule, LoraTargets, Method,
    Optimizer, PLACEHOLDER_MARK, PromptTemplates, TrainedWeights, TrainingSettings,
};

/// Words that mean next to nothing to CLIP, as DreamBooth and Custom Diffusion chose them; one a subject.
const RARE_WORDS: &str = "sks+ktn+pll+ucd";
const RARE_MODIFIERS: &str = "ktn+pll+ucd";

/// y_P: what the subject is, with the new word before it. The paper has the new word alone; with the noun
/// PALP's likeness and text are both better on the eight subjects (`docs/results.md`).
pub(super) fn photo_prompt() -> String {
    format!("a photo of a {PLACEHOLDER_MARK} {CLASS_MARK}")
}

impl Default for TrainingSettings {
    fn default() -> Self {
        Self {
            method: Method::Palp,
            placeholder: "<my-subject>".to_owned(),
            class_noun: String::new(),
            clean_prompt: String::new(),
            personalization_prompt: photo_prompt(),
            prompt_templates: PromptTemplates::Prompt,
            captions: Vec::new(),
            further_subjects: Vec::new(),
            further_clean_prompts: Vec::new(),
            vectors: 1,
            train_embedding: true,
            initializer_word: None,
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
            alignment_form: AlignmentForm::TwoBranch,
            alignment_noise: AlignmentNoise::Same,
            alignment_samples: 1,
            rescale: true,
            fast_alignment: false,
            lambda_profile: [1.0; 2],
            lambda_ramp_steps: 0,
            optimizer: Optimizer::AdamW,
            learning_rate_schedule: LearningRateSchedule::Constant,
            learning_rate_warmup_steps: 0,
            lora_learning_rate: 1e-3,
            embedding_learning_rate: 5e-3,
            weight_decay: 1e-2,
            gradient_clip: 1.0,
            embedding_norm_cap: Some(1.2),
            embedding_norm_decay: None,
            embedding_std_retraction: false,
            embedding_anchor: 0.0,
            prior_weight: 1.0,
            prior_pictures: 0,
            min_snr_gamma: None,
            masked_loss: 0.0,
            localized_loss: 0.0,
            photo_variants: 4,
            size_words: false,
            flip: false,
            colour_jitter: 0.0,
            resolution: None,
            aspect_buckets: false,
            seed: 0,
            activations: Activations::Auto,
        }
    }
}

impl TrainingSettings {
    /// The settings a method starts with. Words, photos and seed are still to be given.
    pub fn of_method(method: Method) -> Self {
        let base = Self { method, ..Self::default() };
        let unaligned = Self { lambda: 0.0, warmup_steps: 0, ..base.clone() };
        let modified = format!("photo of a {PLACEHOLDER_MARK} {CLASS_MARK}");
        match method {
            Method::Palp => base,
            Method::TiDb => unaligned,
            // diffusers' recipe: 3000 steps at an effective 2e-3, mirrored at random, norms free.
            Method::TextualInversion => Self {
                personalization_prompt: format!("a photo of {PLACEHOLDER_MARK}"),
                prompt_templates: PromptTemplates::Objects,
                trained_weights: TrainedWeights::None,
                steps: 300,
                embedding_learning_rate: 1e-2,
                embedding_norm_cap: None,
                flip: true,
                ..unaligned
            },
            // diffusers' recipe: 800 steps at 5e-6 with 200 class pictures.
            Method::Dreambooth => Self {
                personalization_prompt: modified,
                trained_weights: TrainedWeights::All,
                train_embedding: false,
                initializer_word: Some(RARE_WORDS.to_owned()),
                steps: 160,
                batch: 2,
                lora_learning_rate: 1e-4,
                prior_pictures: 40,
                ..unaligned
            },
            // diffusers' recipe: rank 4, 500 steps at 1e-4.
            Method::DreamboothLora => Self {
                personalization_prompt: modified,
                train_embedding: false,
                initializer_word: Some(RARE_WORDS.to_owned()),
                rank: 4,
                ..unaligned
            },
            // The authors' recipe: 250 steps at an effective 8e-5 with 200 class pictures.
            Method::CustomDiffusion => Self {
                personalization_prompt: modified,
                trained_weights: TrainedWeights::CrossAttention,
                initializer_word: Some(RARE_MODIFIERS.to_owned()),
                lora_learning_rate: 2e-4,
                // A rare word's vector is short: a cap at its length would keep the word from meaning much.
                embedding_norm_cap: None,
                prior_pictures: 40,
                photo_variants: 8,
                size_words: true,
                ..unaligned
            },
        }
    }
}
