//! Training, from the equations to whole runs.

mod device;
mod equations;
mod localized;
mod parts;
mod passes;
mod photos;
mod runs;
mod settings;
#[path = "../support/mod.rs"]
mod support;
mod tiny;
