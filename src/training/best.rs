//! The best of a run's states so far, by a score from outside: a run may get worse again, above all on
//! what was not trained on.

use burn::tensor::{Device, Tensor};

use super::Error;
use super::early_stopping::Standing;
use super::transfer::{read, upload};

/// A run's trained values at a step.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(super) step: usize,
    pub(super) unet: Tensor<1>,
    pub(super) embedding: Tensor<1>,
}

/// How the evaluations went, and the values with the best score.
#[derive(Clone, Debug, Default)]
pub(super) struct Best {
    standing: Standing,
    kept: Option<Snapshot>,
}

/// A [`Best`] on the host: the trained values of the U-Net and of `[V]`, both empty without a best score.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostBest {
    pub standing: Standing,
    pub values: [Vec<f32>; 2],
}

impl Best {
    /// Notes a state's score. Returns how the evaluations then stand.
    pub fn note(&mut self, score: f64, snapshot: Snapshot) -> Standing {
        if self.standing.note(snapshot.step, score) {
            self.kept = Some(snapshot);
        }
        self.standing
    }

    pub fn standing(&self) -> Standing {
        self.standing
    }

    pub fn kept(&self) -> Option<Snapshot> {
        self.kept.clone()
    }

    pub async fn to_host(&self) -> Result<HostBest, Error> {
        let values = match self.kept() {
            Some(Snapshot { unet, embedding, .. }) => [read(unet).await?, read(embedding).await?],
            None => Default::default(),
        };
        Ok(HostBest { standing: self.standing, values })
    }

    /// Uploads values that [fit](HostBest::fits).
    pub fn from_host(host: HostBest, device: &Device) -> Self {
        let HostBest { standing, values } = host;
        let kept = standing.best.map(|best| {
            let [unet, embedding] = values.map(|values| upload(values, device));
            Snapshot { step: best.step, unet, embedding }
        });
        Self { standing, kept }
    }
}

impl HostBest {
    /// Whether the values are those of this many parameters of the U-Net and of `[V]`, or there are none.
    pub fn fits(&self, counts: [usize; 2]) -> bool {
        self.standing.best.is_none() || self.values.each_ref().map(Vec::len) == counts
    }
}
