//! Photos as the U-Net sees them: VAE latents of every variant, computed once before training.
//!
//! x = scaling_factor · mean of the VAE's distribution. The mean rather than a sample: it can be
//! kept, and a run stays a function of its seed. Variants are made on the pixels, before the VAE, so
//! their latents are as true as the photo's own.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use super::augmentation::{self, PhotoVariant, covered_shares, is_mask_blank, latent_weights, render};
use super::buckets::PictureSizes;
use super::photos::{Photo, check_count};
use super::subject_masks::SubjectMasks;
use super::transfer::{read, upload};
use super::{Error, TrainingSettings};
use crate::model::vae::AutoencoderKl;

/// Latents of all variants of all photos, f32, the pictures of one size together.
#[derive(Clone, Debug)]
pub struct PhotoLatents {
    pub(super) buckets: Vec<Bucket>,
    /// Where each photo's variants lie.
    pub(super) places: Vec<Place>,
    /// Variants of each photo.
    pub(super) variants: usize,
    /// Size of the photo in its picture where Custom Diffusion changed it, at index
    /// photo · variants + variant; empty without size words.
    pub(super) scales: Vec<Option<f64>>,
    /// Photos whose masks show nothing in some variant, which counts as unmasked.
    pub(super) blank_masks: usize,
}

/// The pictures of one size.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    /// `[pictures, height, width, channels]`
    pub latents: Tensor<4>,
    /// How much each latent counts `[pictures, height, width, 1]`; None if all count 1.
    pub weights: Option<Tensor<4>>,
    /// Where the subjects are; None without a localized loss, or if no picture has a mask.
    pub masks: Option<SubjectMasks>,
    pub prior: Option<PriorLatents>,
}

/// Pictures that the frozen model drew for the class nouns, as latents.
#[derive(Clone, Debug)]
pub(super) struct PriorLatents {
    /// `[pictures, height, width, channels]`
    pub latents: Tensor<4>,
    /// For each picture, the subject whose class noun it was drawn for.
    pub subjects: Vec<usize>,
}

/// Where a photo's variants lie: one after the other in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub bucket: usize,
    pub first: usize,
}

/// A bucket that is being filled, on the host.
struct Filling {
    /// Width and height in pixels.
    size: [u32; 2],
    /// Height, width and channels of the latents.
    shape: [usize; 3],
    latents: Vec<f32>,
    weights: Vec<f32>,
    weighted: bool,
    /// Shares of the latents that subjects cover; 0 without a mask.
    covered: Vec<f32>,
    masked: bool,
    pictures: usize,
}

