//! The report of a step: the numbers that come back from the device in one read-back, and the record made of
//! them.

use burn::tensor::Tensor;
use serde::Serialize;

use super::Error;
use super::gradients::StepGradients;
use super::transfer::read;

/// What a step reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrainingRecord {
    /// Counted from 1.
    pub step: usize,
    pub steps: usize,
    /// What the step minimized: the mean squared error against the shifted target, and the weighted
    /// localized loss.
    pub loss: f64,
    /// Its part that learns the subject: the mean squared error against the noise.
    pub personalization_loss: f64,
    /// The localized cross-attention loss before its weight: how much more a pixel attends to the new word
    /// outside of the subject than on it. 0 without it.
    pub localized_loss: f64,
    /// ‖λΔ‖ / ‖2(ε̂ − ε)‖: 0 without alignment, up to 0.6 keeps the subject, above 1 loses it.
    pub alignment_ratio: f64,
    /// Length of the new word's longest vector, as this step used it.
    pub embedding_norm: f64,
    /// Mean length of the vocabulary's vectors, to compare with.
    pub vocabulary_norm: f64,
    /// Learning rate of the LoRA, or of the full weights, in this step.
    pub learning_rate: f64,
    /// Number of single-picture predictions that the step made, with gradients and without. Backward passes,
    /// and what is computed again for them, are not counted.
    pub unet_evaluations: usize,
    /// Duration of the step. The library has no clock: 0 until the caller sets it.
    pub seconds: f64,
}

/// A step's numbers on the device, one after the other in one tensor.
pub(super) struct Report(Tensor<1>);

/// These numbers on the host.
pub(super) struct Reported {
    pub loss: f64,
    pub personalization_loss: f64,
    pub localized_loss: f64,
    pub alignment_ratio: f64,
    pub embedding_norm: f64,
    pub vocabulary_norm: f64,
    /// Whether all of them are numbers.
    pub finite: bool,
}

impl Report {
    /// `norms`, `[1]` each: of the longest vector of `[V]`, of the vocabulary on average, and of all gradients
    /// together, which shows whether the step diverged.
    pub fn new(gradients: &StepGradients, norms: [Tensor<1>; 3]) -> Self {
        let StepGradients { loss, personalization_loss, localized_loss, pulls, .. } = gradients;
        let zero = loss.zeros_like();
        let (alignment, personalization) =
            pulls.clone().unwrap_or_else(|| (zero.clone(), zero.clone().add_scalar(1.0)));
        let [embedding_norm, vocabulary_norm, gradient_norm] = norms;
        let values = vec![
            loss.clone(),
            personalization_loss.clone(),
            localized_loss.clone().unwrap_or(zero),
            alignment,
            personalization,
            embedding_norm,
            vocabulary_norm,
            gradient_norm,
        ];
        Self(Tensor::cat(values, 0))
    }

    /// Reads the numbers back: the one read-back of a step.
    ///
    /// # Errors
    /// The device failed ([`Error::Device`]).
    pub async fn read(self) -> Result<Reported, Error> {
        let values = read(self.0).await?;
        let [
            loss,
            personalization_loss,
            localized_loss,
            alignment,
            personalization,
            embedding_norm,
            vocabulary_norm,
            _,
        ] = values[..]
        else {
            return Err(Error::Device { reason: "it returned an incomplete report".to_owned() });
        };
        Ok(Reported {
            loss: loss.into(),
            personalization_loss: personalization_loss.into(),
            localized_loss: localized_loss.into(),
            alignment_ratio: f64::from(alignment / personalization.max(f32::MIN_POSITIVE)).sqrt(),
            embedding_norm: embedding_norm.into(),
            vocabulary_norm: vocabulary_norm.into(),
            finite: values.iter().all(|value| value.is_finite()),
        })
    }
}
