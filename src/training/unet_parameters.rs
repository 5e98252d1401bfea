//! The trained part of the U-Net: LoRA factors, or full differences of its weights.
//!
//! Low rank: W·x + (α/r)·B·(A·x): A `[rank, in]` starts as normal noise of standard deviation 1/rank
//! (peft's "gaussian"), B `[out, rank]` as zero. Full: (W + D)·x + b + d, where D and d start as zero.
//! Either way an adapter starts as no change at all. Values are f32 whatever the model is stored in. All
//! of them lie in one flat vector, module after module: A before B, D before d; a forward pass works on
//! slices of it.

use std::collections::HashSet;

use burn::tensor::{DType, Device, Gradients, Tensor};

use super::random::{Purpose, stream};
use super::transfer::upload;
use crate::adapter::{Difference, LoraWeights};
use crate::model::adaptable::AdaptableModule;
use crate::model::lora::{LoraLayer, LoraSet, WeightDifference};
use crate::sampling::noise;

/// Where each module's values lie in the flat vector.
#[derive(Clone, Debug, Default)]
pub struct UNetLayout {
    modules: Vec<TrainedModule>,
}

#[derive(Clone, Debug)]
struct TrainedModule {
    module: AdaptableModule,
    kind: Adaptation,
}

/// How a module is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Adaptation {
    LowRank { rank: usize, alpha: f64 },
    Full,
}

/// The values of one module.
#[derive(Clone, Debug)]
struct ModuleValues {
    /// Its place among the layout's modules.
    module: usize,
    /// A `[rank, in]`, or D (see [`WeightDifference`])
    first: Tensor<2>,
    /// B `[out, rank]`, or d `[1, out]`; None where a layer without a bias is trained in full
    second: Option<Tensor<2>>,
}

/// The values of all modules, or of some, as tensors of their own, for one or more forward passes.
#[derive(Clone, Debug)]
pub struct UNetFactors {
    factors: Vec<ModuleValues>,
}

impl TrainedModule {
    /// The shapes of both parts.
    fn shapes(&self) -> ([usize; 2], Option<[usize; 2]>) {
        let AdaptableModule { in_features, out_features, has_bias, .. } = self.module;
        match self.kind {
            Adaptation::LowRank { rank, .. } => ([rank, in_features], Some([out_features, rank])),
            Adaptation::Full => (self.module.difference_shape(), has_bias.then_some([1, out_features])),
        }
    }

    /// Number of values in each part.
    fn counts(&self) -> (usize, usize) {
        let (first, second) = self.shapes();
        let count = |[rows, columns]: [usize; 2]| rows * columns;
        (count(first), second.map_or(0, count))
    }

    fn count(&self) -> usize {
        let (first, second) = self.counts();
        first + second
    }
}

impl UNetLayout {
    /// LoRA of one rank on all modules.
    pub fn new(modules: Vec<AdaptableModule>, rank: usize, alpha: f64) -> Self {
        Self::of(modules, Adaptation::LowRank { rank, alpha })
    }

    /// Full differences of all modules' weights and biases.
    pub fn full(modules: Vec<AdaptableModule>) -> Self {
        Self::of(modules, Adaptation::Full)
    }

    fn of(modules: Vec<AdaptableModule>, kind: Adaptation) -> Self {
        Self { modules: modules.into_iter().map(|module| TrainedModule { module, kind }).collect() }
    }

    /// Whether no module is trained in full.
    pub fn is_low_rank(&self) -> bool {
        self.modules.iter().all(|trained| matches!(trained.kind, Adaptation::LowRank { .. }))
    }

    /// Number of trained values.
    pub fn count(&self) -> usize {
        self.modules.iter().map(TrainedModule::count).sum()
    }

    /// Length of the flat vector. Where nothing is trained it has one number that nothing reads, because
    /// a GPU has no empty buffers.
    pub fn length(&self) -> usize {
        self.count().max(1)
    }

