//! The tensors that follow from a batch's timesteps. All of them are uploaded before a pass, so that the pass
//! itself launches the same kernels whatever the timesteps are.

use burn::tensor::Tensor;

use super::alignment::Alignment;
use super::batch::Batch;
use super::gradients::Networks;
use super::palp::{self, NoiseLevel};

/// The tensors that follow from a batch's timesteps, row by row.
#[derive(Clone, Debug)]
pub(super) struct BatchTimes {
    /// a_t and s_t
    pub level: NoiseLevel,
    /// The embedded timesteps, as the U-Net's layers read them `[batch, 1, width]`.
    pub activated: Tensor<3>,
    /// λ_t of the photos' rows `[photo rows, 1, 1, 1]`: 0 where alignment does not act. None without it.
    pub lambda: Option<Tensor<4>>,
}

impl BatchTimes {
    pub fn new(networks: Networks, batch: &Batch, alignment: Option<&Alignment>) -> Self {
        let device = &batch.latents.device();
        let Networks { unet, schedule, .. } = networks;
        let floats: Vec<f32> = batch.timesteps.iter().map(|&timestep| timestep as f32).collect();
        let of_photos = &batch.timesteps[..batch.photo_rows];
        Self {
            level: NoiseLevel::new(schedule, &batch.timesteps, device),
            activated: unet.activated_time(&floats, device),
            lambda: alignment.map(|alignment| palp::rows(alignment.weights(of_photos, schedule), device)),
        }
    }

    /// The same for the rows that are photos.
    pub fn of_photos(&self, rows: usize) -> Self {
        let first = |tensor: &Tensor<4>| tensor.clone().narrow(0, 0, rows);
        let Self { level, activated, lambda } = self;
        Self {
            level: NoiseLevel { signal: first(&level.signal), noise: first(&level.noise) },
            activated: activated.clone().narrow(0, 0, rows),
            lambda: lambda.clone(),
        }
    }
}
