//! The noise schedule: how much of the picture (`alphas_cumprod`, ᾱ) is left at each training
//! timestep, and which timesteps a run of N steps visits.
//!
//! x_t = √ᾱ_t · x_0 + √(1−ᾱ_t) · ε
//!
//! Guarantee: the table equals diffusers' bit for bit (betas in f32 by torch's `linspace`, the product
//! accumulated in f64 and rounded once per entry, as torch's CPU `cumprod` does).

use serde::Deserialize;

use super::Error;
use super::plan::NoiseLevel;

/// `scheduler/scheduler_config.json` by diffusers' names and defaults, as far as it describes the
/// noise schedule. Keys that only concern how pixels are clipped or which class is stored are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct SchedulerConfig {
    pub num_train_timesteps: usize,
    pub beta_start: f64,
    pub beta_end: f64,
    pub beta_schedule: BetaSchedule,
    pub steps_offset: usize,
    /// Whether walks over ᾱ end at 1 rather than at ᾱ_0; `None`: each sampler's own default.
    pub set_alpha_to_one: Option<bool>,
    /// `None`: each sampler's own default (DDIM and PNDM leading, the others linspace).
    pub timestep_spacing: Option<TimestepSpacing>,
    pub prediction_type: PredictionType,
    /// Where samplers that step in σ end.
    pub final_sigmas_type: FinalSigmasType,
    /// Unsupported when present: an explicit table instead of a formula.
    pub trained_betas: Option<Vec<f64>>,
    /// Unsupported when true: it makes ᾱ zero at the last timestep.
    pub rescale_betas_zero_snr: bool,
    /// Unsupported when true: dynamic thresholding is for pixel-space models.
    pub thresholding: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BetaSchedule {
    Linear,
    ScaledLinear,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimestepSpacing {
    Leading,
    Trailing,
    Linspace,
}

/// The σ after the last timestep's: 0, or that of timestep 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinalSigmasType {
    Zero,
    SigmaMin,
}

/// What the U-Net's output means: the noise ε, or v = √ᾱ·ε − √(1−ᾱ)·x_0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PredictionType {
    Epsilon,
    VPrediction,
}

impl Default for SchedulerConfig {
    fn default() -> Self {
        Self {
            num_train_timesteps: 1000,
            beta_start: 0.0001,
            beta_end: 0.02,
            beta_schedule: BetaSchedule::Linear,
            steps_offset: 0,
            set_alpha_to_one: None,
            timestep_spacing: None,
            prediction_type: PredictionType::Epsilon,
            final_sigmas_type: FinalSigmasType::Zero,
            trained_betas: None,
            rescale_betas_zero_snr: false,
            thresholding: false,
        }
    }
}

impl SchedulerConfig {
    /// Reads `scheduler_config.json`. Values this engine does not know (another beta schedule, another
    /// prediction type) are an error: sampling on the wrong schedule gives mush without a warning.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        serde_json::from_str(json).map_err(|error| Error::Config(error.to_string()))
    }

    fn validate(&self) -> Result<(), Error> {
        let refuse = |why: &str| Err(Error::Config(why.to_owned()));
        if self.num_train_timesteps < 2 || self.num_train_timesteps > 100_000 {
            return refuse("num_train_timesteps must be between 2 and 100000");
        }
        let in_range = |beta: f64| beta > 0.0 && beta < 1.0;
        if !in_range(self.beta_start) || !in_range(self.beta_end) {
            return refuse("beta_start and beta_end must be between 0 and 1");
        }
        if self.steps_offset >= self.num_train_timesteps {
            return refuse("steps_offset must be smaller than num_train_timesteps");
        }
        if self.trained_betas.is_some() {
            return refuse(
                "trained_betas (an explicit noise table) is not supported; choose a model without it",
            );
        }
        if self.rescale_betas_zero_snr {
            return refuse("rescale_betas_zero_snr is not supported; choose a model without it");
        }
        if self.thresholding {
            return refuse("thresholding is not supported; choose a model without it");
        }
        Ok(())
    }
}

/// The noise schedule a model was trained on.
#[derive(Debug, Clone)]
pub struct NoiseSchedule {
    config: SchedulerConfig,
    /// ᾱ_t for every training timestep, falling from nearly 1 to nearly 0.
    pub alphas_cumprod: Vec<f32>,
}

impl NoiseSchedule {
    /// The table of a model's `scheduler_config.json`; an error where the config asks for what the
    /// samplers here don't do.
    pub fn new(config: &SchedulerConfig) -> Result<Self, Error> {
        config.validate()?;
        let mut product = 1.0f64;
        let alphas_cumprod: Vec<f32> = betas(config)
            .into_iter()
            .map(|beta| {
                product *= f64::from(1.0 - beta);
                product as f32
            })
            .collect();
        let within = alphas_cumprod.iter().all(|alpha| (f32::MIN_POSITIVE..1.0).contains(alpha));
        // Samplers divide by ᾱ, by 1 − ᾱ, and by how far neighbours are apart.
        if !within || !alphas_cumprod.is_sorted_by(|before, after| before > after) {
            let why = "its betas leave no noise at the first timestep or no picture at the last; choose another model";
            return Err(Error::Config(why.to_owned()));
        }
        Ok(Self { config: config.clone(), alphas_cumprod })
    }

    pub fn config(&self) -> &SchedulerConfig {
        &self.config
    }

