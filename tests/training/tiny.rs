//! A tiny model filled by a formula, with the embedded model's tokenizer, and runs on it.

use std::collections::HashMap;
use std::rc::Rc;

use burn::tensor::{Device, FloatDType};
use palpable::model::clip_text::{ClipTextConfig, ClipTextModel};
use palpable::model::unet::UNet2DConditionModel;
use palpable::model::unet_config::UNet2DConditionConfig;
use palpable::sampling::{NoiseSchedule, PredictionType, SchedulerConfig};
use palpable::tokenizer::Tokenizer;
use palpable::training::checkpoint::Checkpoint;
use palpable::training::{Error, FrozenModel, PhotoLatents, Trainer, TrainingSettings};
use palpable::weights::Weights;

use crate::support::formula::{self, FormulaModel};
use crate::support::{any_device_for, block_on, demo_model, values};

pub const PLACEHOLDER: &str = "<my-dog>";

pub fn schedule(prediction_type: PredictionType) -> NoiseSchedule {
    let json = r#"{"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}"#;
    let config = SchedulerConfig { prediction_type, ..SchedulerConfig::from_json(json).unwrap() };
    NoiseSchedule::new(&config).unwrap()
}

/// A text encoder of width 24 and one layer for the embedded model's vocabulary.
pub fn tiny_text_encoder(device: &Device, dtype: FloatDType) -> ClipTextModel {
    let config = r#"{"vocab_size": 3555, "hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 1,
        "num_attention_heads": 2, "max_position_embeddings": 77, "eos_token_id": 3554}"#;
    let mut shapes = vec![
        ("embeddings.token_embedding.weight".to_owned(), vec![3555, 24]),
        ("embeddings.position_embedding.weight".to_owned(), vec![77, 24]),
        ("final_layer_norm.weight".to_owned(), vec![24]),
        ("final_layer_norm.bias".to_owned(), vec![24]),
    ];
    let layer = [
        ("self_attn.q_proj", vec![24, 24]),
        ("self_attn.k_proj", vec![24, 24]),
        ("self_attn.v_proj", vec![24, 24]),
        ("self_attn.out_proj", vec![24, 24]),
        ("layer_norm1", vec![24]),
        ("mlp.fc1", vec![48, 24]),
        ("mlp.fc2", vec![24, 48]),
        ("layer_norm2", vec![24]),
    ];
    for (name, shape) in layer {
        shapes.push((format!("encoder.layers.0.{name}.bias"), vec![shape[0]]));
        shapes.push((format!("encoder.layers.0.{name}.weight"), shape));
    }
    let tensors: HashMap<_, _> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let values = formula::weight(&name, &shape);
            (format!("text_model.{name}"), (shape, values))
        })
        .collect();
    let mut weights = Weights::from_tensors(tensors, device, dtype).unwrap();
    ClipTextModel::load(&mut weights, ClipTextConfig::from_json(config).unwrap()).unwrap()
}

/// The frozen networks, shared by the runs of a test.
pub struct Tiny {
    pub text_encoder: Rc<ClipTextModel>,
    pub unet: Rc<UNet2DConditionModel>,
    pub device: Device,
    pub dtype: FloatDType,
}

impl Tiny {
    pub fn new() -> Self {
        Self::stored_as(FloatDType::F32)
    }

    pub fn stored_as(dtype: FloatDType) -> Self {
        Self::on(any_device_for(dtype), dtype)
    }

    pub fn on(device: Device, dtype: FloatDType) -> Self {
        let model = FormulaModel::read("unet/adapted.json");
        let config = UNet2DConditionConfig::from_json(&model.config).unwrap();
        let unet = UNet2DConditionModel::load(&mut model.weights(&device, dtype), config).unwrap();
        let text_encoder = tiny_text_encoder(&device, dtype);
        Self { text_encoder: Rc::new(text_encoder), unet: Rc::new(unet), device, dtype }
    }

    pub fn model(&self) -> FrozenModel {
        FrozenModel {
            checkpoint: None,
            identity: Vec::new(),
            resolution: 64,
            name: "tiny".to_owned(),
            tokenizer: block_on(Tokenizer::load(&demo_model(), "tokenizer")).unwrap(),
            text_encoder: self.text_encoder.clone(),
            unet: self.unet.clone(),
            schedule: schedule(PredictionType::Epsilon),
            dtype: self.dtype.into(),
        }
    }

    pub fn latents(&self) -> PhotoLatents {
        PhotoLatents::from_tensor(formula::values("latents", [3, 8, 8, 4], &self.device))
    }

    pub fn trainer(&self, settings: &TrainingSettings) -> Trainer {
        Trainer::new(self.model(), self.latents(), settings.clone(), &self.device).unwrap()
    }

    /// The U-Net's answer to fixed inputs without any LoRA.
    pub fn base_output(&self) -> Vec<f32> {
        let sample = formula::values("sample", [1, 8, 8, 4], &self.device);
        let context = formula::values("context", [1, 7, 24], &self.device);
        values(self.unet.forward(sample, &[500.0], context, None))
    }
}

pub fn settings() -> TrainingSettings {
    TrainingSettings {
        placeholder: PLACEHOLDER.to_owned(),
        class_noun: "dog".to_owned(),
        clean_prompt: "a pencil sketch of a dog".to_owned(),
        rank: 2,
        steps: 6,
        warmup_steps: 2,
        batch: 2,
        ..TrainingSettings::default()
    }
}

pub fn run(trainer: &mut Trainer, steps: usize) {
    for _ in 0..steps {
        block_on(trainer.step()).unwrap();
    }
}

pub fn state(trainer: &Trainer) -> Vec<u8> {
    block_on(trainer.checkpoint()).unwrap()
}

/// The trained values alone: LoRA, differences, then [V].
pub fn trained_values(trainer: &Trainer) -> Vec<f32> {
    let adapter = block_on(trainer.adapter()).unwrap();
    let lora = adapter.lora.into_iter().flat_map(|weights| [weights.down, weights.up].concat());
    let differences = adapter
        .differences
        .into_iter()
        .flat_map(|difference| [difference.weight, difference.bias.unwrap_or_default()].concat());
    let words = adapter.embeddings.into_iter().flat_map(|embedding| embedding.values);
    lora.chain(differences).chain(words).collect()
}

pub fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// The run that a checkpoint holds.
pub fn resume(tiny: &Tiny, checkpoint: &[u8]) -> Result<Trainer, Error> {
    Trainer::resume(tiny.model(), Checkpoint::from_bytes(checkpoint)?, &tiny.device)
}
