//! The engine as the worker sees it.

use std::{cell::RefCell, rc::Rc};

use js_sys::Function;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::{
    bench::{Bench, BenchRequest},
    clock,
    fault::{computing_fault, fault, named},
    from_js,
    generation::Generation,
    library::{AdapterChoice, Library},
    model_source::ModelSource,
    source_picture::SourcePicture,
    to_js,
    training::{Photo, Training},
};
use crate::{
    adapter::read_adapter,
    evaluation::Judge,
    gpu::{DeviceChoice, Gpu, MatrixUnits},
    pipeline::{
        self, GenerationSettings, MeasuredTimes, ModelPlan, Precision, StableDiffusion, TrainingPreviews,
    },
    startup,
    training::{ActivationPolicy, Method, TrainingSettings},
    weights::{ByteSource, CheckpointHashes, SingleFile},
};

/// Steps that the page offers first: enough for DDIM to look finished.
const DEFAULT_STEPS: usize = 25;

#[wasm_bindgen]
pub struct Engine {
    pub(super) gpu: Gpu,
    model: Option<StableDiffusion>,
    /// Scores pictures; loaded when it is first needed, anew for each model.
    pub(super) judge: Option<Judge>,
    pub(super) adapters: Rc<RefCell<Library>>,
    /// How long the parts of trainings take here, as far as it was asked for.
    pub(super) measured: MeasuredTimes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModelReport {
    name: String,
    resolution: usize,
    latent_size: usize,
    parameters: u64,
    precision: Precision,
    default_steps: usize,
    /// GPU memory that drawing takes.
    picture_bytes: u64,
}

/// What a training will take of the device, and what its settings will likely not do as they were meant.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TrainingPlan {
    bytes: u64,
    /// Activations are computed again, because there is no room to keep them.
    recomputes: bool,
    remarks: Vec<String>,
}

/// What the device was given that wgpu doesn't know in browsers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UnlistedFeatures {
    subgroups: bool,
    matrix_units: Option<OfferedUnits>,
}

/// The device's matrix units.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfferedUnits {
    side: u32,
    subgroup_size: u32,
}

/// A page's request for a picture.
#[derive(Deserialize)]
struct GenerationRequest {
    #[serde(flatten)]
    settings: GenerationSettings,
    #[serde(default)]
    adapters: Vec<AdapterChoice>,
}

/// A page's plan of the pictures that a training draws in between.
#[derive(Deserialize)]
struct PreviewRequest {
    #[serde(flatten)]
    previews: TrainingPreviews,
    /// `config.json` of the judge's CLIP, where it is known.
    judge: Option<String>,
}

#[wasm_bindgen]
impl Engine {
    /// Opens the GPU. `unlisted()` is asked then what the device was given besides, `destroy_released()` is
    /// called whenever buffers were released.
    pub async fn open(unlisted: Function, destroy_released: Function) -> Result<Engine, JsValue> {
        let mut gpu = Gpu::open(DeviceChoice::Gpu).await.map_err(fault)?;
        let UnlistedFeatures { subgroups, matrix_units } = from_js(unlisted.call0(&JsValue::NULL)?)?;
        let matrix_units =
            matrix_units.and_then(|units| MatrixUnits::in_browser(units.side, units.subgroup_size));
        gpu.allow_unlisted(subgroups, matrix_units);
        Gpu::destroy_released_by(move || {
            // Should it fail, the buffers wait for the garbage collector.
            let _ = destroy_released.call0(&JsValue::NULL);
        });
        Ok(Self {
            gpu,
            model: None,
            judge: None,
            adapters: Rc::default(),
            measured: MeasuredTimes::default(),
        })
    }

    /// Compiles the kernels of the first visit's test, all at once.
    #[wasm_bindgen(js_name = compileChecks)]
    pub fn compile_checks(&self) {
        startup::compile_checks(&self.gpu, &startup::checks_of(&self.gpu));
    }

    /// Tests the device's arithmetic at the first visit; later ones give what the first returned.
    /// Returns what is to be kept, or nothing where what was given still holds.
    pub async fn start(&mut self, kept: Option<String>) -> Result<Option<String>, JsValue> {
        match startup::start(&mut self.gpu, kept.as_deref(), &clock::seconds).await {
            Ok(started) => Ok(started.fresh.then_some(started.memo)),
            Err(error) => Err(computing_fault(&self.gpu, error).await),
        }
    }

    pub fn device(&self) -> Result<JsValue, JsValue> {
        to_js(&self.gpu.report)
    }