impl PhotoLatents {
    /// Encodes every variant of every photo. After each picture `progress` is given the number of pictures
    /// encoded and their total, and returns whether the rest is wanted. The device is waited for before each
    /// call, so that the number is true.
    ///
    /// # Errors
    /// No photo or too many ([`Error::Photo`]); the device failed ([`Error::Device`]); the rest is not wanted
    /// ([`Error::Cancelled`]); what the VAE gives are no numbers ([`Error::NotFiniteLatents`]).
    pub async fn encode(
        photos: &[Photo],
        vae: &AutoencoderKl,
        sizes: PictureSizes,
        settings: &TrainingSettings,
        device: &Device,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Self, Error> {
        check_count(photos.len(), settings.subjects().count())?;
        let variants: Vec<Vec<PhotoVariant>> =
            (0..photos.len()).map(|photo| augmentation::variants(settings, photo)).collect();
        let total: usize = variants.iter().map(Vec::len).sum();
        let mut fillings: Vec<Filling> = Vec::new();
        let mut places = Vec::new();
        let (mut encoded, mut blank_masks) = (0, 0);
        for (photo, variants) in photos.iter().zip(&variants) {
            let size = sizes.of_photo(photo, settings);
            let bucket = fillings.iter().position(|filling| filling.size == size).unwrap_or_else(|| {
                fillings.push(Filling::new(size));
                fillings.len() - 1
            });
            let filling = &mut fillings[bucket];
            places.push(Place { bucket, first: filling.pictures });
            let mut blank = false;
            for variant in variants {
                blank |= filling.add(photo, *variant, vae, settings, device).await?;
                encoded += 1;
                if !progress(encoded, total) {
                    return Err(Error::Cancelled);
                }
            }
            blank_masks += usize::from(blank);
        }
        let scales = variants.iter().flatten().map(|variant| variant.scale);
        Ok(Self {
            buckets: fillings.into_iter().map(|filling| filling.upload(device)).collect(),
            places,
            variants: total / photos.len(),
            scales: if settings.size_words { scales.collect() } else { Vec::new() },
            blank_masks,
        })
    }

    /// Latents that were computed elsewhere, one variant per photo.
    pub fn from_tensor(latents: Tensor<4>) -> Self {
        Self::from_tensors(vec![latents])
    }

    /// The same for photos of several sizes, one batch per size.
    pub fn from_tensors(sizes: Vec<Tensor<4>>) -> Self {
        let places = sizes
            .iter()
            .enumerate()
            .flat_map(|(bucket, latents)| (0..latents.dims()[0]).map(move |first| Place { bucket, first }));
        let places = places.collect();
        let bucket = |latents| Bucket { latents, weights: None, masks: None, prior: None };
        let buckets = sizes.into_iter().map(bucket).collect();
        Self { buckets, places, variants: 1, scales: Vec::new(), blank_masks: 0 }
    }

    /// Latents of one size with the weight of each latent, `[photos, height, width, 1]`.
    pub fn weighted(latents: Tensor<4>, weights: Tensor<4>) -> Self {
        let mut weighted = Self::from_tensor(latents);
        for bucket in &mut weighted.buckets {
            bucket.weights = Some(weights.clone());
        }
        weighted
    }

    /// Latents of one size with the share of each latent that the subject covers, the values of
    /// `[photos, height, width, 1]` row by row.
    pub fn masked(latents: Tensor<4>, covered: &[f32]) -> Self {
        let ([photos, height, width, _], device) = (latents.dims(), latents.device());
        let mut masked = Self::from_tensor(latents);
        for bucket in &mut masked.buckets {
            let shape = [photos, height, width, 1];
            bucket.masks = Some(SubjectMasks::upload(covered.to_vec(), shape, &device));
        }
        masked
    }

    pub fn photos(&self) -> usize {
        self.places.len()
    }

    pub fn variants(&self) -> usize {
        self.variants
    }

    /// How many sizes of pictures there are.
    pub fn bucket_count(&self) -> usize {
        self.buckets.len()
    }

    /// Index of the size that a photo's pictures have.
    pub fn bucket_of(&self, photo: usize) -> usize {
        self.places.get(photo).map_or(0, |place| place.bucket)
    }

    /// Height, width and channels of the latent pictures of a size.
    pub fn shape(&self, bucket: usize) -> [usize; 3] {
        let [_, height, width, channels] = self.buckets[bucket].latents.dims();
        [height, width, channels]
    }

    /// Whether some latents count more than others: there are masks, or photos that don't fill their
    /// pictures.
    pub fn is_weighted(&self) -> bool {
        self.buckets.iter().any(|bucket| bucket.weights.is_some())
    }

    /// Number of photos whose masks show their subjects; 0 unless the settings asked for masks.
    pub fn masked_photos(&self) -> usize {
        let shows = |place: &&Place| {
            let masks = self.buckets[place.bucket].masks.as_ref();
            masks.is_some_and(|masks| masks.shows(place.first))
        };
        self.places.iter().filter(shows).count()
    }

    /// Size of a variant in its picture, where Custom Diffusion changed it.
    pub fn scale(&self, photo: usize, variant: usize) -> Option<f64> {
        self.scales.get(photo * self.variants + variant).copied().flatten()
    }

    /// Latents and weights of pictures of one size, as a batch. A picture is given as (photo, variant).
    pub fn gather(&self, bucket: usize, pictures: &[(usize, usize)]) -> (Tensor<4>, Option<Tensor<4>>) {
        let Bucket { latents, weights, .. } = &self.buckets[bucket];
        let indices = self.indices(pictures);
        (select(latents, &indices), weights.as_ref().map(|weights| select(weights, &indices)))
    }

    /// Index of each picture, given as (photo, variant), within its bucket.
    pub(super) fn indices(&self, pictures: &[(usize, usize)]) -> Vec<usize> {
        pictures.iter().map(|&(photo, variant)| self.places[photo].first + variant).collect()
    }
}

/// The rows of a batch at these indices.
pub(super) fn select(tensor: &Tensor<4>, indices: &[usize]) -> Tensor<4> {
    let indices: Vec<i32> = indices.iter().map(|&index| index as i32).collect();
    let indices = Tensor::<1, Int>::from_data(TensorData::from(indices.as_slice()), &tensor.device());
    tensor.clone().select(0, indices)
}

impl Filling {
    fn new(size: [u32; 2]) -> Self {
        let [latents, weights, covered] = [const { Vec::new() }; 3];
        Self { size, shape: [0; 3], latents, weights, weighted: false, covered, masked: false, pictures: 0 }
    }

    /// Adds a variant of a photo. Returns whether it has a mask that shows nothing, and which then doesn't count.
    async fn add(
        &mut self,
        photo: &Photo,
        variant: PhotoVariant,
        vae: &AutoencoderKl,
        settings: &TrainingSettings,
        device: &Device,
    ) -> Result<bool, Error> {
        let mut rendered = render(photo, variant, self.size);
        let [width, height] = self.size.map(|length| length as usize);
        let factor = vae.config.downscale() as u32;
        let blank = is_mask_blank(&rendered, self.size, factor);
        rendered.subject = rendered.subject.filter(|_| !blank);
        let weights = latent_weights(&rendered, self.size, factor, settings.masked_loss);
        let mask = rendered.subject.filter(|_| settings.localized_loss > 0.0);
        let picture = TensorData::new(rendered.values, [1, height, width, 3]);
        let mean = vae.encode(Tensor::from_data(picture, (device, DType::F32))).mean;
        let [_, height, width, channels] = mean.dims();
        self.shape = [height, width, channels];
        let values = read((mean * vae.config.scaling_factor).flatten(0, 3)).await?;
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::NotFiniteLatents);
        }
        self.latents.extend(values);
        self.weighted |= weights.is_some();
        self.weights.extend(weights.unwrap_or_else(|| vec![1.0; height * width]));
        self.masked |= mask.is_some();
        match mask {
            Some(mask) => self.covered.extend(covered_shares(&mask, factor).map(|share| share as f32)),
            None => self.covered.resize(self.covered.len() + height * width, 0.0),
        }
        self.pictures += 1;
        Ok(blank)
    }

    fn upload(self, device: &Device) -> Bucket {
        let [height, width, channels] = self.shape;
        let weights = self.weighted.then_some(self.weights);
        let shares = [self.pictures, height, width, 1];
        Bucket {
            latents: upload(self.latents, device).reshape([self.pictures, height, width, channels]),
            weights: weights.map(|weights| upload(weights, device).reshape(shares)),
            masks: self.masked.then(|| SubjectMasks::upload(self.covered, shares, device)),
            prior: None,
        }
    }
}
