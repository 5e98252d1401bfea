//! The clock that the library has none of itself.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

/// Seconds since the worker's start, finer than a date's milliseconds.
pub fn seconds() -> f64 {
    now() / 1000.0
}
