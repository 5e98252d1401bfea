//! The weights of rows and latents in the personalization loss; alignment is not weighted.
//!
//! L = mean(w ⊙ (ε̂ − ε)²) over all rows. With R photos' rows and P prior rows,
//!
//! w = (R + P)/R · min-SNR · (masks)   for photos,   w = (R + P)/P · priorWeight   for the prior,
//!
//! so that L is the weighted mean over the photos plus priorWeight times the plain mean over the prior,
//! as in diffusers' DreamBooth and Custom Diffusion, whose prior terms have neither masks nor min-SNR.

use burn::tensor::{Device, Tensor};

use super::palp;
use crate::ops::total::mean;
use crate::sampling::{NoiseSchedule, PredictionType};

/// The weights of a batch's rows.
pub struct RowWeights {
    /// Weight of each photo's row.
    pub min_snr: Option<Vec<f32>>,
    /// Weight of each latent of the photos `[rows, height, width, 1]`.
    pub pixels: Option<Tensor<4>>,
    /// Number of prior rows, and their weight.
    pub prior: Option<(usize, f64)>,
}

impl RowWeights {
    /// The weights of all rows, which broadcast over the batch; None if all are 1.
    pub fn of_batch(self, rows: usize, device: &Device) -> Option<Tensor<4>> {
        let Self { min_snr, pixels, prior } = self;
        if min_snr.is_none() && pixels.is_none() && prior.is_none() {
            return None;
        }
        let (prior_rows, prior_weight) = prior.unwrap_or_default();
        let all = (rows + prior_rows) as f64;
        let share = (all / rows as f64) as f32;
        let photos = min_snr.unwrap_or_else(|| vec![1.0; rows]);
        let mut photos = palp::rows(photos.into_iter().map(|weight| weight * share).collect(), device);
        if let Some(pixels) = pixels {
            photos = photos * pixels;
        }
        if prior_rows == 0 {
            return Some(photos);
        }
        let [_, height, width, _] = photos.dims();
        let weight = (prior_weight * all / prior_rows as f64) as f32;
        let prior = palp::rows(vec![weight; prior_rows], device).expand([prior_rows, height, width, 1]);
        Some(Tensor::cat(vec![photos, prior], 0))
    }
}

/// min-SNR-γ (arXiv:2303.09556): with SNR = ᾱ/(1 − ᾱ), min(SNR, γ)/SNR for models that predict ε,
/// min(SNR, γ)/(SNR + 1) for v.
pub fn min_snr(schedule: &NoiseSchedule, timesteps: &[usize], gamma: f64) -> Vec<f32> {
    let weight = |&timestep: &usize| {
        let (signal, noise) = schedule.signal_and_noise(timestep);
        let snr = (signal / noise).powi(2);
        let divisor = match schedule.prediction_type() {
            PredictionType::Epsilon => snr,
            PredictionType::VPrediction => snr + 1.0,
        };
        // The limit as the signal vanishes.
        if divisor == 0.0 { 1.0 } else { (snr.min(gamma) / divisor) as f32 }
    };
    timesteps.iter().map(weight).collect()
}

/// mean(w ⊙ (output − target)²) over everything, `[1]`.
pub fn mean_squared_error(output: Tensor<4>, target: Tensor<4>, weights: &Option<Tensor<4>>) -> Tensor<1> {
    match weights {
        None => palp::mean_squared_error(output, target),
        Some(weights) => mean((output - target).square() * weights.clone()),
    }
}

/// Its gradient with respect to the output: 2·w·(output − target)/n.
pub fn mean_squared_error_gradient(
    output: Tensor<4>,
    target: Tensor<4>,
    weights: &Option<Tensor<4>>,
) -> Tensor<4> {
    let gradient = palp::mean_squared_error_gradient(output, target);
    match weights {
        None => gradient,
        Some(weights) => gradient * weights.clone(),
    }
}
