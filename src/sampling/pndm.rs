//! PNDM's linear multistep method alone (PLMS; arXiv:2202.09778, equations 9 and 12), as diffusers'
//! `PNDMScheduler` with `skip_prk_steps`: Stable Diffusion 1's first sampler.
//!
//! ε' = (55·ε_t − 59·ε_{t+δ} + 37·ε_{t+2δ} − 9·ε_{t+3δ})/24 , fewer terms while there are fewer
//! x' = √(ᾱ'/ᾱ)·x − (ᾱ'−ᾱ)·ε' / (ᾱ·√(1−ᾱ') + √(ᾱ·(1−ᾱ)·ᾱ'))
//!
//! The second step repeats the first one with the mean of the outputs at both its ends, so a run of N steps
//! calls the model N + 1 times. A run that begins late (image to image) starts over in the same way, as
//! diffusers does; its timesteps hold the repeated one only if it begins at the second.

use super::plan::{NoiseLevel, Plan, Prediction, Step, WeightedSum};
use super::schedule::{NoiseSchedule, PredictionType, TimestepSpacing};

/// Weights of the outputs by how many there are, this step's first.
const WEIGHTS: [&[f64]; 4] = [
    &[1.0],
    &[3.0 / 2.0, -1.0 / 2.0],
    &[23.0 / 12.0, -16.0 / 12.0, 5.0 / 12.0],
    &[55.0 / 24.0, -59.0 / 24.0, 37.0 / 24.0, -9.0 / 24.0],
];

/// Where the model's config says nothing, as in diffusers.
const SET_ALPHA_TO_ONE: bool = false;

/// The last `steps − begin` steps of a run of `steps` steps, and the repeated one.
pub(super) fn plan(schedule: &NoiseSchedule, steps: usize, begin: usize) -> Plan {
    let stride = schedule.num_train_timesteps() / steps;
    let step = |(index, timestep): (usize, usize)| {
        let again = index == 1;
        let from = if again { timestep + stride } else { timestep };
        let next = match from.checked_sub(stride) {
            Some(next) => schedule.noise_level(next),
            None => schedule.final_noise_level(SET_ALPHA_TO_ONE),
        };
        let outputs = match index {
            0 => WEIGHTS[0],
            1 => &[0.5, 0.5],
            _ => WEIGHTS[(index - 1).min(3)],
        };
        let (sample, output) = transfer(schedule.prediction_type(), schedule.noise_level(from), next);
        let predictions = outputs.iter().map(|weight| weight * output).collect();
        let (latents, anchor) = if again { (0.0, sample) } else { (sample, 0.0) };
        let update = WeightedSum { latents, anchor, predictions, ..Default::default() };
        let level = schedule.noise_level(timestep);
        let step = Step::plain(timestep as f32, level, Prediction::OUTPUT, update);
        Step { remembered: !again, anchored: index == 0, ..step }
    };
    let timesteps = timesteps(schedule, steps).into_iter().skip(begin);
    Plan { init_noise_sigma: 1.0, steps: timesteps.enumerate().map(step).collect() }
}

/// The timesteps from noisy to clean, the second one twice.
fn timesteps(schedule: &NoiseSchedule, steps: usize) -> Vec<usize> {
    let spacing = schedule.config().timestep_spacing.unwrap_or(TimestepSpacing::Leading);
    let spaced = schedule.spaced_timesteps(spacing, steps);
    let mut timesteps: Vec<usize> = spaced.into_iter().map(|t| t.round_ties_even() as usize).collect();
    if let Some(&second) = timesteps.get(1) {
        timesteps.insert(1, second);
    }
    timesteps
}

/// Weights of x and of the model's output in x'. For v-prediction ε' = √ᾱ·v' + √(1−ᾱ)·x.
fn transfer(kind: PredictionType, level: NoiseLevel, next: NoiseLevel) -> (f64, f64) {
    let (alpha, next_alpha) = (level.signal * level.signal, next.signal * next.signal);
    let denominator = alpha * next.noise + level.signal * level.noise * next.signal;
    let sample = next.signal / level.signal;
    let epsilon = -(next_alpha - alpha) / denominator;
    match kind {
        PredictionType::Epsilon => (sample, epsilon),
        PredictionType::VPrediction => (sample + epsilon * level.noise, epsilon * level.signal),
    }
}
