//! What all judges of pictures share: prepared in batches, encoded, read back as unit vectors, compared.

use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use image::RgbImage;

use super::{Error, image_processor::ImageProcessor};
use crate::gpu;

/// Most pictures that go through an image encoder together.
pub(crate) const PICTURES_AT_ONCE: usize = 16;

/// An image encoder's surroundings.
#[derive(Clone, Debug)]
pub(super) struct PictureBatches {
    pub image_processor: ImageProcessor,
    /// Height and width that the encoder takes.
    pub size: usize,
    pub device: Device,
    pub dtype: FloatDType,
}

impl PictureBatches {
    /// The pictures' unit vectors by an encoder that maps `[batch, size, size, 3]` to
    /// `[batch, width]`.
    ///
    /// # Errors
    /// [`Error::NoPictures`] if there is none, or one without a pixel; [`Error::Readback`].
    pub async fn embed(
        &self,
        pictures: &[RgbImage],
        encode: impl Fn(Tensor<4>) -> Tensor<2>,
    ) -> Result<Vec<Vec<f32>>, Error> {
        if pictures.is_empty() || pictures.iter().any(|picture| picture.is_empty()) {
            return Err(Error::NoPictures);
        }
        let mut vectors = Vec::new();
        for batch in pictures.chunks(PICTURES_AT_ONCE) {
            let values =
                batch.iter().flat_map(|picture| self.image_processor.pixel_values(picture)).collect();
            let data = TensorData::new::<f32, _>(values, [batch.len(), self.size, self.size, 3]);
            let pixel_values = Tensor::from_data(data, (&self.device, DType::from(self.dtype)));
            let embeddings = encode(pixel_values);
            let width = embeddings.dims()[1];
            vectors.extend(read(embeddings).await?.chunks(width).map(<[f32]>::to_vec));
        }
        Ok(vectors)
    }
}

pub(super) async fn read(tensor: Tensor<2>) -> Result<Vec<f32>, Error> {
    let data = gpu::read(tensor).await.map_err(|error| Error::Readback { reason: error.to_string() })?;
    Ok(data.iter::<f32>().collect())
}

/// The cosine of two unit vectors.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The mean cosine of a unit vector with others; `None` without any.
pub fn mean_cosine(vector: &[f32], others: &[Vec<f32>]) -> Option<f64> {
    let sum: f64 = others.iter().map(|other| f64::from(cosine(vector, other))).sum();
    (!others.is_empty()).then(|| sum / others.len() as f64)
}
