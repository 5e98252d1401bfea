//! The alignment part of a step: Δ, where the frozen model with the clean prompt disagrees with the
//! personalized one, and the weight λ_t with which each picture of a batch follows it.
//!
//! The paper's method is [`AlignmentForm::TwoBranch`] with the same noise; the other forms are its
//! ablations and a cheaper approximation:
//!
//! | setting | Δ | predictions without gradients |
//! |---|---|---|
//! | two branches | G^α_θ(x̂_t, y_c) − G^β_θLoRA(x̂_t, y_P) | 2 + 2; 2 + 1 with β = 1 |
//! | SDS | G^α_θ(x̂_t, y_c) − ε' | 2 |
//! | fast | G^α_θ(x_t, y_c) − G^β with ε̂ for its prompt's prediction | 2 + 1; 2 with β = 1 |
//!
//! Everything here is computed from plain tensors, so none of it can reach the gradients. The frozen model's
//! predictions are made without the adapter, so they equal the base model's bit for bit.

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::batch_times::BatchTimes;
use super::gradients::{Conditioning, Networks, repeat_rows};
use super::palp::{self, NoiseLevel};
use super::random::{Purpose, stream};
use super::settings::TrainingSettings;
use super::transfer::upload;
use crate::model::lora::LoraSet;
use crate::sampling::{NoiseSchedule, guide, noise};

/// What the frozen model's prediction is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AlignmentForm {
    /// The personalized model's own prediction, as in delta denoising (Eq. 6).
    #[default]
    TwoBranch,
    /// The noise itself, as in score distillation (Eq. 4): pulls towards a generic thing of its class.
    Sds,
}

/// The noise that the estimate x̂_0 is noised with again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AlignmentNoise {
    /// The noise of x_t; further samples have fresh ones.
    #[default]
    Same,
    Fresh,
}

/// Weight, guidance and form of the alignment part of one pass.
#[derive(Clone, Debug)]
pub struct Alignment {
    pub alpha: f64,
    pub beta: f64,
    /// λ of this step.
    pub lambda: f64,
    /// First and last timestep at which it acts.
    pub timesteps: [usize; 2],
    /// The factor of λ at the lowest and at the highest timestep; linear between.
    pub profile: [f64; 2],
    /// The paper's w̃(t) = a_t/s_t, which makes λ_t the same at every timestep. Without it λ_t has the
    /// factor s_t/a_t of Eq. 7.
    pub rescale: bool,
    pub form: AlignmentForm,
    /// Whether x_t is used instead of x̂_t, and ε̂ instead of a further personalized prediction.
    pub fast: bool,
    /// Whether one of the samples of x̂_t has the noise of x_t.
    pub same_noise: bool,
    /// The noises of the other samples, each of the batch's shape. Δ is averaged over all samples.
    pub fresh_noises: Vec<Tensor<4>>,
}

impl Default for Alignment {
    /// The paper's method in its composition setting, α 7.5 and β 1, with λ 1.
    fn default() -> Self {
        Self {
            alpha: 7.5,
            beta: 1.0,
            lambda: 1.0,
            timesteps: [20, 980],
            profile: [1.0; 2],
            rescale: true,
            form: AlignmentForm::TwoBranch,
            fast: false,
            same_noise: true,
            fresh_noises: Vec::new(),
        }
    }
}

/// The pull of alignment on ε̂; plain tensors, f32.
pub(super) struct Pull {
    /// Δ `[batch, height, width, channels]`
    pub direction: Tensor<4>,
    /// Number of single-picture predictions made for it.
    pub evaluations: usize,
}

impl Alignment {
    /// The alignment of a step (counted from 0). `pass` is the number of the batch among those accumulated in
    /// the step, `shape` the batch's shape. None if the step has no alignment.
    pub(super) fn of_step(
        settings: &TrainingSettings,
        step: usize,
        pass: usize,
        shape: [usize; 4],
        device: &Device,
    ) -> Option<Self> {
        let lambda = settings.lambda_at(step);
        let same_noise = settings.alignment_noise == AlignmentNoise::Same;
        let fresh = match settings.fast_alignment {
            true => 0,
            false => settings.alignment_samples - usize::from(same_noise),
        };
        let noise_of = |sample: usize| {
            let stream = stream(Purpose::AlignmentNoise, step, pass * settings.alignment_samples + sample);
            upload(noise::normal(settings.seed, stream, shape.iter().product()), device).reshape(shape)
        };
        (lambda > 0.0).then(|| Self {
            alpha: settings.alpha,
            beta: settings.beta,
            lambda,
            timesteps: settings.alignment_timesteps,
            profile: settings.lambda_profile,
            rescale: settings.rescale,
            form: settings.alignment_form,
            fast: settings.fast_alignment,
            same_noise,
            fresh_noises: (0..fresh).map(noise_of).collect(),
        })
    }

