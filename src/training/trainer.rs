//! A training run: step after step of PALP, from the state it holds.
//!
//! Guarantees:
//! - what step n does depends on the settings, the photos, the model and the state alone;
//! - one read-back a step, before the update, so a step that diverged leaves the state as it was;
//! - the model's own weights never change.

use burn::tensor::{DType, Device, Tensor};
use serde::Serialize;

use super::batches::Batches;
use super::checkpoint::{Checkpoint, State};
use super::embedding::{self, NewWords};
use super::frozen_model::FrozenModel;
use super::gradients::{self, Alignment, Conditioning, StepGradients, Trained};
use super::lora_parameters::LoraLayout;
use super::optimizer::{self, ParameterGroup};
use super::transfer::{read, upload};
use super::{ActivationPolicy, Activations, Error, PhotoLatents, TrainedWeights, TrainingSettings};
use crate::adapter::{Adapter, AdapterDetails, Embedding};
use crate::model::lora::LoraSet;

/// What a step reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrainingRecord {
    /// Counted from 1.
    pub step: usize,
    pub steps: usize,
    /// What the step minimized: the mean squared error against the shifted target.
    pub loss: f64,
    /// Its part that learns the subject: the mean squared error against the noise.
    pub personalization_loss: f64,
    /// ‖λΔ‖ / ‖2(ε̂ − ε)‖: 0 without alignment, up to 0.6 keeps the subject, above 1 loses it.
    pub alignment_ratio: f64,
    /// Length of the new word's longest vector, as this step used it.
    pub embedding_norm: f64,
    /// Duration of the step. The library has no clock: 0 until the caller sets it.
    pub seconds: f64,
}

/// What a step asks of the device before its one read-back.
struct Asked {
    /// The gradient of what is trained of the U-Net, flat.
    lora: Tensor<1>,
    /// The gradient of [V], flat.
    embedding: Tensor<1>,
    /// ‖gradient‖ of both together, `[1]`
    norm: Tensor<1>,
    /// Losses, pulls, the longest vector's length, and the norm.
    report: Tensor<1>,
}

/// A run and its state.
pub struct Trainer {
    model: FrozenModel,
    settings: TrainingSettings,
    remarks: Vec<String>,
    /// C_c of each target prompt
    clean: Vec<Tensor<3>>,
    /// C_0
    empty: Tensor<3>,
    new_words: NewWords,
    latents: PhotoLatents,
    layout: LoraLayout,
    lora: ParameterGroup,
    /// [V] of every subject, flat: `[subjects · vectors · width]`
    embedding: ParameterGroup,
    embedding_width: usize,
    /// Largest norm of each vector `[vectors, 1]`.
    norm_limits: Option<Tensor<2>>,
    activations: ActivationPolicy,
    step: usize,
    device: Device,
}

