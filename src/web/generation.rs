//! A picture in the making, as the worker sees it.

use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{
    fault::{computing_fault, fault, named},
    to_js,
};
use crate::{
    gpu::{Gpu, JobBuffers},
    pipeline::{self, AppliedAdapter, GenerationSettings, StableDiffusion},
};

#[wasm_bindgen]
pub struct Generation {
    gpu: Gpu,
    /// `None` once it is finished.
    generation: Option<pipeline::Generation>,
    /// Last, for one that is cancelled.
    buffers: JobBuffers,
}

#[derive(Serialize)]
struct Progress {
    step: usize,
    steps: usize,
}

/// `{ width, height, rgba }`
#[wasm_bindgen]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    rgba: Vec<u8>,
}

#[wasm_bindgen]
impl Picture {
    #[wasm_bindgen(getter)]
    pub fn rgba(&self) -> Uint8Array {
        Uint8Array::from(self.rgba.as_slice())
    }
}

#[wasm_bindgen]
impl Generation {
    /// One denoising step: `{ step, steps }`.
    pub async fn step(&mut self) -> Result<JsValue, JsValue> {
        let generation = self.generation.as_mut().ok_or_else(finished)?;
        self.buffers.take_turn();
        match generation.step().await {
            Ok(step) => to_js(&Progress { step, steps: generation.steps() }),
            Err(error) => Err(computing_fault(&self.gpu, error).await),
        }
    }

    /// How much the picture so far owed to each word of the settings' `heatMaps`:
    /// `[{ word, width, height, values: Float32Array }]`.
    #[wasm_bindgen(js_name = heatMaps)]
    pub async fn heat_maps(&self) -> Result<Array, JsValue> {
        let generation = self.generation.as_ref().ok_or_else(finished)?;
        let maps = match generation.heat_maps().await {
            Ok(maps) => maps,
            Err(error) => return Err(computing_fault(&self.gpu, error).await),
        };
        let found = Array::new();
        for map in maps {
            let object = Object::new();
            let set = |key: &str, value: JsValue| Reflect::set(&object, &key.into(), &value);
            set("word", map.word.into())?;
            set("width", (map.width as f64).into())?;
            set("height", (map.height as f64).into())?;
            set("values", Float32Array::from(map.values.as_slice()).into())?;
            found.push(&object);
        }
        Ok(found)
    }

    /// The picture. Ends this object.
    pub async fn finish(&mut self) -> Result<Picture, JsValue> {
        let generation = self.generation.take().ok_or_else(finished)?;
        match generation.finish().await {
            Ok(picture) => Ok(Picture { width: picture.width, height: picture.height, rgba: picture.rgba() }),
            Err(error) => Err(computing_fault(&self.gpu, error).await),
        }
    }
}

impl Generation {
    pub fn new(
        model: &StableDiffusion,
        settings: &GenerationSettings,
        adapters: &[AppliedAdapter],
        source: Option<&pipeline::SourcePicture>,
    ) -> Result<Self, JsValue> {
        let generation = match source {
            Some(source) => pipeline::Generation::from_picture(model, settings, adapters, source),
            None => pipeline::Generation::new(model, settings, adapters),
        };
        let generation = generation.map_err(fault)?;
        let gpu = model.gpu.clone();
        Ok(Self { buffers: JobBuffers::new(&gpu), gpu, generation: Some(generation) })
    }
}

fn finished() -> JsValue {
    named("BadSettings", "This picture is finished; start another one.")
}