    /// λ_t of each row.
    pub(super) fn weights(&self, timesteps: &[usize], schedule: &NoiseSchedule) -> Vec<f32> {
        let [first, last] = self.timesteps;
        let [lowest, highest] = self.profile;
        let span = schedule.num_train_timesteps().saturating_sub(1).max(1) as f64;
        let weight = |&timestep: &usize| {
            if !(first..=last).contains(&timestep) {
                return 0.0;
            }
            let factor = lowest + (highest - lowest) * (timestep as f64 / span);
            let (signal, noise) = schedule.signal_and_noise(timestep);
            let scale = if self.rescale { 1.0 } else { noise / signal };
            (self.lambda * factor * scale) as f32
        };
        timesteps.iter().map(weight).collect()
    }
}

/// What both sides of Δ share.
pub(super) struct AlignmentPass<'a> {
    pub networks: Networks<'a>,
    pub conditioning: &'a Conditioning,
    /// C_P
    pub personal: &'a Tensor<3>,
    pub lora: &'a LoraSet,
    pub batch: &'a Batch,
    /// The tensors that follow from the batch's timesteps.
    pub times: &'a BatchTimes,
    /// x_t
    pub noisy: Tensor<4>,
    /// ε̂
    pub prediction: Tensor<4>,
}

impl AlignmentPass<'_> {
    pub fn pull(&self, alignment: &Alignment) -> Pull {
        let own = (alignment.same_noise || alignment.fast).then(|| self.batch.noise.clone());
        let fresh = if alignment.fast { &[][..] } else { &alignment.fresh_noises };
        let noises: Vec<_> = own.into_iter().chain(fresh.iter().cloned()).collect();
        let samples = noises.len();
        let mut evaluations = 0;
        let mut deltas = noises.into_iter().map(|noise| self.delta(alignment, noise, &mut evaluations));
        let first = deltas.next().unwrap_or_else(|| self.prediction.zeros_like());
        let sum = deltas.fold(first, |sum, delta| sum + delta);
        let direction = if samples > 1 { sum / samples as f64 } else { sum };
        Pull { direction, evaluations }
    }

    /// Δ of one sample of x̂_t. Counts the predictions it makes.
    fn delta(&self, alignment: &Alignment, noise: Tensor<4>, evaluations: &mut usize) -> Tensor<4> {
        let Conditioning { clean, empty, .. } = self.conditioning;
        let mut predict = |sample: &Tensor<4>, prompts: &[&Tensor<3>], lora| {
            *evaluations += prompts.len() * self.batch.timesteps.len();
            self.predict(sample, prompts, lora)
        };
        let sample = match alignment.fast {
            true => self.noisy.clone(),
            false => palp::renoise_estimate(
                self.noisy.clone(),
                noise.clone(),
                self.prediction.clone(),
                &self.times.level,
            ),
        };
        let (alpha, beta) = (alignment.alpha as f32, alignment.beta as f32);
        let frozen = match alpha == 1.0 {
            true => predict(&sample, &[clean], None),
            false => palp::guide_halves(predict(&sample, &[empty, clean], None), alpha),
        };
        let lora = Some(self.lora);
        let compared = match (alignment.form, alignment.fast, beta == 1.0) {
            (AlignmentForm::Sds, ..) => noise,
            (AlignmentForm::TwoBranch, true, true) => self.prediction.clone(),
            (AlignmentForm::TwoBranch, true, false) => {
                guide(predict(&sample, &[empty], lora), self.prediction.clone(), beta)
            }
            (AlignmentForm::TwoBranch, false, true) => predict(&sample, &[self.personal], lora),
            (AlignmentForm::TwoBranch, false, false) => {
                palp::guide_halves(predict(&sample, &[empty, self.personal], lora), beta)
            }
        };
        palp::alignment_direction(frozen, compared)
    }

    /// Noise predictions for the whole batch with each prompt, made as one batch, without a graph.
    fn predict(&self, sample: &Tensor<4>, prompts: &[&Tensor<3>], lora: Option<&LoraSet>) -> Tensor<4> {
        let rows = self.batch.timesteps.len();
        let states = prompts.iter().map(|&states| repeat_rows(states.clone(), rows));
        let states = Tensor::cat(states.collect(), 0);
        let count = prompts.len();
        let BatchTimes { level, activated, .. } = self.times;
        let sample = repeat(sample, count);
        let output = self.networks.predict(sample.clone(), repeat(activated, count), states, lora);
        let level = NoiseLevel { signal: repeat(&level.signal, count), noise: repeat(&level.noise, count) };
        palp::noise_prediction(output, sample, &level, self.networks.schedule.prediction_type())
    }
}

/// `batch` repeated `count` times along its first axis.
fn repeat<const D: usize>(batch: &Tensor<D>, count: usize) -> Tensor<D> {
    if count == 1 { batch.clone() } else { batch.clone().repeat_dim(0, count) }
}
