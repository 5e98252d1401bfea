//! Judges, their scores, and the evaluation lab.

#[path = "../support/mod.rs"]
mod support;

mod clip;
mod clip_encoders;
mod judges;
mod lab;
mod prompt_sets;
mod report;
mod statistics;
