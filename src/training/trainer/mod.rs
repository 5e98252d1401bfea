//! A training run: PALP's steps, one after the other, from the state it holds. `start` makes that state,
//! `state` takes it out and puts it back.
//!
//! Guarantees:
//! - what step n does depends on the settings, the photos, the model and the state alone;
//! - one read-back a step, before the update, so a step that diverged leaves the state as it was;
//! - the model's own weights never change.

mod start;
mod state;

use std::cell::RefCell;

use burn::tensor::{Device, Tensor};

use super::alignment::Alignment;
use super::batches::Batches;
use super::best::Best;
use super::checkpoint::Terms;
use super::embedding::NewWords;
use super::embedding_norm::{self, NormControls};
use super::frozen_model::FrozenModel;
use super::gradients::{Conditioning, StepGradients, Trained};
use super::optimizer::{self, ParameterGroup};
use super::record::{Report, TrainingRecord};
use super::repeated_pass::RepeatedPass;
use super::unet_parameters::UNetLayout;
use super::{ActivationPolicy, Error, PhotoLatents, TrainingSettings};
use crate::model::lora::LoraSet;

/// What a step has the device compute before its one read-back.
struct Asked {
    /// The gradient of what is trained of the U-Net, flat.
    unet: Tensor<1>,
    /// The gradient of `[V]`, flat.
    embedding: Tensor<1>,
    /// ‖gradient‖ of both together, `[1]`
    norm: Tensor<1>,
    report: Report,
    evaluations: usize,
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
    /// Prompts that every pass encodes: buffers of another number's sizes would lie beside those of this one.
    prompts_at_once: usize,
    layout: UNetLayout,
    unet: ParameterGroup,
    /// `[V]` of every subject, flat: `[subjects · vectors · width]`
    embedding: ParameterGroup,
    embedding_width: usize,
    norm_controls: NormControls,
    activations: ActivationPolicy,
    passes: RefCell<RepeatedPass>,
    step: usize,
    /// Number of steps behind the trained values: `step`, unless earlier values were restored.
    trained_step: usize,
    best: Best,
    /// Checkpoints hold them; `None` where nobody said them, or to a program that didn't keep them yet.
    pub terms: Option<Terms>,
    device: Device,
}

impl Trainer {
    /// One optimizer step.
    ///
    /// # Errors
    /// [`Error::Complete`] after the last step, [`Error::NotFinite`] if the step diverged, [`Error::Device`]
    /// if the device failed. The state then stays as it was before the step.
    pub async fn step(&mut self) -> Result<TrainingRecord, Error> {
        let steps = self.settings.steps;
        if self.is_complete() {
            return Err(Error::Complete { steps });
        }
        let Asked { unet, embedding, norm, report, evaluations } = self.ask(self.step);
        let reported = report.read().await?;
        if !reported.finite {
            return Err(Error::NotFinite { step: self.step + 1 });
        }

        let factor = self.learning_rate_factor();
        (self.unet, self.embedding) = self.updated(unet, embedding, norm, factor);
        self.step += 1;
        self.trained_step = self.step;
        Ok(TrainingRecord {
            step: self.step,
            steps,
            loss: reported.loss,
            personalization_loss: reported.personalization_loss,
            localized_loss: reported.localized_loss,
            alignment_ratio: reported.alignment_ratio,
            embedding_norm: reported.embedding_norm,
            vocabulary_norm: reported.vocabulary_norm,
            learning_rate: self.settings.lora_learning_rate * factor,
            unet_evaluations: evaluations,
            seconds: 0.0,
        })
    }

    /// Has the device compute what the run's steps need, one with alignment and one without, and discards it:
    /// in a dry run this compiles the run's kernels. The state stays as it is.
    pub fn rehearse(&self) {
        for aligned in [true, false] {
            let mut steps = self.step..self.settings.steps;
            if let Some(step) = steps.find(|&step| self.settings.aligns(step) == aligned) {
                // The second pass copies the inputs and outputs of a recording, which takes kernels of its
                // own.
                self.ask(step);
                let Asked { unet, embedding, norm, report, .. } = self.ask(step);
                drop((report, self.updated(unet, embedding, norm, 1.0)));
            }
        }
    }

    /// The factor of the learning rates in the next step.
    fn learning_rate_factor(&self) -> f64 {
        let TrainingSettings { learning_rate_schedule, learning_rate_warmup_steps, steps, .. } =
            self.settings;
        learning_rate_schedule.factor(self.step, learning_rate_warmup_steps, steps)
    }