    /// The folders of a complete model that a checkpoint has nothing for and that don't lie beside it.
    #[wasm_bindgen(js_name = lackingParts)]
    pub async fn lacking_parts(&self, source: ModelSource) -> Result<Vec<String>, JsValue> {
        let checkpoint = SingleFile::in_folder(&source).await.map_err(fault)?;
        let lacking = checkpoint.map(|checkpoint| checkpoint.lacks()).unwrap_or_default();
        Ok(lacking.into_iter().map(str::to_owned).collect())
    }

    /// What a model would take of this device, from its configs and its files' lengths.
    #[wasm_bindgen(js_name = planModel)]
    pub async fn plan_model(&self, source: ModelSource) -> Result<JsValue, JsValue> {
        let checkpoint = SingleFile::in_folder(&source).await.map_err(fault)?;
        let plan = ModelPlan::of(&self.gpu, as_folder(&source, checkpoint.as_ref())).await;
        to_js(&plan.map_err(fault)?)
    }

    /// Loads a model folder, or the checkpoint that lies alone in one. The model before is let go of when
    /// the first weights come: the device need not hold both. `progress(bytes loaded, bytes in all)`.
    #[wasm_bindgen(js_name = loadModel)]
    pub async fn load_model(&mut self, source: ModelSource, progress: Function) -> Result<JsValue, JsValue> {
        let Self { gpu, model: loaded, judge, .. } = self;
        let mut report = |state: pipeline::LoadProgress| {
            if loaded.take().is_some() {
                // It holds the model's text encoder.
                *judge = None;
                gpu.release_unused();
            }
            // A page that fails to draw its progress bar still gets its model.
            let _ =
                progress.call2(&JsValue::NULL, &(state.loaded as f64).into(), &(state.total as f64).into());
        };
        let name = source.name();
        let checkpoint = SingleFile::in_folder(&source).await.map_err(fault)?;
        let folder = as_folder(&source, checkpoint.as_ref());
        let precision = Precision::fitting(gpu, folder).await.map_err(fault)?;
        let model = StableDiffusion::load(gpu, folder, &name, precision, &mut report).await;
        let mut model = match model {
            Ok(model) => model,
            Err(error) => {
                // What had arrived of it; the next one may have other sizes.
                self.gpu.release_unused();
                return Err(computing_fault(&self.gpu, error).await);
            }
        };
        if let Some(checkpoint) = &checkpoint {
            let short = checkpoint.hash().await.map_err(fault)?;
            model.checkpoint = Some(CheckpointHashes { short, sha256: source.checkpoint_sha256() });
        }
        let report = ModelReport {
            name: model.name.clone(),
            resolution: model.resolution,
            latent_size: model.resolution / model.vae.config.downscale(),
            parameters: model.parameters,
            precision: model.precision,
            default_steps: DEFAULT_STEPS,
            picture_bytes: model.picture_memory().peak(),
        };
        self.model = Some(model);
        to_js(&report)
    }

    /// Compiles the kernels that drawing with the model needs, all at once.
    #[wasm_bindgen(js_name = compileKernels)]
    pub fn compile_kernels(&self) -> Result<(), JsValue> {
        self.model()?.compile_kernels().map_err(fault)
    }

    /// GPU memory that work may take from now on; what needs more is refused before it starts.
    #[wasm_bindgen(js_name = setMemoryLimit)]
    pub fn set_memory_limit(&mut self, bytes: f64) {
        let limit = bytes as u64;
        self.gpu.memory_limit = limit;
        if let Some(model) = &mut self.model {
            model.gpu.memory_limit = limit;
        }
    }

    /// Whether models that are loaded from now on have activations of 32 bits, though 16 would do.
    #[wasm_bindgen(js_name = setWideActivations)]
    pub fn set_wide_activations(&mut self, wide: bool) {
        self.gpu.wide_activations = wide;
    }

    /// What a training on so many photos will take, the pictures that it draws in between (`previews`, or null)
    /// included; refuses what may not be taken.
    #[wasm_bindgen(js_name = planTraining)]
    pub fn plan_training(
        &self,
        settings: JsValue,
        photos: usize,
        previews: JsValue,
    ) -> Result<JsValue, JsValue> {
        let settings: TrainingSettings = from_js(settings)?;
        let request: Option<PreviewRequest> = from_js(previews)?;
        let model = self.model()?;
        // One that isn't open yet will be by then.
        let judge = request.as_ref().and_then(|request| request.judge.as_ref());
        let judge = judge.filter(|_| self.judge.is_none()).map(|config| model.judge_weights(config));
        let _held = judge.transpose().map_err(fault)?.map(|bytes| self.gpu.hold(bytes));
        let previews = request.as_ref().map(|request| &request.previews);
        let plan = model.plan_training(&settings, photos, previews).map_err(fault)?;
        let recomputes = plan.activations == Some(ActivationPolicy::Recompute);
        let remarks = model.training_remarks(&settings);
        to_js(&TrainingPlan { bytes: plan.peak(), recomputes, remarks })
    }

