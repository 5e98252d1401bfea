//! How much of a picture's foreground one word takes from the others.
//!
//! contamination = Σ_{x ∈ foreground} D_c[x] / Σ_{x ∈ foreground} Σ_w D_w[x]      w: all mapped words, c among them
//!
//! with D the words' DAAM heat maps. A learned word that has swallowed its prompt holds nearly all of the
//! foreground's attention (1); one of n words that share it evenly has 1/n.

#[cfg(not(target_arch = "wasm32"))]
use super::foreground::SubjectMask;
use super::{Error, HeatMap};
use crate::model::resample::{Filter, Resampler};

/// Where the foreground is, row by row from the top: 0 outside, 1 inside, shares in between.
#[derive(Clone, Debug, PartialEq)]
pub struct ForegroundMask {
    pub width: usize,
    pub height: usize,
    pub values: Vec<f32>,
}

/// The share of the foreground's attention that goes to `word`, of what goes to all words of `maps`, which
/// are of one picture. The mask is brought to their size.
///
/// # Errors
/// `word` is not among the maps or is alone there; maps are of different sizes; nothing is foreground, or
/// no attention went there.
pub fn contamination(maps: &[HeatMap], word: &str, mask: &ForegroundMask) -> Result<f64, Error> {
    let missing = || Error::NotMapped { word: word.to_owned() };
    let own = maps.iter().find(|map| map.word == word).ok_or_else(missing)?;
    if maps.len() < 2 {
        return Err(Error::NothingToCompare { word: word.to_owned() });
    }
    let size = [own.height, own.width];
    let fits = |map: &HeatMap| [map.height, map.width] == size && map.values.len() == size[0] * size[1];
    if !maps.iter().all(fits) || mask.values.len() != mask.width * mask.height || mask.values.is_empty() {
        return Err(Error::UnequalMaps);
    }
    let share = Resampler::new(Filter::Area, [mask.height, mask.width], size).apply(&mask.values);
    let inside = |map: &HeatMap| -> f64 {
        map.values.iter().zip(&share).map(|(value, share)| f64::from(*value) * f64::from(*share)).sum()
    };
    let all: f64 = maps.iter().map(inside).sum();
    if all > 0.0 { Ok(inside(own) / all) } else { Err(Error::NoForeground) }
}

#[cfg(not(target_arch = "wasm32"))]
impl From<&SubjectMask> for ForegroundMask {
    /// What stands out of a picture's background.
    fn from(mask: &SubjectMask) -> Self {
        let values = mask.subject.iter().map(|&subject| f32::from(u8::from(subject)));
        Self { width: mask.width as usize, height: mask.height as usize, values: values.collect() }
    }
}
