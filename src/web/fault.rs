//! The engine's errors as JavaScript `Error`s: `name` says which kind, so that the page can offer
//! the fitting action, `message` is one sentence.

use js_sys::Error as JsError;
use wasm_bindgen::JsValue;

use crate::{gpu, pipeline, training};

/// A pipeline's error.
pub fn fault(error: impl Into<pipeline::Error>) -> JsValue {
    let error = error.into();
    named(kind(&error), &error.sentence())
}

/// Settings that can't be read at all.
pub fn bad_settings(error: impl std::fmt::Display) -> JsValue {
    named("BadSettings", &format!("The settings could not be read: {error}."))
}

pub fn named(kind: &str, message: &str) -> JsValue {
    let error = JsError::new(message);
    error.set_name(kind);
    error.into()
}

fn kind(error: &pipeline::Error) -> &'static str {
    use pipeline::Error;
    match error {
        Error::Gpu(error) => match error {
            gpu::Error::NoAdapter | gpu::Error::Refused { .. } | gpu::Error::TooSmall { .. } => "NoWebGpu",
            gpu::Error::Lost { .. } => "DeviceLost",
            gpu::Error::OutOfMemory => "OutOfMemory",
            gpu::Error::Failed { .. } => "Internal",
        },
        Error::Weights(_)
        | Error::Model(_)
        | Error::Adapter(_)
        | Error::Evaluation(_)
        | Error::WidthMismatch { .. }
        | Error::LengthMismatch { .. } => "BadFile",
        Error::Training(training::Error::Device { .. }) | Error::NotFinite | Error::ReadBack(_) => "Internal",
        Error::Tokenizer(_)
        | Error::Sampling(_)
        | Error::Training(_)
        | Error::EmptyPrompt
        | Error::Size { .. }
        | Error::GuidanceScale(_)
        | Error::Strength(_) => "BadSettings",
    }
}
