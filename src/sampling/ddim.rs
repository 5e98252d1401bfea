//! DDIM without noise (η = 0; arXiv:2010.02502, equation 12) on the model's own timesteps.
//!
//! x_0 = (x_t − √(1−ᾱ)·ε) / √ᾱ ,   x_{t'} = √ᾱ'·x_0 + √(1−ᾱ')·ε ,   t' = t − T/N
//!
//! Both prediction types make x_{t'} a weighted sum of x_t and the model's output.

use super::plan::{NoiseLevel, Plan, Prediction, Step, WeightedSum};
use super::schedule::{NoiseSchedule, PredictionType, TimestepSpacing};

/// Where the model's config says nothing, as in diffusers.
const SET_ALPHA_TO_ONE: bool = true;

/// The last `steps − begin` steps of a run of `steps` steps.
pub(super) fn plan(schedule: &NoiseSchedule, steps: usize, begin: usize) -> Plan {
    let spacing = schedule.config().timestep_spacing.unwrap_or(TimestepSpacing::Leading);
    let stride = schedule.num_train_timesteps() / steps;
    let step = |timestep: f64| {
        let timestep = timestep.round_ties_even() as usize;
        let level = schedule.noise_level(timestep);
        let next = match timestep.checked_sub(stride) {
            Some(next) => schedule.noise_level(next),
            None => schedule.final_noise_level(SET_ALPHA_TO_ONE),
        };
        let update = update(schedule.prediction_type(), level, next);
        Step::plain(timestep as f32, level, Prediction::OUTPUT, update)
    };
    let timesteps = schedule.spaced_timesteps(spacing, steps).into_iter();
    Plan { init_noise_sigma: 1.0, steps: timesteps.skip(begin).map(step).collect() }
}

fn update(kind: PredictionType, level: NoiseLevel, next: NoiseLevel) -> WeightedSum {
    let (latents, model_output) = match kind {
        PredictionType::Epsilon => {
            (next.signal / level.signal, next.noise - next.signal * level.noise / level.signal)
        }
        // x_0 = √ᾱ·x_t − √(1−ᾱ)·v ,  ε = √ᾱ·v + √(1−ᾱ)·x_t
        PredictionType::VPrediction => (
            next.signal * level.signal + next.noise * level.noise,
            next.noise * level.signal - next.signal * level.noise,
        ),
    };
    WeightedSum { latents, predictions: vec![model_output], ..Default::default() }
}
