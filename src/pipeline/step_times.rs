//! How long the parts of a training take on this device, measured on the loaded model.
//!
//! A run's duration is a sum of a few parts, each asked for many times: a picture through the VAE's encoder,
//! a step without alignment, a step with it, a prediction of a picture in the making. Each is measured by
//! doing exactly that, on a photo of noise: once unmeasured, for the kernels' compilation, then up to
//! [`MAX_TIMES`] times, fewer where that takes longer than [`PATIENCE`]. The median counts, so that a moment
//! in which the device was busy with something else does not.

use std::cell::RefCell;

use burn::tensor::{DType, Tensor};

use super::{Error, PromptSyntax, StableDiffusion, StepTimes};
use crate::{
    gpu::{self, Replay},
    model::cross_attention::Guides,
    training::{
        self, Method, Photo, PhotoLatents, PictureSizes, Trainer, TrainingSettings,
        settings::PLACEHOLDER_MARK,
    },
};

/// Largest number of measurements of one part.
const MAX_TIMES: usize = 3;
/// Seconds of measuring a part after which it is not measured again.
const PATIENCE: f64 = 4.0;
/// What stands in place of the visitor's words, which don't matter to durations.
const NOUN: &str = "picture";

/// What the caller of a measurement provides.
#[derive(Clone, Copy)]
pub struct Measuring<'a> {
    /// Seconds since some moment.
    pub clock: &'a dyn Fn() -> f64,
    /// Whether the answer is still wanted; asked after each step.
    pub wanted: &'a dyn Fn() -> bool,
}

impl Measuring<'_> {
    /// The time; [`Error::Cancelled`] if the answer is no longer wanted.
    fn now(self) -> Result<f64, Error> {
        if (self.wanted)() { Ok((self.clock)()) } else { Err(Error::Cancelled) }
    }
}

impl StableDiffusion {
    /// Measures the parts of a training with these settings on pictures of this side. It takes a dozen steps
    /// at most.
    ///
    /// # Errors
    /// More memory than the device may give, a failing device, or the measurement is no longer wanted.
    pub(super) async fn measure_step_times(
        &self,
        settings: &TrainingSettings,
        side: usize,
        measuring: Measuring<'_>,
    ) -> Result<StepTimes, Error> {
        let times = self.time_parts(settings, side, measuring).await;
        self.gpu.release_unused();
        times
    }

    async fn time_parts(
        &self,
        settings: &TrainingSettings,
        side: usize,
        measuring: Measuring<'_>,
    ) -> Result<StepTimes, Error> {
        let settings = TrainingSettings {
            method: Method::default(),
            placeholder: "<measured>".to_owned(),
            class_noun: NOUN.to_owned(),
            clean_prompt: format!("a {NOUN}"),
            personalization_prompt: format!("a photo of {PLACEHOLDER_MARK}"),
            further_subjects: Vec::new(),
            further_clean_prompts: Vec::new(),
            captions: Vec::new(),
            initializer_word: None,
            lambda_ramp_steps: 0,
            photo_variants: 1 + MAX_TIMES,
            flip: false,
            steps: 1 + MAX_TIMES,
            resolution: Some(side),
            ..settings.clone()
        };
        let plan = self.plan_training(&settings, 1, None)?;
        let activations = plan.activations.map_or(settings.activations, Into::into);
        let settings = TrainingSettings { activations, ..settings };
        let (mut latents, encoding) = self.time_encoding(&settings, side, measuring).await?;
        let mut prior_step = 0.0;
        if settings.preserves_prior() {
            latents.take_photos_as_prior();
            prior_step = self.time_prediction(2 * settings.batch, side, measuring).await?;
        }
        let plain = TrainingSettings { lambda: 0.0, ..settings.clone() };
        let plain_step = self.time_steps(plain, latents.clone(), measuring).await?;
        let mut aligned_step = 0.0;
        if settings.lambda > 0.0 {
            let aligned = TrainingSettings { warmup_steps: 0, ..settings };
            aligned_step = self.time_steps(aligned, latents, measuring).await?;
        }
        Ok(StepTimes {
            encoding,
            plain_step,
            aligned_step,
            prior_step,
            denoising_step: self.time_prediction(2, side, measuring).await?,
            decoding: self.time_decoding(side, measuring).await?,
        })
    }

