//! One forward and backward pass of PALP: the losses of one batch, and the gradients of the U-Net's trained
//! values and of `[V]`.
//!
//! Only ε̂, the personalized prediction at x_t, carries a graph, in segments (`segmented_pass`). All that
//! Δ needs is computed beside it, from plain tensors (`alignment`).

use std::ops::Add;

use burn::tensor::{DType, Tensor};

use super::alignment::{Alignment, AlignmentPass, Pull};
use super::batch::{Batch, first_rows};
use super::batch_times::BatchTimes;
use super::embedding::PromptTemplate;
use super::loss_weights;
use super::objective::Objective;
use super::palp;
use super::personal_prompt::{PersonalPrompt, rows_of, sum_of_rows};
use super::segmented_pass::{ActivationPolicy, SegmentedPass};
use super::unet_parameters::{UNetFactors, UNetLayout};
use crate::gpu::Outputs;
use crate::model::clip_text::ClipTextModel;
use crate::model::cross_attention::Guides;
use crate::model::lora::LoraSet;
use crate::model::unet::UNet2DConditionModel;
use crate::sampling::NoiseSchedule;

/// With a model in f16 the loss is multiplied by this before the backward pass and the gradients are
/// divided by it after, so that they don't fall below f16's smallest numbers on their way: the mean over
/// `latents` makes them some 10⁻⁵, and devices may take what is below 6·10⁻⁵ for zero. The scale takes that mean
/// back, up to where PyTorch's `GradScaler` begins. A power of two: dividing is exact.
fn f16_loss_scale(latents: usize) -> f64 {
    (latents.next_power_of_two() as f64).clamp(1024.0, 65536.0)
}

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
    /// The distinct prompts y_P of the rows, and perhaps more; those of prior rows hold no new word.
    pub personalization: Vec<PromptTemplate>,
    /// C_c, of the clean prompt y_c
    pub clean: Tensor<3>,
    /// C_0, of the empty prompt
    pub empty: Tensor<3>,
}

/// What is trained: the plain values of a step.
#[derive(Clone, Debug)]
pub struct Trained {
    pub layout: UNetLayout,
    /// The trained values of the U-Net, as one flat vector.
    pub values: Tensor<1>,
    /// `[V]` of every subject, one after the other `[vectors, width]`
    pub embedding: Tensor<2>,
    /// Whether `[V]` gets gradients.
    pub embedding_is_trained: bool,
}

impl Trained {
    /// What is trained of the U-Net, as slices of the flat vector.
    pub fn factors(&self) -> UNetFactors {
        self.layout.split(&self.values)
    }
}

/// The results of one pass; all on the device, f32 and without autodiff.
#[derive(Clone, Debug)]
pub struct StepGradients {
    /// The gradient of what is trained of the U-Net, as its flat vector.
    pub unet: Tensor<1>,
    /// The gradient of `[V]` `[vectors, width]`.
    pub embedding: Tensor<2>,
    /// What is minimized: mean((ε̂ − ε*)²), `[1]`, plus the weighted localized loss; with weights see
    /// `Objective`.
    pub loss: Tensor<1>,
    /// mean(w ⊙ (ε̂ − ε)²), `[1]`.
    pub personalization_loss: Tensor<1>,
    /// L_loc, the mean over the photos, unweighted, `[1]`; `None` without it.
    pub localized_loss: Option<Tensor<1>>,
    /// ‖λΔ‖² and ‖2(ε̂ − ε)‖², `[1]` each; `None` without alignment.
    pub pulls: Option<(Tensor<1>, Tensor<1>)>,
    /// Number of single-picture predictions that were made, those with gradients included.
    pub evaluations: usize,
}

impl Outputs for StepGradients {
    fn copied(&self) -> Self {
        Self {
            unet: self.unet.copied(),
            embedding: self.embedding.copied(),
            loss: self.loss.copied(),
            personalization_loss: self.personalization_loss.copied(),
            localized_loss: self.localized_loss.as_ref().map(Outputs::copied),
            pulls: self.pulls.as_ref().map(|(a, b)| (a.copied(), b.copied())),
            evaluations: self.evaluations,
        }
    }
}

impl Add for StepGradients {
    type Output = Self;

    /// Entry by entry.
    fn add(self, other: Self) -> Self {
        Self {
            unet: self.unet + other.unet,
            embedding: self.embedding + other.embedding,
            loss: self.loss + other.loss,
            personalization_loss: self.personalization_loss + other.personalization_loss,
            localized_loss: match (self.localized_loss, other.localized_loss) {
                (Some(own), Some(others)) => Some(own + others),
                (own, others) => own.or(others),
            },
            pulls: self.pulls.zip(other.pulls).map(|(a, b)| (a.0 + b.0, a.1 + b.1)),
            evaluations: self.evaluations + other.evaluations,
        }
    }
}

