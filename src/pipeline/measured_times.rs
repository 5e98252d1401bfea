//! How long the parts of a training take on this device: measured durations (see `step_times`), kept from one
//! visit to the next.

use serde::{Deserialize, Serialize};

use super::StableDiffusion;
use crate::training::TrainingSettings;

/// Durations of a training's parts, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepTimes {
    /// Encoding a picture to latents.
    pub encoding: f64,
    /// An optimizer step without alignment.
    pub plain_step: f64,
    /// An optimizer step with alignment; 0 where the settings have none.
    pub aligned_step: f64,
    /// A denoising step of as many pictures as a batch has, under guidance; 0 where no prior is drawn.
    pub prior_step: f64,
    /// A denoising step of one picture, under guidance.
    pub denoising_step: f64,
    /// Decoding latents to a picture.
    pub decoding: f64,
}

impl StepTimes {
    /// Approximate durations at another picture size, with `factor` times the pixels: all the work is done
    /// per pixel. Attention, whose work grows with the square of the pixels, makes small pictures faster than
    /// that; a device that they don't fill makes them slower.
    pub fn scaled(&self, factor: f64) -> Self {
        Self {
            encoding: self.encoding * factor,
            plain_step: self.plain_step * factor,
            aligned_step: self.aligned_step * factor,
            prior_step: self.prior_step * factor,
            denoising_step: self.denoising_step * factor,
            decoding: self.decoding * factor,
        }
    }
}

/// Measured durations, and what they were measured on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Measurement {
    model: String,
    precision: String,
    side: usize,
    /// Only as far as they matter to durations; the rest is neutral.
    settings: TrainingSettings,
    times: StepTimes,
}

/// Measurements on one device, kept from one visit to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasuredTimes {
    /// Version of the engine that measured: another one's kernels take another time.
    version: String,
    measurements: Vec<Measurement>,
}

impl Default for MeasuredTimes {
    fn default() -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), measurements: Vec::new() }
    }
}

impl MeasuredTimes {
    /// The measurements that an earlier visit kept; none if another version of the engine wrote them.
    pub fn from_json(text: &str) -> Self {
        let kept: Self = serde_json::from_str(text).unwrap_or_default();
        let empty = Self::default();
        if kept.version == empty.version { kept } else { empty }
    }

    /// The measurements as JSON, to be kept.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The durations measured for a training of this kind with pictures of this side; None if there are none.
    pub fn of(&self, model: &StableDiffusion, settings: &TrainingSettings, side: usize) -> Option<StepTimes> {
        let settings = cost_relevant(model, settings, side);
        let found = self.measurements.iter().find(|measurement| {
            measurement.model == model.name
                && measurement.precision == model.precision.name()
                && measurement.side == side
                && measurement.settings == settings
        });
        found.map(|measurement| measurement.times)
    }

    pub(super) fn add(
        &mut self,
        model: &StableDiffusion,
        settings: &TrainingSettings,
        side: usize,
        times: StepTimes,
    ) {
        self.measurements.push(Measurement {
            model: model.name.clone(),
            precision: model.precision.name().to_owned(),
            side,
            settings: cost_relevant(model, settings, side),
            times,
        });
    }
}

/// The settings, with those at their defaults that don't matter to the duration of a part: words, rates, and
/// how often a part is done. The rank matters so little that it is among them. Whether activations are kept,
/// where that is left to the memory limit, is as it would be now.
fn cost_relevant(model: &StableDiffusion, settings: &TrainingSettings, side: usize) -> TrainingSettings {
    let neutral = TrainingSettings::default();
    let sized = TrainingSettings { resolution: Some(side), ..settings.clone() };
    let planned = model.plan_training(&sized, 1, None).ok().and_then(|plan| plan.activations);
    TrainingSettings {
        method: neutral.method,
        placeholder: neutral.placeholder,
        class_noun: neutral.class_noun,
        clean_prompt: neutral.clean_prompt,
        personalization_prompt: neutral.personalization_prompt,
        prompt_templates: neutral.prompt_templates,
        captions: neutral.captions,
        further_subjects: neutral.further_subjects,
        further_clean_prompts: neutral.further_clean_prompts,
        initializer_word: neutral.initializer_word,
        rank: neutral.rank,
        lora_alpha: neutral.lora_alpha,
        steps: neutral.steps,
        warmup_steps: neutral.warmup_steps,
        alpha: if settings.alpha == 1.0 { 1.0 } else { neutral.alpha },
        beta: if settings.beta == 1.0 { 1.0 } else { 2.0 },
        lambda: if settings.lambda > 0.0 { 1.0 } else { 0.0 },
        alignment_timesteps: neutral.alignment_timesteps,
        lambda_profile: neutral.lambda_profile,
        lambda_ramp_steps: neutral.lambda_ramp_steps,
        learning_rate_schedule: neutral.learning_rate_schedule,
        learning_rate_warmup_steps: neutral.learning_rate_warmup_steps,
        lora_learning_rate: neutral.lora_learning_rate,
        embedding_learning_rate: neutral.embedding_learning_rate,
        weight_decay: neutral.weight_decay,
        gradient_clip: neutral.gradient_clip,
        prior_pictures: settings.prior_pictures.min(1),
        photo_variants: neutral.photo_variants,
        size_words: neutral.size_words,
        flip: neutral.flip,
        colour_jitter: neutral.colour_jitter,
        resolution: None,
        activations: planned.map_or(settings.activations, Into::into),
        seed: neutral.seed,
        ..settings.clone()
    }
}
