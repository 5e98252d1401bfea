//! Euler's method with fresh noise in every step ("Euler a"; diffusers'
//! `EulerAncestralDiscreteScheduler`), in σ-space.
//!
//! x' = x + (x − x_0)/σ·(σ_down − σ) + σ_up·z = x_0 + (σ_down/σ)·(x − x_0) + σ_up·z ,  z ~ N(0, 1)
//!
//! The last step ends at σ' = 0 and takes no noise. With one step the picture is x_0 itself, which is
//! how distilled models (SD-Turbo) are run: see [`plan_turbo`].

use super::euler::{Walk, walk};
use super::plan::{NoiseLevel, Plan, Prediction, Step, WeightedSum};
use super::schedule::{NoiseSchedule, TimestepSpacing};
use super::sigmas::ancestral;

/// The last `steps − begin` steps of a run of `steps` steps.
pub(super) fn plan(schedule: &NoiseSchedule, steps: usize, begin: usize) -> Plan {
    let spacing = schedule.config().timestep_spacing.unwrap_or(TimestepSpacing::Linspace);
    plan_with(schedule, spacing, steps, begin)
}

/// The same with trailing spacing whatever the model's config says: few steps that begin at the
/// noisiest timestep, the only ones that models distilled for 1 to 4 steps know.
pub(super) fn plan_turbo(schedule: &NoiseSchedule, steps: usize, begin: usize) -> Plan {
    plan_with(schedule, TimestepSpacing::Trailing, steps, begin)
}

fn plan_with(schedule: &NoiseSchedule, spacing: TimestepSpacing, steps: usize, begin: usize) -> Plan {
    let Walk { timesteps, sigmas, init_noise_sigma } = walk(schedule, spacing, steps);
    let step = |index: usize| {
        let sigma = sigmas[index];
        let next = sigmas.get(index + 1).copied().unwrap_or(0.0);
        let level = NoiseLevel { signal: 1.0, noise: sigma };
        let prediction = Prediction::of_picture_in_sigma_space(schedule.prediction_type(), sigma);
        let step = Step::plain(timesteps[index], level, prediction, ancestral_update(sigma, next));
        Step { input_scale: 1.0 / (sigma * sigma + 1.0).sqrt(), ..step }
    };
    Plan { init_noise_sigma, steps: (begin..steps).map(step).collect() }
}

fn ancestral_update(sigma: f64, next: f64) -> WeightedSum {
    let (down, up) = ancestral(sigma, next);
    let kept = down / sigma;
    WeightedSum { latents: kept, predictions: vec![1.0 - kept], noise: [up, 0.0], ..Default::default() }
}
