//! How the learning rates change over a run: a warm-up from zero, then constant or a half cosine down
//! to zero. The factors are those of diffusers' `get_scheduler` ("constant_with_warmup" and "cosine").

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// What follows the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LearningRateSchedule {
    #[default]
    Constant,
    Cosine,
}

impl LearningRateSchedule {
    /// The factor of the learning rates at a step (counted from 0) of a run of `steps`. With a warm-up the
    /// factor of the first step is 0, as in diffusers.
    pub fn factor(self, step: usize, warmup_steps: usize, steps: usize) -> f64 {
        if step < warmup_steps {
            return step as f64 / warmup_steps as f64;
        }
        match self {
            Self::Constant => 1.0,
            Self::Cosine => {
                let rest = steps.saturating_sub(warmup_steps).max(1);
                let progress = (step - warmup_steps) as f64 / rest as f64;
                // libm's cosine: the same bits on every machine.
                (0.5 * (1.0 + libm::cos(PI * progress))).max(0.0)
            }
        }
    }
}