    /// GPU memory that such a picture takes; refuses what may not be taken.
    #[wasm_bindgen(js_name = planGeneration)]
    pub fn plan_generation(&self, settings: JsValue) -> Result<f64, JsValue> {
        let GenerationRequest { settings, adapters } = from_js(settings)?;
        let library = self.adapters.borrow();
        let applied = library.applied(&adapters)?;
        let plan = self.model()?.plan_generation(&settings, &applied, None).map_err(fault)?;
        Ok(plan.peak() as f64)
    }

    /// With a source picture it starts from that.
    #[wasm_bindgen(js_name = beginGeneration)]
    pub async fn begin_generation(
        &self,
        settings: JsValue,
        source: Option<SourcePicture>,
    ) -> Result<Generation, JsValue> {
        let GenerationRequest { settings, adapters } = from_js(settings)?;
        let source = source.map(|source| source.decoded()).transpose()?;
        let library = self.adapters.borrow();
        let applied = library.applied(&adapters)?;
        Generation::new(self.model()?, &settings, &applied, source.as_ref())
    }

    #[wasm_bindgen(js_name = beginTraining)]
    pub async fn begin_training(
        &self,
        settings: JsValue,
        previews: JsValue,
        photos: Vec<Photo>,
        progress: Option<Function>,
    ) -> Result<Training, JsValue> {
        let settings: TrainingSettings = from_js(settings)?;
        let previews: Option<TrainingPreviews> = from_js(previews)?;
        let adapters = self.adapters.clone();
        Training::new(self.model()?, settings, previews.as_ref(), &photos, progress, adapters).await
    }

    /// Goes on with a run from its state: the steps that follow are the uninterrupted run's.
    #[wasm_bindgen(js_name = resumeTraining)]
    pub async fn resume_training(&self, state: Vec<u8>, previews: JsValue) -> Result<Training, JsValue> {
        let previews: Option<TrainingPreviews> = from_js(previews)?;
        Training::resume(self.model()?, &state, previews.as_ref(), self.adapters.clone()).await
    }

    /// Begins a bench of the loaded model, or of Stable Diffusion 1.5's architecture if the request says so.
    #[wasm_bindgen(js_name = beginBench)]
    pub async fn begin_bench(&self, request: JsValue) -> Result<Bench, JsValue> {
        let request: BenchRequest = from_js(request)?;
        Bench::new(&self.gpu, self.model.as_ref(), request).await
    }

    /// What a training by a method ("palp", "custom-diffusion" …; PALP if none is named) begins with.
    #[wasm_bindgen(js_name = defaultTrainingSettings)]
    pub fn default_training_settings(
        &self,
        class_noun: String,
        method: Option<String>,
    ) -> Result<JsValue, JsValue> {
        let method: Method = method.map_or(Ok(Method::default()), |name| from_js(name.into()))?;
        let settings = TrainingSettings::of_method(method);
        to_js(&TrainingSettings {
            placeholder: format!("<my-{}>", class_noun.trim().replace(char::is_whitespace, "-")),
            lora_alpha: Some(settings.rank as f64),
            class_noun,
            ..settings
        })
    }

    #[wasm_bindgen(js_name = addAdapter)]
    pub fn add_adapter(&mut self, bytes: &[u8], file_name: &str) -> Result<JsValue, JsValue> {
        let adapter = read_adapter(bytes, file_name).map_err(fault)?;
        if let Some(model) = &self.model {
            adapter.check_fits(&model.adaptable_modules()).map_err(fault)?;
        }
        let mut library = self.adapters.borrow_mut();
        let id = library.reserve();
        to_js(&library.keep(id, adapter))
    }

    #[wasm_bindgen(js_name = removeAdapter)]
    pub fn remove_adapter(&mut self, id: u32) {
        self.adapters.borrow_mut().remove(id);
    }

    pub(super) fn model(&self) -> Result<&StableDiffusion, JsValue> {
        self.model.as_ref().ok_or_else(|| named("BadSettings", "No model is loaded yet; wait until it is."))
    }
}

/// A model's files in diffusers' layout.
fn as_folder<'a>(source: &'a ModelSource, checkpoint: Option<&'a SingleFile<'_>>) -> &'a dyn ByteSource {
    match checkpoint {
        Some(checkpoint) => checkpoint,
        None => source,
    }
}
