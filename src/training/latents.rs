//! Photos as the U-Net sees them: VAE latents of every framing, computed once before training.
//!
//! x = scaling_factor · mean of the VAE's distribution. The mean rather than a sample: it can be
//! kept, and a run stays a function of its seed. Zooms and shifts are made on the pixels, before
//! the VAE, so their latents are as true as the photo's own.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::Error;
use super::photos::{Framing, Photo, check_count};
use super::random::{Purpose, stream, uniform};
use super::transfer::{read, upload};
use crate::model::vae::AutoencoderKl;

/// Zooms lie between 1 and this.
const LARGEST_ZOOM: f64 = 1.2;

/// Latents of all framings of all photos `[photos · variants, height, width, channels]`, f32.
#[derive(Clone, Debug)]
pub struct PhotoLatents {
    latents: Tensor<4>,
    photos: usize,
    variants: usize,
}

/// Latents on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct HostLatents {
    pub values: Vec<f32>,
    /// Height, width and channels of one latent picture.
    pub shape: [usize; 3],
    pub photos: usize,
    pub variants: usize,
}

/// The framings of one photo: first the whole centre square, then `variants − 1` small zooms and
/// shifts that follow from the seed.
pub fn framings(seed: u64, photo: usize, variants: usize) -> Vec<Framing> {
    let mut framings = vec![Framing::CENTRE];
    for variant in 1..variants {
        let [zoom, shift_x, shift_y] = uniform(seed, stream(Purpose::Framing, photo, variant));
        framings.push(Framing {
            zoom: 1.0 + zoom * (LARGEST_ZOOM - 1.0),
            shift_x: 2.0 * shift_x - 1.0,
            shift_y: 2.0 * shift_y - 1.0,
        });
    }
    framings
}

impl PhotoLatents {
    /// Encodes every framing of every photo as a `resolution`×`resolution` picture. `progress` is
    /// told after each picture how many of how many are encoded; the device is waited for each time,
    /// so that it is told the truth and the caller can stop in between.
    ///
    /// # Errors
    /// No photo or too many ([`Error::Photo`]); the device failed ([`Error::Device`]).
    pub async fn encode(
        photos: &[Photo],
        vae: &AutoencoderKl,
        resolution: u32,
        variants: usize,
        seed: u64,
        device: &Device,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, Error> {
        check_count(photos.len())?;
        let variants = variants.max(1);
        let mut shape = [0; 3];
        let mut latents = Vec::new();
        for (index, photo) in photos.iter().enumerate() {
            for (variant, framing) in framings(seed, index, variants).into_iter().enumerate() {
                let mean = vae.encode(photo.to_tensor(framing, resolution, device)).mean;
                let [_, height, width, channels] = mean.dims();
                shape = [height, width, channels];
                latents.extend(read((mean * vae.config.scaling_factor).flatten(0, 3)).await?);
                progress(index * variants + variant + 1, photos.len() * variants);
            }
        }
        let [height, width, channels] = shape;
        let latents = upload(latents, device).reshape([photos.len() * variants, height, width, channels]);
        Ok(Self { latents, photos: photos.len(), variants })
    }

    /// Latents that were computed elsewhere, one framing a photo.
    pub fn from_tensor(latents: Tensor<4>) -> Self {
        let photos = latents.dims()[0];
        Self { latents, photos, variants: 1 }
    }

    /// Reads the latents back, for a checkpoint.
    pub async fn to_host(&self) -> Result<HostLatents, Error> {
        let values = read(self.latents.clone().flatten(0, 3)).await?;
        Ok(HostLatents { values, shape: self.shape(), photos: self.photos, variants: self.variants })
    }

    /// Latents of a checkpoint, whose numbers fit each other.
    pub fn from_host(host: HostLatents, device: &Device) -> Self {
        let HostLatents { values, shape: [height, width, channels], photos, variants } = host;
        let latents = upload(values, device).reshape([photos * variants, height, width, channels]);
        Self { latents, photos, variants }
    }

    pub fn photos(&self) -> usize {
        self.photos
    }

    pub fn variants(&self) -> usize {
        self.variants
    }

    /// Height, width and channels of one latent picture.
    pub fn shape(&self) -> [usize; 3] {
        let [_, height, width, channels] = self.latents.dims();
        [height, width, channels]
    }

    /// The chosen pictures as a batch. Each index counts photo · variants + variant.
    pub fn gather(&self, indices: &[usize]) -> Tensor<4> {
        let indices: Vec<i32> = indices.iter().map(|&index| index as i32).collect();
        let indices =
            Tensor::<1, Int>::from_data(TensorData::from(indices.as_slice()), &self.latents.device());
        self.latents.clone().select(0, indices)
    }
}
