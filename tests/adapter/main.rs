//! Adapters: their files, what they do to a model, how they leave again.

#[path = "../support/mod.rs"]
mod support;

mod applied;
mod descriptions;
mod export;
mod files;
mod fit;
mod layouts;
mod metadata;
mod names;
mod project;
mod refusals;
mod sample;
mod scales;

fn golden_file(name: &str) -> Vec<u8> {
    std::fs::read(support::in_repository("tests/goldens").join(name)).unwrap()
}
