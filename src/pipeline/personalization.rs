//! From photos to a training run on a loaded model.

use super::{Error, StableDiffusion};
use crate::training::{self, FrozenModel, Photo, PhotoLatents, Trainer, TrainingSettings};

impl StableDiffusion {
    /// Encodes the photos and prepares the run. The model itself stays as it is. `progress` is told
    /// how many of how many pictures are encoded.
    ///
    /// # Errors
    /// Too few or too many photos, settings that can't be trained with or need more memory than the
    /// device may give, a failing device.
    pub async fn trainer(
        &self,
        photos: &[Photo],
        settings: TrainingSettings,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Trainer, Error> {
        // Before the photos are encoded, which takes a while.
        settings.validate().map_err(training::Error::from)?;
        let plan = self.plan_training(&settings, photos.len())?;
        let settings = TrainingSettings {
            activations: plan.activations.map_or(settings.activations, Into::into),
            ..settings
        };
        let device = &self.gpu.device;
        let latents = PhotoLatents::encode(
            photos,
            &self.vae,
            self.resolution as u32,
            settings.photo_variants,
            settings.seed,
            device,
            progress,
        );
        let latents = latents.await;
        self.gpu.check()?;
        self.gpu.release_unused();
        let model = FrozenModel {
            name: self.name.clone(),
            tokenizer: self.tokenizer.clone(),
            text_encoder: self.text_encoder.clone(),
            unet: self.unet.clone(),
            schedule: self.schedule.clone(),
            dtype: self.precision.dtype().into(),
        };
        Ok(Trainer::new(model, latents?, settings, device)?)
    }
}