    pub fn prediction_type(&self) -> PredictionType {
        self.config.prediction_type
    }

    /// 1000 for every Stable Diffusion.
    pub fn num_train_timesteps(&self) -> usize {
        self.alphas_cumprod.len()
    }

    /// (√ᾱ_t, √(1−ᾱ_t)): the shares of picture and noise in x_t. A timestep beyond the last one counts as the
    /// last.
    pub fn signal_and_noise(&self, timestep: usize) -> (f64, f64) {
        let last = self.alphas_cumprod.len() - 1;
        signal_and_noise(self.alphas_cumprod[timestep.min(last)])
    }

    /// The same as the samplers take it.
    pub(super) fn noise_level(&self, timestep: usize) -> NoiseLevel {
        let (signal, noise) = self.signal_and_noise(timestep);
        NoiseLevel { signal, noise }
    }

    /// The level one step after the lowest timestep, where walks over ᾱ end; `default` is the sampler's
    /// `set_alpha_to_one`.
    pub(super) fn final_noise_level(&self, default: bool) -> NoiseLevel {
        let to_one = self.config.set_alpha_to_one.unwrap_or(default);
        let alpha_cumprod = if to_one { 1.0 } else { self.alphas_cumprod[0] };
        let (signal, noise) = signal_and_noise(alpha_cumprod);
        NoiseLevel { signal, noise }
    }

    pub(super) fn check_steps(&self, steps: usize) -> Result<(), Error> {
        let most = self.num_train_timesteps();
        if (1..=most).contains(&steps) { Ok(()) } else { Err(Error::Steps { asked: steps, most }) }
    }

    /// The timesteps a run of `steps` steps visits, from noisy to clean, not yet rounded for linspace.
    /// Rounding is half-to-even and the intermediate f64 values are numpy's, so that ties fall alike.
    pub(super) fn spaced_timesteps(&self, spacing: TimestepSpacing, steps: usize) -> Vec<f64> {
        let train = self.num_train_timesteps() as f64;
        let last = train - 1.0;
        match spacing {
            TimestepSpacing::Leading => {
                let ratio = self.num_train_timesteps() / steps;
                // With as many steps as training timesteps the offset points past the table (diffusers
                // fails there); the last entry stands in.
                let timestep = |index: usize| ((index * ratio + self.config.steps_offset) as f64).min(last);
                (0..steps).rev().map(timestep).collect()
            }
            TimestepSpacing::Trailing => {
                let delta = (train - train / steps as f64) - train;
                let timestep = |index: usize| (train + index as f64 * delta).round_ties_even() - 1.0;
                (0..steps).map(timestep).collect()
            }
            TimestepSpacing::Linspace => {
                // A single point is the start of the range; otherwise the end is hit exactly.
                let gap = if steps > 1 { last / (steps - 1) as f64 } else { 0.0 };
                let timestep = |index: usize| {
                    if index > 0 && index == steps - 1 { last } else { index as f64 * gap }
                };
                (0..steps).rev().map(timestep).collect()
            }
        }
    }

    /// The whole-numbered timesteps that diffusers' multistep solvers visit: those of a run of one step more,
    /// without its last, so that the lowest timestep is left to the end of the run. Trailing spacing is
    /// unchanged.
    pub(super) fn spaced_timesteps_above_end(&self, spacing: TimestepSpacing, steps: usize) -> Vec<f64> {
        let last = (self.num_train_timesteps() - 1) as f64;
        match spacing {
            TimestepSpacing::Trailing => self.spaced_timesteps(spacing, steps),
            TimestepSpacing::Leading => {
                // As many steps as training timesteps would leave no stride (diffusers divides by zero).
                let ratio = (self.num_train_timesteps() / (steps + 1)).max(1);
                let timestep = |index: usize| ((index * ratio + self.config.steps_offset) as f64).min(last);
                (1..=steps).rev().map(timestep).collect()
            }
            TimestepSpacing::Linspace => {
                let mut spaced = self.spaced_timesteps(spacing, steps + 1);
                spaced.truncate(steps);
                spaced.into_iter().map(f64::round_ties_even).collect()
            }
        }
    }
}

fn signal_and_noise(alpha_cumprod: f32) -> (f64, f64) {
    let alpha_cumprod = f64::from(alpha_cumprod);
    (alpha_cumprod.sqrt(), (1.0 - alpha_cumprod).sqrt())
}

fn betas(config: &SchedulerConfig) -> Vec<f32> {
    let count = config.num_train_timesteps;
    match config.beta_schedule {
        BetaSchedule::Linear => linspace(config.beta_start, config.beta_end, count),
        BetaSchedule::ScaledLinear => linspace(config.beta_start.sqrt(), config.beta_end.sqrt(), count)
            .into_iter()
            .map(|root| root * root)
            .collect(),
    }
}

/// torch.linspace in f32: the first half counts up from the start, the second down from the end, each
/// value rounded once (torch's kernel uses a fused multiply-add).
fn linspace(start: f64, end: f64, count: usize) -> Vec<f32> {
    let (start, end) = (start as f32, end as f32);
    let step = f64::from((end - start) / (count - 1) as f32);
    let value = |index: usize| {
        if index < count / 2 {
            f64::from(start) + step * index as f64
        } else {
            f64::from(end) - step * (count - 1 - index) as f64
        }
    };
    (0..count).map(|index| value(index) as f32).collect()
}
