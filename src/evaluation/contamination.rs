//! How much of a picture's foreground one word takes from the others.
//!
//! contamination = Σ_{x ∈ foreground} D_c[x] / Σ_{x ∈ foreground} Σ_w D_w[x]      w: all mapped words, c among them
//!
//! with D the words' DAAM heat maps. A learned word that has swallowed its prompt holds nearly all of the
//! foreground's attention (1); one of n words that share it evenly has 1/n.

use image::RgbImage;

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

impl ForegroundMask {
    /// What stands out of a picture's background: pixels whose colour is further from the median colour of
    /// the picture's edge than Otsu's threshold of all those distances.
    ///
    /// # Errors
    /// The picture has no pixels, or one colour only.
    pub fn of_picture(picture: &RgbImage) -> Result<Self, Error> {
        let (width, height) = picture.dimensions();
        let edge = |x: u32, y: u32| x == 0 || y == 0 || x + 1 == width || y + 1 == height;
        let background = [0, 1, 2].map(|channel| {
            let at_edge = picture.enumerate_pixels().filter(|(x, y, _)| edge(*x, *y));
            let mut values: Vec<u8> = at_edge.map(|(_, _, pixel)| pixel.0[channel]).collect();
            values.sort_unstable();
            values.get(values.len() / 2).copied().unwrap_or_default()
        });
        let distance = |pixel: &image::Rgb<u8>| {
            let squares = pixel.0.iter().zip(background).map(|(a, b)| (f64::from(*a) - f64::from(b)).powi(2));
            // To 0…255, as Otsu's histogram has it: √3 is the most that three channels make of one.
            (squares.sum::<f64>() / 3.0).sqrt().round() as u8
        };
        let distances: Vec<u8> = picture.pixels().map(distance).collect();
        let threshold = otsu(&distances).ok_or(Error::NoForeground)?;
        let values = distances.iter().map(|&distance| f32::from(u8::from(distance > threshold)));
        Ok(Self { width: width as usize, height: height as usize, values: values.collect() })
    }
}

/// Otsu's threshold (1979): the value that parts the numbers, those equal to it below, so that the variance
/// between the two classes, n₀·n₁·(m₀ − m₁)², is largest. None if they are all the same.
fn otsu(values: &[u8]) -> Option<u8> {
    let mut histogram = [0_u64; 256];
    values.iter().for_each(|&value| histogram[usize::from(value)] += 1);
    let count = values.len() as f64;
    let total: f64 = values.iter().map(|&value| f64::from(value)).sum();
    let (mut below, mut sum, mut best) = (0.0, 0.0, (0.0, None));
    for (value, &number) in histogram.iter().enumerate() {
        below += number as f64;
        sum += number as f64 * value as f64;
        let above = count - below;
        if below > 0.0 && above > 0.0 {
            let between = below * above * (sum / below - (total - sum) / above).powi(2);
            if between > best.0 {
                best = (between, Some(value as u8));
            }
        }
    }
    best.1
}
