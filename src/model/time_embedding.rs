//! The diffusion timestep as a vector (diffusers' `Timesteps` and `TimestepEmbedding`).
//!
//! frequencies f_i = exp(−ln(10000)·i / (n/2 − shift)),  i = 0 … n/2 − 1
//! embedding   = W₂·silu(W₁·[sin(t·f) | cos(t·f)] + b₁) + b₂,   cosines first if `flip_sin_to_cos`

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::layers::Linear;
use crate::ops::activation::Activation;
use crate::weights::{self, Weights};

/// Sinusoids and the two linear layers after them.
#[derive(Clone, Debug)]
pub struct TimeEmbedding {
    sinusoids: Sinusoids,
    linear_1: Linear,
    linear_2: Linear,
}

impl TimeEmbedding {
    /// `path.linear_1` and `path.linear_2`; `embedding_size` is the size of the result.
    pub fn load(
        weights: &mut Weights,
        path: &str,
        sinusoids: Sinusoids,
        embedding_size: usize,
    ) -> Result<Self, weights::Error> {
        Ok(Self {
            linear_1: Linear::load(weights, &format!("{path}.linear_1"), sinusoids.size, embedding_size)?,
            linear_2: Linear::load(weights, &format!("{path}.linear_2"), embedding_size, embedding_size)?,
            sinusoids,
        })
    }

    /// silu(embedding) of one timestep, possibly fractional, for each batch row → `[batch, 1, embedding_size]`:
    /// every layer that reads the embedding reads it so.
    pub fn forward(&self, timesteps: &[f32], device: &Device, dtype: DType) -> Tensor<3> {
        let values = timesteps.iter().flat_map(|&timestep| self.sinusoids.of(timestep)).collect();
        let data = TensorData::new::<f32, _>(values, [timesteps.len(), 1, self.sinusoids.size]);
        let x = Tensor::from_data(data, (device, dtype));
        let hidden = self.linear_1.forward_activated(x, Activation::Silu);
        self.linear_2.forward_activated(hidden, Activation::Silu)
    }
}

/// How a timestep is spread over sines and cosines.
#[derive(Clone, Copy, Debug)]
pub struct Sinusoids {
    /// How many values; an odd one ends with a zero.
    pub size: usize,
    /// Cosines before sines.
    pub flip_sin_to_cos: bool,
    /// Taken from the number of frequencies where they are spread.
    pub freq_shift: f32,
}

impl Sinusoids {
    /// In f32 and in diffusers' order of operations: at t = 999 the phase is that sensitive.
    pub fn of(&self, timestep: f32) -> Vec<f32> {
        let half = self.size / 2;
        let phase = |i: usize| {
            let exponent = -(10_000_f64.ln() as f32) * i as f32 / (half as f32 - self.freq_shift);
            timestep * exponent.exp()
        };
        let sines = (0..half).map(|i| phase(i).sin());
        let cosines = (0..half).map(|i| phase(i).cos());
        let mut values: Vec<f32> = if self.flip_sin_to_cos {
            cosines.chain(sines).collect()
        } else {
            sines.chain(cosines).collect()
        };
        values.resize(self.size, 0.0);
        values
    }
}
