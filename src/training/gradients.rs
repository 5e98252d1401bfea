//! One forward and backward pass of PALP: losses and gradients of what is trained of the U-Net and of [V]
//! for one batch.
//!
//! Only ε̂, the personalized prediction at x_t, carries a graph, in pieces (`segmented_pass`). All that
//! Δ needs is computed beside it, from plain tensors (`alignment`).

use std::ops::Add;

use burn::tensor::{DType, Int, Tensor, TensorData};

use super::alignment::{Alignment, AlignmentPass, Pull};
use super::embedding::PromptTemplate;
use super::lora_parameters::{LoraFactors, LoraLayout};
use super::loss_weights;
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

/// The prompts of a pass: fixed ones as encoder hidden states `[1, tokens, width]`, which are computed
/// once a run, the personalization prompts as templates, which are encoded at every pass.
#[derive(Clone, Debug)]
pub struct Conditioning {
    /// y_P of each kind of row; without a new word where the row is one of the prior.
    pub personalization: Vec<PromptTemplate>,
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
    /// [V] of every subject, one after the other `[vectors, width]`
    pub embedding: Tensor<2>,
    /// Whether [V] gets gradients.
    pub embedding_is_trained: bool,
}

/// Pictures, noise and timesteps of one pass; tensors are `[batch, height, width, channels]`, f32.
#[derive(Clone, Debug)]
pub struct Batch {
    pub latents: Tensor<4>,
    pub noise: Tensor<4>,
    pub timesteps: Vec<usize>,
    /// Which of the personalization prompts each row has.
    pub prompts: Vec<usize>,
    /// So many rows are photos, which alignment acts on; those after them preserve the prior.
    pub photo_rows: usize,
    /// How much each row and latent counts in the personalization loss (see `loss_weights`); broadcasts
    /// over the batch. None if all count 1, which is never so with rows of the prior.
    pub weights: Option<Tensor<4>>,
}

impl Batch {
    /// Photos that have the same prompt and all count the same.
    pub fn new(latents: Tensor<4>, noise: Tensor<4>, timesteps: Vec<usize>) -> Self {
        let rows = timesteps.len();
        Self { latents, noise, prompts: vec![0; rows], photo_rows: rows, weights: None, timesteps }
    }

    /// The rows that are photos.
    fn photos(&self) -> Self {
        let rows = self.photo_rows;
        Self {
            latents: first_rows(self.latents.clone(), rows),
            noise: first_rows(self.noise.clone(), rows),
            timesteps: self.timesteps[..rows].to_vec(),
            prompts: self.prompts[..rows].to_vec(),
            photo_rows: rows,
            weights: self.weights.clone().map(|weights| first_rows(weights, rows)),
        }
    }
}

/// What one pass gives; all on the device, f32 and without autodiff.
#[derive(Clone, Debug)]
pub struct StepGradients {
    /// The gradient of what is trained of the U-Net, as its flat vector.
    pub lora: Tensor<1>,
    /// The gradient of [V] `[vectors, width]`.
    pub embedding: Tensor<2>,
    /// What is minimized: mean((ε̂ − ε*)²), `[1]`; with weights see `Objective`.
    pub loss: Tensor<1>,
    /// mean(w ⊙ (ε̂ − ε)²), `[1]`.
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
    let states = rows_of(personal.clone(), &batch.prompts);
    let timesteps = as_floats(&batch.timesteps);
    let (output, pass) = SegmentedPass::forward(
        networks.unet,
        trained,
        noisy.clone(),
        &timesteps,
        states,
        networks.activations,
    );

    let weights = &batch.weights;
    let personalization_loss = loss_weights::mean_squared_error(output.clone(), target.clone(), weights);
    let mut evaluations = batch.timesteps.len();
    let aligned = alignment.map(|alignment| {
        let photos = batch.photos();
        let rows = photos.photo_rows;
        let level = NoiseLevel::new(networks.schedule, &photos.timesteps, &device);
        let [output, noisy, target] =
            [output.clone(), noisy, target.clone()].map(|tensor| first_rows(tensor, rows));
        let personal = match personal.dims()[0] {
            1 => personal,
            _ => rows_of(personal, &photos.prompts),
        };
        let prediction = palp::noise_prediction(output, noisy.clone(), &level, prediction_type);
        let lora = trained.layout.lora_set(&trained.factors);
        let aligning = AlignmentPass {
            networks,
            conditioning,
            personal: &personal,
            lora: &lora,
            batch: &photos,
            level: &level,
            noisy,
            prediction: prediction.clone(),
        };
        let Pull { direction, weights, evaluations: further } = aligning.pull(alignment);
        evaluations += further;
        let pulls = palp::pulls(direction.clone(), weights.clone(), prediction, photos.noise.clone());
        let target = palp::shifted_target(target, direction, weights, &level, prediction_type);
        (target, pulls)
    });
    let (shifted, pulls) = aligned.unzip();

