//! The samplers a user can choose, behind one type.
//!
//! ```text
//! latents = noise · init_noise_sigma
//! for step in 0..timesteps.len():
//!     output  = U-Net(scale_model_input(latents, step), timesteps[step], prompt)   (guided)
//!     latents = step(output, step, latents)
//! ```

use std::fmt;
use std::str::FromStr;

use burn::tensor::Tensor;

use super::schedule::NoiseSchedule;
use super::{Error, ddim, euler};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SamplerKind {
    Ddim,
    Euler,
}

impl SamplerKind {
    pub const ALL: [Self; 2] = [Self::Ddim, Self::Euler];

    fn name(self) -> &'static str {
        match self {
            Self::Ddim => "ddim",
            Self::Euler => "euler",
        }
    }

    /// The known names in one line, for messages and help texts.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for SamplerKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for SamplerKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name.trim()))
            .ok_or_else(|| Error::UnknownSampler(name.chars().filter(|c| !c.is_control()).take(40).collect()))
    }
}

/// One step's new latents are `latents · this.latents + model_output · this.model_output`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct StepWeights {
    pub latents: f64,
    pub model_output: f64,
}

/// A run of one sampler over a fixed number of steps.
#[derive(Debug, Clone)]
pub struct Sampler {
    timesteps: Vec<f32>,
    init_noise_sigma: f32,
    /// One a step; `None` where the model sees the latents as they are.
    input_scales: Option<Vec<f32>>,
    weights: Vec<StepWeights>,
}

impl Sampler {
    /// Errors when `steps` is zero or more than the schedule's training timesteps (1000).
    pub fn new(kind: SamplerKind, schedule: &NoiseSchedule, steps: usize) -> Result<Self, Error> {
        schedule.check_steps(steps)?;
        Ok(match kind {
            SamplerKind::Ddim => {
                let timesteps = ddim::timesteps(schedule, steps);
                let weights = ddim::step_weights(schedule, &timesteps);
                Self { timesteps, init_noise_sigma: 1.0, input_scales: None, weights }
            }
            SamplerKind::Euler => {
                let timesteps = euler::timesteps(schedule, steps);
                let sigmas = euler::sigmas(schedule, &timesteps);
                Self {
                    timesteps,
                    init_noise_sigma: euler::init_noise_sigma(schedule, &sigmas),
                    input_scales: Some(euler::input_scales(&sigmas)),
                    weights: euler::step_weights(schedule, &sigmas),
                }
            }
        })
    }

    /// The timestep the model is asked at in each step, noisy to clean; Euler's may be fractional.
    pub fn timesteps(&self) -> &[f32] {
        &self.timesteps
    }

    /// What unit normal noise is multiplied with to become the first latents.
    pub fn init_noise_sigma(&self) -> f32 {
        self.init_noise_sigma
    }

    /// The latents as the U-Net expects them in this step (`step` < `timesteps().len()`).
    pub fn scale_model_input(&self, latents: Tensor<4>, step: usize) -> Tensor<4> {
        match &self.input_scales {
            Some(scales) => latents.mul_scalar(scales[step]),
            None => latents,
        }
    }

    /// The latents after this step (`step` < `timesteps().len()`), from the guided model output
    /// (ε, or v for a v-prediction model). Keep the latents in f32.
    pub fn step(&mut self, model_output: Tensor<4>, step: usize, latents: Tensor<4>) -> Tensor<4> {
        let weights = self.weights[step];
        latents.mul_scalar(weights.latents as f32) + model_output.mul_scalar(weights.model_output as f32)
    }
}
