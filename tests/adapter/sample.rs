//! Adapters and tensors that the tests of this folder write, read and spoil.

use std::collections::BTreeMap;

use palpable::adapter::{Adapter, AdapterDetails, Difference, Embedding, Error, LoraWeights};
use palpable::model::adaptable::LayerKind;
use palpable::sampling::PredictionType;
use palpable::sampling::noise::normal;
use palpable::weights::{OutgoingTensor, write_safetensors};

pub const TO_K: &str = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k";
pub const CONV: &str = "down_blocks.0.resnets.0.conv1";
pub const TO_OUT: &str = "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0";

pub fn layer(path: &str, rank: usize, in_features: usize, out_features: usize, alpha: f32) -> LoraWeights {
    LoraWeights {
        path: path.to_owned(),
        rank,
        in_features,
        out_features,
        kind: LayerKind::Linear,
        down: normal(1, 0, rank * in_features),
        up: normal(1, 1, out_features * rank),
        alpha,
    }
}

/// Everything that an adapter can hold, in the order in which files hold it.
pub fn full_adapter() -> Adapter {
    Adapter {
        name: "My dog, the 2nd".to_owned(),
        lora: vec![layer(TO_K, 4, 12, 16, 3.0), layer(TO_OUT, 4, 16, 16, 3.0)],
        differences: Vec::new(),
        embeddings: vec![Embedding {
            placeholder: "<my.dog>".to_owned(),
            vectors: 2,
            width: 12,
            values: normal(2, 0, 24),
        }],
        details: AdapterDetails {
            class_nouns: vec!["dog".to_owned()],
            clean_prompt: Some("a \"pencil\" sketch of a dog 🐶, größer".to_owned()),
            personalization_prompt: Some("a photo of <my.dog>".to_owned()),
            alpha: Some(15.0),
            beta: Some(7.5),
            lambda: Some(0.1),
            steps: Some(500),
            trained_weights: Some("lora".to_owned()),
            base_model: Some("Palpable demo".to_owned()),
            base_model_hash: Some("81761151".to_owned()),
            base_model_sha256: Some(
                "6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa".to_owned(),
            ),
            prediction_type: Some(PredictionType::Epsilon),
            resolution: Some(128),
            photos: Some(5),
            learning_rate: Some(5e-5),
            optimizer: Some("AdamW8bit".to_owned()),
            seed: Some(u64::MAX),
        },
    }
}

pub fn read(tensors: &[OutgoingTensor]) -> Result<Adapter, Error> {
    Adapter::from_bytes(&write_safetensors(tensors, &BTreeMap::new()), "file.safetensors")
}

pub fn f32_tensor(name: &str, shape: &[usize]) -> OutgoingTensor {
    OutgoingTensor::f32(name, shape, &normal(3, 0, shape.iter().product()))
}

/// Full differences of `path`'s weight and, if it has outputs given, bias.
pub fn difference(path: &str, shape: &[usize], bias: bool) -> Difference {
    Difference {
        path: path.to_owned(),
        shape: shape.to_vec(),
        // Values that f16 holds.
        weight: normal(5, 0, shape.iter().product()).iter().map(|x| (x * 64.0).round() / 64.0).collect(),
        bias: bias.then(|| (0..shape[0]).map(|output| output as f32 / 4.0).collect()),
    }
}

/// A fully trained adapter with two words whose names in the file would be one.
pub fn trained_in_full() -> Adapter {
    let word = |placeholder: &str, stream| Embedding {
        placeholder: placeholder.to_owned(),
        vectors: 1,
        width: 12,
        values: normal(2, stream, 12),
    };
    Adapter {
        lora: Vec::new(),
        differences: vec![
            difference("conv_in", &[8, 4, 3, 3], true),
            difference("down_blocks.0.attentions.0.proj_in", &[8, 8, 1, 1], true),
            difference(TO_K, &[16, 12], false),
            difference(CONV, &[8, 8, 3, 3], true),
            difference("mid_block.resnets.1.time_emb_proj", &[8, 32], true),
        ],
        embeddings: vec![word("<my.dog>", 0), word("<a-cat>", 1), word("<my_dog>", 2)],
        details: AdapterDetails {
            class_nouns: vec!["dog".to_owned(), "cat".to_owned(), String::new()],
            ..full_adapter().details
        },
        ..full_adapter()
    }
}
