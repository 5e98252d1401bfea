//! Text to image: from a prompt and a seed to a picture, one denoising step at a time, so that the
//! caller can show progress and stop whenever it likes by not asking for the next step.

use burn::tensor::{FloatDType, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{Error, Picture, StableDiffusion};
use crate::{
    adapter::Adapter,
    model::lora::LoraSet,
    sampling::{Sampler, SamplerKind, guide, noise},
};

/// The stream of a seed's noise that first latents come from.
const LATENTS_STREAM: u64 = 0;
/// Longest side of a picture: beyond, the VAE's activations fit on no common GPU.
const LARGEST_SIDE: usize = 1024;

/// What to draw, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GenerationSettings {
    pub prompt: String,
    pub negative_prompt: String,
    pub seed: u64,
    pub steps: usize,
    /// Weight of the prompt against the negative prompt; 1 is no guidance.
    pub guidance_scale: f32,
    /// "ddim" or "euler"
    pub sampler: String,
    /// Pixels; 0 takes the model's own size.
    pub width: usize,
    pub height: usize,
}

impl Default for GenerationSettings {
    fn default() -> Self {
        Self {
            prompt: String::new(),
            negative_prompt: String::new(),
            seed: 0,
            steps: 25,
            guidance_scale: 5.0,
            sampler: SamplerKind::Ddim.to_string(),
            width: 0,
            height: 0,
        }
    }
}

/// An adapter and how strongly it acts.
#[derive(Clone, Copy)]
pub struct AppliedAdapter<'a> {
    pub adapter: &'a Adapter,
    pub strength: f32,
}

/// A picture in the making.
pub struct Generation {
    model: StableDiffusion,
    sampler: Sampler,
    guidance_scale: f32,
    lora: LoraSet,
    /// `[1, tokens, width]` of the negative prompt (if it is used) and of the prompt, in this order.
    encoder_hidden_states: Tensor<3>,
    latents: Tensor<4>,
    step: usize,
    /// What of the prompt the model did not read.
    pub truncated: Option<String>,
}

impl Generation {
    /// Encodes the prompts and draws the first noise.
    ///
    /// # Errors
    /// A setting is out of its range, an adapter doesn't fit the model, or the picture needs more memory
    /// than the device may give.
    pub fn new(
        model: &StableDiffusion,
        settings: &GenerationSettings,
        adapters: &[AppliedAdapter],
    ) -> Result<Self, Error> {
        model.plan_generation(settings, adapters)?;
        let downscale = model.vae.config.downscale();
        let [height, width] = picture_size(model, settings)?.map(|side| side / downscale);
        let channels = model.vae.config.latent_channels;
        let values = noise::normal(settings.seed, LATENTS_STREAM, height * width * channels);
        let values = TensorData::new(values, [1, height, width, channels]);
        Self::from_noise(model, settings, adapters, Tensor::from_data(values, &model.gpu.device))
    }

    /// The same from given unit normal noise `[1, height, width, channels]`.
    pub fn from_noise(
        model: &StableDiffusion,
        settings: &GenerationSettings,
        adapters: &[AppliedAdapter],
        noise: Tensor<4>,
    ) -> Result<Self, Error> {
        if settings.prompt.trim().is_empty() {
            return Err(Error::EmptyPrompt);
        }
        if !(0.0..=50.0).contains(&settings.guidance_scale) {
            return Err(Error::GuidanceScale(settings.guidance_scale));
        }
        let kind: SamplerKind = settings.sampler.parse()?;
        let sampler = Sampler::new(kind, &model.schedule, settings.steps)?;

        // What an earlier job left over is of other sizes.
        model.gpu.release_unused();
        let device = &model.gpu.device;
        let mut encoder = model.prompt_encoder();
        let mut lora = LoraSet::new();
        let projections = model.unet.attention_projections();
        for AppliedAdapter { adapter, strength } in adapters {
            if !(-2.0..=2.0).contains(strength) {
                return Err(Error::Strength(*strength));
            }
            adapter.check_fits(&projections)?;
            if let Some(embedding) = &adapter.embedding {
                encoder.add(embedding, device)?;
            }
            if *strength != 0.0 {
                adapter.add_to(&mut lora, device, FloatDType::F32, *strength);
            }
        }
        let (prompt, truncated) = encoder.encode(&settings.prompt);
        let encoder_hidden_states = if settings.guidance_scale == 1.0 {
            prompt
        } else {
            let (negative, _) = encoder.encode(&settings.negative_prompt);
            Tensor::cat(vec![negative, prompt], 0)
        };
        Ok(Self {
            latents: noise * sampler.init_noise_sigma(),
            model: model.clone(),
            sampler,
            guidance_scale: settings.guidance_scale,
            lora,
            encoder_hidden_states,
            step: 0,
            truncated,
        })
    }

    pub fn steps(&self) -> usize {
        self.sampler.timesteps().len()
    }

    /// One denoising step; returns how many have been made. Waits for the device, so that progress
    /// is real and a cancelled picture leaves no queue behind.
    ///
    /// # Errors
    /// The device failed or was lost.
    pub async fn step(&mut self) -> Result<usize, Error> {
        if self.step < self.steps() {
            let timestep = self.sampler.timesteps()[self.step];
            let sample = self.sampler.scale_model_input(self.latents.clone(), self.step);
            let [rows, _, _] = self.encoder_hidden_states.dims();
            let prediction = self.model.unet.forward(
                Tensor::cat(vec![sample; rows], 0),
                &vec![timestep; rows],
                self.encoder_hidden_states.clone(),
                Some(&self.lora),
            );
            let prediction = if rows == 1 {
                prediction
            } else {
                let unconditional = prediction.clone().narrow(0, 0, 1);
                guide(unconditional, prediction.narrow(0, 1, 1), self.guidance_scale)
            };
            self.latents = self.sampler.step(prediction, self.step, self.latents.clone());
            self.step += 1;
            self.wait().await?;
        }
        Ok(self.step)
    }

    /// The finished picture.
    ///
    /// # Errors
    /// The device failed, or its numbers are not finite.
    pub async fn finish(self) -> Result<Picture, Error> {
        let (vae, gpu) = (&self.model.vae, &self.model.gpu);
        gpu.release_unused();
        let image = vae.decode(self.latents / vae.config.scaling_factor);
        let picture = Picture::read(image, gpu).await;
        gpu.release_unused();
        picture
    }

    /// Until the device has done what was asked.
    async fn wait(&self) -> Result<(), Error> {
        let probe = self.latents.clone().narrow(1, 0, 1).narrow(2, 0, 1).into_data_async().await;
        self.model.gpu.check()?;
        probe.map(|_| ()).map_err(|error| Error::ReadBack(format!("{error:?}")))
    }
}

/// `[height, width]` of the picture, in pixels.
pub(super) fn picture_size(
    model: &StableDiffusion,
    settings: &GenerationSettings,
) -> Result<[usize; 2], Error> {
    let downscale = model.vae.config.downscale();
    let side = |asked: usize| if asked == 0 { model.resolution } else { asked };
    let [height, width] = [side(settings.height), side(settings.width)];
    for side in [height, width] {
        if side % downscale != 0 || !(downscale..=LARGEST_SIDE).contains(&side) {
            return Err(Error::Size { width, height, multiple: downscale, most: LARGEST_SIDE });
        }
    }
    Ok([height, width])
}
