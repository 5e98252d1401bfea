//! DPM-Solver++ of second order, multistep ("DPM++ 2M"; arXiv:2211.01095, algorithm 2), and its SDE
//! variant ("DPM++ 2M SDE"), as diffusers' `DPMSolverMultistepScheduler` with the midpoint method.
//!
//! a = 1/√(σ²+1), s = σ·a, λ = ln(a/s), h = λ'−λ, m = prediction of x_0, m⁻ and h⁻ of the step before
//! D = m + ½·(h/h⁻)·(m − m⁻)
//! 2M:      x' = (s'/s)·x + a'·(1 − e^{−h})·D
//! 2M SDE:  x' = (s'/s)·e^{−h}·x + a'·(1 − e^{−2h})·D + s'·√(1 − e^{−2h})·z ,  z ~ N(0, 1)
//!
//! First order (D = m) in the first step, in the last one if it ends at σ' = 0 (then x' = m), and in
//! the last one of runs below 15 steps. Latents have unit variance.

use super::plan::{Plan, Prediction, Step, WeightedSum};
use super::schedule::{NoiseSchedule, TimestepSpacing};
use super::sigmas::{SigmaTable, karras, lambda, rounded, unit_variance};

/// Which sampler of the family.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variant {
    /// Whether σ is spaced evenly in σ^{1/7} instead of by evenly spaced timesteps.
    pub karras: bool,
    /// Fresh noise in every step.
    pub stochastic: bool,
}

/// Runs shorter than this end with a step of first order.
const SHORT_RUN: usize = 15;

/// The last `steps − begin` steps of a run of `steps` steps.
pub(super) fn plan(schedule: &NoiseSchedule, steps: usize, begin: usize, variant: Variant) -> Plan {
    let (timesteps, sigmas) = walk(schedule, steps, variant.karras);
    let step = |index: usize| {
        let level = unit_variance(sigmas[index]);
        let prediction = Prediction::of_picture(schedule.prediction_type(), level);
        let ends_plainly = index + 1 == steps && (steps < SHORT_RUN || sigmas[steps] == 0.0);
        let before = (index > begin && !ends_plainly).then(|| sigmas[index - 1]);
        let update = update(before, sigmas[index], sigmas[index + 1], variant.stochastic);
        Step { remembered: true, ..Step::plain(timesteps[index], level, prediction, update) }
    };
    Plan { init_noise_sigma: 1.0, steps: (begin..steps).map(step).collect() }
}

/// Timesteps, and one more σ than there are timesteps.
pub(super) fn walk(schedule: &NoiseSchedule, steps: usize, by_karras: bool) -> (Vec<f32>, Vec<f64>) {
    let table = SigmaTable::new(schedule);
    let (timesteps, mut sigmas): (Vec<f64>, Vec<f64>) = if by_karras {
        let sigmas = karras(table.largest(), table.smallest(), steps).into_iter();
        sigmas.map(|sigma| (table.timestep_of(sigma).round_ties_even(), rounded(sigma))).unzip()
    } else {
        let spacing = schedule.config().timestep_spacing.unwrap_or(TimestepSpacing::Linspace);
        let timesteps = schedule.spaced_timesteps_above_end(spacing, steps).into_iter();
        timesteps.map(|timestep| (timestep, rounded(table.at(timestep)))).unzip()
    };
    sigmas.push(table.last(schedule));
    (timesteps.into_iter().map(|timestep| timestep as f32).collect(), sigmas)
}

/// From σ to the next one; `before` is the σ of the step before, where second order is asked for.
fn update(before: Option<f64>, sigma: f64, next: f64, stochastic: bool) -> WeightedSum {
    let (level, after) = (unit_variance(sigma), unit_variance(next));
    let h = lambda(next) - lambda(sigma);
    // Long runs may visit a timestep twice: two equal points have no slope between them.
    let slope = before.map(|before| lambda(sigma) - lambda(before)).filter(|&h_before| h_before > 0.0);
    let slope = slope.map_or(0.0, |h_before| 0.5 * h / h_before);
    let decay = libm::exp(-h);
    let (latents, picture, noise) = if stochastic {
        let fresh = -libm::expm1(-2.0 * h);
        (after.noise / level.noise * decay, after.signal * fresh, after.noise * fresh.sqrt())
    } else {
        (after.noise / level.noise, -after.signal * libm::expm1(-h), 0.0)
    };
    let predictions =
        if slope == 0.0 { vec![picture] } else { vec![picture * (1.0 + slope), -picture * slope] };
    WeightedSum { latents, predictions, noise: [noise, 0.0], ..Default::default() }
}