    async fn time_encoding(
        &self,
        settings: &TrainingSettings,
        side: usize,
        measuring: Measuring<'_>,
    ) -> Result<(PhotoLatents, f64), Error> {
        let photo = grey_photo(side)?;
        let sizes = PictureSizes::square(side as u32);
        let mut done = vec![measuring.now()?];
        let mut told = |_: usize, _: usize| {
            done.push((measuring.clock)());
            true
        };
        let device = &self.gpu.device;
        let latents = PhotoLatents::encode(&[photo], &self.vae, sizes, settings, device, &mut told).await;
        self.gpu.check()?;
        self.gpu.release_unused();
        let durations = done.windows(2).skip(1).map(|ends| ends[1] - ends[0]);
        Ok((latents?, median(durations.collect())))
    }

    async fn time_steps(
        &self,
        settings: TrainingSettings,
        latents: PhotoLatents,
        measuring: Measuring<'_>,
    ) -> Result<f64, Error> {
        let mut trainer = Trainer::new(self.frozen(), latents, settings, &self.gpu.device)?;
        let mut durations = Vec::new();
        // The first one compiles.
        trainer.step().await?;
        self.gpu.check()?;
        while wants_another(&durations) {
            let began = measuring.now()?;
            trainer.step().await?;
            self.gpu.check()?;
            durations.push(measuring.now()? - began);
        }
        Ok(median(durations))
    }

    /// Seconds of one U-Net prediction for this number of rows.
    async fn time_prediction(
        &self,
        rows: usize,
        side: usize,
        measuring: Measuring<'_>,
    ) -> Result<f64, Error> {
        let sample = self.empty_latents(rows, side);
        let prompt = self.prompt_encoder().encode(&[NOUN], PromptSyntax::Literal);
        let states = prompt.hidden_states.repeat_dim(0, rows);
        let device = &self.gpu.device;
        let replay = RefCell::new(Replay::new(device));
        let predict = || {
            let mut replay = replay.borrow_mut();
            let sample = replay.input(sample.clone());
            let time = replay.input(self.unet.activated_time(&vec![500.0; rows], device));
            replay
                .run(|| self.unet.forward_at(sample.clone(), time.clone(), states.clone(), Guides::default()))
        };
        self.time(&predict, measuring).await
    }

    async fn time_decoding(&self, side: usize, measuring: Measuring<'_>) -> Result<f64, Error> {
        let latents = self.empty_latents(1, side);
        self.time(&|| self.vae.decode(latents.clone()), measuring).await
    }

    fn empty_latents(&self, rows: usize, side: usize) -> Tensor<4> {
        let side = side / self.vae.config.downscale();
        let shape = [rows, side, side, self.vae.config.latent_channels];
        Tensor::zeros(shape, (&self.gpu.device, DType::F32))
    }

    /// Seconds until one number of the result is read back, which is when all are there.
    async fn time(&self, compute: &dyn Fn() -> Tensor<4>, measuring: Measuring<'_>) -> Result<f64, Error> {
        let mut durations = Vec::new();
        let mut compiled = false;
        while !compiled || wants_another(&durations) {
            let began = measuring.now()?;
            let read = gpu::read(compute().narrow(1, 0, 1).narrow(2, 0, 1)).await;
            self.gpu.check()?;
            read.map_err(|error| Error::ReadBack(error.to_string()))?;
            if compiled {
                durations.push(measuring.now()? - began);
            }
            compiled = true;
        }
        Ok(median(durations))
    }
}

/// A photo with a mask, so that methods that look at masks find one.
fn grey_photo(side: usize) -> Result<Photo, Error> {
    let pixel = |place: usize| {
        let inside = (side / 4..3 * side / 4).contains(&(place % side));
        [128, 128, 128, if inside { 255 } else { 0 }]
    };
    let rgba: Vec<u8> = (0..side * side).flat_map(pixel).collect();
    let photo = Photo::from_rgba(side as u32, side as u32, &rgba);
    Ok(photo.map_err(training::Error::from)?)
}

/// Whether a part is measured once more.
fn wants_another(durations: &[f64]) -> bool {
    durations.len() < MAX_TIMES && durations.iter().sum::<f64>() < PATIENCE
}

fn median(mut durations: Vec<f64>) -> f64 {
    durations.sort_by(f64::total_cmp);
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}
