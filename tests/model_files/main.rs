//! Models as people have them: checkpoints in one file, files of any size, damaged files.

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/counting.rs"]
mod counting;
mod damaged;
mod folders;
mod headers;
mod kernels;
mod loading_time;
mod packed;
mod readers;
mod single_file;
mod streaming;
mod weights;
