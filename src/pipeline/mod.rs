//! The parts put together: a model folder loaded whole, prompts encoded, pictures made.

mod error;
mod personalization;
mod picture;
mod preparation;
mod prompt;
mod stable_diffusion;
mod text_to_image;
mod training_run;

pub use error::Error;
pub use picture::Picture;
pub use prompt::PromptEncoder;
pub use stable_diffusion::{LoadProgress, Precision, StableDiffusion};
pub use text_to_image::{AppliedAdapter, Generation, GenerationSettings};
pub use training_run::{BrokenOff, RunObserver, run_training};
