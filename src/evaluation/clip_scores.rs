//! CLIP's unit vectors of texts and pictures. The cosine of a picture and a text says how well the picture follows
//! it (CLIP-T), the mean cosine with photos how near it is to them (CLIP-I).
//!
//! Both are plain cosines, not stretched by 2.5 as CLIPScore's
//! (arXiv:2104.08718). Texts and pictures lie in cones apart from each other, so compare a score only
//! with the same score of other pictures.

use burn::tensor::{Device, FloatDType};
use image::RgbImage;

use super::{
    Error,
    embedding::{PictureBatches, read},
    image_processor::ImageProcessor,
};
use crate::{
    model::{
        clip::{ClipConfig, ClipModel},
        clip_text::ClipTextModel,
    },
    tokenizer::{Tokenizer, Tokens},
    weights::{ByteSource, Weights, read_text},
};

/// What CLIPScore puts before a caption.
pub const CLIP_SCORE_PREFIX: &str = "A photo depicts ";

/// CLIPScore of a cosine between picture and caption (arXiv:2104.08718): 2.5 · max(cosine, 0). The
/// factor only stretches the usual range; never compare it with a plain CLIP-T. The caption begins
/// with [`CLIP_SCORE_PREFIX`].
pub fn clip_score(cosine: f32) -> f32 {
    2.5 * cosine.max(0.0)
}

/// Scores pictures by CLIP.
#[derive(Clone, Debug)]
pub struct ClipScorer {
    model: ClipModel,
    pictures: PictureBatches,
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
        let stem = "vision_and_projections";
        let mut weights = Weights::load(source, "clip", stem, device, dtype, progress).await?;
        Self::assemble(&mut weights, config, text_model, &preprocessor, device, dtype)
    }

    /// Loads a folder in transformers' layout of a whole `CLIPModel`, such as ViT-B/32 or ViT-L/14,
    /// with its own text tower; and its tokenizer, which encodes the texts for it.
    ///
    /// # Errors
    /// As [`load`](Self::load); or the tokenizer's files are.
    pub async fn load_whole(
        source: &dyn ByteSource,
        device: &Device,
        dtype: FloatDType,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(Self, Tokenizer), Error> {
        let config = ClipConfig::from_json(&read_text(source, "config.json").await?)?;
        let preprocessor = read_text(source, "preprocessor_config.json").await?;
        let tokenizer = Tokenizer::load(source, "").await?;
        let positions = config.text_config.max_position_embeddings;
        if tokenizer.length() > positions {
            return Err(Error::TooManyTokens { tokens: tokenizer.length(), positions });
        }
        let mut weights = Weights::load(source, "", "model", device, dtype, progress).await?;
        let text_model = ClipTextModel::load(&mut weights, config.text_config.clone())?;
        let scorer = Self::assemble(&mut weights, config, text_model, &preprocessor, device, dtype)?;
        Ok((scorer, tokenizer))
    }

    fn assemble(
        weights: &mut Weights,
        config: ClipConfig,
        text_model: ClipTextModel,
        preprocessor: &str,
        device: &Device,
        dtype: FloatDType,
    ) -> Result<Self, Error> {
        let size = config.vision_config.image_size;
        let image_processor = ImageProcessor::from_json(preprocessor, size)?;
        let model = ClipModel::load(weights, config, text_model)?;
        Ok(Self { model, pictures: PictureBatches { image_processor, size, device: device.clone(), dtype } })
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
        self.pictures.embed(pictures, |pixel_values| self.model.embed_images(pixel_values)).await
    }
}
