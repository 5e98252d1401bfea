//! The settings that are a choice among a few words.

use serde::{Deserialize, Serialize};

use crate::training::ActivationPolicy;

/// Whether activations are kept for the backward pass or computed again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activations {
    /// Kept where a memory plan finds room, which a `Trainer` alone takes for granted.
    #[default]
    Auto,
    Keep,
    Recompute,
}

impl From<ActivationPolicy> for Activations {
    fn from(policy: ActivationPolicy) -> Self {
        match policy {
            ActivationPolicy::Keep => Self::Keep,
            ActivationPolicy::Recompute => Self::Recompute,
        }
    }
}