    /// Has the device compute gradients and report of a step (counted from 0) with the present values.
    fn ask(&self, step: usize) -> Asked {
        let mut gradients = self.accumulated_gradients(step);
        if let Some((loss, gradient)) = self.norm_controls.anchor(self.embedding_vectors()) {
            gradients.loss = gradients.loss + loss;
            gradients.embedding = gradients.embedding + gradient;
        }
        let length = self.new_words.rows() * self.embedding_width;
        let embedding = gradients.embedding.clone().reshape([length]);
        let norm = optimizer::global_norm(gradients.unet.clone(), embedding.clone());
        let longest = embedding_norm::norms(self.embedding_vectors()).max();
        let vocabulary = self.norm_controls.vocabulary().mean_norm.clone();
        let report = Report::new(&gradients, [longest, vocabulary, norm.clone()]);
        let evaluations = gradients.evaluations;
        Asked { unet: gradients.unet, embedding, norm, report, evaluations }
    }

    /// The U-Net's trained values and `[V]` after an update by these gradients, at `factor` times their
    /// learning rates.
    fn updated(
        &self,
        unet_gradient: Tensor<1>,
        embedding_gradient: Tensor<1>,
        norm: Tensor<1>,
        factor: f64,
    ) -> (ParameterGroup, ParameterGroup) {
        let (mut unet, mut embedding) = (self.unet.clone(), self.embedding.clone());
        let limit = self.settings.gradient_clip;
        unet.update_scaled(optimizer::clip(unet_gradient, norm.clone(), limit), factor);
        if !self.settings.train_embedding {
            return (unet, embedding);
        }
        embedding.update_scaled(optimizer::clip(embedding_gradient, norm, limit), factor);
        let [vectors, width] = [self.new_words.rows(), self.embedding_width];
        let vectors_now = embedding.values().reshape([vectors, width]);
        let learning_rate = self.settings.embedding_learning_rate * factor;
        let controlled = self.norm_controls.apply(vectors_now, learning_rate);
        embedding.set_values(controlled.reshape([vectors * width]));
        (unet, embedding)
    }

    /// Steps made so far.
    pub fn steps_made(&self) -> usize {
        self.step
    }

    pub fn is_complete(&self) -> bool {
        self.step >= self.settings.steps
    }

    /// Number of photos that are trained on.
    pub fn photos(&self) -> usize {
        self.latents.photos()
    }

    pub fn settings(&self) -> &TrainingSettings {
        &self.settings
    }

    /// Sentences about settings that may not do what was meant.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// The adaptations as trained so far, for a preview without a read-back.
    pub fn lora_set(&self) -> LoraSet {
        self.layout.lora_set(&self.layout.split(&self.unet.values()))
    }

    /// Encoder hidden states `[1, tokens, width]` of a prompt that may hold the placeholder, with the
    /// new word as trained so far.
    pub fn encode_prompt(&self, prompt: &str) -> Tensor<3> {
        let template = self.model.template(prompt, &self.new_words);
        self.model.text_encoder.forward(template.splice(&self.embedding_vectors()))
    }

    /// `[V]` of every subject `[subjects · vectors, width]`
    fn embedding_vectors(&self) -> Tensor<2> {
        self.embedding.values().reshape([self.new_words.rows(), self.embedding_width])
    }

    /// Losses and gradients of a step: the means over its accumulated batches (of the pulls: the sums).
    fn accumulated_gradients(&self, step: usize) -> StepGradients {
        let settings = &self.settings;
        let networks = self.model.networks(self.activations);
        let trained = Trained {
            layout: self.layout.clone(),
            values: self.unet.values(),
            embedding: self.embedding_vectors(),
            embedding_is_trained: settings.train_embedding,
        };
        let batches = Batches { settings, latents: &self.latents, schedule: &self.model.schedule };
        let pass = |index: usize| {
            let (batch, prompts) = batches.batch(step, index, &self.device);
            // Where a pass has fewer, its last one again.
            let again = prompts.last().into_iter().cycle();
            let encoded = prompts.iter().chain(again).take(self.prompts_at_once.max(prompts.len()));
            let templates = encoded.map(|prompt| self.model.template(prompt, &self.new_words));
            let conditioning = Conditioning {
                personalization: templates.collect(),
                clean: self.clean[step % self.clean.len()].clone(),
                empty: self.empty.clone(),
            };
            let [_, height, width, channels] = batch.latents.dims();
            let shape = [batch.photo_rows, height, width, channels];
            let alignment = Alignment::of_step(settings, step, index, shape, &self.device);
            let mut passes = self.passes.borrow_mut();
            passes.gradients(networks, prompts, &conditioning, &trained, &batch, alignment.as_ref())
        };
        let sum = (1..settings.accumulation).fold(pass(0), |sum, index| sum + pass(index));
        sum.mean_of(settings.accumulation)
    }
}
