//! Whether an adapter fits a model, told before anything is loaded.

use crate::model::unet::Projection;

use super::Error;
use super::types::{Adapter, is_text_input};

impl Adapter {
    /// Compares with the model's attention projections: every adapted layer must exist with the same
    /// sizes, and the embedding be as wide as the model's text vectors.
    ///
    /// # Errors
    /// [`Error::OtherTextWidth`] (another family of models), [`Error::NoSuchLayer`],
    /// [`Error::OtherLayerSize`].
    pub fn check_fits(&self, projections: &[Projection]) -> Result<(), Error> {
        let adapter = || self.name.clone();
        let find = |path: &str| projections.iter().find(|projection| projection.path == path);
        let model_text_width = projections
            .iter()
            .find(|projection| is_text_input(&projection.path))
            .map(|projection| projection.in_features);

        // First what tells most: text vectors of another width mean another family of models.
        let of_lora = self.lora.iter().filter(|weights| is_text_input(&weights.path));
        let widths = self.embedding.iter().map(|embedding| embedding.width);
        for width in widths.chain(of_lora.map(|weights| weights.in_features)) {
            if let Some(model_width) = model_text_width
                && width != model_width
            {
                let (adapter_width, model_width) = (in_words(width), in_words(model_width));
                return Err(Error::OtherTextWidth { adapter: adapter(), adapter_width, model_width });
            }
        }
        for weights in &self.lora {
            let path = weights.path.clone();
            let Some(projection) = find(&path) else {
                return Err(Error::NoSuchLayer { adapter: adapter(), path });
            };
            if (weights.in_features, weights.out_features)
                != (projection.in_features, projection.out_features)
            {
                return Err(Error::OtherLayerSize {
                    adapter: adapter(),
                    path,
                    adapter_in: weights.in_features,
                    adapter_out: weights.out_features,
                    model_in: projection.in_features,
                    model_out: projection.out_features,
                });
            }
        }
        Ok(())
    }
}

/// A width of text vectors with the family that is known by it.
pub(super) fn in_words(text_width: usize) -> String {
    let family = match text_width {
        768 => " (Stable Diffusion 1)",
        1024 => " (Stable Diffusion 2)",
        2048 => " (SDXL)",
        _ => "",
    };
    format!("{text_width} numbers{family}")
}
