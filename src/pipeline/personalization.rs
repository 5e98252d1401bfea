//! From photos to a training run on a loaded model.

use super::{Error, StableDiffusion};
use crate::training::{Photo, PhotoLatents, Trainer, TrainingModel, TrainingSettings};

impl StableDiffusion {
    /// Encodes the photos and prepares the run. The model itself stays as it is.
    ///
    /// # Errors
    /// Too few or too many photos, or settings that can't be trained with.
    pub fn trainer(&self, photos: &[Photo], settings: TrainingSettings) -> Result<Trainer, Error> {
        settings.validate().map_err(crate::training::Error::from)?;
        let device = &self.gpu.device;
        let latents = PhotoLatents::encode(
            photos,
            &self.vae,
            self.resolution as u32,
            settings.photo_variants,
            settings.seed,
            device,
            &mut |_, _| (),
        );
        let latents = latents.map_err(crate::training::Error::from)?;
        let model = TrainingModel {
            name: self.name.clone(),
            tokenizer: self.tokenizer.clone(),
            text_encoder: self.text_encoder.clone(),
            unet: self.unet.clone(),
            schedule: self.schedule.clone(),
            dtype: self.precision.dtype().into(),
        };
        Ok(Trainer::new(model, latents, settings, device)?)
    }
}
