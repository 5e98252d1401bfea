//! A model folder that the worker reads: its methods as a [`ByteSource`].

use std::ops::Range;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use crate::weights::{ByteSource, Error, LocalFuture};

#[wasm_bindgen]
extern "C" {
    /// `{ name, checkpointSha256?, read(path, start, end): Promise<Uint8Array>, length(path): Promise<number | undefined> }`
    pub type ModelSource;

    /// The SHA-256 of a model that came as one file, where its source told it.
    #[wasm_bindgen(method, getter, js_name = checkpointSha256)]
    pub fn checkpoint_sha256(this: &ModelSource) -> Option<String>;

    /// What people know the model by.
    #[wasm_bindgen(method, getter)]
    pub fn name(this: &ModelSource) -> String;

    #[wasm_bindgen(method, catch)]
    async fn read(this: &ModelSource, path: &str, start: f64, end: f64) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn length(this: &ModelSource, path: &str) -> Result<JsValue, JsValue>;
}

impl ByteSource for ModelSource {
    fn length<'a>(&'a self, path: &'a str) -> LocalFuture<'a, Result<Option<u64>, Error>> {
        Box::pin(async move {
            let length = self.length(path).await.map_err(|reason| unreadable(path, &reason))?;
            Ok(length.as_f64().map(|length| length as u64))
        })
    }

    fn read<'a>(&'a self, path: &'a str, range: Range<u64>) -> LocalFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(async move {
            let bytes = self.read(path, range.start as f64, range.end as f64).await;
            let bytes = bytes.map_err(|reason| unreadable(path, &reason))?;
            let bytes: Uint8Array = bytes.dyn_into().map_err(|other| unreadable(path, &other))?;
            let expected = range.end - range.start;
            if u64::from(bytes.length()) != expected {
                let actual = range.start + u64::from(bytes.length());
                return Err(Error::Truncated { path: path.to_owned(), actual, expected: range.end });
            }
            Ok(bytes.to_vec())
        })
    }
}

fn unreadable(path: &str, reason: &JsValue) -> Error {
    let message = reason.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    Error::Unreadable { path: path.to_owned(), reason: message.unwrap_or_else(|| format!("{reason:?}")) }
}
