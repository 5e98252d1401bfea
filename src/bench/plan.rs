//! The plan of a bench: what it measures.

use serde::{Deserialize, Serialize};

use super::shapes::ShapeSet;
use crate::pipeline::Precision;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Every kernel alone, forward and backward.
    Ops,
    /// One evaluation of the U-Net.
    Unet,
    /// The VAE's encoder and decoder.
    Vae,
    /// The text encoder on one prompt.
    Text,
    /// A guided sampling step: the U-Net on two rows, guidance, the sampler.
    Step,
    /// A training step of PALP with its optimizer, for β = 1 and β ≠ 1.
    Palp,
}

impl Task {
    pub const ALL: [Self; 6] = [Self::Ops, Self::Unet, Self::Vae, Self::Text, Self::Step, Self::Palp];
}

/// What a bench measures. Missing fields of a JSON object take their defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Plan {
    pub tasks: Vec<Task>,
    /// Which operations [`Task::Ops`] measures.
    pub shapes: ShapeSet,
    /// Only operations whose name contains this.
    pub filter: String,
    /// Sides of the pictures in pixels; the networks' tasks are measured at each (the text encoder once).
    pub sizes: Vec<usize>,
    /// Batch size of [`Task::Unet`]; a training step has [`training_batch`](Self::training_batch).
    pub batch: usize,
    pub training_batch: usize,
    /// Rank of the LoRA that is trained.
    pub rank: usize,
    /// Precisions that the device lacks are left out.
    pub precisions: Vec<Precision>,
    /// Few and short samples: for tests and software adapters.
    pub quick: bool,
}

impl Default for Plan {
    /// Every task at the settings of the project's performance bars: Stable Diffusion 1.5 at 512².
    fn default() -> Self {
        Self {
            tasks: Task::ALL.to_vec(),
            shapes: ShapeSet::Sd15,
            filter: String::new(),
            sizes: vec![512],
            batch: 2,
            training_batch: 1,
            rank: 32,
            precisions: vec![Precision::Float32, Precision::Float16],
            quick: false,
        }
    }
}
