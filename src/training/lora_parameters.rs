//! The trained LoRA factors of every attention projection.
//!
//! W·x + (α/r)·B·(A·x): A `[rank, in]` starts as normal noise of standard deviation 1/rank (peft's
//! "gaussian"), B `[out, rank]` as zero, so that the adapter starts as no change at all. Values are
//! f32 whatever the model is stored in. All factors lie in one flat vector, module after module, A
//! before B; a forward pass works on slices of it.

use std::collections::HashSet;

use burn::tensor::{DType, Device, Gradients, Tensor};

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
    /// Its place among the layout's modules.
    module: usize,
    /// A `[rank, in]`
    down: Tensor<2>,
    /// B `[out, rank]`
    up: Tensor<2>,
}

/// The factors of all modules, or of some, as tensors of their own, for one or more forward passes.
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
            .enumerate()
            .map(|(index, module)| Factors {
                module: index,
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
        for Factors { module, down, up } in &factors.factors {
            let path = &self.modules[*module].path;
            set.insert(path, LoraLayer { down: down.clone(), up: up.clone(), scale });
        }
        set
    }

    /// Of `factors` those whose module is at one of `paths`.
    pub fn part<'a>(&self, factors: &LoraFactors, paths: impl Iterator<Item = &'a str>) -> LoraFactors {
        let paths: HashSet<&str> = paths.collect();
        let at_paths = |factors: &&Factors| paths.contains(self.modules[factors.module].path.as_str());
        LoraFactors { factors: factors.factors.iter().filter(at_paths).cloned().collect() }
    }

    /// Gradients of single modules as one flat vector `[count]`, zero where a module has none.
    pub fn flatten(&self, gradients: Vec<ModuleGradient>, device: &Device) -> Tensor<1> {
        let mut parts: Vec<Option<Tensor<1>>> = vec![None; self.modules.len()];
        for ModuleGradient { module, values } in gradients {
            parts[module] = Some(values);
        }
        let parts = parts.into_iter().zip(&self.modules).map(|(part, module)| {
            let count = self.rank * (module.in_features + module.out_features);
            part.unwrap_or_else(|| Tensor::zeros([count], (device, DType::F32)))
        });
        Tensor::cat(parts.collect(), 0)
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

/// The gradient of both factors of a module, A before B, as [`LoraLayout::flatten`] wants it.
#[derive(Clone, Debug)]
pub struct ModuleGradient {
    module: usize,
    values: Tensor<1>,
}

impl LoraFactors {
    /// The same values on the autodiff device: as leaves of a graph, or as constants in it.
    pub fn on_tape(&self, tracked: bool) -> Self {
        let place = |tensor: &Tensor<2>| {
            let tensor = tensor.clone().autodiff();
            if tracked { tensor.require_grad() } else { tensor }
        };
        let factors = self.factors.iter().map(|factors| Factors {
            module: factors.module,
            down: place(&factors.down),
            up: place(&factors.up),
        });
        Self { factors: factors.collect() }
    }

    /// The gradients of leaves, a module each. A factor that no gradient reached counts as zero.
    pub fn gradients(&self, gradients: &mut Gradients) -> Vec<ModuleGradient> {
        let mut take = |leaf: &Tensor<2>| {
            let gradient = leaf.grad_remove(gradients);
            gradient.unwrap_or_else(|| leaf.clone().inner().zeros_like()).flatten::<1>(0, 1)
        };
        let mut of_module = |factors: &Factors| ModuleGradient {
            module: factors.module,
            values: Tensor::cat(vec![take(&factors.down), take(&factors.up)], 0),
        };
        self.factors.iter().map(&mut of_module).collect()
    }
}
