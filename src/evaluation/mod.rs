//! How well pictures follow a prompt and keep a subject, and which word they owe what to; natively also the
//! evaluation lab: prompt sets and the report of a whole comparison of methods.

pub mod clip_scores;
mod contamination;
mod daam;
pub mod dino_scores;
mod embedding;
mod error;
pub mod foreground;
mod image_processor;
pub mod judge;
#[cfg(not(target_arch = "wasm32"))]
pub mod prompt_sets;
#[cfg(not(target_arch = "wasm32"))]
pub mod report;
mod resize;
#[cfg(not(target_arch = "wasm32"))]
pub mod results;
pub mod statistics;

pub use clip_scores::{CLIP_SCORE_PREFIX, ClipScorer, clip_score};
pub use contamination::{ForegroundMask, contamination};
pub use daam::{HeatMap, HeatMapRecorder, MappedWord};
pub use dino_scores::DinoScorer;
pub(crate) use embedding::PICTURES_AT_ONCE;
pub use embedding::{cosine, mean_cosine};
pub use error::Error;
pub use judge::{Judge, PictureScores, SubjectVectors};
