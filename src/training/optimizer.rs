//! AdamW over the trained parameters, and the gradient clip.
//!
//! Each group of parameters (all LoRA factors; the embedding) is one flat vector with its own rate
//! and decay, so a step launches a dozen operations a group instead of a dozen a factor. The update
//! itself is burn's AdamW.

use burn::optim::{AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState, Optimizer};
use burn::tensor::Tensor;

/// One flat vector of trained values with its optimizer state. All tensors are `[count]`, f32, and
/// without autodiff.
#[derive(Clone)]
pub struct ParameterGroup {
    values: Tensor<1>,
    moments: AdaptiveMomentumState<1>,
    rule: AdamW,
    learning_rate: f64,
}

impl ParameterGroup {
    /// Fresh parameters: AdamW(0.9, 0.999, 1e-8), moments zero.
    pub fn new(values: Tensor<1>, learning_rate: f64, weight_decay: f64) -> Self {
        let zeros = values.zeros_like();
        Self::restore(values, zeros.clone(), zeros, 0, learning_rate, weight_decay)
    }

    /// Parameters and moments of an earlier run after `updates` updates.
    pub fn restore(
        values: Tensor<1>,
        moment_1: Tensor<1>,
        moment_2: Tensor<1>,
        updates: usize,
        learning_rate: f64,
        weight_decay: f64,
    ) -> Self {
        let rule = AdamWConfig::new()
            .with_beta_1(0.9)
            .with_beta_2(0.999)
            .with_epsilon(1e-8)
            .with_weight_decay(weight_decay as f32)
            .build();
        Self { values, moments: AdaptiveMomentumState::new(updates, moment_1, moment_2), rule, learning_rate }
    }

    /// The values `[count]`.
    pub fn values(&self) -> Tensor<1> {
        self.values.clone()
    }

    /// Replaces the values, for constraints that act after an update. The moments stay.
    pub fn set_values(&mut self, values: Tensor<1>) {
        self.values = values;
    }

    /// Values, first and second moments: all that a checkpoint needs besides the update count.
    pub fn state(&self) -> [Tensor<1>; 3] {
        [self.values.clone(), self.moments.moment_1.clone(), self.moments.moment_2.clone()]
    }

    /// One AdamW update by the gradient `[count]`.
    pub fn update(&mut self, gradient: Tensor<1>) {
        let state = AdamWState::new(self.moments.clone());
        let (values, state) = self.rule.step(self.learning_rate, self.values.clone(), gradient, Some(state));
        self.values = values;
        if let Some(state) = state {
            self.moments = state.momentum;
        }
    }
}

/// ‖g‖ over the gradients of both groups together, `[1]`, on the device.
pub fn global_norm(lora: Tensor<1>, embedding: Tensor<1>) -> Tensor<1> {
    (lora.square().sum() + embedding.square().sum()).sqrt()
}

/// gradient · min(1, limit / (‖g‖ + 1e-6)), PyTorch's `clip_grad_norm_`, without reading the norm
/// back.
pub fn clip(gradient: Tensor<1>, norm: Tensor<1>, limit: f64) -> Tensor<1> {
    gradient * ((norm + 1e-6).recip() * limit).clamp_max(1.0)
}
