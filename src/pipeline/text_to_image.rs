//! A picture in the making: from a prompt and a seed, and perhaps a given picture, to a new one, one
//! denoising step at a time, so that the caller can show progress and stop whenever it likes by not
//! asking for the next step.

use burn::tensor::Tensor;

use super::{
    AppliedAdapter, Error, GenerationSettings, NoisePurpose, Picture, SourcePicture, StableDiffusion,
    denoiser::Denoiser,
    noise::{NoiseSource, seeded},
    source_picture::Source,
};
use crate::{
    evaluation::HeatMap,
    gpu,
    sampling::{Sampler, SamplerKind},
};

/// A picture in the making.
pub struct Generation {
    model: StableDiffusion,
    sampler: Sampler,
    noise: NoiseSource,
    source: Option<Source>,
    denoiser: Denoiser,
    latents: Tensor<4>,
    /// Side of the tiles, in latents, that the VAE works in.
    tile: Option<usize>,
    preview: bool,
    step: usize,
    /// The end of the prompt that the model did not read.
    pub truncated: Option<String>,
}

impl Generation {
    /// Encodes the prompts and draws the first noise.
    ///
    /// # Errors
    /// The prompt is empty; a setting is out of its range, or names or delays a word that the prompt lacks; an
    /// adapter doesn't fit the model; the picture needs more memory than the device may give.
    pub fn new(
        model: &StableDiffusion,
        settings: &GenerationSettings,
        adapters: &[AppliedAdapter],
    ) -> Result<Self, Error> {
        let noise = seeded_noise(model, settings, None)?;
        Self::with_noise(model, settings, adapters, None, noise)
    }

    /// The same from a given picture: the settings' strength says how much of it is redrawn, and outside of
    /// its mask all of it is kept.
    ///
    /// # Errors
    /// As [`new`](Self::new); the strength leaves no step to make; nothing of the mask is white, or nothing of
    /// it after its blur.
    pub fn from_picture(
        model: &StableDiffusion,
        settings: &GenerationSettings,
        adapters: &[AppliedAdapter],
        source: &SourcePicture,
    ) -> Result<Self, Error> {
        let noise = seeded_noise(model, settings, Some(source))?;
        Self::with_noise(model, settings, adapters, Some(source), noise)
    }

