//! How well pictures follow a prompt and keep a subject.

pub mod clip_scores;
mod error;
mod image_processor;
mod resize;

pub use clip_scores::{ClipScorer, clip_score};
pub use error::Error;
