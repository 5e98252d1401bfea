//! A training step of PALP with its optimizer, on made-up latents and prompts: what
//! [`Trainer::step`](crate::training::Trainer::step) queues, without its one read-back.

use std::rc::Rc;

use burn::tensor::{DType, Tensor};

use super::{
    Plan,
    model::Model,
    networks::{TOKENS, values},
};
use crate::{
    gpu::Gpu,
    model::{clip_text::ClipTextModel, unet::UNet2DConditionModel},
    pipeline::{Error, Precision},
    sampling::NoiseSchedule,
    tokenizer::{PlaceholderSpan, Tokens},
    training::{
        ActivationPolicy, TrainingSettings,
        alignment::Alignment,
        batch::Batch,
        embedding::{NewWords, PromptTemplate},
        gradients::{Conditioning, Networks, Trained},
        optimizer::{self, ParameterGroup},
        repeated_pass::RepeatedPass,
        unet_parameters::UNetLayout,
    },
};

const PLACEHOLDER: &str = "<subject>";
/// Position of the new word among the tokens of the prompt "a photo of …".
const PLACE: usize = 4;

/// The frozen networks, shared by the steps of several β.
#[derive(Clone)]
pub struct TrainedOn {
    text_encoder: Rc<ClipTextModel>,
    unet: Rc<UNet2DConditionModel>,
    schedule: NoiseSchedule,
    dtype: DType,
}

impl TrainedOn {
    pub fn new(gpu: &Gpu, model: &Model, precision: Precision) -> Result<Self, Error> {
        Ok(Self {
            text_encoder: model.text_encoder(gpu, precision)?,
            unet: model.unet(gpu, precision)?,
            schedule: model.schedule()?,
            dtype: precision.dtype().into(),
        })
    }
}

pub struct TrainingStep {
    networks: TrainedOn,
    activations: ActivationPolicy,
    conditioning: Conditioning,
    layout: UNetLayout,
    unet: ParameterGroup,
    /// The new word's embedding, flat: `[width]`.
    embedding: ParameterGroup,
    width: usize,
    batch: Batch,
    alignment: Alignment,
    passes: RepeatedPass,
    gradient_clip: f64,
}

impl TrainingStep {
    /// `side`: side of the latents.
    pub fn new(
        gpu: &Gpu,
        networks: TrainedOn,
        plan: &Plan,
        side: usize,
        beta: f64,
        activations: ActivationPolicy,
    ) -> Self {
        let TrainedOn { text_encoder, unet, schedule, dtype } = networks;
        let settings = TrainingSettings::default();
        let width = text_encoder.config().hidden_size;
        let prompt = Tokens {
            ids: vec![0; TOKENS],
            placeholders: vec![PlaceholderSpan {
                placeholder: PLACEHOLDER.to_owned(),
                position: PLACE,
                first_vector: 0,
                vectors: 1,
            }],
            truncated: None,
        };
        let fixed = text_encoder.forward(text_encoder.embed_tokens(&prompt.ids).unsqueeze::<3>());
        let layout = UNetLayout::new(unet.attention_projections(), plan.rank, plan.rank as f64);
        let trained = layout.initial_values(0, &gpu.device);
        let shape = [plan.training_batch, side, side, unet.config().in_channels];
        Self {
            conditioning: Conditioning {
                personalization: vec![PromptTemplate::new(
                    &prompt,
                    &NewWords::one(PLACEHOLDER, 1),
                    &text_encoder,
                )],
                clean: fixed.clone(),
                empty: fixed,
            },
            layout,
            unet: ParameterGroup::new(trained, settings.lora_learning_rate, settings.weight_decay),
            embedding: ParameterGroup::new(values(gpu, [width]), settings.embedding_learning_rate, 0.0),
            width,
            batch: Batch::new(values(gpu, shape), values(gpu, shape), vec![500; plan.training_batch]),
            alignment: Alignment {
                alpha: settings.alpha,
                beta,
                lambda: settings.lambda,
                timesteps: settings.alignment_timesteps,
                ..Alignment::default()
            },
            passes: RepeatedPass::new(&gpu.device),
            gradient_clip: settings.gradient_clip,
            networks: TrainedOn { text_encoder, unet, schedule, dtype },
            activations,
        }
    }

    /// One optimizer step.
    pub fn run(&mut self) {
        let TrainedOn { text_encoder, unet, schedule, dtype } = &self.networks;
        let networks =
            Networks { text_encoder, unet, schedule, dtype: *dtype, activations: self.activations };
        let trained = Trained {
            layout: self.layout.clone(),
            values: self.unet.values(),
            embedding: self.embedding.values().reshape([1, self.width]),
            embedding_is_trained: true,
        };
        let (conditioning, alignment) = (&self.conditioning, Some(&self.alignment));
        let gradients =
            self.passes.gradients(networks, Vec::new(), conditioning, &trained, &self.batch, alignment);
        let embedding: Tensor<1> = gradients.embedding.reshape([self.width]);
        let norm = optimizer::global_norm(gradients.unet.clone(), embedding.clone());
        self.unet.update(optimizer::clip(gradients.unet, norm.clone(), self.gradient_clip));
        self.embedding.update(optimizer::clip(embedding, norm, self.gradient_clip));
    }
}
