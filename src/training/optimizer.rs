//! Updates of the trained parameters: AdamW, with its moments in 32 or in 8 bits, and the gradient clip.
//!
//! Each group of parameters (all LoRA factors; the embedding) is one flat vector with its own rate and decay,
//! so a step launches a dozen operations per group instead of a dozen per factor. The update in 32 bits is
//! burn's AdamW, the one in 8 bits that of `quantized_moments`.

use burn::optim::{AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState, Optimizer as _};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::Error;
use super::quantized_moments::{MIN_GROUP, QuantizedMoments, QuantizedParts};
use super::transfer::{read, upload};
use crate::ops::total::total;

/// β₁ and β₂, the decay of the moments.
pub(super) const BETAS: [f32; 2] = [0.9, 0.999];
pub(super) const EPSILON: f32 = 1e-8;

/// How a gradient becomes an update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// AdamW(0.9, 0.999, 1e-8), 8 bytes of state per parameter.
    #[default]
    AdamW,
    /// The same with moments quantized in blocks, 2 bytes of state per parameter.
    AdamW8bit,
}

/// The optimizer's state.
#[derive(Clone)]
enum Moments {
    Full(Box<AdaptiveMomentumState<1>>),
    Quantized(Box<QuantizedMoments>),
}

/// One flat vector of trained values with its optimizer state. All tensors are without autodiff.
#[derive(Clone)]
pub struct ParameterGroup {
    /// `[count]`, f32
    values: Tensor<1>,
    moments: Moments,
    /// Updates made.
    updates: usize,
    learning_rate: f64,
    weight_decay: f64,
}

/// The optimizer's state on the host.
#[derive(Clone, Debug, PartialEq)]
pub enum HostMoments {
    Full { moment_1: Vec<f32>, moment_2: Vec<f32> },
    Quantized(QuantizedParts),
}

/// A group on the host: all that a checkpoint needs besides the count of updates.
#[derive(Clone, Debug, PartialEq)]
pub struct HostGroup {
    pub values: Vec<f32>,
    pub moments: HostMoments,
}

impl ParameterGroup {
    /// Fresh parameters `[count]`: moments zero, in 32 bits.
    pub fn new(values: Tensor<1>, learning_rate: f64, weight_decay: f64) -> Self {
        let zeros = values.zeros_like();
        let moments = Moments::Full(Box::new(AdaptiveMomentumState::new(0, zeros.clone(), zeros)));
        Self { values, moments, updates: 0, learning_rate, weight_decay }
    }

    /// Fresh parameters with the moments of `optimizer`. As in bitsandbytes a small group, to which 8 bits
    /// would save nothing, keeps its moments in 32 bits in any case.
    pub fn with_optimizer(self, optimizer: Optimizer) -> Self {
        let count = self.count();
        if optimizer == Optimizer::AdamW || count < MIN_GROUP {
            return self;
        }
        let moments = Moments::Quantized(Box::new(QuantizedMoments::zero(count, &self.values.device())));
        Self { moments, ..self }
    }

    /// Whether a group on the host has the same number of parameters and the same kind of moments.
    pub fn takes(&self, group: &HostGroup) -> bool {
        let count = self.count();
        let moments = match (&self.moments, &group.moments) {
            (Moments::Full(_), HostMoments::Full { moment_1, moment_2 }) => {
                [moment_1, moment_2].iter().all(|moment| moment.len() == count)
            }
            (Moments::Quantized(_), HostMoments::Quantized(parts)) => parts.holds(count),
            _ => false,
        };
        moments && group.values.len() == count
    }

    /// Takes over the parameters and moments of an earlier run after `updates` updates. The group must be one
    /// that [`takes`](Self::takes) accepts.
    pub fn restore(&mut self, group: HostGroup, updates: usize) {
        let device = self.values.device();
        self.moments = match group.moments {
            HostMoments::Full { moment_1, moment_2 } => {
                let [moment_1, moment_2] = [moment_1, moment_2].map(|moment| upload(moment, &device));
                Moments::Full(Box::new(AdaptiveMomentumState::new(updates, moment_1, moment_2)))
            }
            HostMoments::Quantized(parts) => {
                Moments::Quantized(Box::new(QuantizedMoments::upload(parts, &device)))
            }
        };
        self.values = upload(group.values, &device);
        self.updates = updates;
    }

    /// The number of values.
    pub fn count(&self) -> usize {
        self.values.dims()[0]
    }

    /// The values `[count]`.
    pub fn values(&self) -> Tensor<1> {
        self.values.clone()
    }

    /// Replaces the values, for constraints that act after an update. The moments stay.
    pub fn set_values(&mut self, values: Tensor<1>) {
        self.values = values;
    }

    /// Bytes of the optimizer's state on the device.
    pub fn state_bytes(&self) -> usize {
        match &self.moments {
            Moments::Full(_) => 2 * 4 * self.count(),
            Moments::Quantized(moments) => moments.bytes(),
        }
    }

    /// Reads the group back from the device.
    pub async fn read(&self) -> Result<HostGroup, Error> {
        match &self.moments {
            // One after the other: joined they would take the state's memory once more.
            Moments::Full(moments) => {
                let values = read(self.values.clone()).await?;
                let moment_1 = read(moments.moment_1.clone()).await?;
                let moment_2 = read(moments.moment_2.clone()).await?;
                Ok(HostGroup { values, moments: HostMoments::Full { moment_1, moment_2 } })
            }
            Moments::Quantized(moments) => {
                let values = read(self.values.clone()).await?;
                Ok(HostGroup { values, moments: HostMoments::Quantized(moments.read().await?) })
            }
        }
    }

    /// One update by the gradient `[count]`.
    pub fn update(&mut self, gradient: Tensor<1>) {
        self.update_scaled(gradient, 1.0);
    }

    /// One update by the gradient `[count]`, at `factor` times the group's learning rate.
    pub fn update_scaled(&mut self, gradient: Tensor<1>, factor: f64) {
        let learning_rate = self.learning_rate * factor;
        self.updates += 1;
        match &mut self.moments {
            Moments::Full(moments) => {
                let state = AdamWState::new((**moments).clone());
                let rule = adamw(self.weight_decay);
                let (values, state) = rule.step(learning_rate, self.values.clone(), gradient, Some(state));
                self.values = values;
                if let Some(state) = state {
                    **moments = state.momentum;
                }
            }
            Moments::Quantized(moments) => {
                let decay = learning_rate * self.weight_decay;
                let values = self.values.clone() * (1.0 - decay);
                let (updated, after) = moments.update(values, gradient, self.updates, learning_rate);
                self.values = updated;
                **moments = after;
            }
        }
    }
}

fn adamw(weight_decay: f64) -> AdamW {
    AdamWConfig::new()
        .with_beta_1(BETAS[0])
        .with_beta_2(BETAS[1])
        .with_epsilon(EPSILON)
        .with_weight_decay(weight_decay as f32)
        .build()
}

/// ‖g‖ over the gradients of both groups together, `[1]`, on the device.
pub fn global_norm(unet: Tensor<1>, embedding: Tensor<1>) -> Tensor<1> {
    (total(unet.square()) + total(embedding.square())).sqrt()
}

/// gradient · min(1, limit / (‖g‖ + 1e-6)), PyTorch's `clip_grad_norm_`, without reading the norm
/// back.
pub fn clip(gradient: Tensor<1>, norm: Tensor<1>, limit: f64) -> Tensor<1> {
    gradient * ((norm + 1e-6).recip() * limit).clamp_max(1.0)
}
