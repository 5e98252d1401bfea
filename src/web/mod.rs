//! The browser's surface: the classes that the page's worker sees. Nothing else in the crate touches
//! JavaScript. Values cross as plain objects in camelCase (see `web/engine/contract/`); failures
//! as `Error`s with a kind for a name and one sentence for a message.
//!
//! Pausing, stopping and cancelling need nothing here: the worker asks for one step at a time, and
//! simply doesn't ask for the next.

mod adapter_files;
mod bench;
mod clock;
mod engine;
mod fault;
mod generation;
mod judging;
mod library;
mod model_source;
mod source_picture;
mod training;
mod training_times;

use wasm_bindgen::prelude::*;

unsafe extern "C" {
    /// Runs the constructors of the module: cubecl registers itself through them.
    fn __wasm_call_ctors();
}

/// Called once by the generated loader.
#[wasm_bindgen(start)]
pub fn start() {
    // Naming the constructors here keeps the linker from wrapping every export in a call of all of
    // them, which made each GPU operation a hundred times dearer.
    unsafe { __wasm_call_ctors() };
    // A panic is a bug; its text in the console is what a report needs. It ends this worker, which the
    // page notices.
    console_error_panic_hook::set_once();
}

/// A value as a plain JavaScript object.
fn to_js(value: &impl serde::Serialize) -> Result<JsValue, JsValue> {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).map_err(fault::bad_settings)
}

/// Settings from a plain JavaScript object.
fn from_js<T: serde::de::DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(fault::bad_settings)
}
