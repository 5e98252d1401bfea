//! Pictures' scores, as the worker sees them. A subject's photos cross as the judge's unit vectors, which
//! hold nothing that could be looked at.

use image::RgbImage;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{
    engine::Engine,
    fault::{computing_fault, fault, named},
    from_js,
    model_source::ModelSource,
    to_js,
    training::Photo,
};
use crate::{
    evaluation::{
        SubjectVectors,
        judge::{Expected, mean_among},
        mean_cosine,
        statistics::mean,
    },
    gpu::{Gpu, ReleaseUnused},
    pipeline::{self, ClipFiles, JudgeFiles},
};

/// What the photos themselves score: what a perfect likeness would.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhotoScores {
    /// CLIP-T: mean cosine of photos and prompts.
    text_alignment: Option<f64>,
    /// CLIP-I: mean cosine of each photo with the others; `null` of a single one.
    image_alignment: Option<f64>,
}

#[wasm_bindgen]
impl Engine {
    /// Loads `clip/` of the loaded model's folder, unless that is done: a CLIP in transformers' layout whose
    /// text tower is the model's text encoder.
    #[wasm_bindgen(js_name = openJudge)]
    pub async fn open_judge(&mut self, source: ModelSource) -> Result<(), JsValue> {
        if self.judge.is_some() {
            return Ok(());
        }
        let files = JudgeFiles { clip: ClipFiles::OfModel(&source), dino: None };
        let judge = self.model()?.load_judge(files).await;
        self.judge = Some(computed(&self.gpu, judge).await?);
        Ok(())
    }

    /// The photos as the judge sees them: what `score` compares pictures with.
    #[wasm_bindgen(js_name = embedPhotos)]
    pub async fn embed_photos(&self, photos: Vec<Photo>) -> Result<JsValue, JsValue> {
        let judge = self.judge.as_ref().ok_or_else(no_judge)?;
        let _after = ReleaseUnused(self.gpu.clone());
        to_js(&computed(&self.gpu, judge.embed_subject(&pixels(&photos)?).await).await?)
    }

    /// Scores of each picture by the clean prompt, by phrases of it, and by what `embedPhotos` gave.
    pub async fn score(
        &mut self,
        pictures: Vec<Photo>,
        photos: JsValue,
        prompt: String,
        elements: Vec<String>,
    ) -> Result<JsValue, JsValue> {
        let subject: SubjectVectors = from_js(photos)?;
        let judge = self.judge.as_mut().ok_or_else(no_judge)?;
        let _after = ReleaseUnused(self.gpu.clone());
        let expected =
            Expected { clean_prompt: &prompt, elements: &elements, subject: &subject, others: &[] };
        let mut scores = Vec::new();
        for picture in pixels(&pictures)? {
            scores.push(computed(&self.gpu, judge.score(&picture, expected).await).await?);
        }
        to_js(&scores)
    }

    /// What the photos themselves score, by clean prompts: `{ textAlignment, imageAlignment }`.
    #[wasm_bindgen(js_name = scorePhotos)]
    pub async fn score_photos(&mut self, photos: JsValue, prompts: Vec<String>) -> Result<JsValue, JsValue> {
        let subject: SubjectVectors = from_js(photos)?;
        let judge = self.judge.as_mut().ok_or_else(no_judge)?;
        let _after = ReleaseUnused(self.gpu.clone());
        let mut texts = Vec::new();
        for prompt in &prompts {
            let text = computed(&self.gpu, judge.text(prompt).await).await?;
            texts.extend(mean_cosine(&text, &subject.photos));
        }
        to_js(&PhotoScores { text_alignment: mean(&texts), image_alignment: mean_among(&subject.photos) })
    }
}

fn pixels(photos: &[Photo]) -> Result<Vec<RgbImage>, JsValue> {
    photos.iter().map(|photo| Ok(photo.decoded()?.pixels().clone())).collect()
}

async fn computed<T>(gpu: &Gpu, result: Result<T, impl Into<pipeline::Error>>) -> Result<T, JsValue> {
    match result.map_err(Into::into) {
        // A submission that failed reads as zeros.
        Ok(value) => gpu.check().map(|()| value).map_err(fault),
        Err(error) => Err(computing_fault(gpu, error).await),
    }
}

fn no_judge() -> JsValue {
    named("BadSettings", "The judge of pictures isn't loaded yet; wait until it is.")
}
