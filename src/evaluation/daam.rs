//! DAAM (arXiv:2210.04885): how much each pixel of a picture owed to each word of its prompt.
//!
//! D_w[y, x] = mean_{layers, heads} max(0, upsample(Σ_t P_{t,l,h}[y', x', k]))   mean over the word's tokens k
//!
//! as the published `daam` package computes it: the cross-attentions of the way down and of the way up
//! (not of the middle), the row of the prompt alone (of guidance's negative prompt nothing), sums over the
//! timesteps, each layer's and head's map brought to one size by a bicubic filter and cut off at 0. A word
//! that stands in the prompt several times has one map.
//!
//! The sums stay on the device until they are read back once; the rest is done on the host.

use std::cell::RefCell;

use burn::tensor::{DType, Int, Tensor, TensorData};
use serde::Serialize;

use super::Error;
use crate::{
    gpu,
    model::{
        cross_attention::{CrossAttentionHook, Place},
        resample::{Filter, Resampler},
    },
};

/// A word, and the tokens of the prompt's encoding that stand for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedWord {
    pub word: String,
    /// Places along the tokens' axis of what the U-Net attends to; at least one.
    pub positions: Vec<usize>,
}

/// How much a picture owed to one word, place by place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeatMap {
    pub word: String,
    pub width: usize,
    pub height: usize,
    /// Row by row from the top: probabilities summed over the steps, from 0 to their number.
    pub values: Vec<f32>,
}

/// Sums up what the prompt's row of each cross-attention gave to some words.
pub struct HeatMapRecorder {
    words: Vec<MappedWord>,
    row: usize,
    /// The words' tokens, each once.
    tokens: Vec<usize>,
    layers: RefCell<Vec<Layer>>,
}

/// The sums of one cross-attention.
struct Layer {
    path: String,
    size: [usize; 2],
    /// `[1, heads, pixels, tokens]`
    sum: Tensor<4>,
}

impl HeatMapRecorder {
    /// `row`: the prompt's row in the batch, the last under guidance, the only one without it.
    pub fn new(words: Vec<MappedWord>, row: usize) -> Self {
        let mut tokens: Vec<usize> = words.iter().flat_map(|word| word.positions.clone()).collect();
        tokens.sort_unstable();
        tokens.dedup();
        Self { words, row, tokens, layers: RefCell::default() }
    }

    /// The words' maps of what was recorded so far, brought to `[height, width]` (the latents' size, or a
    /// multiple of it); without a recording all zero.
    ///
    /// # Errors
    /// The device returned nothing.
    pub async fn read(&self, size: [usize; 2]) -> Result<Vec<HeatMap>, Error> {
        let read_back = {
            let layers = self.layers.borrow();
            let shapes: Vec<_> = layers.iter().map(|layer| (layer.size, layer.sum.dims()[1])).collect();
            let flat: Vec<_> = layers.iter().map(|layer| layer.sum.clone().flatten::<1>(0, 3)).collect();
            if flat.is_empty() { None } else { Some((shapes, Tensor::cat(flat, 0))) }
        };
        let mut maps = vec![vec![0.0_f64; size[0] * size[1]]; self.tokens.len()];
        if let Some((shapes, sums)) = read_back {
            let failed = |reason: String| Error::Readback { reason };
            let data = gpu::read(sums).await.map_err(|error| failed(error.to_string()))?;
            let values = data.try_into_vec_as::<f32>().map_err(|error| failed(format!("{error:?}")))?;
            let parts: usize = shapes.iter().map(|(_, heads)| heads).sum();
            let mut rest = values.as_slice();
            for (layer_size, heads) in shapes {
                let resampler = Resampler::new(Filter::Bicubic, layer_size, size);
                let count = layer_size[0] * layer_size[1] * self.tokens.len();
                for _ in 0..heads {
                    let head;
                    (head, rest) = rest.split_at_checked(count).unwrap_or((rest, &[]));
                    for (token, map) in maps.iter_mut().enumerate() {
                        let own: Vec<f32> =
                            head.iter().skip(token).step_by(self.tokens.len()).copied().collect();
                        for (sum, value) in map.iter_mut().zip(resampler.apply(&own)) {
                            *sum += f64::from(value.max(0.0)) / parts as f64;
                        }
                    }
                }
            }
        }
        Ok(self.words.iter().map(|word| self.of_word(word, &maps, size)).collect())
    }

    fn of_word(&self, word: &MappedWord, maps: &[Vec<f64>], [height, width]: [usize; 2]) -> HeatMap {
        let own = || self.tokens.iter().zip(maps).filter(|(token, _)| word.positions.contains(token));
        let value = |pixel: usize| {
            let sum: f64 = own().map(|(_, map)| map[pixel]).sum();
            (sum / word.positions.len().max(1) as f64) as f32
        };
        HeatMap { word: word.word.clone(), width, height, values: (0..height * width).map(value).collect() }
    }
}

impl CrossAttentionHook for HeatMapRecorder {
    fn attend(&self, place: Place, probabilities: Tensor<4>) -> Tensor<4> {
        if place.path.starts_with("mid_block") || self.tokens.is_empty() {
            return probabilities;
        }
        let tokens: Vec<i32> = self.tokens.iter().map(|&token| token as i32).collect();
        let tokens = TensorData::new(tokens, [self.tokens.len()]);
        let tokens = Tensor::<1, Int>::from_data(tokens, (&probabilities.device(), DType::I32));
        let seen = probabilities.clone().narrow(0, self.row, 1).select(3, tokens);
        let mut layers = self.layers.borrow_mut();
        match layers.iter_mut().find(|layer| layer.path == place.path) {
            Some(layer) => layer.sum = layer.sum.clone() + seen,
            None => layers.push(Layer { path: place.path.to_owned(), size: place.size, sum: seen }),
        }
        probabilities
    }
}

impl HeatMap {
    /// The map at another size (bicubic), its values brought to 0…1: (x − min)/(max − min).
    pub fn stretched(&self, [height, width]: [usize; 2]) -> Vec<f32> {
        let resampler = Resampler::new(Filter::Bicubic, [self.height, self.width], [height, width]);
        let mut values = resampler.apply(&self.values);
        let least = values.iter().copied().fold(f32::INFINITY, f32::min);
        let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        // The package's guard against a map of one value.
        values.iter_mut().for_each(|value| *value = (*value - least) / (most - least + 1e-8));
        values
    }
}
