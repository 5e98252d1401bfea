//! From photos to a training run on a loaded model.

use super::{Error, StableDiffusion, TrainingPreviews};
use crate::training::checkpoint::Checkpoint;
use crate::training::settings::unseen_remark;
use crate::training::{
    self, Activations, FrozenModel, Photo, PhotoLatents, PictureSizes, Trainer, TrainingSettings,
};

impl StableDiffusion {
    /// Encodes the photos, draws the pictures that preserve the prior and prepares the run. The model itself
    /// stays as it is. `progress` is given the number of pictures encoded or drawn and their total, and
    /// returns whether the run is still wanted.
    ///
    /// # Errors
    /// Too few or too many photos, or no mask where the localized loss needs one; settings that can't be trained
    /// with or need more memory than the device may give; numbers of the VAE that outgrow 16 bits; a failing
    /// device; a run that is no longer wanted.
    pub async fn trainer(
        &self,
        photos: &[Photo],
        settings: TrainingSettings,
        previews: Option<&TrainingPreviews>,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Trainer, Error> {
        // Checked before the photos are encoded, which takes a while.
        settings.validate().map_err(training::Error::from)?;
        settings.check_photos(photos.len()).map_err(training::Error::from)?;
        let masked = photos.iter().filter(|photo| photo.mask().is_some()).count();
        settings.check_masks(masked).map_err(training::Error::from)?;
        let plan = self.plan_training(&settings, photos.len(), previews)?;
        let settings = TrainingSettings {
            activations: plan.activations.map_or(settings.activations, Into::into),
            ..settings
        };
        // Buffers left over from an earlier job are of other sizes.
        self.gpu.release_unused();
        let device = &self.gpu.device;
        let prior = if settings.preserves_prior() { settings.prior_pictures } else { 0 };
        let mut encoded = 0;
        let mut encoding = |done, of| {
            encoded = of;
            progress(done, of + prior)
        };
        let multiple = self.picture_multiple() as u32;
        let sizes = PictureSizes { resolution: self.training_side(&settings) as u32, multiple };
        let latents = PhotoLatents::encode(photos, &self.vae, sizes, &settings, device, &mut encoding).await;
        self.gpu.check()?;
        self.gpu.release_unused();
        let mut latents = latents.map_err(|error| self.overflow_or(error))?;
        let model = self.frozen();
        if prior > 0 {
            let mut drawing = |done, of| progress(encoded + done, encoded + of);
            let drawn = latents.draw_prior(&model, &settings, &mut drawing).await;
            self.gpu.check()?;
            self.gpu.release_unused();
            drawn?;
        }
        Ok(Trainer::new(model, latents, settings, device)?)
    }

    /// Resumes a run where its checkpoint left it: settings, photos and state are in the file. Activations
    /// that no longer fit are computed again. `previews` says, by those settings, which pictures are drawn in between.
    ///
    /// # Errors
    /// A file that is no checkpoint of a run on this model, or whose pictures are larger than its settings make them;
    /// more memory than the device may give.
    pub fn resume_training(
        &self,
        checkpoint: &[u8],
        previews: impl FnOnce(&TrainingSettings) -> Option<TrainingPreviews>,
    ) -> Result<Trainer, Error> {
        let mut checkpoint = Checkpoint::from_bytes(checkpoint).map_err(Error::from)?;
        let settings = &mut checkpoint.settings;
        // Less memory may be allowed than when the run began. With activations computed again the gradients
        // are the same to the bit.
        if settings.activations == Activations::Keep {
            settings.activations = Activations::Auto;
        }
        let previews = previews(settings);
        let plan = self.plan_training(settings, checkpoint.latents.photos(), previews.as_ref())?;
        let side = self.training_side(settings) / self.vae.config.downscale();
        if checkpoint.latents.largest_area() > side * side {
            // The plan is of pictures as the settings make them.
            let reason = "its pictures are larger than its settings make them".to_owned();
            return Err(training::Error::Checkpoint { reason }.into());
        }
        // Buffers left over from an earlier job are of other sizes.
        self.gpu.release_unused();
        settings.activations = plan.activations.map_or(settings.activations, Into::into);
        Ok(Trainer::resume(self.frozen(), checkpoint, &self.gpu.device)?)
    }

    /// Sentences about settings that can be trained with, but likely not to the end that they were meant for; none
    /// for settings that are refused.
    pub fn training_remarks(&self, settings: &TrainingSettings) -> Vec<String> {
        let Ok(mut remarks) = settings.validate() else { return Vec::new() };
        let unseen = settings.clean_prompts().filter_map(|prompt| self.tokenizer.encode(prompt).truncated);
        remarks.extend(unseen.map(|rest| unseen_remark(&rest)));
        remarks
    }

    pub(super) fn frozen(&self) -> FrozenModel {
        FrozenModel {
            name: self.name.clone(),
            checkpoint: self.checkpoint.clone(),
            identity: self.identity.clone(),
            resolution: self.resolution,
            tokenizer: self.tokenizer.clone(),
            text_encoder: self.text_encoder.clone(),
            unet: self.unet.clone(),
            schedule: self.schedule.clone(),
            dtype: self.precision.dtype().into(),
        }
    }

    /// Side of the squares that a training with these settings makes of photos, in pixels: what they ask for,
    /// brought down to what the U-Net halves evenly, or the model's own.
    pub(super) fn training_side(&self, settings: &TrainingSettings) -> usize {
        let multiple = self.picture_multiple();
        settings.resolution.map_or(self.resolution, |side| (side / multiple * multiple).max(multiple))
    }

    /// Pictures' sides are multiples of this number of pixels, so that the U-Net halves them evenly.
    pub(super) fn picture_multiple(&self) -> usize {
        let halvings = self.unet.config().block_out_channels.len().saturating_sub(1);
        self.vae.config.downscale() << halvings
    }
}
