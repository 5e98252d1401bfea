//! The engine's errors as JavaScript `Error`s: `name` says which kind, so that the page can offer
//! the fitting action, `message` is one sentence.

use js_sys::{Error as JsError, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::{
    gpu::{self, Gpu},
    pipeline, plan, training,
};

/// A pipeline's error.
pub fn fault(error: impl Into<pipeline::Error>) -> JsValue {
    let error = error.into();
    named(kind(&error), &error.sentence())
}

/// An error of something that was computing: the loss of the device, if that is what it comes from.
pub async fn computing_fault(gpu: &Gpu, error: impl Into<pipeline::Error>) -> JsValue {
    // The browser reports a lost device a moment after the read-back that failed because of it.
    next_turn().await;
    match gpu.check() {
        Err(cause) => fault(cause),
        Ok(()) => fault(error),
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(handler: &Function, milliseconds: i32) -> JsValue;
}

/// Lets the browser deliver the events that are waiting.
async fn next_turn() {
    let turn = Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, 0);
    });
    // A timer can't fail.
    let _ = JsFuture::from(turn).await;
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
            gpu::Error::NoAdapter
            | gpu::Error::Refused { .. }
            | gpu::Error::TooSmall { .. }
            | gpu::Error::Wrong { .. } => "NoWebGpu",
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
        Error::Memory(plan::Error::Memory { .. }) => "MemoryLimit",
        Error::Overflow => "Overflow",
        Error::Tokenizer(_)
        | Error::Sampling(_)
        | Error::Training(_)
        | Error::Memory(plan::Error::Buffer { .. })
        | Error::Cancelled
        | Error::EmptyPrompt
        | Error::Size { .. }
        | Error::GuidanceScale(_)
        | Error::Strength(_)
        | Error::PictureStrength(_)
        | Error::MaskBlur { .. }
        | Error::EmptyMask
        | Error::BlurredMask(_)
        | Error::DelayedConcept(_)
        | Error::NothingToDelay
        | Error::UnknownClass { .. }
        | Error::StrengthEnd(_)
        | Error::EmbeddingNormClip(_)
        | Error::NamelessRegion
        | Error::RegionSize { .. }
        | Error::EmptyRegion { .. }
        | Error::WordNotInPrompt { .. } => "BadSettings",
    }
}
