//! DPM-Solver++ for the diffusion SDE, second order by a step to the middle ("DPM++ SDE"; diffusers'
//! `DPMSolverSDEScheduler`, k-diffusion's `sample_dpmpp_sde` with r = ½), in σ-space.
//!
//! σ_m = √(σ·σ') , and for a target τ with its ancestral split τ² = τ_down² + τ_up²:
//! A(x, x_0, τ, z) = x_0 + (τ_down/σ)·(x − x_0) + τ_up·z
//! x_m = A(x, x_0(x, σ), σ_m, z_1) ,  x' = A(x, x_0(x_m, σ_m), σ', z_2)
//!
//! A run of N steps calls the model 2N − 1 times: the last step ends at σ' = 0 and is x' = x_0.
//! The noises belong to one Brownian path W over σ: z_1 is its increment from σ to σ_m and z_2 the one
//! from σ to σ', each divided by its standard deviation. With independent n_1, n_2 ~ N(0, 1):
//! z_1 = n_1 ,  z_2 = (√(σ−σ_m)·n_1 + √(σ_m−σ')·n_2)/√(σ−σ')

use super::euler::{Walk, walk};
use super::plan::{NoiseLevel, Plan, Prediction, Step, WeightedSum};
use super::schedule::{NoiseSchedule, TimestepSpacing};
use super::sigmas::{SigmaTable, ancestral, init_noise_sigma, karras, rounded};

/// The last `steps − begin` steps of a run of `steps` steps: two calls each, but one for the last.
pub(super) fn plan(schedule: &NoiseSchedule, steps: usize, begin: usize, by_karras: bool) -> Plan {
    let spacing = schedule.config().timestep_spacing.unwrap_or(TimestepSpacing::Linspace);
    let table = SigmaTable::new(schedule);
    let Walk { mut timesteps, mut sigmas, .. } = walk(schedule, spacing, steps);
    if by_karras {
        sigmas = karras(sigmas[0], sigmas[steps - 1], steps);
        timesteps = sigmas.iter().map(|&sigma| table.timestep_of(sigma) as f32).collect();
        sigmas = sigmas.into_iter().map(rounded).collect();
    }
    let init_noise_sigma = init_noise_sigma(spacing, sigmas[0]);
    let call = |timestep: f32, sigma: f64, update: WeightedSum| {
        let prediction = Prediction::of_picture_in_sigma_space(schedule.prediction_type(), sigma);
        let level = NoiseLevel { signal: 1.0, noise: sigma };
        let step = Step::plain(timestep, level, prediction, update);
        Step { input_scale: 1.0 / (sigma * sigma + 1.0).sqrt(), ..step }
    };
    let mut calls = Vec::new();
    for index in begin..steps {
        let sigma = sigmas[index];
        let Some(&next) = sigmas.get(index + 1) else {
            let picture = WeightedSum { predictions: vec![1.0], ..Default::default() };
            calls.push(call(timesteps[index], sigma, picture));
            continue;
        };
        let middle = (sigma * next).sqrt();
        let (down, up) = ancestral(sigma, middle);
        let kept = down / sigma;
        let to_middle = WeightedSum {
            latents: kept,
            predictions: vec![1.0 - kept],
            noise: [up, 0.0],
            ..Default::default()
        };
        calls.push(Step { anchored: true, ..call(timesteps[index], sigma, to_middle) });

        let (down, up) = ancestral(sigma, next);
        let kept = down / sigma;
        // At equal σ, which long runs may have, there is no noise to share out.
        let share = |part: f64| if sigma > next { up * (part / (sigma - next)).sqrt() } else { 0.0 };
        let to_next = WeightedSum {
            anchor: kept,
            predictions: vec![1.0 - kept],
            noise: [share(middle - next), share(sigma - middle)],
            ..Default::default()
        };
        calls.push(call(table.timestep_of(middle) as f32, middle, to_next));
    }
    Plan { init_noise_sigma, steps: calls }
}
