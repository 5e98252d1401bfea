//! Whether an adapter fits a model, told before anything is loaded.

use crate::model::adaptable::AdaptableModule;

use super::Error;
use super::difference::Difference;
use super::types::{Adapter, LoraWeights, is_text_input};

impl Adapter {
    /// Compares with all of the model's adaptable layers: every adapted one must exist with the same
    /// sizes, and the embeddings be as wide as the model's text vectors.
    ///
    /// # Errors
    /// [`Error::OtherTextWidth`] (another family of models), [`Error::NoSuchLayer`],
    /// [`Error::OtherLayerSize`], [`Error::OtherKernel`], [`Error::OtherWeightShape`], [`Error::NoSuchBias`].
    pub fn check_fits(&self, modules: &[AdaptableModule]) -> Result<(), Error> {
        let text_input = modules.iter().find(|module| is_text_input(&module.path));
        // First what tells most: text vectors of another width mean another family of models.
        if let Some(model_width) = text_input.map(|module| module.in_features)
            && let Some(width) = self.text_widths().find(|&width| width != model_width)
        {
            return Err(Error::OtherTextWidth {
                adapter: self.name.clone(),
                adapter_width: in_words(width),
                model_width: in_words(model_width),
            });
        }
        let find = |path: &str| {
            let module = modules.iter().find(|module| module.path == path);
            module.ok_or_else(|| Error::NoSuchLayer { adapter: self.name.clone(), path: path.to_owned() })
        };
        self.lora.iter().try_for_each(|weights| self.check_lora(weights, find(&weights.path)?))?;
        self.differences.iter().try_for_each(|each| self.check_difference(each, find(&each.path)?))
    }

    fn check_lora(&self, weights: &LoraWeights, module: &AdaptableModule) -> Result<(), Error> {
        // A 1×1 convolution is a linear layer: programs differ in which of the two they write.
        if weights.kind.taps() != module.kind.taps() {
            let (adapter, path) = (self.name.clone(), weights.path.clone());
            let (adapter_shape, model_shape) = (weights.down_shape(), module.weight_shape());
            return Err(Error::OtherKernel { adapter, path, adapter_shape, model_shape });
        }
        if (weights.in_features, weights.out_features) == (module.in_features, module.out_features) {
            return Ok(());
        }
        Err(Error::OtherLayerSize {
            adapter: self.name.clone(),
            path: weights.path.clone(),
            adapter_in: weights.in_features,
            adapter_out: weights.out_features,
            model_in: module.in_features,
            model_out: module.out_features,
        })
    }

    fn check_difference(&self, difference: &Difference, module: &AdaptableModule) -> Result<(), Error> {
        let (adapter, path) = (self.name.clone(), difference.path.clone());
        let model_shape = module.weight_shape();
        // A 1×1 convolution is a linear layer: programs differ in which of the two they write.
        if without_point(&difference.shape) != without_point(&model_shape) {
            let adapter_shape = difference.shape.clone();
            return Err(Error::OtherWeightShape { adapter, path, adapter_shape, model_shape });
        }
        match &difference.bias {
            Some(_) if !module.has_bias => Err(Error::NoSuchBias { adapter, path }),
            _ => Ok(()),
        }
    }
}

/// The shape of a matrix instead of that of a 1×1 convolution.
fn without_point(shape: &[usize]) -> &[usize] {
    match shape {
        [matrix @ .., 1, 1] if matrix.len() == 2 => matrix,
        _ => shape,
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