impl Trainer {
    /// Prepares a run: checks the settings, encodes the fixed prompts, sets up what is trained.
    ///
    /// # Errors
    /// Settings out of range or prompts that don't fit together ([`Error::Settings`]), a placeholder
    /// that can't be a new word ([`Error::Tokenizer`]), networks and latents that don't fit each other
    /// ([`Error::Model`]).
    pub fn new(
        model: FrozenModel,
        latents: PhotoLatents,
        settings: TrainingSettings,
        device: &Device,
    ) -> Result<Self, Error> {
        let mut remarks = settings.validate()?;
        settings.check_photos(latents.photos())?;
        if settings.masked_loss > 0.0 && !latents.is_weighted() {
            remarks.push("No photo has a mask, so the masked loss does nothing.".to_owned());
        }
        model.check(&latents)?;
        let device = device.clone().inner();
        let mut model = model;
        let mut starts = Vec::new();
        for (number, subject) in settings.subjects().enumerate() {
            let word = settings.initializer(number, subject.class_noun);
            let rows = model.initializer_rows(&word, settings.method)?;
            starts.push(embedding::initial_embedding(rows, settings.vectors, number, settings.seed));
        }
        for subject in settings.subjects() {
            model.tokenizer.add_placeholder(subject.placeholder, settings.vectors)?;
        }
        let start = Tensor::cat(starts, 0);
        let [vectors, embedding_width] = start.dims();
        let norm_limits = settings.embedding_norm_cap.map(|cap| embedding::norms(start.clone()) * cap);
        let new_words = NewWords {
            placeholders: settings.subjects().map(|subject| subject.placeholder.to_owned()).collect(),
            vectors: settings.vectors,
        };
        let schedule = &model.schedule;
        for (prompt, placeholder) in (Batches { settings: &settings, latents: &latents, schedule }).prompts()
        {
            model.check_prompt(&prompt, &placeholder, settings.vectors)?;
        }

        let mut clean = Vec::new();
        for prompt in settings.clean_prompts() {
            let (states, unseen) = model.encode(prompt);
            clean.push(states);
            remarks
                .extend(unseen.map(|rest| {
                    format!("The target prompt is too long; the model does not see \"{rest}\".")
                }));
        }
        let empty = model.encode("").0;
        let modules = model.unet.adaptable_modules(settings.trained_modules());
        let layout = match settings.trained_weights {
            TrainedWeights::Lora => LoraLayout::new(modules, settings.rank, settings.effective_lora_alpha()),
            TrainedWeights::CrossAttention | TrainedWeights::All | TrainedWeights::None => {
                LoraLayout::full(modules)
            }
        };
        let lora = layout.initial_values(settings.seed, &device);
        let activations = match settings.activations {
            Activations::Auto | Activations::Keep => ActivationPolicy::Keep,
            Activations::Recompute => ActivationPolicy::Recompute,
        };
        Ok(Self {
            lora: ParameterGroup::new(lora, settings.lora_learning_rate, settings.weight_decay),
            embedding: ParameterGroup::new(
                start.reshape([vectors * embedding_width]),
                settings.embedding_learning_rate,
                0.0,
            ),
            model,
            settings,
            remarks,
            clean,
            empty,
            new_words,
            latents,
            layout,
            embedding_width,
            norm_limits,
            activations,
            step: 0,
            device,
        })
    }

    /// Takes a run up where a [`checkpoint`](Self::checkpoint) left it, with the same photos' latents.
    /// On the same device the steps that follow are the uninterrupted run's, bit for bit.
    ///
    /// # Errors
    /// A file that is no checkpoint ([`Error::CheckpointFile`]) or one of another model
    /// ([`Error::Checkpoint`]).
    pub fn resume(
        model: FrozenModel,
        latents: PhotoLatents,
        checkpoint: &[u8],
        device: &Device,
    ) -> Result<Self, Error> {
        let Checkpoint { settings, step, layout, lora, embedding } = Checkpoint::from_bytes(checkpoint)?;
        let mut trainer = Self::new(model, latents, settings, device)?;
        let fits = layout == trainer.layout.description()
            && lora.holds(trainer.layout.length())
            && embedding.holds(trainer.new_words.rows() * trainer.embedding_width);
        if !fits {
            let reason = "it belongs to a model of another architecture".to_owned();
            return Err(Error::Checkpoint { reason });
        }
        let settings = &trainer.settings;
        let restore = |state: State, learning_rate: f64, weight_decay: f64| {
            let [values, moment_1, moment_2] = state.into_parts().map(|part| upload(part, &trainer.device));
            ParameterGroup::restore(values, moment_1, moment_2, step, learning_rate, weight_decay)
        };
        let lora = restore(lora, settings.lora_learning_rate, settings.weight_decay);
        let embedding = restore(embedding, settings.embedding_learning_rate, 0.0);
        (trainer.lora, trainer.embedding, trainer.step) = (lora, embedding, step);
        Ok(trainer)
    }

