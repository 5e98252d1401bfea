//! Multistep sampling of latent consistency models (arXiv:2310.04378, algorithm 4), as diffusers'
//! `LCMScheduler`: for models or LoRAs distilled to predict x_0 from any timestep.
//!
//! x̂ = c_out·x_0 + c_skip·x ,  x' = √ᾱ'·x̂ + √(1−ᾱ')·z ,  z ~ N(0, 1); the last step ends at x̂
//! c_skip = ¼/(τ²+¼), c_out = τ/√(τ²+¼), τ = 10·t
//!
//! Timesteps are chosen from the 50 that such models are distilled on, whatever spacing the model's
//! config has.

use super::Error;
use super::plan::{Plan, Prediction, Step, WeightedSum};
use super::schedule::NoiseSchedule;

/// Timesteps of the distillation.
const ORIGINAL_STEPS: usize = 50;
const TIMESTEP_SCALING: f64 = 10.0;
/// σ_data² of the boundary condition
const DATA_VARIANCE: f64 = 0.25;

/// The last `steps − begin` steps of a run of `steps` steps.
///
/// # Errors
/// More steps than the distillation had.
pub(super) fn plan(schedule: &NoiseSchedule, steps: usize, begin: usize) -> Result<Plan, Error> {
    let original = ORIGINAL_STEPS.min(schedule.num_train_timesteps());
    if steps > original {
        return Err(Error::Steps { asked: steps, most: original });
    }
    let stride = schedule.num_train_timesteps() / original;
    // `steps` of the original timesteps, evenly by their index from the noisiest (numpy's linspace).
    let gap = original as f64 / steps as f64;
    let timestep = |index: usize| (original - (index as f64 * gap) as usize) * stride - 1;
    let step = |index: usize| {
        let level = schedule.noise_level(timestep(index));
        let scaled = timestep(index) as f64 * TIMESTEP_SCALING;
        let skip = DATA_VARIANCE / (scaled * scaled + DATA_VARIANCE);
        let out = scaled / (scaled * scaled + DATA_VARIANCE).sqrt();
        let picture = Prediction::of_picture(schedule.prediction_type(), level);
        let denoised =
            Prediction { latents: out * picture.latents + skip, model_output: out * picture.model_output };
        let (kept, noise) = if index + 1 == steps {
            (1.0, 0.0)
        } else {
            let next = schedule.noise_level(timestep(index + 1));
            (next.signal, next.noise)
        };
        let update = WeightedSum { predictions: vec![kept], noise: [noise, 0.0], ..Default::default() };
        Step::plain(timestep(index) as f32, level, denoised, update)
    };
    Ok(Plan { init_noise_sigma: 1.0, steps: (begin..steps).map(step).collect() })
}
