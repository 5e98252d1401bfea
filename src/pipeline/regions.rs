//! Where in a picture a word may act: regional masks on cross-attention.
//!
//! P'[x, k] = M_k[x]·P[x, k] / Σ_j M_j[x]·P[x, j]
//!
//! M_k is the region's mask at the layer's resolution if token k belongs to its word, and 1 for all other
//! tokens: outside of its region a word gets no attention, and the other tokens share what it would have got.
//! The negative prompt's row stays as it is.

use std::{cell::RefCell, collections::HashMap};

use burn::tensor::{DType, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::Error;
use crate::model::{
    cross_attention::{CrossAttentionHook, Place},
    resample::{Filter, Resampler},
};

/// The part of the picture where a learned word may act.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Region {
    /// As it stands in the prompt, `<my-dog>` for example.
    pub placeholder: String,
    pub mask: RegionMask,
}

/// A grey picture: white inside, black outside. It is stretched to the picture's size.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegionMask {
    pub width: usize,
    pub height: usize,
    /// Row by row from the top.
    pub values: Vec<u8>,
}

impl Region {
    /// # Errors
    /// It names no word, the mask has no pixels or another number of them than its sides say, or nothing
    /// of it is white.
    pub(super) fn check(&self) -> Result<(), Error> {
        let placeholder = || self.placeholder.clone();
        let RegionMask { width, height, values } = &self.mask;
        if self.placeholder.trim().is_empty() {
            return Err(Error::NamelessRegion);
        }
        if values.is_empty() || width.checked_mul(*height) != Some(values.len()) {
            return Err(Error::RegionSize { placeholder: placeholder() });
        }
        if values.iter().all(|&value| value == 0) {
            return Err(Error::EmptyRegion { placeholder: placeholder() });
        }
        Ok(())
    }
}

/// A region's mask, and the tokens of a prompt that it confines.
pub(super) struct MaskedTokens {
    pub mask: RegionMask,
    /// Places along the tokens' axis.
    pub positions: Vec<usize>,
}

/// The masks on every cross-attention of a forward pass.
pub(super) struct RegionHook {
    regions: Vec<MaskedTokens>,
    /// The prompt's row in the batch.
    row: usize,
    /// `[1, 1, pixels, tokens]` by `[height, width]`; the same in every step.
    masks: RefCell<HashMap<[usize; 2], Tensor<4>>>,
}

impl RegionHook {
    pub fn new(regions: Vec<MaskedTokens>, row: usize) -> Self {
        Self { regions, row, masks: RefCell::default() }
    }

    /// M at a layer's size. A token that several regions confine may act in each of them.
    fn mask(&self, size: [usize; 2], probabilities: &Tensor<4>) -> Tensor<4> {
        let tokens = probabilities.dims()[3];
        let make = || {
            let pixels = size[0] * size[1];
            let mut values = vec![1.0_f32; pixels * tokens];
            let mut held_back: HashMap<usize, Vec<f32>> = HashMap::new();
            for MaskedTokens { mask, positions } in &self.regions {
                let grey: Vec<f32> = mask.values.iter().map(|&value| f32::from(value) / 255.0).collect();
                let share = Resampler::new(Filter::Area, [mask.height, mask.width], size).apply(&grey);
                for &position in positions {
                    let sum = held_back.entry(position).or_insert_with(|| vec![0.0; pixels]);
                    sum.iter_mut().zip(&share).for_each(|(sum, share)| *sum = sum.max(*share));
                }
            }
            for (position, shares) in held_back {
                let places = values.iter_mut().skip(position).step_by(tokens);
                places.zip(shares).for_each(|(value, share)| *value = share);
            }
            let data = TensorData::new(values, [1, 1, pixels, tokens]);
            Tensor::from_data(data, (&probabilities.device(), DType::F32))
        };
        self.masks.borrow_mut().entry(size).or_insert_with(make).clone()
    }
}

impl CrossAttentionHook for RegionHook {
    fn attend(&self, place: Place, probabilities: Tensor<4>) -> Tensor<4> {
        let row = probabilities.clone().narrow(0, self.row, 1);
        let masked = row * self.mask(place.size, &probabilities);
        // The start token is never held back, so the sum is above zero.
        let masked = masked.clone() / masked.sum_dim(3);
        if self.row == 0 {
            masked
        } else {
            Tensor::cat(vec![probabilities.narrow(0, 0, self.row), masked], 0)
        }
    }
}
