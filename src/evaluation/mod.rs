//! How well pictures follow a prompt and keep a subject, and which word they owe what to.

pub mod clip_scores;
mod contamination;
mod daam;
mod error;
mod image_processor;
mod resize;

pub use clip_scores::{ClipScorer, clip_score};
pub use contamination::{ForegroundMask, contamination};
pub use daam::{HeatMap, HeatMapRecorder, MappedWord};
pub use error::Error;
