//! A finished picture on the host.

use burn::tensor::Tensor;

use super::Error;
use crate::gpu::{self, Gpu};

/// 8-bit RGB pixels, row by row from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Reads an image `[1, height, width, 3]` in −1…1 back from the device, as diffusers does:
    /// x/2 + ½, clamped, times 255, rounded.
    pub async fn read(image: Tensor<4>, gpu: &Gpu) -> Result<Self, Error> {
        let [_, height, width, _] = image.dims();
        let data = gpu::read(image).await;
        gpu.check()?;
        let data = data.map_err(|error| Error::ReadBack(error.to_string()))?;
        let values = data.try_into_vec_as::<f32>().map_err(|error| Error::ReadBack(format!("{error:?}")))?;
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::NotFinite);
        }
        let rgb = values.into_iter().map(|x| ((x / 2.0 + 0.5).clamp(0.0, 1.0) * 255.0).round() as u8);
        Ok(Self { width, height, rgb: rgb.collect() })
    }

    /// The pixels with full opacity, as a canvas takes them.
    pub fn rgba(&self) -> Vec<u8> {
        self.rgb.chunks_exact(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect()
    }
}
