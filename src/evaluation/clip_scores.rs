//! CLIP scores: how well a picture follows a text (CLIP-T), how near pictures are to photos (CLIP-I).
//!
//! Both are plain cosines of CLIP's unit vectors, not stretched by 2.5 as CLIPScore's
//! (arXiv:2104.08718). Texts and pictures lie in cones apart from each other, so compare a score only
//! with the same score of other pictures.

use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use image::RgbImage;

use super::{Error, image_processor::ImageProcessor};
use crate::{
    gpu,
    model::{
        clip::{ClipConfig, ClipModel},
        clip_text::ClipTextModel,
    },
    tokenizer::Tokens,
    weights::{ByteSource, Weights, read_text},
};

/// CLIPScore of a cosine between picture and caption (arXiv:2104.08718): 2.5 · max(cosine, 0). The
/// factor only stretches the usual range; never compare it with a plain CLIP-T.
pub fn clip_score(cosine: f32) -> f32 {
    2.5 * cosine.max(0.0)
}

/// Pictures that go through the image encoder together.
const BATCH: usize = 16;

/// The judge.
#[derive(Clone, Debug)]
pub struct ClipScorer {
    model: ClipModel,
    image_processor: ImageProcessor,
    device: Device,
    dtype: FloatDType,
}

impl ClipScorer {
    /// Loads `clip/` of the model folder. Its text tower is the model's own text encoder, which must
    /// be on `device` in `dtype`. `progress` gets the number of bytes just read.
    ///
    /// # Errors
    /// A file is missing or broken, or a config is not one of a CLIP.
    pub async fn load(
        source: &dyn ByteSource,
        text_model: ClipTextModel,
        device: &Device,
        dtype: FloatDType,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, Error> {
        let config = ClipConfig::from_json(&read_text(source, "clip/config.json").await?)?;
        let preprocessor = read_text(source, "clip/preprocessor_config.json").await?;
        let image_processor = ImageProcessor::from_json(&preprocessor, config.vision_config.image_size)?;
        let stem = "vision_and_projections";
        let mut weights = Weights::load(source, "clip", stem, device, dtype, progress).await?;
        let model = ClipModel::load(&mut weights, config, text_model)?;
        Ok(Self { model, image_processor, device: device.clone(), dtype })
    }

    /// CLIP-T of each picture: its cosine with the prompt. The prompt is the clean one, whose
    /// placeholder is replaced by the class noun.
    ///
    /// # Errors
    /// [`Error::NoPictures`], [`Error::Readback`].
    pub async fn clip_text_image(
        &self,
        pictures: &[RgbImage],
        clean_prompt: &Tokens,
    ) -> Result<Vec<f32>, Error> {
        let text = self.embed_text(clean_prompt).await?;
        let pictures = self.embed_images(pictures).await?;
        Ok(pictures.iter().map(|picture| dot(picture, &text)).collect())
    }

    /// CLIP-I: the mean cosine over all pairs of a generated picture and a photo.
    ///
    /// # Errors
    /// [`Error::NoPictures`], [`Error::Readback`].
    pub async fn clip_image_image(&self, generated: &[RgbImage], photos: &[RgbImage]) -> Result<f32, Error> {
        let generated = self.embed_images(generated).await?;
        let photos = self.embed_images(photos).await?;
        let pairs = generated.iter().flat_map(|picture| photos.iter().map(|photo| dot(picture, photo)));
        Ok(pairs.sum::<f32>() / (generated.len() * photos.len()) as f32)
    }

    /// A text's unit vector.
    ///
    /// # Errors
    /// [`Error::Readback`].
    pub async fn embed_text(&self, prompt: &Tokens) -> Result<Vec<f32>, Error> {
        read(self.model.embed_text(&prompt.ids)).await
    }

    /// The pictures' unit vectors.
    ///
    /// # Errors
    /// [`Error::NoPictures`] if there is none, or one without a pixel; [`Error::Readback`].
    pub async fn embed_images(&self, pictures: &[RgbImage]) -> Result<Vec<Vec<f32>>, Error> {
        if pictures.is_empty() || pictures.iter().any(|picture| picture.is_empty()) {
            return Err(Error::NoPictures);
        }
        let size = self.model.vision_model().config().image_size;
        let mut vectors = Vec::new();
        for batch in pictures.chunks(BATCH) {
            let values =
                batch.iter().flat_map(|picture| self.image_processor.pixel_values(picture)).collect();
            let data = TensorData::new::<f32, _>(values, [batch.len(), size, size, 3]);
            let pixel_values = Tensor::from_data(data, (&self.device, DType::from(self.dtype)));
            let embeddings = self.model.embed_images(pixel_values);
            let width = embeddings.dims()[1];
            vectors.extend(read(embeddings).await?.chunks(width).map(<[f32]>::to_vec));
        }
        Ok(vectors)
    }
}

async fn read(tensor: Tensor<2>) -> Result<Vec<f32>, Error> {
    let data = gpu::read(tensor).await.map_err(|error| Error::Readback { reason: error.to_string() })?;
    Ok(data.iter::<f32>().collect())
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
