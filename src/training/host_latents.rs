//! The photos' latents on the host, as a checkpoint holds them: the values of each picture size (bucket), and
//! which picture is which.

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::Error;
use super::latents::{Bucket, PhotoLatents, Place, PriorLatents};
use super::subject_masks::SubjectMasks;
use super::transfer::{read, upload};

/// Numbers with their shape.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTensor {
    /// `[pictures, height, width, channels]`
    pub shape: [usize; 4],
    pub values: Vec<f32>,
}

/// The latents of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct HostLatents {
    pub arrangement: Arrangement,
    pub buckets: Vec<HostBucket>,
}

/// The pictures of one size.
#[derive(Clone, Debug, PartialEq)]
pub struct HostBucket {
    pub latents: HostTensor,
    pub weights: Option<HostTensor>,
    /// Shares of the latents that subjects cover.
    pub masks: Option<HostTensor>,
    pub prior: Option<HostTensor>,
}

/// Which picture is which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Arrangement {
    /// Bucket and first picture of each photo.
    places: Vec<[usize; 2]>,
    variants: usize,
    scales: Vec<Option<f64>>,
    /// For each bucket, the subject whose class noun each prior picture was drawn for; empty without a prior.
    prior_subjects: Vec<Vec<usize>>,
    /// Photos whose masks show nothing; files of earlier versions don't say.
    #[serde(default)]
    blank_masks: usize,
}

impl Arrangement {
    pub fn buckets(&self) -> usize {
        self.prior_subjects.len()
    }
}

impl HostTensor {
    async fn read(tensor: &Tensor<4>) -> Result<Self, Error> {
        Ok(Self { shape: tensor.dims(), values: read(tensor.clone().flatten(0, 3)).await? })
    }

    async fn read_some(tensor: Option<&Tensor<4>>) -> Result<Option<Self>, Error> {
        match tensor {
            Some(tensor) => Ok(Some(Self::read(tensor).await?)),
            None => Ok(None),
        }
    }

    fn upload(self, device: &Device) -> Tensor<4> {
        upload(self.values, device).reshape(self.shape)
    }
}

impl HostLatents {
    /// Reads latents back from the device.
    pub async fn read(latents: &PhotoLatents) -> Result<Self, Error> {
        let mut buckets = Vec::new();
        let mut prior_subjects = Vec::new();
        for Bucket { latents, weights, masks, prior } in &latents.buckets {
            buckets.push(HostBucket {
                latents: HostTensor::read(latents).await?,
                weights: HostTensor::read_some(weights.as_ref()).await?,
                masks: HostTensor::read_some(masks.as_ref().map(|masks| &masks.shares)).await?,
                prior: HostTensor::read_some(prior.as_ref().map(|prior| &prior.latents)).await?,
            });
            prior_subjects.push(prior.as_ref().map_or_else(Vec::new, |prior| prior.subjects.clone()));
        }
        let arrangement = Arrangement {
            places: latents.places.iter().map(|place| [place.bucket, place.first]).collect(),
            variants: latents.variants,
            scales: latents.scales.clone(),
            prior_subjects,
            blank_masks: latents.blank_masks,
        };
        Ok(Self { arrangement, buckets })
    }

    /// The number of photos.
    pub fn photos(&self) -> usize {
        self.arrangement.places.len()
    }

    /// Latents of the largest picture.
    pub fn largest_area(&self) -> usize {
        let area = |bucket: &HostBucket| bucket.latents.shape[1].saturating_mul(bucket.latents.shape[2]);
        self.buckets.iter().map(area).max().unwrap_or_default()
    }

    /// Whether the parts fit each other and a run with `subject_count` subjects.
    pub fn fits(&self, subject_count: usize) -> bool {
        let Arrangement { places, variants, scales, prior_subjects, .. } = &self.arrangement;
        let place_fits = |[bucket, first]: &[usize; 2]| {
            let pictures = self.buckets.get(*bucket).map(|bucket| bucket.latents.shape[0]);
            first.checked_add(*variants).zip(pictures).is_some_and(|(end, pictures)| end <= pictures)
        };
        let latent_channels = self.buckets.first().map(|bucket| bucket.latents.shape[3]);
        let bucket_fits = |(bucket, subjects): (&HostBucket, &Vec<usize>)| {
            let [pictures, height, width, channels] = bucket.latents.shape;
            let mut of_latents = bucket.weights.iter().chain(&bucket.masks);
            let prior = bucket.prior.as_ref().map(|prior| prior.shape);
            bucket.latents.shape.iter().all(|&extent| extent > 0)
                && latent_channels == Some(channels)
                && of_latents.all(|tensor| tensor.shape == [pictures, height, width, 1])
                && prior.is_none_or(|shape| {
                    !subjects.is_empty()
                        && subjects.iter().all(|&subject| subject < subject_count)
                        && shape == [subjects.len(), height, width, channels]
                })
        };
        !places.is_empty()
            && *variants > 0
            && places.iter().all(place_fits)
            && (scales.is_empty() || places.len().checked_mul(*variants) == Some(scales.len()))
            && self.buckets.len() == prior_subjects.len()
            && self.buckets.iter().zip(prior_subjects).all(bucket_fits)
    }

    /// Uploads the latents to the device. Their parts must [fit](Self::fits).
    pub fn upload(self, device: &Device) -> PhotoLatents {
        let Arrangement { places, variants, scales, prior_subjects, blank_masks } = self.arrangement;
        let buckets = self.buckets.into_iter().zip(prior_subjects).map(|(bucket, subjects)| Bucket {
            latents: bucket.latents.upload(device),
            weights: bucket.weights.map(|weights| weights.upload(device)),
            masks: bucket.masks.map(|masks| SubjectMasks::upload(masks.values, masks.shape, device)),
            prior: bucket.prior.map(|prior| PriorLatents { latents: prior.upload(device), subjects }),
        });
        let places = places.into_iter().map(|[bucket, first]| Place { bucket, first });
        let (buckets, places) = (buckets.collect(), places.collect());
        PhotoLatents { buckets, places, variants, scales, blank_masks }
    }
}
