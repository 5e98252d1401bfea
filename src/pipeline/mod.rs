//! The parts put together: a model folder loaded whole, prompts encoded, pictures made.

mod error;
mod memory_plan;
mod personalization;
mod picture;
mod prompt;
mod stable_diffusion;
mod text_to_image;

pub use error::Error;
pub use picture::Picture;
pub use prompt::PromptEncoder;
pub use stable_diffusion::{LoadProgress, Precision, StableDiffusion};
pub use text_to_image::{AppliedAdapter, Generation, GenerationSettings};
