//! The operations that are measured alone, by their shapes (`shapes.json`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A set of operations to measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShapeSet {
    /// Stable Diffusion 1.5 at 512², guided (batch 2).
    #[default]
    Sd15,
    /// The embedded model.
    Demo,
    /// One small operation of each kind.
    Quick,
}

/// One operation and what reports call it.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    pub name: String,
    pub shape: Shape,
}

/// An operation's extents.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A frozen linear layer with bias.
    Linear {
        batch: usize,
        tokens: usize,
        #[serde(rename = "in")]
        in_features: usize,
        #[serde(rename = "out")]
        out_features: usize,
    },
    /// A frozen linear layer with its LoRA.
    Lora {
        batch: usize,
        tokens: usize,
        #[serde(rename = "in")]
        in_features: usize,
        #[serde(rename = "out")]
        out_features: usize,
        rank: usize,
    },
    /// A convolution with bias, padded by half the kernel.
    Conv2d {
        batch: usize,
        height: usize,
        width: usize,
        #[serde(rename = "in")]
        in_channels: usize,
        #[serde(rename = "out")]
        out_channels: usize,
        kernel: usize,
        stride: usize,
    },
    Attention {
        batch: usize,
        heads: usize,
        queries: usize,
        keys: usize,
        head_size: usize,
    },
    /// Group normalization followed by SiLU.
    GroupNorm {
        batch: usize,
        height: usize,
        width: usize,
        channels: usize,
        groups: usize,
    },
    LayerNorm {
        batch: usize,
        tokens: usize,
        channels: usize,
    },
    /// `channels`: channels after the gate; the input has twice as many.
    Geglu {
        batch: usize,
        tokens: usize,
        channels: usize,
    },
}

impl ShapeSet {
    /// The set's operations whose name contains `filter`.
    pub fn cases(self, filter: &str) -> Vec<Case> {
        let mut sets: BTreeMap<Self, Vec<Case>> = serde_json::from_str(include_str!("shapes.json"))
            .unwrap_or_else(|error| panic!("shapes.json is wrong: {error}"));
        let mut cases = sets.remove(&self).unwrap_or_default();
        cases.retain(|case| case.name.contains(filter));
        cases
    }
}
