//! The numbers of tools/goldens/formula.py, bit by bit the same, and the random models made of them.

use std::collections::HashMap;

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use palpable::weights::Weights;
use serde_json::Value;

use super::in_repository;

/// `count` values in −1…1 (1 excluded).
pub fn uniform(name: &str, count: usize) -> Vec<f32> {
    let seed =
        name.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let value = |index: usize| {
        let mut x = (index as u32).wrapping_mul(0x9E37_79B9).wrapping_add(seed);
        x ^= x >> 16;
        x = x.wrapping_mul(0x85EB_CA6B);
        x ^= x >> 13;
        x = x.wrapping_mul(0xC2B2_AE35);
        x ^= x >> 16;
        (x >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(value).collect()
}

/// Values of variance 1.
pub fn values<const D: usize>(name: &str, shape: [usize; D], device: &Device) -> Tensor<D> {
    let values = scaled(name, &shape, 3_f64.sqrt() as f32);
    Tensor::from_data(TensorData::new::<f32, _>(values, shape), device)
}

/// What a layer's tensor holds: matrices keep the variance of what passes through them.
pub fn weight(name: &str, shape: &[usize]) -> Vec<f32> {
    if shape.len() > 1 {
        let fan_in: usize = shape[1..].iter().product();
        scaled(name, shape, (3.0 / fan_in as f64).sqrt() as f32)
    } else if name.ends_with(".weight") {
        scaled(name, shape, 0.25).into_iter().map(|x| x + 1.0).collect()
    } else {
        scaled(name, shape, 0.125)
    }
}

fn scaled(name: &str, shape: &[usize], factor: f32) -> Vec<f32> {
    uniform(name, shape.iter().product()).into_iter().map(|x| x * factor).collect()
}

/// A model filled by the formula: its config, and its weights by upstream's names.
pub struct FormulaModel {
    pub config: String,
    pub weights: HashMap<String, (Vec<usize>, Vec<f32>)>,
}

impl FormulaModel {
    /// `tests/goldens/<path>`, written by the golden scripts.
    pub fn read(path: &str) -> Self {
        let text = std::fs::read_to_string(in_repository("tests/goldens").join(path)).unwrap();
        let description: Value = serde_json::from_str(&text).unwrap();
        let shapes: HashMap<String, Vec<usize>> =
            serde_json::from_value(description["weights"].clone()).unwrap();
        let weights = shapes.into_iter().map(|(name, shape)| {
            let values = weight(&name, &shape);
            (name, (shape, values))
        });
        Self { config: description["config"].to_string(), weights: weights.collect() }
    }

    pub fn weights(&self, device: &Device, dtype: FloatDType) -> Weights {
        Weights::from_tensors(self.weights.clone(), device, dtype).unwrap()
    }
}
