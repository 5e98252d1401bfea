//! A training run, as the worker sees it.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Function, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{
    clock,
    fault::{computing_fault, fault},
    library::Library,
    to_js,
};
use crate::{
    adapter::Adapter,
    gpu::{Held, JobBuffers},
    pipeline::{StableDiffusion, TrainingPreviews},
    training::{self, Trainer, TrainingSettings, early_stopping::HeldBackScores},
};

#[wasm_bindgen]
extern "C" {
    /// `{ width, height, rgba }`: a picture, four bytes a pixel.
    pub type Photo;

    #[wasm_bindgen(method, getter)]
    fn width(this: &Photo) -> u32;
    #[wasm_bindgen(method, getter)]
    fn height(this: &Photo) -> u32;
    #[wasm_bindgen(method, getter)]
    fn rgba(this: &Photo) -> Uint8Array;
}

impl Photo {
    /// # Errors
    /// Its bytes are not of its size.
    pub fn decoded(&self) -> Result<training::Photo, JsValue> {
        let photo = training::Photo::from_rgba(self.width(), self.height(), &self.rgba().to_vec());
        photo.map_err(training::Error::from).map_err(fault)
    }
}

/// How a noted score stands among those before it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotedScore {
    is_best: bool,
    /// Scores in a row that were not better than the best.
    without_gain: usize,
}

#[wasm_bindgen]
pub struct Training {
    trainer: Trainer,
    model: StableDiffusion,
    adapters: Rc<RefCell<Library>>,
    /// The library's number for what this run trains.
    id: u32,
    /// Has plans of pictures that are drawn meanwhile count its state.
    _held: Held,
    /// Last: its activations, gradients and moments are given back when they are gone.
    buffers: JobBuffers,
}

#[wasm_bindgen]
impl Training {
    /// Compiles the kernels that the run's steps need, all at once.
    #[wasm_bindgen(js_name = compileKernels)]
    pub fn compile_kernels(&self) -> Result<(), JsValue> {
        self.model.compile_training_kernels(&self.trainer).map_err(fault)
    }

    /// One optimizer step: its record.
    pub async fn step(&mut self) -> Result<JsValue, JsValue> {
        self.buffers.take_turn();
        let started = clock::seconds();
        let mut record = match self.trainer.step().await {
            Ok(record) => record,
            Err(error) => {
                return Err(computing_fault(&self.model.gpu, self.model.overflow_or(error)).await);
            }
        };
        // A submission that failed reads as zeros.
        self.model.gpu.check().map_err(fault)?;
        record.seconds = clock::seconds() - started;
        to_js(&record)
    }

    /// Puts the state so far into the engine's library, in place of this run's earlier states.
    pub async fn adapter(&self) -> Result<JsValue, JsValue> {
        let adapter = self.read_adapter().await?;
        to_js(&self.adapters.borrow_mut().keep(self.id, adapter))
    }

    /// Notes how a preview of the state so far did, and keeps the best state: `{ isBest, withoutGain }`.
    #[wasm_bindgen(js_name = noteScore)]
    pub fn note_score(&mut self, text_alignment: f64, image_alignment: f64) -> Result<JsValue, JsValue> {
        let scores = HeldBackScores { text_alignment, image_alignment, dino: None };
        let standing = self.trainer.note_score(scores.combined());
        let is_best = standing.best.is_some() && standing.without_gain == 0;
        to_js(&NotedScore { is_best, without_gain: standing.without_gain })
    }

    /// Puts the best of the noted states in the present one's place; the run can't go on from it.
    #[wasm_bindgen(js_name = restoreBest)]
    pub fn restore_best(&mut self) {
        self.trainer.restore_best();
    }

    /// All that a run needs to go on from here, as a file.
    pub async fn checkpoint(&self) -> Result<Uint8Array, JsValue> {
        match self.trainer.checkpoint().await {
            Ok(checkpoint) => {
                self.model.gpu.check().map_err(fault)?;
                Ok(Uint8Array::from(checkpoint.as_slice()))
            }
            Err(error) => Err(computing_fault(&self.model.gpu, error).await),
        }
    }

    /// The state so far as an adapter file.
    #[wasm_bindgen(js_name = adapterFile)]
    pub async fn adapter_file(&self) -> Result<Uint8Array, JsValue> {
        let adapter = self.read_adapter().await?;
        Ok(Uint8Array::from(adapter.to_bytes().as_slice()))
    }
}

impl Training {
    fn of(
        trainer: Trainer,
        model: &StableDiffusion,
        previews: Option<&TrainingPreviews>,
        adapters: Rc<RefCell<Library>>,
    ) -> Self {
        let buffers = JobBuffers::new(&model.gpu);
        let id = adapters.borrow_mut().reserve();
        let held = model.hold_run(&trainer, previews.is_some_and(|previews| previews.scored));
        Self { trainer, model: model.clone(), adapters, id, _held: held, buffers }
    }

    async fn read_adapter(&self) -> Result<Adapter, JsValue> {
        match self.trainer.adapter().await {
            Ok(adapter) => self.model.gpu.check().map(|()| adapter).map_err(fault),
            Err(error) => Err(computing_fault(&self.model.gpu, error).await),
        }
    }

    /// Goes on from what `checkpoint` gave.
    pub async fn resume(
        model: &StableDiffusion,
        state: &[u8],
        previews: Option<&TrainingPreviews>,
        adapters: Rc<RefCell<Library>>,
    ) -> Result<Self, JsValue> {
        let trainer = match model.resume_training(state, |_| previews.cloned()) {
            Ok(trainer) => trainer,
            Err(error) => return Err(computing_fault(&model.gpu, error).await),
        };
        Ok(Self::of(trainer, model, previews, adapters))
    }

    /// `progress(encoded, of)` is called as the photos are encoded and returns whether the run is still wanted.
    pub async fn new(
        model: &StableDiffusion,
        settings: TrainingSettings,
        previews: Option<&TrainingPreviews>,
        photos: &[Photo],
        progress: Option<Function>,
        adapters: Rc<RefCell<Library>>,
    ) -> Result<Self, JsValue> {
        let decoded = photos.iter().map(Photo::decoded).collect::<Result<Vec<_>, _>>()?;
        let mut told = |done: usize, of: usize| {
            // A page that fails to draw its progress still gets its training.
            let told =
                progress.as_ref().map(|progress| progress.call2(&JsValue::NULL, &done.into(), &of.into()));
            told.is_none_or(|told| told.map_or(true, |wanted| wanted.is_truthy()))
        };
        let trainer = match model.trainer(&decoded, settings, previews, &mut told).await {
            Ok(trainer) => trainer,
            Err(error) => return Err(computing_fault(&model.gpu, error).await),
        };
        Ok(Self::of(trainer, model, previews, adapters))
    }
}
