//! The personalization prompts encoded by the text encoder and assigned to a batch's rows, and the gradients
//! back to `[V]`.

use burn::tensor::Tensor;

use super::ActivationPolicy;
use super::gradients::{Conditioning, Networks, repeat_rows};
use crate::ops::backward_start::start_backward;

/// Encodes the personalization prompts, and takes their gradient back to `[V]`.
pub(super) struct PersonalPrompt<'a> {
    pub networks: Networks<'a>,
    pub conditioning: &'a Conditioning,
    /// `[V]` `[vectors, width]`
    pub embedding: &'a Tensor<2>,
}

/// `[V]` as a leaf, and C_P made of it.
pub(super) type PromptTape = (Tensor<2>, Tensor<3>);

impl PersonalPrompt<'_> {
    fn record(&self) -> PromptTape {
        let embedding = self.embedding.clone().autodiff().require_grad();
        let states = encode_personal(self.networks, self.conditioning, &embedding);
        (embedding, states)
    }

    /// C_P without autodiff, and its tape if it is to be kept.
    pub fn encode(&self) -> (Tensor<3>, Option<PromptTape>) {
        match self.networks.activations {
            ActivationPolicy::Keep => {
                let tape = self.record();
                (tape.1.clone().inner(), Some(tape))
            }
            ActivationPolicy::Recompute => {
                let constant = self.embedding.clone().autodiff();
                (encode_personal(self.networks, self.conditioning, &constant).inner(), None)
            }
        }
    }

    /// The gradient of `[V]`, given that of C_P.
    pub fn backward(&self, tape: Option<PromptTape>, gradient: Tensor<3>) -> Tensor<2> {
        let (embedding, states) = tape.unwrap_or_else(|| self.record());
        let gradient = gradient.cast(states.dtype());
        let mut gradients = start_backward(states, gradient).backward();
        embedding.grad_remove(&mut gradients).unwrap_or_else(|| self.embedding.zeros_like())
    }
}

/// C_P `[prompts, tokens, width]`: the personalization prompts with `[V]` spliced in. With a tracked
/// embedding, gradients flow back to it through the frozen text encoder.
pub fn encode_personal(networks: Networks, conditioning: &Conditioning, embedding: &Tensor<2>) -> Tensor<3> {
    let mut spliced: Vec<_> =
        conditioning.personalization.iter().map(|template| template.splice(embedding)).collect();
    let spliced = if spliced.len() == 1 { spliced.remove(0) } else { Tensor::cat(spliced, 0) };
    networks.text_encoder.forward(spliced)
}

/// Each row's hidden states, chosen from those of the distinct prompts.
pub(super) fn rows_of(states: Tensor<3>, prompts: &[usize]) -> Tensor<3> {
    match states.dims()[0] {
        1 => repeat_rows(states, prompts.len()),
        _ => chosen_rows(&states, prompts.iter().copied()),
    }
}

/// The gradient of the `encoded` prompts' hidden states: for each prompt the sum over its rows.
pub(super) fn sum_of_rows(gradient: Tensor<3>, prompts: &[usize], encoded: usize) -> Tensor<3> {
    if encoded == 1 {
        return gradient.sum_dim(0);
    }
    let sums = (0..encoded).map(|prompt| {
        let rows = (0..prompts.len()).filter(|&row| prompts[row] == prompt);
        match prompts.contains(&prompt) {
            true => chosen_rows(&gradient, rows).sum_dim(0),
            false => gradient.clone().narrow(0, 0, 1).zeros_like(),
        }
    });
    Tensor::cat(sums.collect(), 0)
}

/// The rows with these numbers, as slices: uploading the numbers would stop a recording.
fn chosen_rows(tensor: &Tensor<3>, rows: impl Iterator<Item = usize>) -> Tensor<3> {
    Tensor::cat(rows.map(|row| tensor.clone().narrow(0, row, 1)).collect(), 0)
}
