//! The loss that a pass minimizes, and its gradient with respect to the U-Net's output: the personalization
//! loss, whose target alignment shifts on the photos' rows.

use burn::tensor::Tensor;

use super::batch::first_rows;
use super::{loss_weights, palp};

/// The loss of a pass: the U-Net's output and what it is compared with.
pub(super) struct Objective<'a> {
    pub output: Tensor<4>,
    pub target: Tensor<4>,
    pub weights: &'a Option<Tensor<4>>,
    /// The shifted target ε* of the photos' rows; None without alignment.
    pub shifted: Option<Tensor<4>>,
}

impl Objective<'_> {
    /// The loss `[1]` and its gradient with respect to the output.
    ///
    /// Without weights the loss is mean((ε̂ − ε*)²). Weights act on the personalization part alone: the loss
    /// is then mean(w ⊙ (ε̂ − ε)²) over all rows plus the alignment part, mean((ε̂ − ε*)²) − mean((ε̂ − ε)²)
    /// over the photos' rows, whose gradient is 2·(ε − ε*)/n.
    pub fn loss_and_gradient(self) -> (Tensor<1>, Tensor<4>) {
        let Self { output, target, weights, shifted } = self;
        if weights.is_none() {
            let target = shifted.unwrap_or(target);
            let loss = palp::mean_squared_error(output.clone(), target.clone());
            return (loss, palp::mean_squared_error_gradient(output, target));
        }
        let loss = loss_weights::mean_squared_error(output.clone(), target.clone(), weights);
        let gradient = loss_weights::mean_squared_error_gradient(output.clone(), target.clone(), weights);
        let Some(shifted) = shifted else { return (loss, gradient) };
        let rows = shifted.dims()[0];
        let (output, target) = (first_rows(output, rows), first_rows(target, rows));
        let aligned = palp::mean_squared_error(output.clone(), shifted.clone());
        let plain = palp::mean_squared_error(output, target.clone());
        let pull = palp::mean_squared_error_gradient(target, shifted);
        let photos = first_rows(gradient.clone(), rows) + pull;
        let prior = gradient.dims()[0] - rows;
        let gradient = match prior {
            0 => photos,
            _ => Tensor::cat(vec![photos, gradient.narrow(0, rows, prior)], 0),
        };
        (loss + aligned - plain, gradient)
    }
}
