//! One forward and backward pass of PALP: losses and gradients of LoRA and [V] for one batch.
//!
//! Only ε̂, the personalized prediction at x_t, carries a graph, in pieces (`segmented_pass`). All that
//! Δ needs is computed beside it, from plain tensors (`alignment`).

use std::ops::Add;

use burn::tensor::{DType, Tensor};

use super::alignment::{Alignment, AlignmentPass, Pull};
use super::embedding::PromptTemplate;
use super::lora_parameters::{LoraFactors, LoraLayout};
use super::palp::{self, NoiseLevel};
use super::segmented_pass::{ActivationPolicy, SegmentedPass};
use crate::model::clip_text::ClipTextModel;
use crate::model::lora::LoraSet;
use crate::model::unet::UNet2DConditionModel;
use crate::sampling::NoiseSchedule;

/// With a model in f16 the loss is multiplied by this before the backward pass and the gradients are
/// divided by it after, so that they don't fall below f16's smallest numbers on their way: the mean
/// over a picture's latents makes them some 10⁻⁵. A power of two: dividing is exact.
const F16_LOSS_SCALE: f64 = 1024.0;

/// The frozen networks of a step.
#[derive(Clone, Copy)]
pub struct Networks<'a> {
    pub text_encoder: &'a ClipTextModel,
    pub unet: &'a UNet2DConditionModel,
    pub schedule: &'a NoiseSchedule,
    /// The type the networks' weights are stored in.
    pub dtype: DType,
    /// What the pass with gradients keeps.
    pub activations: ActivationPolicy,
}

/// The prompts of a run: fixed ones as encoder hidden states `[1, tokens, width]`, which are computed
/// once, the personalization prompt as a template, which is encoded at every step.
#[derive(Clone, Debug)]
pub struct Conditioning {
    /// y_P
    pub personalization: PromptTemplate,
    /// C_c, of the clean prompt y_c
    pub clean: Tensor<3>,
    /// C_0, of the empty prompt
    pub empty: Tensor<3>,
}

/// What is trained: the plain values of a step. `factors` are slices of the flat vector.
#[derive(Clone, Debug)]
pub struct Trained {
    pub layout: LoraLayout,
    pub factors: LoraFactors,
    /// [V] `[vectors, width]`
    pub embedding: Tensor<2>,
}

/// Pictures, noise and timesteps of one pass; tensors are `[batch, height, width, channels]`, f32.
#[derive(Clone, Debug)]
pub struct Batch {
    pub latents: Tensor<4>,
    pub noise: Tensor<4>,
    pub timesteps: Vec<usize>,
}

/// What one pass gives; all on the device, f32 and without autodiff.
#[derive(Clone, Debug)]
pub struct StepGradients {
    /// The gradient of all LoRA factors, as their flat vector.
    pub lora: Tensor<1>,
    /// The gradient of [V] `[vectors, width]`.
    pub embedding: Tensor<2>,
    /// What is minimized: mean((ε̂ − ε*)²), `[1]`.
    pub loss: Tensor<1>,
    /// mean((ε̂ − ε)²), `[1]`.
    pub personalization_loss: Tensor<1>,
    /// ‖λΔ‖² and ‖2(ε̂ − ε)‖², `[1]` each; `None` without alignment.
    pub pulls: Option<(Tensor<1>, Tensor<1>)>,
    /// Predictions of one picture that were made, the one with gradients included.
    pub evaluations: usize,
}

impl Add for StepGradients {
    type Output = Self;

    /// Entry by entry.
    fn add(self, other: Self) -> Self {
        Self {
            lora: self.lora + other.lora,
            embedding: self.embedding + other.embedding,
            loss: self.loss + other.loss,
            personalization_loss: self.personalization_loss + other.personalization_loss,
            pulls: self.pulls.zip(other.pulls).map(|(a, b)| (a.0 + b.0, a.1 + b.1)),
            evaluations: self.evaluations + other.evaluations,
        }
    }
}

impl StepGradients {
    /// A sum of `count` passes to their mean; the pulls, of which only the ratio counts, and
    /// the evaluations stay sums.
    pub fn mean_of(self, count: usize) -> Self {
        if count == 1 {
            return self;
        }
        let share = 1.0 / count as f64;
        Self {
            lora: self.lora * share,
            embedding: self.embedding * share,
            loss: self.loss * share,
            personalization_loss: self.personalization_loss * share,
            pulls: self.pulls,
            evaluations: self.evaluations,
        }
    }
}

