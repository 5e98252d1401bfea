//! Where photos show their subjects, latent by latent, for the localized cross-attention loss.

use burn::tensor::{Device, Tensor};

use super::latents::select;
use super::transfer::upload;

/// The masks of the pictures of one size.
#[derive(Clone, Debug)]
pub(super) struct SubjectMasks {
    /// The share of each latent that the subject covers `[pictures, height, width, 1]`, f32.
    pub shares: Tensor<4>,
    /// Whether each picture shows any of the subject; false without a mask.
    shown: Vec<bool>,
}

impl SubjectMasks {
    /// Uploads masks, given the values of `shape` `[pictures, height, width, 1]`.
    pub fn upload(values: Vec<f32>, shape: [usize; 4], device: &Device) -> Self {
        let pixels = (shape[1] * shape[2]).max(1);
        let shown = values.chunks(pixels).map(|picture| picture.iter().any(|&share| share > 0.0)).collect();
        Self { shares: upload(values, device).reshape(shape), shown }
    }

    pub fn shows(&self, picture: usize) -> bool {
        self.shown[picture]
    }

    /// The masks of some pictures, then empty ones for `further` rows: `[rows, height, width]`.
    pub fn rows(&self, pictures: &[usize], further: usize) -> Tensor<3> {
        let chosen: Tensor<3> = select(&self.shares, pictures).squeeze_dim(3);
        let [_, height, width] = chosen.dims();
        match further {
            0 => chosen,
            _ => {
                let empty = Tensor::zeros([further, height, width], (&chosen.device(), chosen.dtype()));
                Tensor::cat(vec![chosen, empty], 0)
            }
        }
    }
}