    /// Whether anything of the modules at these paths is trained.
    pub fn trains_any_of<'a>(&self, paths: impl Iterator<Item = &'a str>) -> bool {
        let paths: HashSet<&str> = paths.collect();
        self.modules.iter().any(|trained| paths.contains(trained.module.path.as_str()))
    }

    /// A text that is equal for two layouts exactly when a flat vector of one fits the other.
    pub fn description(&self) -> String {
        let modules = self.modules.iter().map(|TrainedModule { module, kind }| {
            let AdaptableModule { path, in_features, out_features, .. } = module;
            let kind = match kind {
                Adaptation::LowRank { rank, .. } => format!("rank {rank}"),
                Adaptation::Full => format!("full {:?}", module.weight_shape()),
            };
            format!("{path}:{out_features}x{in_features} {kind}")
        });
        modules.collect::<Vec<_>>().join(", ")
    }

    /// The values that a run starts with, `[length]`.
    pub fn initial_values(&self, seed: u64, device: &Device) -> Tensor<1> {
        let mut values = Vec::with_capacity(self.length());
        for (index, trained) in self.modules.iter().enumerate() {
            let end = values.len() + trained.count();
            if let Adaptation::LowRank { rank, .. } = trained.kind {
                let (count, _) = trained.counts();
                let normal = noise::normal(seed, stream(Purpose::LoraStart, index, 0), count);
                values.extend(normal.into_iter().map(|value| value / rank as f32));
            }
            values.resize(end, 0.0);
        }
        values.resize(self.length(), 0.0);
        upload(values, device)
    }

    /// The values as slices of the flat vector.
    pub fn split(&self, values: &Tensor<1>) -> UNetFactors {
        let mut offset = 0;
        let mut next = |shape: [usize; 2]| {
            let count = shape[0] * shape[1];
            let part = values.clone().narrow(0, offset, count).reshape(shape);
            offset += count;
            part
        };
        let factors = self.modules.iter().enumerate().map(|(module, trained)| {
            let (first, second) = trained.shapes();
            ModuleValues { module, first: next(first), second: second.map(&mut next) }
        });
        UNetFactors { factors: factors.collect() }
    }

    /// The values as a set for forward passes.
    pub fn lora_set(&self, factors: &UNetFactors) -> LoraSet {
        let mut set = LoraSet::new();
        for ModuleValues { module, first, second } in &factors.factors {
            let TrainedModule { module, kind } = &self.modules[*module];
            match (kind, second) {
                (Adaptation::LowRank { rank, alpha }, Some(up)) => {
                    let scale = (alpha / *rank as f64) as f32;
                    set.insert(&module.path, LoraLayer { down: first.clone(), up: up.clone(), scale });
                }
                _ => {
                    let bias = second.as_ref().map(|bias| bias.clone().squeeze_dim(0));
                    let difference = WeightDifference { weight: first.clone(), bias, strength: 1.0 };
                    set.insert_difference(&module.path, difference);
                }
            }
        }
        set
    }

    /// The part of `factors` whose modules are at one of `paths`.
    pub fn part<'a>(&self, factors: &UNetFactors, paths: impl Iterator<Item = &'a str>) -> UNetFactors {
        let paths: HashSet<&str> = paths.collect();
        let at_paths =
            |values: &&ModuleValues| paths.contains(self.modules[values.module].module.path.as_str());
        UNetFactors { factors: factors.factors.iter().filter(at_paths).cloned().collect() }
    }

    /// Gradients of single modules as one flat vector `[length]`, zero where a module has none.
    pub fn flatten(&self, gradients: Vec<ModuleGradient>, device: &Device) -> Tensor<1> {
        let zeros = |count: usize| Tensor::zeros([count], (device, DType::F32));
        if self.modules.is_empty() {
            return zeros(self.length());
        }
        let mut parts: Vec<Option<Tensor<1>>> = vec![None; self.modules.len()];
        for ModuleGradient { module, values } in gradients {
            parts[module] = Some(values);
        }
        let parts = parts.into_iter().zip(&self.modules);
        let parts = parts.map(|(part, trained)| part.unwrap_or_else(|| zeros(trained.count())));
        Tensor::cat(parts.collect(), 0)
    }

    /// The trained values on the host as an adapter's LoRA and differences. `values` holds
    /// [`Self::length`] values.
    pub fn weights(&self, values: &[f32]) -> (Vec<LoraWeights>, Vec<Difference>) {
        let mut rest = values;
        let mut next = |count: usize| {
            let (part, tail) = rest.split_at(count.min(rest.len()));
            rest = tail;
            part.to_vec()
        };
        let (mut low_rank, mut full) = (Vec::new(), Vec::new());
        for trained in &self.modules {
            let (first, second) = trained.counts();
            let (first, second) = (next(first), next(second));
            let module = &trained.module;
            match trained.kind {
                Adaptation::LowRank { rank, alpha } => low_rank.push(LoraWeights {
                    path: module.path.clone(),
                    rank,
                    in_features: module.in_features,
                    out_features: module.out_features,
                    kind: module.kind,
                    down: first,
                    up: second,
                    alpha: alpha as f32,
                }),
                Adaptation::Full => full.push(Difference::from_device_layout(module, &first, second)),
            }
        }
        (low_rank, full)
    }
}

/// The gradient of both parts of a module, in the flat vector's order, as [`UNetLayout::flatten`] wants it.
#[derive(Clone, Debug)]
pub struct ModuleGradient {
    module: usize,
    values: Tensor<1>,
}

impl UNetFactors {
    /// The same values on the autodiff device: as leaves of a graph, or as constants in it.
    pub fn on_tape(&self, tracked: bool) -> Self {
        let place = |tensor: &Tensor<2>| {
            let tensor = tensor.clone().autodiff();
            if tracked { tensor.require_grad() } else { tensor }
        };
        let factors = self.factors.iter().map(|values| ModuleValues {
            module: values.module,
            first: place(&values.first),
            second: values.second.as_ref().map(place),
        });
        Self { factors: factors.collect() }
    }

    /// The gradients of the leaves, one entry per module. A part that no gradient reached counts as zero.
    pub fn gradients(&self, gradients: &mut Gradients) -> Vec<ModuleGradient> {
        let mut take = |leaf: &Tensor<2>| {
            let gradient = leaf.grad_remove(gradients);
            gradient.unwrap_or_else(|| leaf.clone().inner().zeros_like()).flatten::<1>(0, 1)
        };
        let mut of_module = |values: &ModuleValues| {
            let first = take(&values.first);
            let parts = match &values.second {
                Some(second) => Tensor::cat(vec![first, take(second)], 0),
                None => first,
            };
            ModuleGradient { module: values.module, values: parts }
        };
        self.factors.iter().map(&mut of_module).collect()
    }
}
