//! Euler's method on the probability-flow ODE in σ-space (Karras et al., arXiv:2206.00364, without
//! churn), as diffusers' `EulerDiscreteScheduler`.
//!
//! σ_t = √((1−ᾱ_t)/ᾱ_t) ,  x_σ = x_t/√ᾱ_t ,  the model sees x_σ/√(σ²+1)
//! d = (x − x_0)/σ ,  x' = x + d·(σ' − σ)
//!
//! Timesteps may be fractional: σ is interpolated linearly in the table. The last σ' is 0, unless the
//! model's config says otherwise.

use super::plan::{NoiseLevel, Plan, Prediction, Step, WeightedSum};
use super::schedule::{NoiseSchedule, PredictionType, TimestepSpacing};
use super::sigmas::{SigmaTable, init_noise_sigma, rounded};

/// The timesteps of a run in σ-space, and σ at each of them.
pub(super) struct Walk {
    pub timesteps: Vec<f32>,
    pub sigmas: Vec<f64>,
    pub init_noise_sigma: f64,
}

/// The walk of a run of `steps` steps, noisy to clean.
pub(super) fn walk(schedule: &NoiseSchedule, spacing: TimestepSpacing, steps: usize) -> Walk {
    let table = SigmaTable::new(schedule);
    let spaced = schedule.spaced_timesteps(spacing, steps);
    let timesteps: Vec<f32> = spaced.into_iter().map(|timestep| timestep as f32).collect();
    let sigmas: Vec<f64> = timesteps.iter().map(|&t| rounded(table.at(f64::from(t)))).collect();
    Walk { init_noise_sigma: init_noise_sigma(spacing, sigmas[0]), timesteps, sigmas }
}

/// The last `steps − begin` steps of a run of `steps` steps.
pub(super) fn plan(schedule: &NoiseSchedule, steps: usize, begin: usize) -> Plan {
    let spacing = schedule.config().timestep_spacing.unwrap_or(TimestepSpacing::Linspace);
    let Walk { timesteps, sigmas, init_noise_sigma } = walk(schedule, spacing, steps);
    let last = SigmaTable::new(schedule).last(schedule);
    let step = |index: usize| {
        let sigma = sigmas[index];
        let next = sigmas.get(index + 1).copied().unwrap_or(last);
        in_sigma_space(timesteps[index], sigma, update(schedule.prediction_type(), sigma, next))
    };
    Plan { init_noise_sigma, steps: (begin..steps).map(step).collect() }
}

/// A step of a sampler that weighs the model's output itself.
fn in_sigma_space(timestep: f32, sigma: f64, update: WeightedSum) -> Step {
    let level = NoiseLevel { signal: 1.0, noise: sigma };
    let step = Step::plain(timestep, level, Prediction::OUTPUT, update);
    Step { input_scale: 1.0 / (sigma * sigma + 1.0).sqrt(), ..step }
}

fn update(kind: PredictionType, sigma: f64, next: f64) -> WeightedSum {
    let change = next - sigma;
    let (latents, model_output) = match kind {
        // x_0 = x − σ·ε, so d = ε
        PredictionType::Epsilon => (1.0, change),
        // x_0 = x/(σ²+1) − v·σ/√(σ²+1), so d = x·σ/(σ²+1) + v/√(σ²+1)
        PredictionType::VPrediction => {
            let variance = sigma * sigma + 1.0;
            (1.0 + change * sigma / variance, change / variance.sqrt())
        }
    };
    WeightedSum { latents, predictions: vec![model_output], ..Default::default() }
}
