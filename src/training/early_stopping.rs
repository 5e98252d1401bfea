//! When a run's state is judged on photos that it doesn't see, what counts as better, and when to stop.
//! Nothing here draws or computes: scores come from outside.
//!
//! An evaluation is due every so many steps and after the last one. Its score is
//!
//! √(max(text alignment, 0) · max(likeness, 0)),
//!
//! the geometric mean: a percent of one weighs as much as a percent of the other, although the two cosines
//! have different ranges, and neither can be gained by giving up the other entirely. A score counts as better
//! if it is above the best so far (so of equal ones the earliest stays); one that is not a finite number
//! never is. After `patience` evaluations in a row that were not better the run ends.

use serde::{Deserialize, Serialize};

/// When to judge and when to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlyStopping {
    pub evaluate_every: usize,
    /// Evaluations in a row without a better score, after which the run ends; `None` only keeps the best.
    pub patience: Option<usize>,
}

/// How a state's pictures did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldBackScores {
    /// CLIP-T: mean cosine of the pictures of the target prompts with those prompts.
    pub text_alignment: f64,
    /// CLIP-I: mean cosine of all pictures with the photos held back.
    pub image_alignment: f64,
    /// DINO-I: the same with DINO, if there is one. It then takes CLIP-I's place as the likeness.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dino: Option<f64>,
}

/// How a run's evaluations went so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    pub best: Option<BestScore>,
    /// Evaluations since the best; all, if there is none.
    pub without_gain: usize,
}

/// The best score, and the step at which it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestScore {
    pub step: usize,
    /// Stored as its bits, so that a resumed run compares with exactly the same number.
    #[serde(with = "bits")]
    pub score: f64,
}

impl EarlyStopping {
    /// Whether the state after `made` of `steps` steps is judged.
    pub fn is_due(&self, made: usize, steps: usize) -> bool {
        made > 0 && (made == steps || made.is_multiple_of(self.evaluate_every.max(1)))
    }

    /// Whether patience has run out.
    pub fn ends(&self, standing: &Standing) -> bool {
        self.patience.is_some_and(|patience| standing.without_gain >= patience.max(1))
    }
}

impl HeldBackScores {
    /// Text alignment and likeness as one score, the higher the better.
    pub fn combined(&self) -> f64 {
        let likeness = self.dino.unwrap_or(self.image_alignment);
        // `f64::max` would turn NaN into 0.
        let positive = |score: f64| if score < 0.0 { 0.0 } else { score };
        (positive(self.text_alignment) * positive(likeness)).sqrt()
    }
}

impl Standing {
    /// Notes an evaluation. Returns whether it is the best so far.
    pub fn note(&mut self, step: usize, score: f64) -> bool {
        let better = score.is_finite() && self.best.is_none_or(|best| score > best.score);
        if better {
            self.best = Some(BestScore { step, score });
            self.without_gain = 0;
        } else {
            self.without_gain += 1;
        }
        better
    }
}

/// A number as the integer of its bits.
mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(number.to_bits())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        u64::deserialize(deserializer).map(f64::from_bits)
    }
}
