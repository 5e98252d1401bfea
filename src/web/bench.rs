//! A bench under way, as the worker sees it.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::{
    clock,
    fault::{computing_fault, named},
    to_js,
};
use crate::{
    bench::{Model, ModelConfigs, Plan, Session},
    gpu::{Gpu, ReleaseUnused},
    pipeline::StableDiffusion,
};

/// A page's request for a bench.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BenchRequest {
    /// Stable Diffusion 1.5's architecture with random weights instead of the loaded model.
    #[serde(default)]
    sd15: bool,
    #[serde(flatten)]
    plan: Plan,
}

#[wasm_bindgen]
pub struct Bench {
    gpu: Gpu,
    session: Session,
    /// Its models are as large as a visitor's own.
    _after: ReleaseUnused,
}

#[derive(Serialize)]
struct Progress {
    done: usize,
    total: usize,
    /// What the next step measures; `null` when all is done.
    next: Option<String>,
}

#[wasm_bindgen]
impl Bench {
    /// `{ done, total, next }`
    pub fn progress(&self) -> Result<JsValue, JsValue> {
        let [done, total] = self.session.progress();
        to_js(&Progress { done, total, next: self.session.next() })
    }

    /// Measures the next item.
    pub async fn step(&mut self) -> Result<(), JsValue> {
        match self.session.step().await {
            Ok(()) => Ok(()),
            Err(error) => Err(computing_fault(&self.gpu, error).await),
        }
    }

    /// What was found so far.
    pub fn report(&self) -> Result<JsValue, JsValue> {
        to_js(self.session.report())
    }
}

impl Bench {
    pub async fn new(
        gpu: &Gpu,
        loaded: Option<&StableDiffusion>,
        request: BenchRequest,
    ) -> Result<Self, JsValue> {
        let model = match loaded {
            _ if request.sd15 => Model::Random { name: "SD 1.5".to_owned(), configs: ModelConfigs::sd15() },
            Some(model) => Model::Loaded(Box::new(model.clone())),
            None => return Err(named("BadSettings", "No model is loaded yet; wait until it is.")),
        };
        let clock = Rc::new(clock::seconds);
        match Session::new(gpu, model, request.plan, clock).await {
            Ok(session) => Ok(Self { gpu: gpu.clone(), session, _after: ReleaseUnused(gpu.clone()) }),
            Err(error) => Err(computing_fault(gpu, error).await),
        }
    }
}
