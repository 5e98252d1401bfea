//! DINO-I: how near pictures are to photos by DINO v1 (arXiv:2104.14294), which learned from pictures
//! alone and tells two dogs apart where CLIP sees "a dog" twice.
//!
//! As DreamBooth (arXiv:2208.12242) measures it: the class token of ViT-S/16, the mean of all cosines
//! between a generated picture and a photo.

use burn::tensor::{Device, FloatDType};
use image::RgbImage;

use super::{Error, embedding::PictureBatches, image_processor::ImageProcessor};
use crate::{
    model::vit::{VitConfig, VitModel},
    weights::{ByteSource, Weights, read_text},
};

/// Scores pictures by DINO.
#[derive(Clone, Debug)]
pub struct DinoScorer {
    model: VitModel,
    pictures: PictureBatches,
}

impl DinoScorer {
    /// Loads a folder in transformers' layout of a `ViTModel`. Pictures are prepared as DreamBooth
    /// does (the shorter side to 256, the central 224, ImageNet's mean and deviation), whatever the
    /// folder's own `preprocessor_config.json` says.
    ///
    /// # Errors
    /// A file is missing or broken, or the config is not one of a ViT.
    pub async fn load(
        source: &dyn ByteSource,
        device: &Device,
        dtype: FloatDType,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, Error> {
        let config = VitConfig::from_json(&read_text(source, "config.json").await?)?;
        let size = config.image_size;
        let mut weights = Weights::load(source, "", "model", device, dtype, progress).await?;
        let image_processor = ImageProcessor::of_dreambooth(size);
        Ok(Self {
            model: VitModel::load(&mut weights, config)?,
            pictures: PictureBatches { image_processor, size, device: device.clone(), dtype },
        })
    }

    /// The pictures' unit vectors.
    ///
    /// # Errors
    /// [`Error::NoPictures`] if there is none, or one without a pixel; [`Error::Readback`].
    pub async fn embed_images(&self, pictures: &[RgbImage]) -> Result<Vec<Vec<f32>>, Error> {
        let unit = |pixel_values| {
            let features = self.model.forward(pixel_values);
            let norm = features.clone().square().sum_dim(1).sqrt();
            features / norm
        };
        self.pictures.embed(pictures, unit).await
    }
}