    /// The same with given noise: for each purpose unit normal values `[1, height, width, channels]`,
    /// the same whenever they are asked for. The seed is not used.
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`from_picture`](Self::from_picture).
    pub fn with_noise(
        model: &StableDiffusion,
        settings: &GenerationSettings,
        adapters: &[AppliedAdapter],
        source: Option<&SourcePicture>,
        noise: Box<dyn Fn(NoisePurpose) -> Tensor<4>>,
    ) -> Result<Self, Error> {
        settings.check()?;
        let tile = model.plan_generation(settings, adapters, source)?.tile;
        // Buffers left over from an earlier job are of other sizes.
        model.gpu.release_unused();
        let kind: SamplerKind = settings.sampler.parse()?;
        let begin = if source.is_some() { settings.first_step() } else { 0 };
        let sampler = Sampler::starting_late(kind, &model.schedule, settings.steps, begin)?;
        let size = settings.size(model, source)?;
        let folding = model.folding(settings, adapters, source)?;
        // A given picture is encoded while no adapter lies on the device.
        let source = source.map(|source| Source::new(model, source, size, tile, settings.mask_blur, &noise));
        let source = source.transpose()?;
        if source.is_some() {
            model.gpu.release_unused();
        }
        let mut denoiser = Denoiser::new(model, settings, adapters, folding, sampler.timesteps().len())?;
        model.gpu.release_unused();
        let first_noise = noise(NoisePurpose::FirstLatents);
        let latents = match &source {
            // A part that is repainted at full strength keeps nothing of what was there.
            Some(source) if !(source.has_mask() && settings.strength == 1.0) => {
                sampler.noised(source.latents.clone(), first_noise, 0)
            }
            _ => first_noise * sampler.init_noise_sigma(),
        };
        Ok(Self {
            latents,
            model: model.clone(),
            sampler,
            noise,
            source,
            truncated: denoiser.truncated.take(),
            denoiser,
            tile,
            preview: settings.preview,
            step: 0,
        })
    }

    /// Number of calls of the U-Net: the steps that are made, with some samplers more.
    pub fn steps(&self) -> usize {
        self.sampler.timesteps().len()
    }

    /// One denoising step; returns how many have been made. Waits for the device, so that progress
    /// is real and a cancelled picture leaves no queue behind.
    ///
    /// # Errors
    /// The device failed or was lost.
    pub async fn step(&mut self) -> Result<usize, Error> {
        if self.advance() {
            self.wait().await?;
        }
        Ok(self.step)
    }

    /// Asks the device for one denoising step; `false` if all are made.
    pub(super) fn advance(&mut self) -> bool {
        let due = self.step < self.steps();
        if due {
            let timestep = self.sampler.timesteps()[self.step];
            let sample = self.sampler.scale_model_input(self.latents.clone(), self.step);
            let prediction = self.denoiser.predict(sample, timestep, self.step);
            let noise = |step| (self.noise)(NoisePurpose::Step(step));
            self.latents = self.sampler.step(prediction, self.step, self.latents.clone(), &noise);
            self.step += 1;
            self.keep_unmasked();
        }
        due
    }

    /// Maps of how much each word of the settings' `heat_maps` contributed to the picture so far, at the
    /// latents' size. Steps drawn with the class prompt (delayed concept) don't count.
    ///
    /// # Errors
    /// The device failed.
    pub async fn heat_maps(&self) -> Result<Vec<HeatMap>, Error> {
        let [_, height, width, _] = self.latents.dims();
        let maps = self.denoiser.heat_maps([height, width]).await;
        self.model.gpu.check()?;
        maps
    }

    /// The finished picture.
    ///
    /// # Errors
    /// The device failed, or its numbers are not finite.
    pub async fn finish(mut self) -> Result<Picture, Error> {
        self.denoiser.give_adapters_back();
        let gpu = &self.model.gpu;
        gpu.release_unused();
        let picture = Picture::read(self.image(), gpu).await;
        gpu.release_unused();
        let picture = picture.map_err(|error| self.model.overflow_or(error))?;
        Ok(match &self.source {
            Some(source) => source.finish(picture),
            None => picture,
        })
    }

    /// Asks the device for the image `[1, height, width, 3]` in −1…1 of the latents as they are.
    pub(super) fn image(&self) -> Tensor<4> {
        if let Some(taesd) = self.model.taesd.as_ref().filter(|_| self.preview) {
            return taesd.decode(self.latents.clone());
        }
        let vae = &self.model.vae;
        let latents = self.latents.clone() / vae.config.scaling_factor;
        match self.tile {
            Some(side) => vae.decode_in_tiles(latents, side),
            None => vae.decode(latents),
        }
    }

    /// Puts the given picture back outside of the mask, with the noise of the next step, or without any after
    /// the last one.
    fn keep_unmasked(&mut self) {
        let Some(source) = self.source.as_ref().filter(|source| source.has_mask()) else { return };
        let kept = if self.step < self.steps() {
            self.sampler.noised(source.latents.clone(), (self.noise)(NoisePurpose::FirstLatents), self.step)
        } else {
            source.latents.clone()
        };
        self.latents = source.keep(self.latents.clone(), kept);
    }

    /// Waits until the device has done what was asked.
    async fn wait(&self) -> Result<(), Error> {
        let probe = gpu::read(self.probe()).await;
        self.model.gpu.check()?;
        probe.map(|_| ()).map_err(|error| Error::ReadBack(error.to_string()))
    }

    /// The latents of one pixel: when they are there, all are.
    pub(super) fn probe(&self) -> Tensor<1> {
        self.latents.clone().narrow(1, 0, 1).narrow(2, 0, 1).flatten(0, 3)
    }
}

/// The noise of the settings' seed, as large as the latents.
fn seeded_noise(
    model: &StableDiffusion,
    settings: &GenerationSettings,
    source: Option<&SourcePicture>,
) -> Result<NoiseSource, Error> {
    let [height, width] = settings.size(model, source)?;
    let downscale = model.vae.config.downscale();
    let shape = [1, height / downscale, width / downscale, model.vae.config.latent_channels];
    Ok(seeded(settings.seed, shape, &model.gpu.device))
}