    /// One optimizer step.
    ///
    /// # Errors
    /// [`Error::Complete`] after the last step, [`Error::NotFinite`] if the step diverged,
    /// [`Error::Device`] if the device failed. The state is then that before the step.
    pub async fn step(&mut self) -> Result<TrainingRecord, Error> {
        let steps = self.settings.steps;
        if self.is_complete() {
            return Err(Error::Complete { steps });
        }
        let Asked { lora, embedding, norm, report } = self.ask(self.settings.aligns(self.step));
        let report = read(report).await?;
        let [loss, personalization_loss, alignment, personalization, embedding_norm, _] = report[..] else {
            return Err(Error::Device { reason: "it returned an incomplete report".to_owned() });
        };
        if !report.iter().all(|value| value.is_finite()) {
            return Err(Error::NotFinite { step: self.step + 1 });
        }

        (self.lora, self.embedding) = self.updated(lora, embedding, norm);
        self.step += 1;
        Ok(TrainingRecord {
            step: self.step,
            steps,
            loss: loss.into(),
            personalization_loss: personalization_loss.into(),
            alignment_ratio: f64::from(alignment / personalization.max(f32::MIN_POSITIVE)).sqrt(),
            embedding_norm: embedding_norm.into(),
            seconds: 0.0,
        })
    }

    /// Asks the device for everything that the run's steps ask for, with alignment and without, and throws
    /// it away: in a dry run this compiles the kernels of the run. The state stays as it is.
    pub fn rehearse(&self) {
        let settings = &self.settings;
        let occurs =
            |aligned: &bool| (self.step..settings.steps).any(|step| settings.aligns(step) == *aligned);
        for aligned in [false, true].into_iter().filter(occurs) {
            let Asked { lora, embedding, norm, report } = self.ask(aligned);
            drop((report, self.updated(lora, embedding, norm)));
        }
    }

    /// Gradients and report of a step, as asked of the device.
    fn ask(&self, aligned: bool) -> Asked {
        let gradients = self.accumulated_gradients(aligned);
        let embedding = gradients.embedding.reshape([self.new_words.rows() * self.embedding_width]);
        let norm = optimizer::global_norm(gradients.lora.clone(), embedding.clone());
        let (alignment, personalization) = gradients.pulls.unwrap_or_else(|| {
            let zero = Tensor::zeros([1], (&self.device, DType::F32));
            (zero.clone(), zero.add_scalar(1.0))
        });
        let longest = embedding::norms(self.embedding_vectors()).max();
        let report = vec![
            gradients.loss,
            gradients.personalization_loss,
            alignment,
            personalization,
            longest,
            norm.clone(),
        ];
        Asked { lora: gradients.lora, embedding, norm, report: Tensor::cat(report, 0) }
    }

    /// The U-Net's trained values and [V] after an update by these gradients.
    fn updated(
        &self,
        lora_gradient: Tensor<1>,
        embedding_gradient: Tensor<1>,
        norm: Tensor<1>,
    ) -> (ParameterGroup, ParameterGroup) {
        let (mut lora, mut embedding) = (self.lora.clone(), self.embedding.clone());
        let limit = self.settings.gradient_clip;
        lora.update(optimizer::clip(lora_gradient, norm.clone(), limit));
        if !self.settings.train_embedding {
            return (lora, embedding);
        }
        embedding.update(optimizer::clip(embedding_gradient, norm, limit));
        if let Some(limits) = &self.norm_limits {
            let [vectors, width] = [self.new_words.rows(), self.embedding_width];
            let vectors_now = embedding.values().reshape([vectors, width]);
            let capped = embedding::cap_norms(vectors_now, limits.clone());
            embedding.set_values(capped.reshape([vectors * width]));
        }
        (lora, embedding)
    }

    /// Steps made so far.
    pub fn steps_made(&self) -> usize {
        self.step
    }

    pub fn is_complete(&self) -> bool {
        self.step >= self.settings.steps
    }

    pub fn settings(&self) -> &TrainingSettings {
        &self.settings
    }