impl StepGradients {
    /// Turns the sum of `count` passes into their mean. The evaluations stay sums, and so do the pulls, of
    /// which only the ratio counts.
    pub fn mean_of(self, count: usize) -> Self {
        if count == 1 {
            return self;
        }
        let share = 1.0 / count as f64;
        Self {
            unet: self.unet * share,
            embedding: self.embedding * share,
            loss: self.loss * share,
            personalization_loss: self.personalization_loss * share,
            localized_loss: self.localized_loss.map(|loss| loss * share),
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
    let times = BatchTimes::new(networks, batch, alignment);
    gradients_at(networks, conditioning, trained, batch, &times, alignment)
}

/// The same with `times` already on the device. Without a localized loss nothing else is uploaded.
pub(super) fn gradients_at(
    networks: Networks,
    conditioning: &Conditioning,
    trained: &Trained,
    batch: &Batch,
    times: &BatchTimes,
    alignment: Option<&Alignment>,
) -> StepGradients {
    let device = batch.latents.device();
    let level = &times.level;
    let prediction_type = networks.schedule.prediction_type();
    let noisy = palp::add_noise(batch.latents.clone(), batch.noise.clone(), level);
    let target = palp::training_target(batch.latents.clone(), batch.noise.clone(), level, prediction_type);

    // The one pass with a graph: ε̂ = G_θLoRA(x_t, y_P).
    let prompt = PersonalPrompt { networks, conditioning, embedding: &trained.embedding };
    let (personal, prompt_tape) = prompt.encode();
    let states = rows_of(personal.clone(), &batch.prompts);
    let scale = match networks.dtype {
        DType::F16 => f16_loss_scale(batch.latents.shape().num_elements()),
        _ => 1.0,
    };
    let localized = batch.localization(networks, conditioning);
    let localized_weight = localized.as_ref().map_or(0.0, |(_, weight)| *weight);
    let (output, pass) = SegmentedPass::forward(
        networks.unet,
        trained,
        noisy.clone(),
        times.activated.clone(),
        states,
        networks.activations,
        localized.map(|(localization, weight)| (localization, weight * scale)),
    );
    let localized_loss = pass.localized_loss();

    let weights = &batch.weights;
    let personalization_loss = loss_weights::mean_squared_error(output.clone(), target.clone(), weights);
    let mut evaluations = batch.timesteps.len();
    let aligned = alignment.zip(times.lambda.clone()).map(|(alignment, lambda)| {
        let photos = batch.photos();
        let rows = photos.photo_rows;
        let times = times.of_photos(rows);
        let [output, noisy, target] =
            [output.clone(), noisy, target.clone()].map(|tensor| first_rows(tensor, rows));
        let personal = match personal.dims()[0] {
            1 => personal,
            _ => rows_of(personal, &photos.prompts),
        };
        let prediction = palp::noise_prediction(output, noisy.clone(), &times.level, prediction_type);
        let lora = trained.layout.lora_set(&trained.factors());
        let aligning = AlignmentPass {
            networks,
            conditioning,
            personal: &personal,
            lora: &lora,
            batch: &photos,
            times: &times,
            noisy,
            prediction: prediction.clone(),
        };
        let Pull { direction, evaluations: further } = aligning.pull(alignment);
        evaluations += further;
        let pulls = palp::pulls(direction.clone(), lambda.clone(), prediction, photos.noise.clone());
        let target = palp::shifted_target(target, direction, lambda, &times.level, prediction_type);
        (target, pulls)
    });
    let (shifted, pulls) = aligned.unzip();

    let (loss, output_gradient) = Objective { output, target, weights, shifted }.loss_and_gradient();
    let loss = match &localized_loss {
        Some(localized) => loss + localized.clone() * localized_weight,
        None => loss,
    };
    let gradients = pass.backward(output_gradient * scale);
    let embedding = match gradients.encoder_hidden_states.filter(|_| trained.embedding_is_trained) {
        Some(states) => {
            let sums = sum_of_rows(states, &batch.prompts, conditioning.personalization.len());
            prompt.backward(prompt_tape, sums)
        }
        None => trained.embedding.zeros_like(),
    };
    StepGradients {
        unet: trained.layout.flatten(gradients.unet, &device) / scale,
        embedding: embedding / scale,
        loss,
        personalization_loss,
        localized_loss: localized_loss.map(|loss| loss * batch.photo_share()),
        pulls,
        evaluations,
    }
}

impl Networks<'_> {
    /// The U-Net's output, without a graph. One row of hidden states serves the whole batch.
    pub(super) fn predict(
        self,
        sample: Tensor<4>,
        activated_time: Tensor<3>,
        encoder_hidden_states: Tensor<3>,
        lora: Option<&LoraSet>,
    ) -> Tensor<4> {
        let states = repeat_rows(encoder_hidden_states, sample.dims()[0]);
        self.unet.forward_at(sample, activated_time, states, Guides { lora, cross_attention: None })
    }
}

/// A single row repeated `batch` times; a batch is returned as it is.
pub(super) fn repeat_rows(states: Tensor<3>, batch: usize) -> Tensor<3> {
    if states.dims()[0] == 1 { states.repeat_dim(0, batch) } else { states }
}
