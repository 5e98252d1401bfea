//! A plan in numbers and in words, and whether it fits.

use serde::Serialize;

use super::WeightBytes;
use super::ledger::Ledger;
use crate::training::ActivationPolicy;

/// The memory that a job takes of the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryPlan {
    pub weights: WeightBytes,
    /// Bytes of what lies there beside the model all the while, such as a judge of pictures.
    pub held: u64,
    /// The memory beside the weights, phase by phase; one phase follows the other.
    pub phases: Vec<Phase>,
    /// Side of the tiles, in latents, that the VAE works in; None where the whole picture has room.
    pub tile: Option<usize>,
    /// Whether a training keeps activations for its backward pass; None for other jobs.
    pub activations: Option<ActivationPolicy>,
}

/// A part of a job that is done before the next begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Phase {
    pub name: &'static str,
    pub bytes: u64,
    /// Bytes of the largest buffer.
    pub largest: u64,
}

impl Phase {
    pub(super) fn of(name: &'static str, ledger: &Ledger) -> Self {
        Self { name, bytes: ledger.reserved(), largest: ledger.largest() }
    }
}

/// A job that the device has no room for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(
        "{job} needs {} of the GPU's memory, and {} may be used: {advice}raise the memory limit if the device has more",
        gigabytes(*.needed), gigabytes(*.limit)
    )]
    Memory {
        /// "This picture", "This training".
        job: &'static str,
        needed: u64,
        limit: u64,
        /// What would fit, ready to be put before "raise": "choose batch 1, or ".
        advice: String,
    },
    #[error(
        "{job} needs a buffer of {}, and this device's largest has {}: choose a smaller picture or batch, or 16-bit numbers",
        gigabytes(*.needed), gigabytes(*.limit)
    )]
    Buffer { job: &'static str, needed: u64, limit: u64 },
}

impl MemoryPlan {
    /// The most bytes that the job takes at once.
    pub fn peak(&self) -> u64 {
        self.weights.total() + self.held + self.largest_phase()
    }

    /// The most bytes that a phase takes beside weights and what is held.
    pub fn largest_phase(&self) -> u64 {
        self.phases.iter().map(|phase| phase.bytes).max().unwrap_or(0)
    }

    /// Bytes of the largest buffer that the phases take.
    pub fn largest_buffer(&self) -> u64 {
        self.phases.iter().map(|phase| phase.largest).max().unwrap_or(0)
    }

    /// One line for a person: "about 310 MB of GPU memory: weights 79 MB, a pass 210 MB".
    pub fn sentence(&self) -> String {
        let mut parts = vec![format!("weights {}", gigabytes(self.weights.total()))];
        if self.held > 0 {
            parts.push(format!("held beside the model {}", gigabytes(self.held)));
        }
        parts.extend(self.phases.iter().map(|phase| format!("{} {}", phase.name, gigabytes(phase.bytes))));
        let policy = match self.activations {
            Some(ActivationPolicy::Keep) => "; activations are kept",
            Some(ActivationPolicy::Recompute) => "; activations are computed again",
            None => "",
        };
        format!("about {} of GPU memory ({}){policy}", gigabytes(self.peak()), parts.join(", "))
    }
}

/// Bytes as people read them: "1.7 GB", "310 MB".
pub fn gigabytes(bytes: u64) -> String {
    let bytes = bytes as f64;
    if bytes >= 1e9 { format!("{:.1} GB", bytes / 1e9) } else { format!("{:.0} MB", (bytes / 1e6).max(1.0)) }
}
