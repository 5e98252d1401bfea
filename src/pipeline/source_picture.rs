//! Image to image and inpainting: a given picture as latents to start from, and the part of it to
//! repaint.
//!
//! As diffusers' `StableDiffusionImg2ImgPipeline` and, for U-Nets that see latents only,
//! `StableDiffusionInpaintPipeline`: the run begins late on the noised picture, and after every step
//! what is not repainted is put back with the noise of that step,
//! latents = (1 − mask)·noised(picture) + mask·latents.
//!
//! A mask with a soft edge is also laid over the finished picture, so that the kept pixels are the given
//! ones again (the VAE returns them a little changed).

use burn::tensor::{DType, Device, Tensor, TensorData};
use image::{GrayImage, ImageBuffer, Pixel, RgbImage, imageops, imageops::FilterType};

use super::{Error, NoisePurpose, Picture, StableDiffusion, noise::NoiseSource};

/// From this grey on, a pixel of the mask is repainted.
const WHITE: u8 = 128;

/// A picture to start from.
#[derive(Clone, Debug)]
pub struct SourcePicture {
    pub picture: RgbImage,
    /// White where the picture is repainted, black where it is kept. Stretched to the picture's size.
    pub mask: Option<GrayImage>,
}

impl SourcePicture {
    /// `[height, width]` in pixels of the new picture if no size is asked for: the given picture's own, cut
    /// down to multiples of the VAE's factor.
    pub(super) fn size(&self, multiple: usize) -> [usize; 2] {
        let whole = |side: u32| side as usize / multiple * multiple;
        [whole(self.picture.height()), whole(self.picture.width())]
    }
}

/// A source picture on the device.
pub(super) struct Source {
    /// `[1, height, width, channels]`, scaled as the U-Net knows them.
    pub latents: Tensor<4>,
    mask: Option<Mask>,
}

struct Mask {
    /// 1 where repainted, 0 where kept: `[1, height, width, 1]` of the latents.
    latents: Tensor<4>,
    /// What is laid over the finished picture, where the edge is soft.
    overlay: Option<Overlay>,
}

struct Overlay {
    picture: RgbImage,
    mask: GrayImage,
}

impl Source {
    /// Encodes the picture, stretched to `[height, width]` pixels (Lanczos filter), as a sample of the
    /// VAE's distribution.
    ///
    /// `tile`: side of the tiles, in latents, that the VAE works in.
    ///
    /// # Errors
    /// Nothing of the mask is white, or nothing of it after its blur.
    pub fn new(
        model: &StableDiffusion,
        source: &SourcePicture,
        [height, width]: [usize; 2],
        tile: Option<usize>,
        mask_blur: f32,
        noise: &NoiseSource,
    ) -> Result<Self, Error> {
        let device = &model.gpu.device;
        let (wide, high) = (width as u32, height as u32);
        let picture = stretched(&source.picture, wide, high);
        let mask = match &source.mask {
            Some(mask) => {
                let mut mask = stretched(mask, wide, high);
                let downscale = model.vae.config.downscale();
                let mut latents = latent_mask(&mask, downscale, device).ok_or(Error::EmptyMask)?;
                if mask_blur > 0.0 {
                    mask = imageops::blur(&mask, mask_blur);
                    latents = latent_mask(&mask, downscale, device).ok_or(Error::BlurredMask(mask_blur))?;
                }
                let overlay = (mask_blur > 0.0).then(|| Overlay { picture: picture.clone(), mask });
                Some(Mask { latents, overlay })
            }
            None => None,
        };
        let values: Vec<f32> = picture.as_raw().iter().map(|&value| f32::from(value) / 127.5 - 1.0).collect();
        let image = Tensor::from_data(TensorData::new(values, [1, height, width, 3]), (device, DType::F32));
        let distribution = match tile {
            Some(side) => model.vae.encode_in_tiles(image, side),
            None => model.vae.encode(image),
        };
        let deviation = distribution.log_variance.mul_scalar(0.5).exp();
        let sample = distribution.mean + deviation * noise(NoisePurpose::EncodedPicture);
        Ok(Self { latents: sample * model.vae.config.scaling_factor, mask })
    }

    /// Whether only a part is repainted.
    pub fn has_mask(&self) -> bool {
        self.mask.is_some()
    }

    /// Puts back what is not repainted; `kept` are the given picture's latents with as much noise as
    /// `latents` have.
    pub fn keep(&self, latents: Tensor<4>, kept: Tensor<4>) -> Tensor<4> {
        match &self.mask {
            Some(mask) => kept.clone() + mask.latents.clone() * (latents - kept),
            None => latents,
        }
    }

    /// The finished picture; where the mask has a soft edge, with the given picture laid over the kept part.
    pub fn finish(&self, mut finished: Picture) -> Picture {
        if let Some(Overlay { picture, mask }) = self.mask.as_ref().and_then(|mask| mask.overlay.as_ref()) {
            let pixels = finished.rgb.chunks_exact_mut(3).zip(picture.as_raw().chunks_exact(3));
            for ((new, old), &share) in pixels.zip(mask.as_raw()) {
                for (new, &old) in new.iter_mut().zip(old) {
                    let share = u32::from(share);
                    *new = ((u32::from(*new) * share + u32::from(old) * (255 - share) + 127) / 255) as u8;
                }
            }
        }
        finished
    }
}

fn stretched<P>(image: &ImageBuffer<P, Vec<u8>>, width: u32, height: u32) -> ImageBuffer<P, Vec<u8>>
where
    P: Pixel<Subpixel = u8> + 'static,
{
    if image.dimensions() == (width, height) {
        image.clone()
    } else {
        imageops::resize(image, width, height, FilterType::Lanczos3)
    }
}

/// The mask at the latents' size: each latent takes the pixel in its upper left corner, as in torch's nearest
/// interpolation. None if none of these is white.
fn latent_mask(mask: &GrayImage, downscale: usize, device: &Device) -> Option<Tensor<4>> {
    let (width, height) = (mask.width() as usize / downscale, mask.height() as usize / downscale);
    let mut values = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let [grey] = mask.get_pixel((x * downscale) as u32, (y * downscale) as u32).0;
            values.push(f32::from(u8::from(grey >= WHITE)));
        }
    }
    let white = values.contains(&1.0);
    let data = TensorData::new(values, [1, height, width, 1]);
    white.then(|| Tensor::from_data(data, (device, DType::F32)))
}