/// Losses and gradients for one batch. Without `alignment` this is Textual Inversion + DreamBooth.
pub fn step_gradients(
    networks: Networks,
    conditioning: &Conditioning,
    trained: &Trained,
    batch: &Batch,
    alignment: Option<&Alignment>,
) -> StepGradients {
    let device = batch.latents.device();
    let level = NoiseLevel::new(networks.schedule, &batch.timesteps, &device);
    let prediction_type = networks.schedule.prediction_type();
    let noisy = palp::add_noise(batch.latents.clone(), batch.noise.clone(), &level);
    let target = palp::training_target(batch.latents.clone(), batch.noise.clone(), &level, prediction_type);

    // The one pass with a graph: ε̂ = G_θLoRA(x_t, y_P).
    let prompt = PersonalPrompt { networks, conditioning, embedding: &trained.embedding };
    let (personal, prompt_tape) = prompt.encode();
    let states = repeat_rows(personal.clone(), batch.timesteps.len());
    let timesteps = as_floats(&batch.timesteps);
    let (output, pass) = SegmentedPass::forward(
        networks.unet,
        trained,
        noisy.clone(),
        &timesteps,
        states,
        networks.activations,
    );

    let personalization_loss = palp::mean_squared_error(output.clone(), target.clone());
    let mut evaluations = batch.timesteps.len();
    let (target, pulls) = match alignment {
        None => (target, None),
        Some(alignment) => {
            let prediction = palp::noise_prediction(output.clone(), noisy.clone(), &level, prediction_type);
            let lora = trained.layout.lora_set(&trained.factors);
            let aligning = AlignmentPass {
                networks,
                conditioning,
                personal: &personal,
                lora: &lora,
                batch,
                level: &level,
                noisy,
                prediction: prediction.clone(),
            };
            let Pull { direction, weights, evaluations: further } = aligning.pull(alignment);
            evaluations += further;
            let pulls = palp::pulls(direction.clone(), weights.clone(), prediction, batch.noise.clone());
            let target = palp::shifted_target(target, direction, weights, &level, prediction_type);
            (target, Some(pulls))
        }
    };

    let loss = palp::mean_squared_error(output.clone(), target.clone());
    let scale = if networks.dtype == DType::F16 { F16_LOSS_SCALE } else { 1.0 };
    let gradients = pass.backward(palp::mean_squared_error_gradient(output, target) * scale);
    let embedding = match gradients.encoder_hidden_states {
        Some(states) => prompt.backward(prompt_tape, states.sum_dim(0)),
        None => trained.embedding.zeros_like(),
    };
    StepGradients {
        lora: trained.layout.flatten(gradients.lora, &device) / scale,
        embedding: embedding / scale,
        loss,
        personalization_loss,
        pulls,
        evaluations,
    }
}

/// The personalization prompt's way through the text encoder, and back to [V].
struct PersonalPrompt<'a> {
    networks: Networks<'a>,
    conditioning: &'a Conditioning,
    /// [V] `[vectors, width]`
    embedding: &'a Tensor<2>,
}

/// [V] as a leaf, and C_P made of it.
type PromptTape = (Tensor<2>, Tensor<3>);

impl PersonalPrompt<'_> {
    fn record(&self) -> PromptTape {
        let embedding = self.embedding.clone().autodiff().require_grad();
        let states = encode_personal(self.networks, self.conditioning, &embedding);
        (embedding, states)
    }

    /// C_P without autodiff, and its tape if it is to be kept.
    fn encode(&self) -> (Tensor<3>, Option<PromptTape>) {
        match self.networks.activations {
            ActivationPolicy::Keep => {
                let tape = self.record();
                (tape.1.clone().inner(), Some(tape))
            }
            ActivationPolicy::Recompute => {
                let constant = self.embedding.clone().autodiff();
                (encode_personal(self.networks, self.conditioning, &constant).inner(), None)
            }
        }
    }

    /// The gradient of [V] from that of C_P.
    fn backward(&self, tape: Option<PromptTape>, gradient: Tensor<3>) -> Tensor<2> {
        let (embedding, states) = tape.unwrap_or_else(|| self.record());
        let gradient = gradient.cast(states.dtype());
        let mut gradients = (states * gradient.autodiff()).sum().backward();
        embedding.grad_remove(&mut gradients).unwrap_or_else(|| self.embedding.zeros_like())
    }
}

/// C_P `[1, tokens, width]`: the personalization prompt with [V] spliced in. With a tracked
/// embedding, gradients flow back to it through the frozen text encoder.
pub fn encode_personal(networks: Networks, conditioning: &Conditioning, embedding: &Tensor<2>) -> Tensor<3> {
    networks.text_encoder.forward(conditioning.personalization.splice(embedding))
}

impl Networks<'_> {
    /// The U-Net's output, without a graph. One row of hidden states serves the whole batch.
    pub(super) fn predict(
        self,
        sample: Tensor<4>,
        timesteps: &[usize],
        encoder_hidden_states: Tensor<3>,
        lora: Option<&LoraSet>,
    ) -> Tensor<4> {
        let states = repeat_rows(encoder_hidden_states, sample.dims()[0]);
        self.unet.forward(sample, &as_floats(timesteps), states, lora)
    }
}

/// One row as a batch; a batch as it is.
pub(super) fn repeat_rows(states: Tensor<3>, batch: usize) -> Tensor<3> {
    if states.dims()[0] == 1 { states.repeat_dim(0, batch) } else { states }
}

fn as_floats(timesteps: &[usize]) -> Vec<f32> {
    timesteps.iter().map(|&timestep| timestep as f32).collect()
}
