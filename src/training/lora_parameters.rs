//! The trained LoRA factors of every attention projection.
//!
//! W·x + (α/r)·B·(A·x): A `[rank, in]` starts as normal noise of standard deviation 1/rank (peft's
//! "gaussian"), B `[out, rank]` as zero, so that the adapter starts as no change at all. Values are
//! f32 whatever the model is stored in. All factors lie in one flat vector, module after module, A
//! before B; a forward pass works on slices of it.

use burn::tensor::{Device, Gradients, Tensor};

use super::random::{Purpose, stream};
use super::transfer::upload;
use crate::adapter::LoraWeights;
use crate::model::lora::{LoraLayer, LoraSet};
use crate::model::unet::Projection;
use crate::sampling::noise;

/// Where each module's factors lie in the flat vector.
#[derive(Clone, Debug)]
pub struct LoraLayout {
    modules: Vec<Projection>,
    rank: usize,
    alpha: f64,
}

/// The factors of one module.
#[derive(Clone, Debug)]
struct Factors {
    /// A `[rank, in]`
    down: Tensor<2>,
    /// B `[out, rank]`
    up: Tensor<2>,
}

/// All factors as tensors of their own, for one or more forward passes.
#[derive(Clone, Debug)]
pub struct LoraFactors {
    factors: Vec<Factors>,
}

impl LoraLayout {
    pub fn new(modules: Vec<Projection>, rank: usize, alpha: f64) -> Self {
        Self { modules, rank, alpha }
    }

    /// Number of trained values.
    pub fn count(&self) -> usize {
        self.modules.iter().map(|module| self.rank * (module.in_features + module.out_features)).sum()
    }

    /// A text that is equal for two layouts exactly when a flat vector of one fits the other.
    pub fn description(&self) -> String {
        let modules = self
            .modules
            .iter()
            .map(|module| format!("{}:{}x{}", module.path, module.out_features, module.in_features));
        format!("rank {} {}", self.rank, modules.collect::<Vec<_>>().join(" "))
    }

    /// The start of a run, `[count]`.
    pub fn initial_values(&self, seed: u64, device: &Device) -> Tensor<1> {
        let mut values = Vec::with_capacity(self.count());
        for (index, module) in self.modules.iter().enumerate() {
            let normal =
                noise::normal(seed, stream(Purpose::LoraStart, index, 0), self.rank * module.in_features);
            values.extend(normal.into_iter().map(|value| value / self.rank as f32));
            values.resize(values.len() + module.out_features * self.rank, 0.0);
        }
        upload(values, device)
    }

    /// The factors as slices of the flat vector.
    pub fn split(&self, values: &Tensor<1>) -> LoraFactors {
        let mut offset = 0;
        let mut next = |shape: [usize; 2]| {
            let count = shape[0] * shape[1];
            let part = values.clone().narrow(0, offset, count).reshape(shape);
            offset += count;
            part
        };
        let factors = self
            .modules
            .iter()
            .map(|module| Factors {
                down: next([self.rank, module.in_features]),
                up: next([module.out_features, self.rank]),
            })
            .collect();
        LoraFactors { factors }
    }

    /// The factors as a LoRA set for forward passes.
    pub fn lora_set(&self, factors: &LoraFactors) -> LoraSet {
        let scale = (self.alpha / self.rank as f64) as f32;
        let mut set = LoraSet::new();
        for (module, Factors { down, up }) in self.modules.iter().zip(&factors.factors) {
            set.insert(&module.path, LoraLayer { down: down.clone(), up: up.clone(), scale });
        }
        set
    }

    /// The trained values on the host as an adapter's weights. `values` holds [`Self::count`] values.
    pub fn weights(&self, values: &[f32]) -> Vec<LoraWeights> {
        let mut rest = values;
        let mut next = |count: usize| {
            let (part, tail) = rest.split_at(count.min(rest.len()));
            rest = tail;
            part.to_vec()
        };
        self.modules
            .iter()
            .map(|module| LoraWeights {
                path: module.path.clone(),
                rank: self.rank,
                in_features: module.in_features,
                out_features: module.out_features,
                down: next(self.rank * module.in_features),
                up: next(module.out_features * self.rank),
                alpha: self.alpha as f32,
            })
            .collect()
    }
}

impl LoraFactors {
    /// The same values as leaves of an autodiff graph.
    pub fn tracked(&self) -> Self {
        let leaf = |tensor: &Tensor<2>| tensor.clone().autodiff().require_grad();
        let factors =
            self.factors.iter().map(|factors| Factors { down: leaf(&factors.down), up: leaf(&factors.up) });
        Self { factors: factors.collect() }
    }

    /// The gradients of tracked factors in the order of the flat vector, `[count]`. A factor that no
    /// gradient reached counts as zero.
    pub fn gradient(&self, gradients: &mut Gradients) -> Tensor<1> {
        let mut take = |leaf: &Tensor<2>| {
            let gradient = leaf.grad_remove(gradients);
            gradient.unwrap_or_else(|| leaf.clone().inner().zeros_like()).flatten::<1>(0, 1)
        };
        let parts =
            self.factors.iter().flat_map(|factors| [take(&factors.down), take(&factors.up)]).collect();
        Tensor::cat(parts, 0)
    }
}