    let (loss, output_gradient) = Objective { output, target, weights, shifted }.loss_and_gradient();
    let scale = if networks.dtype == DType::F16 { F16_LOSS_SCALE } else { 1.0 };
    let gradients = pass.backward(output_gradient * scale);
    let embedding = match gradients.encoder_hidden_states.filter(|_| trained.embedding_is_trained) {
        Some(states) => prompt.backward(prompt_tape, sum_of_rows(states, &batch.prompts)),
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

/// What a pass minimizes.
struct Objective<'a> {
    output: Tensor<4>,
    target: Tensor<4>,
    weights: &'a Option<Tensor<4>>,
    /// ε* of the photos' rows.
    shifted: Option<Tensor<4>>,
}

impl Objective<'_> {
    /// The loss `[1]` and its gradient with respect to the output.
    ///
    /// Without weights mean((ε̂ − ε*)²). Weights act on the personalization part alone:
    /// mean(w ⊙ (ε̂ − ε)²) over all rows, plus mean((ε̂ − ε*)²) − mean((ε̂ − ε)²) over the photos', which
    /// is the alignment part, with the gradient 2·(ε − ε*)/n.
    fn loss_and_gradient(self) -> (Tensor<1>, Tensor<4>) {
        let Self { output, target, weights, shifted } = self;
        if weights.is_none() {
            let target = shifted.unwrap_or(target);
            let loss = palp::mean_squared_error(output.clone(), target.clone());
            return (loss, palp::mean_squared_error_gradient(output, target));
        }
        let loss = loss_weights::mean_squared_error(output.clone(), target.clone(), weights);
        let gradient = loss_weights::mean_squared_error_gradient(output.clone(), target.clone(), weights);
        let Some(shifted) = shifted else { return (loss, gradient) };
        let rows = shifted.dims()[0];
        let (output, target) = (first_rows(output, rows), first_rows(target, rows));
        let aligned = palp::mean_squared_error(output.clone(), shifted.clone());
        let plain = palp::mean_squared_error(output, target.clone());
        let pull = palp::mean_squared_error_gradient(target, shifted);
        let photos = first_rows(gradient.clone(), rows) + pull;
        let prior = gradient.dims()[0] - rows;
        let gradient = match prior {
            0 => photos,
            _ => Tensor::cat(vec![photos, gradient.narrow(0, rows, prior)], 0),
        };
        (loss + aligned - plain, gradient)
    }
}

/// The personalization prompts' way through the text encoder, and back to [V].
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

/// C_P `[prompts, tokens, width]`: the personalization prompts with [V] spliced in. With a tracked
/// embedding, gradients flow back to it through the frozen text encoder.
pub fn encode_personal(networks: Networks, conditioning: &Conditioning, embedding: &Tensor<2>) -> Tensor<3> {
    let mut spliced: Vec<_> =
        conditioning.personalization.iter().map(|template| template.splice(embedding)).collect();
    let spliced = if spliced.len() == 1 { spliced.remove(0) } else { Tensor::cat(spliced, 0) };
    networks.text_encoder.forward(spliced)
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

/// Each row's hidden states out of those of the distinct prompts.
fn rows_of(states: Tensor<3>, prompts: &[usize]) -> Tensor<3> {
    if states.dims()[0] == 1 {
        repeat_rows(states, prompts.len())
    } else {
        let rows = indices(prompts, &states);
        states.select(0, rows)
    }
}

/// The gradient of the distinct prompts' hidden states from those of the rows: the sums over each
/// prompt's rows.
fn sum_of_rows(gradient: Tensor<3>, prompts: &[usize]) -> Tensor<3> {
    let distinct = prompts.iter().max().map_or(1, |last| last + 1);
    if distinct == 1 {
        return gradient.sum_dim(0);
    }
    let sums = (0..distinct).map(|prompt| {
        let rows: Vec<usize> = (0..prompts.len()).filter(|&row| prompts[row] == prompt).collect();
        gradient.clone().select(0, indices(&rows, &gradient)).sum_dim(0)
    });
    Tensor::cat(sums.collect(), 0)
}

fn indices(rows: &[usize], beside: &Tensor<3>) -> Tensor<1, Int> {
    let rows: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
    Tensor::from_data(TensorData::from(rows.as_slice()), &beside.device())
}

fn first_rows(tensor: Tensor<4>, rows: usize) -> Tensor<4> {
    if tensor.dims()[0] == rows { tensor } else { tensor.narrow(0, 0, rows) }
}

fn as_floats(timesteps: &[usize]) -> Vec<f32> {
    timesteps.iter().map(|&timestep| timestep as f32).collect()
}
