//! From pure noise to a latent picture: the noise schedule, the samplers that walk it backwards,
//! classifier-free guidance, and the seeded noise they start from.
//!
//! Formulas, defaults and rounding are those of diffusers' schedulers (a file here for each of them), so
//! a seed latent ends in the same picture there and here.

mod ddim;
mod dpm_multistep;
mod dpm_sde;
mod euler;
mod euler_ancestral;
pub mod guidance;
mod kind;
mod lcm;
pub mod noise;
mod plan;
mod pndm;
pub mod sampler;
pub mod schedule;
mod sigmas;
mod unipc;

pub use guidance::guide;
pub use kind::SamplerKind;
pub use sampler::Sampler;
pub use schedule::{
    BetaSchedule, FinalSigmasType, NoiseSchedule, PredictionType, SchedulerConfig, TimestepSpacing,
};

/// What can be wrong with a request to sample, each in one sentence for the user.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("the model's scheduler_config.json is not usable: {0}")]
    Config(String),
    #[error("there is no sampler \"{0}\"; choose one of: {known}", known = SamplerKind::names())]
    UnknownSampler(String),
    #[error("the number of steps must be from 1 to {most} with this sampler, not {asked}")]
    Steps { asked: usize, most: usize },
    #[error("the strength is too small: of {steps} steps none would be made; raise one of them")]
    NoStepLeft { steps: usize },
}
