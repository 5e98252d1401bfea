//! A picture to start from, as the worker hands it over.

use image::GrayImage;
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::fault::{fault, named};
use crate::{pipeline, training};

#[wasm_bindgen]
extern "C" {
    /// `{ width, height, rgba, mask? }`: four bytes a pixel; of the mask one, white where it is repainted.
    pub type SourcePicture;

    #[wasm_bindgen(method, getter)]
    fn width(this: &SourcePicture) -> u32;
    #[wasm_bindgen(method, getter)]
    fn height(this: &SourcePicture) -> u32;
    #[wasm_bindgen(method, getter)]
    fn rgba(this: &SourcePicture) -> Uint8Array;
    #[wasm_bindgen(method, getter)]
    fn mask(this: &SourcePicture) -> Option<Uint8Array>;
}

impl SourcePicture {
    /// What is transparent becomes white.
    ///
    /// # Errors
    /// The bytes of picture or mask are not of its size.
    pub fn decoded(&self) -> Result<pipeline::SourcePicture, JsValue> {
        let (width, height) = (self.width(), self.height());
        let picture = training::Photo::from_rgba(width, height, &self.rgba().to_vec());
        let picture = picture.map_err(training::Error::from).map_err(fault)?.pixels().clone();
        let mask = match self.mask() {
            Some(mask) => {
                let bytes = mask.to_vec();
                let fits = bytes.len() as u64 == u64::from(width) * u64::from(height);
                let mask = GrayImage::from_raw(width, height, bytes).filter(|_| fits);
                Some(mask.ok_or_else(|| named("BadSettings", "The mask must be as large as its picture."))?)
            }
            None => None,
        };
        Ok(pipeline::SourcePicture { picture, mask })
    }
}
