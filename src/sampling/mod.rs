//! From pure noise to a latent picture: the noise schedule, the samplers that walk it backwards,
//! classifier-free guidance, and the seeded noise they start from.
//!
//! Formulas, defaults and rounding are diffusers' (its `DDIMScheduler` and
//! `EulerDiscreteScheduler`), so a seed latent ends in the same picture there and here.

pub mod ddim;
pub mod euler;
pub mod guidance;
pub mod noise;
pub mod sampler;
pub mod schedule;

pub use guidance::guide;
pub use sampler::{Sampler, SamplerKind};
pub use schedule::{BetaSchedule, NoiseSchedule, PredictionType, SchedulerConfig, TimestepSpacing};

/// What can be wrong with a request to sample, each in one sentence for the user.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("the model's scheduler_config.json is not usable: {0}")]
    Config(String),
    #[error("there is no sampler \"{0}\"; choose one of: {known}", known = SamplerKind::names())]
    UnknownSampler(String),
    #[error("the number of steps must be from 1 to {most}, not {asked}")]
    Steps { asked: usize, most: usize },
}
