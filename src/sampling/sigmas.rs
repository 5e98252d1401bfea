//! σ = √((1−ᾱ)/ᾱ): the table over the training timesteps, ways to walk it, and what follows from two
//! neighbouring values. Shared by the samplers that step in σ.
//!
//! Guarantee: the values are diffusers' (its table is f32, its interpolation f64, the walked values
//! are rounded to f32). Logarithms and powers are `libm`'s: the same bits natively and in a browser.

use super::plan::NoiseLevel;
use super::schedule::{FinalSigmasType, NoiseSchedule, TimestepSpacing};

/// σ at every training timestep, rising; f32 values.
#[derive(Debug, Clone)]
pub(super) struct SigmaTable(Vec<f64>);

impl SigmaTable {
    pub fn new(schedule: &NoiseSchedule) -> Self {
        let sigma = |&alpha_cumprod: &f32| f64::from(((1.0 - alpha_cumprod) / alpha_cumprod).sqrt());
        Self(schedule.alphas_cumprod.iter().map(sigma).collect())
    }

    pub fn smallest(&self) -> f64 {
        self.0[0]
    }

    pub fn largest(&self) -> f64 {
        self.0[self.0.len() - 1]
    }

    /// σ at a timestep, which may be fractional: linear between its neighbours.
    pub fn at(&self, timestep: f64) -> f64 {
        let last = self.0.len() - 1;
        let timestep = timestep.clamp(0.0, last as f64);
        let below = timestep.floor();
        let (low, high) = (self.0[below as usize], self.0[(below as usize + 1).min(last)]);
        low + (high - low) * (timestep - below)
    }

    /// The fractional timestep of a σ: linear in ln σ between the table's neighbours.
    pub fn timestep_of(&self, sigma: f64) -> f64 {
        let log = |sigma: f64| f64::from(libm::log(sigma) as f32);
        let low = self.0.partition_point(|&entry| log(entry) <= libm::log(sigma)).saturating_sub(1);
        let low = low.min(self.0.len() - 2);
        let (low_log, high_log) = (log(self.0[low]), log(self.0[low + 1]));
        let share = ((low_log - libm::log(sigma)) / (low_log - high_log)).clamp(0.0, 1.0);
        (1.0 - share) * low as f64 + share * (low + 1) as f64
    }

    /// The σ that a run ends at: 0, which is nothing but picture, or that of the lowest timestep.
    pub fn last(&self, schedule: &NoiseSchedule) -> f64 {
        match schedule.config().final_sigmas_type {
            FinalSigmasType::Zero => 0.0,
            FinalSigmasType::SigmaMin => self.smallest(),
        }
    }
}

/// `count` values from `largest` to `smallest`, evenly in σ^{1/7} (Karras et al., arXiv:2206.00364,
/// equation 5).
pub(super) fn karras(largest: f64, smallest: f64, count: usize) -> Vec<f64> {
    const RHO: f64 = 7.0;
    let root = |sigma: f64| libm::pow(sigma, 1.0 / RHO);
    let gap = if count > 1 { 1.0 / (count - 1) as f64 } else { 0.0 };
    let ramp = |index: usize| if index > 0 && index == count - 1 { 1.0 } else { index as f64 * gap };
    (0..count)
        .map(|index| libm::pow(root(largest) + ramp(index) * (root(smallest) - root(largest)), RHO))
        .collect()
}

pub(super) fn rounded(sigma: f64) -> f64 {
    f64::from(sigma as f32)
}

/// The shares of picture and noise in latents of unit variance: 1/√(σ²+1) and σ/√(σ²+1).
pub(super) fn unit_variance(sigma: f64) -> NoiseLevel {
    let signal = 1.0 / (sigma * sigma + 1.0).sqrt();
    NoiseLevel { signal, noise: sigma * signal }
}

/// λ = ln(signal/noise) = −ln σ, half the logarithmic signal-to-noise ratio; infinite at σ = 0.
pub(super) fn lambda(sigma: f64) -> f64 {
    -libm::log(sigma)
}

/// An ancestral step from σ to a smaller σ': down to σ_down without noise, then noise of σ_up, with
/// σ_down² + σ_up² = σ'² and σ_up² = σ'²(σ²−σ'²)/σ².
pub(super) fn ancestral(sigma: f64, next: f64) -> (f64, f64) {
    let up = (next * next * (sigma * sigma - next * next) / (sigma * sigma)).sqrt().min(next);
    ((next * next - up * up).sqrt(), up)
}

/// The standard deviation of the noise that a walk in σ-space starts from. Leading spacing does not
/// start at the noisiest timestep, so its start still holds a share of picture: √(σ²+1) instead of σ.
pub(super) fn init_noise_sigma(spacing: TimestepSpacing, largest: f64) -> f64 {
    match spacing {
        TimestepSpacing::Leading => (largest * largest + 1.0).sqrt(),
        TimestepSpacing::Trailing | TimestepSpacing::Linspace => largest,
    }
}
