//! Where settings start: the paper's values (arXiv:2401.06105, App. C) scaled to the embedded model by
//! a pilot: small batches at a higher rate, few steps, the composition guidance α 7.5, β 1.

use super::{
    Activations, AlignmentForm, AlignmentNoise, LearningRateSchedule, Optimizer, PLACEHOLDER_MARK,
    TrainingSettings,
};

impl Default for TrainingSettings {
    fn default() -> Self {
        Self {
            placeholder: "<my-subject>".to_owned(),
            class_noun: String::new(),
            clean_prompt: String::new(),
            personalization_prompt: format!("a photo of {PLACEHOLDER_MARK}"),
            vectors: 1,
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
            photo_variants: 4,
            seed: 0,
            activations: Activations::Auto,
        }
    }
}
