//! The diffusion timestep as a vector (diffusers' `Timesteps` and `TimestepEmbedding`).
//!
//! frequencies f_i = exp(−ln(10000)·i / (n/2 − shift)),  i = 0 … n/2 − 1
//! embedding   = W₂·silu(W₁·x + b₁) + b₂,  x = [sin(t·f) | cos(t·f)],   cosines first if `flip_sin_to_cos`
//!
//! A latent consistency model (arXiv:2310.04378) is told the guidance scale w there, too:
//! x ← x + W_c·[sin(1000·(w−1)·f′) | cos(1000·(w−1)·f′)],  f′ with a shift of 1

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::layers::Linear;
use crate::ops::{activation::Activation, linear::linear};
use crate::weights::{self, Weights};

/// Sinusoids and the two linear layers after them.
#[derive(Clone, Debug)]
pub struct TimeEmbedding {
    sinusoids: Sinusoids,
    linear_1: Linear,
    linear_2: Linear,
    /// W_c `[sinusoids.size, time_cond_proj_dim]`
    cond_proj: Option<Tensor<2>>,
    /// W_c·(embedding of the guidance scale) `[1, 1, sinusoids.size]`, once it is told.
    guidance: Option<Tensor<3>>,
}

impl TimeEmbedding {
    /// `path.linear_1`, `path.linear_2`, and `path.cond_proj` if the config gives its size;
    /// `embedding_size` is the size of the result.
    pub fn load(
        weights: &mut Weights,
        path: &str,
        sinusoids: Sinusoids,
        embedding_size: usize,
        time_cond_proj_dim: Option<usize>,
    ) -> Result<Self, weights::Error> {
        let cond_proj = time_cond_proj_dim
            .map(|size| weights.take(&format!("{path}.cond_proj.weight"), [sinusoids.size, size]))
            .transpose()?;
        Ok(Self {
            cond_proj,
            guidance: None,
            linear_1: Linear::load(weights, &format!("{path}.linear_1"), sinusoids.size, embedding_size)?,
            linear_2: Linear::load(weights, &format!("{path}.linear_2"), embedding_size, embedding_size)?,
            sinusoids,
        })
    }

    /// The same, given a guidance scale; without `cond_proj` nothing changes.
    pub fn with_guidance(&self, guidance_scale: f32) -> Self {
        let guidance = self.cond_proj.as_ref().map(|cond_proj| {
            let [_, size] = cond_proj.dims();
            let sinusoids = Sinusoids { size, flip_sin_to_cos: false, freq_shift: 1.0 };
            let values = sinusoids.of((guidance_scale - 1.0) * 1000.0);
            let data = TensorData::new::<f32, _>(values, [1, 1, size]);
            let embedding = Tensor::<3>::from_data(data, (&cond_proj.device(), cond_proj.dtype()));
            linear(embedding, cond_proj.clone(), None)
        });
        Self { guidance, ..self.clone() }
    }

    /// silu(embedding) of one timestep, possibly fractional, for each batch row →
    /// `[batch, 1, embedding_size]`: the form in which every layer reads the embedding.
    pub fn forward(&self, timesteps: &[f32], device: &Device, dtype: DType) -> Tensor<3> {
        let values = timesteps.iter().flat_map(|&timestep| self.sinusoids.of(timestep)).collect();
        let data = TensorData::new::<f32, _>(values, [timesteps.len(), 1, self.sinusoids.size]);
        let x = Tensor::<3>::from_data(data, (device, dtype));
        let x = match &self.guidance {
            Some(guidance) => x + guidance.clone(),
            None => x,
        };
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
    /// Subtracted from the number of frequencies in the exponent's denominator.
    pub freq_shift: f32,
}

impl Sinusoids {
    /// Computed in f32 and in diffusers' order of operations: at t = 999 the phase is that sensitive.
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
