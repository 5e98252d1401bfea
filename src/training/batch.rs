//! What one pass looks at: pictures, noise and timesteps of a batch.

use burn::tensor::Tensor;

use super::gradients::{Conditioning, Networks};
use super::localized_loss::{Localization, LocalizedRows};

/// Pictures, noise and timesteps of one pass; tensors are `[batch, height, width, channels]`, f32.
#[derive(Clone, Debug)]
pub struct Batch {
    pub latents: Tensor<4>,
    pub noise: Tensor<4>,
    pub timesteps: Vec<usize>,
    /// For each row, the index of its personalization prompt.
    pub prompts: Vec<usize>,
    /// Number of rows that are photos, on which alignment acts; the rows after them preserve the prior.
    pub photo_rows: usize,
    /// How much each row and latent counts in the personalization loss (see `loss_weights`); broadcasts over
    /// the batch. None if all count 1, which is never the case with prior rows.
    pub weights: Option<Tensor<4>>,
    /// Where the rows' subjects are, for the localized cross-attention loss; None without it.
    pub localized: Option<LocalizedRows>,
}

impl Batch {
    /// Photos that have the same prompt and all count the same.
    pub fn new(latents: Tensor<4>, noise: Tensor<4>, timesteps: Vec<usize>) -> Self {
        let rows = timesteps.len();
        let prompts = vec![0; rows];
        Self { latents, noise, prompts, photo_rows: rows, weights: None, localized: None, timesteps }
    }

    /// The rows that are photos, as alignment looks at them.
    pub(super) fn photos(&self) -> Self {
        let rows = self.photo_rows;
        Self {
            latents: first_rows(self.latents.clone(), rows),
            noise: first_rows(self.noise.clone(), rows),
            timesteps: self.timesteps[..rows].to_vec(),
            prompts: self.prompts[..rows].to_vec(),
            photo_rows: rows,
            weights: self.weights.clone().map(|weights| first_rows(weights, rows)),
            localized: None,
        }
    }

    /// The localized loss and the weight of its mean over all rows. The settings' weight is that of the mean
    /// over the photos alone, so it is multiplied by all rows / photos' rows.
    pub(super) fn localization(
        &self,
        networks: Networks,
        conditioning: &Conditioning,
    ) -> Option<(Localization, f64)> {
        let localized = self.localized.as_ref()?;
        let prompts: Vec<_> =
            self.prompts.iter().map(|&prompt| &conditioning.personalization[prompt]).collect();
        let [_, tokens, _] = conditioning.empty.dims();
        Some((localized.localization(networks.unet, &prompts, tokens), localized.weight * self.photo_share()))
    }

    /// Number of all rows divided by the number of photos' rows.
    pub(super) fn photo_share(&self) -> f64 {
        self.timesteps.len() as f64 / self.photo_rows as f64
    }
}

/// The first rows of a tensor; all of them if it has no more.
pub(super) fn first_rows(tensor: Tensor<4>, rows: usize) -> Tensor<4> {
    if tensor.dims()[0] == rows { tensor } else { tensor.narrow(0, 0, rows) }
}
