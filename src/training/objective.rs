//! What a pass minimizes, and its gradient with respect to the U-Net's output: the personalization loss, whose
//! goal alignment shifts on the photos' rows.

use burn::tensor::Tensor;

use super::gradients::first_rows;
use super::{loss_weights, palp};

/// What a pass minimizes of its output.
pub(super) struct Objective<'a> {
    pub output: Tensor<4>,
    pub target: Tensor<4>,
    pub weights: &'a Option<Tensor<4>>,
    /// ε* of the photos' rows.
    pub shifted: Option<Tensor<4>>,
}

impl Objective<'_> {
    /// The loss `[1]` and its gradient with respect to the output.
    ///
    /// Without weights mean((ε̂ − ε*)²). Weights act on the personalization part alone:
    /// mean(w ⊙ (ε̂ − ε)²) over all rows, plus mean((ε̂ − ε*)²) − mean((ε̂ − ε)²) over the photos', which
    /// is the alignment part, with the gradient 2·(ε − ε*)/n.
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
