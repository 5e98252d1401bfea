//! What a sampler does, worked out in f64 before the first step: every sampler here is a list of
//! weighted sums of tensors, so that the device only multiplies and adds.
//!
//! ```text
//! prediction = a·latents + b·model_output            (x_0, or the model's output itself)
//! latents    = correction                            (predictor–corrector samplers only)
//! latents    = update: a weighted sum of latents, anchor, predictions and noise
//! ```
//!
//! The weights are those of diffusers 0.42's schedulers; each sampler's file has its equations.

use super::schedule::PredictionType;

/// A run of one sampler.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    /// What unit normal noise is multiplied with to become the first latents.
    pub init_noise_sigma: f64,
    pub steps: Vec<Step>,
}

/// One call of the model, and what it makes of the latents.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub timestep: f32,
    /// What the latents are multiplied with before the model sees them.
    pub input_scale: f64,
    /// How a picture's latents look at the start of this step.
    pub level: NoiseLevel,
    pub prediction: Prediction,
    /// Whether later steps see this step's prediction.
    pub remembered: bool,
    /// What replaces the latents before `update`; it may look back at the anchor.
    pub correction: Option<WeightedSum>,
    /// Whether the latents (corrected, not yet updated) are kept as the anchor of later sums.
    pub anchored: bool,
    pub update: WeightedSum,
}

impl Step {
    /// A step that looks neither back nor ahead, of a model that sees the latents as they are.
    pub fn plain(timestep: f32, level: NoiseLevel, prediction: Prediction, update: WeightedSum) -> Self {
        Self {
            timestep,
            input_scale: 1.0,
            level,
            prediction,
            remembered: false,
            correction: None,
            anchored: false,
            update,
        }
    }
}

/// x_t = signal · x_0 + noise · ε
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NoiseLevel {
    pub signal: f64,
    pub noise: f64,
}

/// `latents · this.latents + model_output · this.model_output`
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Prediction {
    pub latents: f64,
    pub model_output: f64,
}

impl Prediction {
    /// The model's output as it is.
    pub const OUTPUT: Self = Self { latents: 0.0, model_output: 1.0 };

    /// x_0 from latents √ᾱ·x_0 + √(1−ᾱ)·ε: (x − √(1−ᾱ)·ε)/√ᾱ, or √ᾱ·x − √(1−ᾱ)·v.
    pub fn of_picture(kind: PredictionType, level: NoiseLevel) -> Self {
        let NoiseLevel { signal, noise } = level;
        match kind {
            PredictionType::Epsilon => Self { latents: 1.0 / signal, model_output: -noise / signal },
            PredictionType::VPrediction => Self { latents: signal, model_output: -noise },
        }
    }

    /// x_0 from latents x_0 + σ·ε, where the model sees latents/√(σ²+1).
    pub fn of_picture_in_sigma_space(kind: PredictionType, sigma: f64) -> Self {
        let signal = 1.0 / (sigma * sigma + 1.0).sqrt();
        let of_scaled = Self::of_picture(kind, NoiseLevel { signal, noise: sigma * signal });
        Self { latents: of_scaled.latents * signal, ..of_scaled }
    }
}

/// Weights of the tensors that new latents are made of. Tensors of weight 0 are not read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct WeightedSum {
    pub latents: f64,
    pub anchor: f64,
    /// This step's prediction, then the remembered ones from the newest.
    pub predictions: Vec<f64>,
    /// Unit normal noise of this step, and of the step before.
    pub noise: [f64; 2],
}
