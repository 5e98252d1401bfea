//! The equations of PALP (arXiv:2401.06105, numbered as there), as functions on plain tensors.
//!
//! Notation: a_t = √ᾱ_t, s_t = √(1 − ᾱ_t); ε the noise that was added, ε̂ what the personalized
//! model predicts for the personalization prompt y_P; G^α the frozen model under guidance α with
//! the clean prompt y_c; G^β the personalized model under guidance β with y_P. Tensors are
//! `[batch, height, width, channels]`, a_t and s_t `[batch, 1, 1, 1]`, all f32.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::ops::total::{mean, total};
use crate::sampling::{NoiseSchedule, PredictionType, guide};

/// How much signal and noise each row of a batch holds.
#[derive(Clone, Debug)]
pub struct NoiseLevel {
    /// a_t = √ᾱ_t `[batch, 1, 1, 1]`
    pub signal: Tensor<4>,
    /// s_t = √(1 − ᾱ_t) `[batch, 1, 1, 1]`
    pub noise: Tensor<4>,
}

impl NoiseLevel {
    /// a_t and s_t of a batch's timesteps.
    pub fn new(schedule: &NoiseSchedule, timesteps: &[usize], device: &Device) -> Self {
        let (signal, noise) = timesteps
            .iter()
            .map(|&timestep| schedule.signal_and_noise(timestep))
            .map(|(signal, noise)| (signal as f32, noise as f32))
            .unzip();
        Self { signal: rows(signal, device), noise: rows(noise, device) }
    }
}

/// One value per row, to be multiplied with a batch: `[batch, 1, 1, 1]`.
pub fn rows(values: Vec<f32>, device: &Device) -> Tensor<4> {
    let batch = values.len();
    Tensor::from_data(TensorData::new(values, [batch, 1, 1, 1]), (device, DType::F32))
}

/// Forward noising: x_t = a_t·x + s_t·ε.
pub fn add_noise(x: Tensor<4>, noise: Tensor<4>, level: &NoiseLevel) -> Tensor<4> {
    level.signal.clone() * x + level.noise.clone() * noise
}

/// ε̂ from the model's output: the output itself, or ε̂ = a_t·v̂ + s_t·x_t.
pub fn noise_prediction(
    output: Tensor<4>,
    noisy: Tensor<4>,
    level: &NoiseLevel,
    prediction_type: PredictionType,
) -> Tensor<4> {
    match prediction_type {
        PredictionType::Epsilon => output,
        PredictionType::VPrediction => level.signal.clone() * output + level.noise.clone() * noisy,
    }
}

/// What the model's output should be: ε, or v = a_t·ε − s_t·x.
pub fn training_target(
    x: Tensor<4>,
    noise: Tensor<4>,
    level: &NoiseLevel,
    prediction_type: PredictionType,
) -> Tensor<4> {
    match prediction_type {
        PredictionType::Epsilon => noise,
        PredictionType::VPrediction => level.signal.clone() * noise - level.noise.clone() * x,
    }
}

/// Eq. 2, the estimate of the clean sample: x̂_0 = (x_t − s_t·ε̂) / a_t.
pub fn estimate_clean(noisy: Tensor<4>, noise_prediction: Tensor<4>, level: &NoiseLevel) -> Tensor<4> {
    (noisy - level.noise.clone() * noise_prediction) / level.signal.clone()
}

/// The estimate noised again: x̂_t = a_t·x̂_0 + s_t·ε', with the SAME timestep as x_t, and with its
/// noise or another (the paper: the same noise "achieves better text alignment").
///
/// Inserting Eq. 2 gives x̂_t = x_t + s_t·(ε' − ε̂), which is what is computed: it needs no division by a_t,
/// which is only 0.07 at the last timestep.
pub fn renoise_estimate(
    noisy: Tensor<4>,
    noise: Tensor<4>,
    noise_prediction: Tensor<4>,
    level: &NoiseLevel,
) -> Tensor<4> {
    noisy + level.noise.clone() * (noise - noise_prediction)
}

/// Eq. 5, classifier-free guidance (1 − scale)·G(∅) + scale·G(y), for predictions whose rows are
/// first unconditional, then conditional: `[2·batch, …]` → `[batch, …]`.
pub fn guide_halves(predictions: Tensor<4>, scale: f32) -> Tensor<4> {
    let batch = predictions.dims()[0] / 2;
    guide(predictions.clone().narrow(0, 0, batch), predictions.narrow(0, batch, batch), scale)
}

/// Δ = G^α_θ(x̂_t, y_c) − G^β_θLoRA(x̂_t, y_P): where the frozen model, following the clean prompt,
/// disagrees with the personalized one.
pub fn alignment_direction(frozen: Tensor<4>, personalized: Tensor<4>) -> Tensor<4> {
    frozen - personalized
}

/// The target whose mean squared error has the gradient of the whole method.
///
/// Eq. 6 and 7 with the paper's rescaling w̃(t) = a_t/s_t give ∇L_PALP = −λ·Δᵀ·∂ε̂/∂θ; the minus
/// sign moves ε̂ along +Δ, towards the clean prompt. Together with Eq. 1 that is the gradient of
/// mean((ε̂ − ε)²) − λ·mean(Δ ⊙ ε̂), and, completing the square, of mean((ε̂ − ε*)²) with
///
/// ε* = ε + (λ/2)·Δ
///
/// For a model that predicts v, ∂ε̂ = a_t·∂v̂, so v* = v + (λ/2)·a_t·Δ has the gradient of
/// mean((v̂ − v)²) − λ·mean(Δ ⊙ ε̂).
///
/// `lambda` `[batch, 1, 1, 1]` may differ from row to row: it is 0 where a row's timestep is too early
/// or late for Δ to mean anything, and λ·s_t/a_t without the rescaling.
pub fn shifted_target(
    target: Tensor<4>,
    direction: Tensor<4>,
    lambda: Tensor<4>,
    level: &NoiseLevel,
    prediction_type: PredictionType,
) -> Tensor<4> {
    let shift = direction * (lambda * 0.5);
    match prediction_type {
        PredictionType::Epsilon => target + shift,
        PredictionType::VPrediction => target + level.signal.clone() * shift,
    }
}

/// mean((output − target)²) over everything, `[1]`.
pub fn mean_squared_error(output: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
    mean((output - target).square())
}

/// The gradient of [`mean_squared_error`] with respect to the prediction: 2·(p − target)/n.
pub fn mean_squared_error_gradient(prediction: Tensor<4>, target: Tensor<4>) -> Tensor<4> {
    let count = prediction.shape().num_elements();
    (prediction - target) * (2.0 / count as f64)
}

/// ‖λΔ‖² and ‖2(ε̂ − ε)‖², each `[1]`, with a λ for each row: the pulls of alignment and personalization on
/// ε̂. The ratio of their roots is the dial of the method: below 0.6 the subject stays, above 1 it is lost.
pub fn pulls(
    direction: Tensor<4>,
    lambda: Tensor<4>,
    noise_prediction: Tensor<4>,
    noise: Tensor<4>,
) -> (Tensor<1>, Tensor<1>) {
    (total((direction * lambda).square()), total(((noise_prediction - noise) * 2.0).square()))
}
