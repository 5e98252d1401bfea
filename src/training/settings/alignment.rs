//! The settings of prompt alignment: when and how much it acts, which values are refused or remarked on.

use super::validation::within;
use super::{AlignmentForm, AlignmentNoise, SettingsError, TrainingSettings};

impl TrainingSettings {
    /// λ of a step (counted from 0): 0 during the warm-up, then rising over the ramp.
    pub fn lambda_at(&self, step: usize) -> f64 {
        if step < self.warmup_steps {
            return 0.0;
        }
        let risen = (step - self.warmup_steps + 1) as f64 / self.lambda_ramp_steps.max(1) as f64;
        self.lambda * risen.min(1.0)
    }

    /// Whether a step (counted from 0) has an alignment part.
    pub fn aligns(&self, step: usize) -> bool {
        self.lambda_at(step) > 0.0
    }

    /// Predictions per picture and sample that a step with alignment makes besides the one with gradients:
    /// those of the frozen model and those of the personalized model. Each model makes its own as one batch.
    pub fn aligned_predictions(&self) -> [usize; 2] {
        let guided = |scale: f64| if scale == 1.0 { 1 } else { 2 };
        let personalized = match (self.alignment_form, self.fast_alignment) {
            (AlignmentForm::Sds, _) => 0,
            (AlignmentForm::TwoBranch, false) => guided(self.beta),
            (AlignmentForm::TwoBranch, true) => guided(self.beta) - 1,
        };
        if self.lambda > 0.0 { [guided(self.alpha), personalized] } else { [0, 0] }
    }

    pub(super) fn check_alignment(&self) -> Result<(), SettingsError> {
        within("alpha", self.alpha, 0.0, 100.0)?;
        within("beta", self.beta, 0.0, 100.0)?;
        within("lambda", self.lambda, 0.0, 100.0)?;
        within("factor of lambda at the lowest timestep", self.lambda_profile[0], 0.0, 100.0)?;
        within("factor of lambda at the highest timestep", self.lambda_profile[1], 0.0, 100.0)?;
        within("number of steps over which lambda rises", self.lambda_ramp_steps as f64, 0.0, 1e5)?;
        within("number of alignment samples", self.alignment_samples as f64, 1.0, 16.0)?;
        let [first, last] = self.alignment_timesteps;
        match first > last {
            true => Err(SettingsError::TimestepsReversed { first, last }),
            false => Ok(()),
        }
    }

    /// Remarks about alignment; none without it.
    pub(super) fn alignment_remarks(&self) -> Vec<String> {
        if self.lambda == 0.0 {
            return Vec::new();
        }
        let Self { alpha, beta, steps, lambda, .. } = self;
        let compared = self.alignment_form == AlignmentForm::TwoBranch;
        let mut remarks = Vec::new();
        if self.warmup_steps >= *steps {
            remarks.push(format!("All {steps} steps are warm-up steps, so prompt alignment will never act."));
        } else if self.lambda_ramp_steps > steps - self.warmup_steps {
            remarks.push(format!(
                "Lambda rises over {} steps, more than the run has after its warm-up: it will not reach {lambda}.",
                self.lambda_ramp_steps
            ));
        }
        if self.lambda_profile == [0.0; 2] {
            remarks.push(
                "Lambda has the factor 0 at every timestep, so prompt alignment will never act.".to_owned(),
            );
        }
        if compared && alpha <= beta {
            remarks.push(format!(
                "Alpha ({alpha}) is not above beta ({beta}), so the target prompt will hardly be followed."
            ));
        }
        if !compared && *beta != 1.0 {
            remarks.push(format!(
                "Beta ({beta}) has no part in score distillation, which compares with the noise alone."
            ));
        }
        if !compared && self.alignment_noise == AlignmentNoise::Same && !self.fast_alignment {
            remarks.push(
                "Score distillation draws towards a generic picture of the class; the two-branch form keeps more of the subject."
                    .to_owned(),
            );
        }
        if self.fast_alignment
            && (self.alignment_noise == AlignmentNoise::Fresh || self.alignment_samples > 1)
        {
            remarks.push(
                "Fast alignment looks at the noisy photo itself, so fresh noise and further samples change nothing."
                    .to_owned(),
            );
        }
        if !self.rescale && *lambda > 0.1 {
            remarks.push(format!(
                "Without the rescaling late timesteps weigh up to 15 times as much as lambda ({lambda}) says; try a tenth of it."
            ));
        }
        remarks
    }
}
