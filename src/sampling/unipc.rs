//! UniPC of second order with B(h) = e^{−h} − 1 (arXiv:2302.04867, algorithms 5 to 8, "bh2"), as
//! diffusers' `UniPCMultistepScheduler`: predicts like DPM++ 2M, and corrects each prediction with the
//! model's output at the point it led to, at no further call of the model.
//!
//! a, s, λ, h, m as in `dpm_multistep.rs`;  r = (λ⁻ − λ)/h, seen from the step's start
//! predictor:  x' = (s'/s)·x + a'·(1 − e^{−h})·(m + ½·(m⁻ − m)/r)
//! corrector:  x' = (s'/s)·x + a'·(1 − e^{−h})·(m + ρ_1·(m⁻ − m)/r + ρ_2·(m' − m))
//! ρ solves ρ_1 + ρ_2 = b_1, ρ_1·r + ρ_2 = b_2 with b_1 = φ_2/B, b_2 = 2φ_3/B,
//! φ_2 = (e^{−h}−1)/(−h) − 1, φ_3 = φ_2/(−h) − ½
//!
//! Order one drops the term with r; the corrector's ρ_2 is then ½. The first and the last step are of
//! order one. Latents have unit variance.

use super::dpm_multistep::walk;
use super::plan::{Plan, Prediction, Step, WeightedSum};
use super::schedule::NoiseSchedule;
use super::sigmas::{lambda, unit_variance};

/// The last `steps − begin` steps of a run of `steps` steps.
pub(super) fn plan(schedule: &NoiseSchedule, steps: usize, begin: usize) -> Plan {
    let (timesteps, sigmas) = walk(schedule, steps, false);
    // The σ before a step's start, where the step is of second order.
    let before = |index: usize| {
        let second_order = index > begin && index + 1 < steps && sigmas[index - 1] > sigmas[index];
        second_order.then(|| sigmas[index - 1])
    };
    let step = |index: usize| {
        let level = unit_variance(sigmas[index]);
        let prediction = Prediction::of_picture(schedule.prediction_type(), level);
        let stretch = Stretch::new(before(index), sigmas[index], sigmas[index + 1]);
        let plain = Step::plain(timesteps[index], level, prediction, stretch.predict());
        let correction = (index > begin)
            .then(|| Stretch::new(before(index - 1), sigmas[index - 1], sigmas[index]).correct());
        Step { remembered: true, correction, anchored: true, ..plain }
    };
    Plan { init_noise_sigma: 1.0, steps: (begin..steps).map(step).collect() }
}

/// The way from one σ to the next.
struct Stretch {
    /// h = λ' − λ; infinite where σ' = 0.
    h: f64,
    /// (λ⁻ − λ)/h where the order is two.
    ratio: Option<f64>,
    /// s'/s
    latents: f64,
    /// a'·(1 − e^{−h})
    picture: f64,
}

impl Stretch {
    fn new(before: Option<f64>, sigma: f64, next: f64) -> Self {
        let (level, after) = (unit_variance(sigma), unit_variance(next));
        let h = lambda(next) - lambda(sigma);
        // Long runs may visit a timestep twice: then there is nothing to extrapolate over.
        let ratio = before.filter(|_| h > 0.0).map(|before| (lambda(before) - lambda(sigma)) / h);
        let picture = -after.signal * libm::expm1(-h);
        Self { h, ratio, latents: after.noise / level.noise, picture }
    }

    /// Sum over latents at the start, the prediction there, and the one before.
    fn predict(&self) -> WeightedSum {
        let older = self.ratio.map_or(0.0, |ratio| 0.5 / ratio);
        WeightedSum {
            latents: self.latents,
            predictions: vec![self.picture * (1.0 - older), self.picture * older],
            ..Default::default()
        }
    }

    /// Sum over the anchor (latents at the start), the prediction at the end, the one at the start,
    /// and the one before.
    fn correct(&self) -> WeightedSum {
        let (older, newest) = match self.ratio {
            None => (0.0, 0.5),
            Some(ratio) => {
                let minus_h = -self.h;
                let b = libm::expm1(minus_h);
                let phi_2 = b / minus_h - 1.0;
                let phi_3 = phi_2 / minus_h - 0.5;
                let (b_1, b_2) = (phi_2 / b, 2.0 * phi_3 / b);
                let rho_1 = (b_1 - b_2) / (1.0 - ratio);
                (rho_1 / ratio, b_1 - rho_1)
            }
        };
        let predictions = [newest, 1.0 - newest - older, older].map(|weight| self.picture * weight).to_vec();
        WeightedSum { anchor: self.latents, predictions, ..Default::default() }
    }
}
