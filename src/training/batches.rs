//! What each pass of a run looks at: photos, their variants and prompts, prior pictures, timesteps, noise
//! and weights.
//!
//! Everything follows from the settings (with their seed), the photos' latents and the pass's place in the
//! run, so a resumed run goes on with the same batches. Guarantees:
//! - subjects take turns in a new random order each round, whatever the number of their photos; so do the
//!   photos of a subject;
//! - a pass holds pictures of one size; where there are several, it holds one subject and the sizes come
//!   up as often as their photos do;
//! - photos and prior pictures draw from streams of their own: a run with prior preservation sees the same
//!   photos, noise and timesteps as one without.

use burn::tensor::{Device, Tensor};

use super::latents::{PhotoLatents, select};
use super::localized_loss::LocalizedRows;
use super::loss_weights::{self, RowWeights};
use super::prompts;
use super::random::{Purpose, integers, permutation, stream};
use super::transfer::upload;
use super::{TrainingSettings, batch::Batch};
use crate::sampling::{NoiseSchedule, noise};

/// The batches of a run.
#[derive(Clone, Copy)]
pub struct Batches<'a> {
    pub settings: &'a TrainingSettings,
    pub latents: &'a PhotoLatents,
    pub schedule: &'a NoiseSchedule,
}

/// What one pass looks at, before any of it is on the device.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// Index of the pictures' size.
    pub bucket: usize,
    pub rows: Vec<Row>,
    /// As many as `rows`, or none.
    pub prior: Vec<PriorRow>,
}

/// A row with a photo.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub subject: usize,
    pub photo: usize,
    pub variant: usize,
    pub prompt: String,
    pub timestep: usize,
}

/// A row with a picture of the prior.
#[derive(Clone, Debug, PartialEq)]
pub struct PriorRow {
    /// Index among the prior pictures of its bucket.
    pub picture: usize,
    pub prompt: String,
    pub timestep: usize,
}

