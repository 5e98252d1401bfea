//! Euler's method on the probability-flow ODE in σ-space (Karras et al., arXiv:2206.00364, without
//! churn), as diffusers' `EulerDiscreteScheduler`.
//!
//! σ_t = √((1−ᾱ_t)/ᾱ_t) ,  x_σ = x_t/√ᾱ_t ,  the model sees x_σ/√(σ²+1)
//! d = (x − x_0)/σ ,  x' = x + d·(σ' − σ)
//!
//! Timesteps may be fractional: σ is interpolated linearly in the table. The last σ' is 0.

use super::sampler::StepWeights;
use super::schedule::{NoiseSchedule, PredictionType, TimestepSpacing};

fn spacing(schedule: &NoiseSchedule) -> TimestepSpacing {
    schedule.config().timestep_spacing.unwrap_or(TimestepSpacing::Linspace)
}

/// The timesteps of a run of `steps` steps, noisy to clean; whole numbers unless spaced by linspace.
pub(super) fn timesteps(schedule: &NoiseSchedule, steps: usize) -> Vec<f32> {
    let spaced = schedule.spaced_timesteps(spacing(schedule), steps);
    spaced.into_iter().map(|timestep| timestep as f32).collect()
}

/// σ at each timestep, and a closing 0: one more than there are timesteps.
pub(super) fn sigmas(schedule: &NoiseSchedule, timesteps: &[f32]) -> Vec<f32> {
    let table: Vec<f64> = schedule
        .alphas_cumprod
        .iter()
        .map(|&alpha_cumprod| f64::from(((1.0 - alpha_cumprod) / alpha_cumprod).sqrt()))
        .collect();
    let last = table.len() - 1;
    let interpolated = timesteps.iter().map(|&timestep| {
        let timestep = f64::from(timestep).clamp(0.0, last as f64);
        let below = timestep.floor();
        let (low, high) = (table[below as usize], table[(below as usize + 1).min(last)]);
        (low + (high - low) * (timestep - below)) as f32
    });
    interpolated.chain([0.0]).collect()
}

/// The standard deviation of the noise a run starts from. Leading spacing does not start at the
/// noisiest timestep, so its start still holds a share of picture: √(σ² + 1) instead of σ.
pub(super) fn init_noise_sigma(schedule: &NoiseSchedule, sigmas: &[f32]) -> f32 {
    let largest = sigmas.iter().copied().fold(0.0, f32::max);
    match spacing(schedule) {
        TimestepSpacing::Leading => (largest * largest + 1.0).sqrt(),
        TimestepSpacing::Trailing | TimestepSpacing::Linspace => largest,
    }
}

/// What the latents are multiplied with before the U-Net sees them, for each step.
pub(super) fn input_scales(sigmas: &[f32]) -> Vec<f32> {
    sigmas.iter().map(|&sigma| 1.0 / (sigma * sigma + 1.0).sqrt()).collect()
}

/// The weights of each step from σ to the next σ.
pub(super) fn step_weights(schedule: &NoiseSchedule, sigmas: &[f32]) -> Vec<StepWeights> {
    sigmas
        .windows(2)
        .map(|pair| {
            let (sigma, next_sigma) = (f64::from(pair[0]), f64::from(pair[1]));
            let change = next_sigma - sigma;
            match schedule.prediction_type() {
                // x_0 = x − σ·ε, so d = ε
                PredictionType::Epsilon => StepWeights { latents: 1.0, model_output: change },
                // x_0 = x/(σ²+1) − v·σ/√(σ²+1), so d = x·σ/(σ²+1) + v/√(σ²+1)
                PredictionType::VPrediction => {
                    let variance = sigma * sigma + 1.0;
                    StepWeights {
                        latents: 1.0 + change * sigma / variance,
                        model_output: change / variance.sqrt(),
                    }
                }
            }
        })
        .collect()
}
