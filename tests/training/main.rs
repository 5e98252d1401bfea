//! Training, from the equations to whole runs.

mod alignment_forms;
mod augmentation;
mod batches;
#[path = "../support/counting.rs"]
mod counting;
mod device;
mod differences;
mod early_stopping;
mod equations;
mod golden_step;
mod learning;
mod localized;
mod methods;
mod optimization;
mod palp_step;
mod parts;
mod passes;
mod photos;
mod prompt_words;
mod quantized_moments;
mod runs;
mod settings;
#[path = "../support/mod.rs"]
mod support;
mod tiny;