impl Batches<'_> {
    /// What the `index`-th pass of a step (counted from 0) looks at.
    pub fn draw(&self, step: usize, index: usize) -> Draw {
        let TrainingSettings { seed, batch, accumulation, .. } = *self.settings;
        let pass = step * accumulation + index;
        let timesteps = self.schedule.num_train_timesteps();
        let choose = |purpose, limit| integers(seed, stream(purpose, step, index), limit, batch);
        let variants = choose(Purpose::PhotoVariant, self.latents.variants());
        let times = choose(Purpose::Timestep, timesteps);
        let (bucket, photos) = self.photos(pass);
        let texts = self.texts(&photos, step, index);
        let rows = photos.into_iter().zip(texts).zip(variants.into_iter().zip(times)).enumerate();
        let size_choices = choose(Purpose::SizeWords, 2);
        let rows = rows.map(|(row, (((subject, photo), text), (variant, timestep)))| {
            let words = prompts::size_words(self.latents.scale(photo, variant), size_choices[row]);
            Row { subject, photo, variant, prompt: format!("{words}{text}"), timestep }
        });
        Draw { bucket, rows: rows.collect(), prior: self.prior_rows(bucket, step, index) }
    }

    /// The bucket of a pass, and the subject and the photo of each of its rows.
    fn photos(&self, pass: usize) -> (usize, Vec<(usize, usize)>) {
        let TrainingSettings { seed, batch, .. } = *self.settings;
        let owned = self.settings.photo_ranges(self.latents.photos());
        let turn = |place: usize| {
            let (round, place) = (place / owned.len(), place % owned.len());
            (permutation(seed, stream(Purpose::SubjectOrder, round, 0), owned.len())[place], round)
        };
        if self.latents.bucket_count() == 1 {
            let rows = (pass * batch..(pass + 1) * batch).map(|row| {
                let (subject, draws) = turn(row);
                let photos = owned[subject].clone();
                (subject, photos.start + self.in_order(draws, photos.len(), subject))
            });
            return (0, rows.collect());
        }
        let (subject, draws) = turn(pass);
        let photos: Vec<usize> = owned[subject].clone().collect();
        let (round, place) = (draws / photos.len(), draws % photos.len());
        let order = permutation(seed, stream(Purpose::BucketOrder, round, subject), photos.len());
        let bucket_at = |place: usize| self.latents.bucket_of(photos[order[place]]);
        let bucket = bucket_at(place);
        let alike: Vec<usize> =
            photos.iter().copied().filter(|&photo| self.latents.bucket_of(photo) == bucket).collect();
        let earlier = (0..place).filter(|&place| bucket_at(place) == bucket).count();
        let uses = round * alike.len() + earlier;
        // Each size of a subject's photos has an order of its own, beside those of the subjects.
        let group = owned.len() + subject * self.latents.bucket_count() + bucket;
        let rows = (uses * batch..(uses + 1) * batch)
            .map(|draw| (subject, alike[self.in_order(draw, alike.len(), group)]));
        (bucket, rows.collect())
    }

    /// The index that the `draw`-th draw takes among `count` things, which come in a new random order each
    /// round.
    fn in_order(&self, draw: usize, count: usize, group: usize) -> usize {
        let (round, place) = (draw / count, draw % count);
        permutation(self.settings.seed, stream(Purpose::PhotoOrder, round, group), count)[place]
    }

    /// Each row's prompt, without the words for a changed size.
    fn texts(&self, photos: &[(usize, usize)], step: usize, index: usize) -> Vec<String> {
        let subjects: Vec<_> = self.settings.subjects().collect();
        let stream = stream(Purpose::Template, step, index);
        // One random number for each row, however many choices it has.
        let words = integers(self.settings.seed, stream, usize::pow(2, 31), photos.len());
        let rows = photos.iter().zip(words).map(|(&(subject, photo), word)| {
            let mut choices = prompts::choices(self.settings, subjects[subject], photo);
            let count = choices.len() as u64;
            choices.swap_remove(((word as u64 * count) >> 31) as usize)
        });
        rows.collect()
    }

    fn prior_rows(&self, bucket: usize, step: usize, index: usize) -> Vec<PriorRow> {
        let Some(prior) = &self.latents.buckets[bucket].prior else { return Vec::new() };
        let TrainingSettings { seed, batch, accumulation, .. } = *self.settings;
        let count = prior.subjects.len();
        let first = (step * accumulation + index) * batch;
        let timesteps = self.schedule.num_train_timesteps();
        let timesteps = integers(seed, stream(Purpose::PriorTimestep, step, index), timesteps, batch);
        let prompts: Vec<_> = self.settings.subjects().map(|subject| subject.class_prompt()).collect();
        let rows = timesteps.into_iter().enumerate().map(|(row, timestep)| {
            let (round, place) = ((first + row) / count, (first + row) % count);
            let order = permutation(seed, stream(Purpose::PriorOrder, round, bucket), count);
            let picture = order[place];
            PriorRow { picture, prompt: prompts[prior.subjects[picture]].clone(), timestep }
        });
        rows.collect()
    }

    /// The pass's batch on the device, and its distinct prompts in the order in which `Batch::prompts`
    /// counts them.
    pub fn batch(&self, step: usize, index: usize, device: &Device) -> (Batch, Vec<String>) {
        let Draw { bucket, rows, prior } = self.draw(step, index);
        let pictures: Vec<_> = rows.iter().map(|row| (row.photo, row.variant)).collect();
        let (latents, pixel_weights) = self.latents.gather(bucket, &pictures);
        let shape = self.latents.shape(bucket);
        let noise_of = |purpose, rows: usize| {
            let [height, width, channels] = shape;
            let count = rows * height * width * channels;
            let values = noise::normal(self.settings.seed, stream(purpose, step, index), count);
            upload(values, device).reshape([rows, height, width, channels])
        };
        let noise = noise_of(Purpose::Noise, rows.len());
        let (latents, noise) = match &self.latents.buckets[bucket].prior {
            Some(drawn) if !prior.is_empty() => {
                let pictures: Vec<usize> = prior.iter().map(|row| row.picture).collect();
                let latents = Tensor::cat(vec![latents, select(&drawn.latents, &pictures)], 0);
                (latents, Tensor::cat(vec![noise, noise_of(Purpose::PriorNoise, prior.len())], 0))
            }
            _ => (latents, noise),
        };
        let timesteps: Vec<usize> = rows.iter().map(|row| row.timestep).collect();
        let row_weights = RowWeights {
            min_snr: self
                .settings
                .min_snr_gamma
                .map(|gamma| loss_weights::min_snr(self.schedule, &timesteps, gamma)),
            pixels: pixel_weights,
            prior: (!prior.is_empty()).then_some((prior.len(), self.settings.prior_weight)),
        };
        let weights = row_weights.of_batch(rows.len(), device);
        let mut distinct: Vec<String> = Vec::new();
        let texts = rows.iter().map(|row| &row.prompt).chain(prior.iter().map(|row| &row.prompt));
        let prompts = texts
            .map(|text| {
                distinct.iter().position(|known| known == text).unwrap_or_else(|| {
                    distinct.push(text.clone());
                    distinct.len() - 1
                })
            })
            .collect();
        let localized = self.localized(bucket, &rows, prior.len());
        let photo_rows = rows.len();
        let timesteps = timesteps.into_iter().chain(prior.iter().map(|row| row.timestep)).collect();
        (Batch { latents, noise, timesteps, prompts, photo_rows, weights, localized }, distinct)
    }

    /// Weight, masks and words of the localized loss for a pass's rows, photos first, then prior; None if no
    /// row has any.
    fn localized(&self, bucket: usize, rows: &[Row], prior_rows: usize) -> Option<LocalizedRows> {
        let TrainingSettings { localized_loss, vectors, .. } = *self.settings;
        let masks = self.latents.buckets[bucket].masks.as_ref().filter(|_| localized_loss > 0.0)?;
        let pictures: Vec<_> = rows.iter().map(|row| (row.photo, row.variant)).collect();
        let pictures = self.latents.indices(&pictures);
        let words = rows.iter().zip(&pictures).map(|(row, &picture)| {
            let word = row.subject * vectors..(row.subject + 1) * vectors;
            if masks.shows(picture) { word } else { 0..0 }
        });
        let words: Vec<_> = words.chain(std::iter::repeat_n(0..0, prior_rows)).collect();
        let any = words.iter().any(|word| !word.is_empty());
        any.then(|| LocalizedRows { weight: localized_loss, masks: masks.rows(&pictures, prior_rows), words })
    }
}
