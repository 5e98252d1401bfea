//! Prior preservation (DreamBooth, arXiv:2208.12242): what the frozen model draws for the class nouns before
//! the training, kept as latents and trained on beside the photos, so that the model goes on drawing other
//! things of the class. Custom Diffusion's generated regularization pictures are the same.

use burn::tensor::Tensor;

use super::latents::{PhotoLatents, PriorLatents};
use super::random::{Purpose, stream};
use super::transfer::{read, upload};
use super::{Error, FrozenModel, TrainingSettings};
use crate::sampling::{Sampler, SamplerKind, guide, noise};

/// Denoising steps and guidance of the pictures: the studio's defaults for drawing.
pub(crate) const STEPS: usize = 25;
const GUIDANCE_SCALE: f32 = 5.0;

impl PhotoLatents {
    /// Draws the settings' prior pictures: of each size in proportion to its photos, the same number for each
    /// subject's class, at least one. The latents are used as they are. After each step `progress` is given
    /// the number of pictures drawn and their total, and returns whether the rest is wanted; the device is
    /// waited for each time.
    ///
    /// # Errors
    /// The model has too few timesteps ([`Error::Model`]), the device failed ([`Error::Device`]), or the rest
    /// is not wanted ([`Error::Cancelled`]).
    pub async fn draw_prior(
        &mut self,
        model: &FrozenModel,
        settings: &TrainingSettings,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<(), Error> {
        let subjects = settings.subject_count();
        let share = |bucket: usize| {
            let photos = (0..self.photos()).filter(|&photo| self.bucket_of(photo) == bucket).count();
            (settings.prior_pictures * photos).div_ceil(self.photos() * subjects).max(1)
        };
        let shares: Vec<usize> = (0..self.bucket_count()).map(share).collect();
        let total = shares.iter().sum::<usize>() * subjects;
        let prompts: Vec<Tensor<3>> =
            settings.subjects().map(|subject| model.encode(&subject.class_prompt()).0).collect();
        let mut drawn = 0;
        for (bucket, share) in shares.into_iter().enumerate() {
            let shape = self.shape(bucket);
            let mut values = Vec::new();
            for prompt in &prompts {
                let mut left = share;
                while left > 0 {
                    let count = left.min(settings.batch);
                    let mut step_made = || progress(drawn, total);
                    let pictures = drawn..drawn + count;
                    values.extend(draw(model, prompt, pictures, shape, settings.seed, &mut step_made).await?);
                    left -= count;
                    drawn += count;
                    if !progress(drawn, total) {
                        return Err(Error::Cancelled);
                    }
                }
            }
            let [height, width, channels] = shape;
            let latents = upload(values, &self.buckets[bucket].latents.device());
            self.buckets[bucket].prior = Some(PriorLatents {
                latents: latents.reshape([share * subjects, height, width, channels]),
                subjects: (0..share * subjects).map(|picture| picture / share).collect(),
            });
        }
        Ok(())
    }
}

impl PhotoLatents {
    /// Uses the photos' own pictures as the prior: a step then costs the same as with a drawn prior.
    pub(crate) fn take_photos_as_prior(&mut self) {
        for bucket in &mut self.buckets {
            let subjects = vec![0; bucket.latents.dims()[0]];
            bucket.prior = Some(PriorLatents { latents: bucket.latents.clone(), subjects });
        }
    }
}

/// The latents, flat, of the prior pictures with these numbers, drawn for `prompt`. Each follows from the
/// prompt, the seed and its number alone. `step_made` returns whether the next step is wanted.
async fn draw(
    model: &FrozenModel,
    prompt: &Tensor<3>,
    pictures: std::ops::Range<usize>,
    [height, width, channels]: [usize; 3],
    seed: u64,
    step_made: &mut dyn FnMut() -> bool,
) -> Result<Vec<f32>, Error> {
    let unfit = |error: crate::sampling::Error| Error::Model { reason: error.to_string() };
    let mut sampler = Sampler::new(SamplerKind::Ddim, &model.schedule, STEPS).map_err(unfit)?;
    let rows = pictures.len();
    let count = height * width * channels;
    let device = prompt.device();
    let values =
        pictures.flat_map(|picture| noise::normal(seed, stream(Purpose::PriorPicture, picture, 0), count));
    let first = upload(values.collect(), &device).reshape([rows, height, width, channels]);
    let mut latents = first * sampler.init_noise_sigma();
    let states = [model.encode("").0, prompt.clone()].map(|states| states.repeat_dim(0, rows));
    let states = Tensor::cat(states.to_vec(), 0);
    // DDIM without η adds no noise.
    let no_noise = |_: usize| Tensor::zeros([1, 1, 1, 1], &device);
    for step in 0..sampler.timesteps().len() {
        let timestep = sampler.timesteps()[step];
        let sample = sampler.scale_model_input(latents.clone(), step).repeat_dim(0, 2);
        let output = model.unet.forward(sample, &vec![timestep; 2 * rows], states.clone(), None);
        let unconditional = output.clone().narrow(0, 0, rows);
        let guided = guide(unconditional, output.narrow(0, rows, rows), GUIDANCE_SCALE);
        latents = sampler.step(guided, step, latents, &no_noise);
        read(latents.clone().narrow(1, 0, 1).narrow(2, 0, 1).flatten(0, 3)).await?;
        if !step_made() {
            return Err(Error::Cancelled);
        }
    }
    read(latents.flatten(0, 3)).await
}
