//! How long trainings take on the visitor's device, and what the time presets choose by that.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::{
    clock,
    engine::Engine,
    fault::{computing_fault, fault},
    from_js, to_js,
};
use crate::{
    pipeline::{MeasuredTimes, Measuring, Previews, TimedTraining},
    training::TrainingSettings,
};

#[wasm_bindgen]
impl Engine {
    /// Takes over what earlier visits measured on this device.
    #[wasm_bindgen(js_name = takeMeasuredTimes)]
    pub fn take_measured_times(&mut self, kept: &str) {
        self.measured = MeasuredTimes::from_json(kept);
    }

    /// Measures what `planTime` needs to know of such a training and doesn't: a few steps are made and
    /// thrown away. Returns what is to be kept, or nothing where all was known; an error as soon as `wanted()`
    /// says that nobody waits for it.
    #[wasm_bindgen(js_name = measureTimes)]
    pub async fn measure_times(
        &mut self,
        settings: JsValue,
        photos: usize,
        previews: JsValue,
        wanted: &Function,
    ) -> Result<Option<String>, JsValue> {
        let (settings, previews): (TrainingSettings, Option<Previews>) =
            (from_js(settings)?, from_js(previews)?);
        let model = self.model()?.clone();
        let asked = TimedTraining { settings: &settings, photos, previews, evaluate_every: None };
        let wanted = || wanted.call0(&JsValue::NULL).is_ok_and(|answer| answer.is_truthy());
        let measuring = Measuring { clock: &clock::seconds, wanted: &wanted };
        match model.measure_times(asked, &mut self.measured, measuring).await {
            Ok(fresh) => Ok(fresh.then(|| self.measured.to_json())),
            Err(error) => Err(computing_fault(&self.gpu, error).await),
        }
    }

    /// What each time preset chooses for a training on so many photos, and how long it takes.
    #[wasm_bindgen(js_name = planTime)]
    pub fn plan_time(&self, settings: JsValue, photos: usize, previews: JsValue) -> Result<JsValue, JsValue> {
        let (settings, previews): (TrainingSettings, Option<Previews>) =
            (from_js(settings)?, from_js(previews)?);
        let asked = TimedTraining { settings: &settings, photos, previews, evaluate_every: None };
        to_js(&self.model()?.plan_times(asked, &self.measured).map_err(fault)?)
    }
}