    /// Sentences about settings that may not do what was meant.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// The adapter as trained so far, read back from the device.
    pub async fn adapter(&self) -> Result<Adapter, Error> {
        let (lora, differences) = self.layout.weights(&read(self.lora.values()).await?);
        let values = read(self.embedding.values()).await?;
        let settings = &self.settings;
        let words = self.new_words.placeholders.iter();
        let embeddings =
            words.zip(values.chunks(settings.vectors * self.embedding_width)).map(|(placeholder, values)| {
                Embedding {
                    placeholder: placeholder.clone(),
                    vectors: settings.vectors,
                    width: self.embedding_width,
                    values: values.to_vec(),
                }
            });
        Ok(Adapter {
            name: settings.placeholder.trim_matches(['<', '>']).to_owned(),
            lora,
            differences,
            embeddings: embeddings.collect(),
            details: AdapterDetails {
                class_noun: Some(settings.class_noun.clone()),
                clean_prompt: Some(settings.clean_prompt.clone()),
                personalization_prompt: Some(settings.personalization_text()),
                alpha: Some(settings.alpha),
                beta: Some(settings.beta),
                lambda: Some(settings.lambda),
                steps: Some(self.step),
                trained_weights: Some(settings.trained_weights.name().to_owned()),
                base_model: Some(self.model.name.clone()),
            },
        })
    }

    /// The state of the run as a file for [`resume`](Self::resume).
    pub async fn checkpoint(&self) -> Result<Vec<u8>, Error> {
        let lora = State::read(&self.lora).await?;
        let embedding = State::read(&self.embedding).await?;
        let checkpoint = Checkpoint {
            settings: self.settings.clone(),
            step: self.step,
            layout: self.layout.description(),
            lora,
            embedding,
        };
        checkpoint.to_bytes()
    }

    /// The adaptations as trained so far, for a preview without a read-back.
    pub fn lora_set(&self) -> LoraSet {
        self.layout.lora_set(&self.layout.split(&self.lora.values()))
    }

    /// Encoder hidden states `[1, tokens, width]` of a prompt that may hold the placeholder, with the
    /// new word as trained so far.
    pub fn encode_prompt(&self, prompt: &str) -> Tensor<3> {
        let template = self.model.template(prompt, &self.new_words);
        self.model.text_encoder.forward(template.splice(&self.embedding_vectors()))
    }

    /// [V] of every subject `[subjects · vectors, width]`
    fn embedding_vectors(&self) -> Tensor<2> {
        self.embedding.values().reshape([self.new_words.rows(), self.embedding_width])
    }

    /// Losses and gradients of a step: the means over its accumulated batches (of the pulls: the sums).
    fn accumulated_gradients(&self, aligned: bool) -> StepGradients {
        let settings = &self.settings;
        let networks = self.model.networks(self.activations);
        let trained = Trained {
            layout: self.layout.clone(),
            factors: self.layout.split(&self.lora.values()),
            embedding: self.embedding_vectors(),
            embedding_is_trained: settings.train_embedding,
        };
        let alignment = aligned.then_some(Alignment {
            alpha: settings.alpha,
            beta: settings.beta,
            lambda: settings.lambda,
            timesteps: settings.alignment_timesteps,
        });
        let batches = Batches { settings, latents: &self.latents, schedule: &self.model.schedule };
        let pass = |index: usize| {
            let (batch, prompts) = batches.batch(self.step, index, &self.device);
            let templates = prompts.iter().map(|prompt| self.model.template(prompt, &self.new_words));
            let conditioning = Conditioning {
                personalization: templates.collect(),
                clean: self.clean[self.step % self.clean.len()].clone(),
                empty: self.empty.clone(),
            };
            gradients::step_gradients(networks, &conditioning, &trained, &batch, alignment)
        };
        let sum = (1..settings.accumulation).fold(pass(0), |sum, index| sum + pass(index));
        sum.mean_of(settings.accumulation)
    }
}
