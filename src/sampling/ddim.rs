//! DDIM without noise (η = 0; arXiv:2010.02502, equation 12) on the model's own timesteps.
//!
//! x_0 = (x_t − √(1−ᾱ)·ε) / √ᾱ ,   x_{t'} = √ᾱ'·x_0 + √(1−ᾱ')·ε ,   t' = t − T/N
//!
//! Both prediction types make x_{t'} a weighted sum of x_t and the model's output; the two weights
//! of every step are worked out once, in f64.

use super::sampler::StepWeights;
use super::schedule::{NoiseSchedule, PredictionType, TimestepSpacing};

/// The timesteps of a run of `steps` steps, noisy to clean.
pub(super) fn timesteps(schedule: &NoiseSchedule, steps: usize) -> Vec<f32> {
    let spacing = schedule.config().timestep_spacing.unwrap_or(TimestepSpacing::Leading);
    let spaced = schedule.spaced_timesteps(spacing, steps);
    spaced.into_iter().map(|timestep| timestep.round_ties_even() as f32).collect()
}

/// The weights of each step over the whole timesteps of [`timesteps`].
pub(super) fn step_weights(schedule: &NoiseSchedule, timesteps: &[f32]) -> Vec<StepWeights> {
    let stride = schedule.num_train_timesteps() / timesteps.len();
    timesteps
        .iter()
        .map(|&timestep| {
            let timestep = timestep as usize;
            let (signal, noise) = schedule.signal_and_noise(timestep);
            let (next_signal, next_noise) = match timestep.checked_sub(stride) {
                Some(next) => schedule.signal_and_noise(next),
                None => schedule.final_signal_and_noise(),
            };
            match schedule.prediction_type() {
                PredictionType::Epsilon => StepWeights {
                    latents: next_signal / signal,
                    model_output: next_noise - next_signal * noise / signal,
                },
                // x_0 = √ᾱ·x_t − √(1−ᾱ)·v ,  ε = √ᾱ·v + √(1−ᾱ)·x_t
                PredictionType::VPrediction => StepWeights {
                    latents: next_signal * signal + next_noise * noise,
                    model_output: next_noise * signal - next_signal * noise,
                },
            }
        })
        .collect()
}
