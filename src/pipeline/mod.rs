//! The parts put together: a model folder loaded whole, prompts encoded, pictures made, adapters trained and judged,
//! and what each of these takes of memory and time.

mod adapters;
mod denoiser;
mod error;
mod held_back;
mod judging;
mod measured_times;
mod memory_plan;
#[cfg(not(target_arch = "wasm32"))]
mod merge;
mod model_configs;
mod noise;
mod personalization;
mod picture;
mod precision;
mod preparation;
mod prompt;
mod regions;
mod settings;
mod source_picture;
mod stable_diffusion;
mod step_times;
mod text_to_image;
mod time_preset;
mod training_plan;
mod training_run;

pub use error::Error;
pub use held_back::{HeldBackJudge, TrialPrompt};
pub use judging::{ClipFiles, JudgeFiles};
pub use measured_times::{MeasuredTimes, StepTimes};
pub use model_configs::ModelPlan;
pub use noise::NoisePurpose;
pub use picture::Picture;
pub use precision::Precision;
pub use prompt::{EncodedPrompts, PromptEncoder, PromptSyntax};
pub use regions::{Region, RegionMask};
pub use settings::{AppliedAdapter, GenerationSettings};
pub use source_picture::SourcePicture;
pub use stable_diffusion::{LoadProgress, StableDiffusion};
pub use step_times::Measuring;
pub use text_to_image::Generation;
pub use time_preset::{Previews, TimePlan, TimePreset, TimedTraining};
pub use training_plan::TrainingPreviews;
pub use training_run::{BrokenOff, Evaluation, RunObserver, run_training};
