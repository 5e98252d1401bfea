//! The best of a run's states so far, by a score from outside: a run may get worse again, above all on
//! what was not trained on.

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::Error;
use super::transfer::{read, upload};

/// A run's trained values at a step.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(super) step: usize,
    pub(super) lora: Tensor<1>,
    pub(super) embedding: Tensor<1>,
}

/// The snapshot with the highest score, and how long ago that was.
#[derive(Clone, Debug, Default)]
pub(super) struct Best {
    kept: Option<(Snapshot, f64)>,
    /// Evaluations since then.
    without_gain: usize,
}

/// A [`Best`] on the host: what was noted, and the values of LoRA and [V].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostBest {
    pub standing: Option<Standing>,
    pub values: [Vec<f32>; 2],
}

/// When the best was found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    pub step: usize,
    pub score: f64,
    pub without_gain: usize,
}

impl Best {
    /// Returns the number of evaluations since the best. A score that is no number is no gain.
    pub fn note(&mut self, score: f64, snapshot: Snapshot) -> usize {
        let gained = match &self.kept {
            Some((_, best)) => score > *best,
            None => !score.is_nan(),
        };
        self.without_gain = if gained { 0 } else { self.without_gain + 1 };
        if gained {
            self.kept = Some((snapshot, score));
        }
        self.without_gain
    }

    pub fn kept(&self) -> Option<(Snapshot, f64)> {
        self.kept.clone()
    }

    pub async fn to_host(&self) -> Result<HostBest, Error> {
        let Some((Snapshot { step, lora, embedding }, score)) = self.kept.clone() else {
            return Ok(HostBest::default());
        };
        let standing = Some(Standing { step, score, without_gain: self.without_gain });
        Ok(HostBest { standing, values: [read(lora).await?, read(embedding).await?] })
    }

    /// Values that [`HostBest::fits`] has said to fit.
    pub fn from_host(host: HostBest, device: &Device) -> Self {
        let Some(Standing { step, score, without_gain }) = host.standing else {
            return Self::default();
        };
        let [lora, embedding] = host.values.map(|values| upload(values, device));
        Self { kept: Some((Snapshot { step, lora, embedding }, score)), without_gain }
    }
}

impl HostBest {
    /// Whether these are values of so many parameters of LoRA and [V], or none.
    pub fn fits(&self, counts: [usize; 2]) -> bool {
        self.standing.is_none() || self.values.each_ref().map(Vec::len) == counts
    }
}
