//! An adapter in memory: plain numbers on the host, as they stand in its file.

use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};

use super::difference::Difference;
use crate::model::lora::{LoraLayer, LoraSet};
use crate::model::unet::UNet2DConditionModel;

/// What was trained of a subject or several: LoRA factors or full differences of weights, the
/// embeddings of new words, and how it was made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adapter {
    pub name: String,
    pub lora: Vec<LoraWeights>,
    pub differences: Vec<Difference>,
    pub embeddings: Vec<Embedding>,
    pub details: AdapterDetails,
}

/// The adaptation of one layer: W + strength · alpha/rank · up · down.
#[derive(Clone, Debug, PartialEq)]
pub struct LoraWeights {
    /// Upstream's module path, `down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q` for example.
    pub path: String,
    pub rank: usize,
    pub in_features: usize,
    pub out_features: usize,
    /// A `[rank, in_features]`, row by row.
    pub down: Vec<f32>,
    /// B `[out_features, rank]`, row by row.
    pub up: Vec<f32>,
    pub alpha: f32,
}

/// The vectors of a new word.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    /// The word as it stands in prompts, `<my-dog>` for example.
    pub placeholder: String,
    /// How many token positions the word takes.
    pub vectors: usize,
    pub width: usize,
    /// `[vectors, width]`, row by row.
    pub values: Vec<f32>,
}

/// How an adapter was made, as far as its file tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdapterDetails {
    /// The ordinary word for the subject: `dog`.
    pub class_noun: Option<String>,
    /// The target prompt with the class noun, as the frozen model saw it.
    pub clean_prompt: Option<String>,
    /// The prompt of the photos, with the placeholder.
    pub personalization_prompt: Option<String>,
    /// PALP's guidance scale of the frozen model (not LoRA's alpha).
    pub alpha: Option<f64>,
    /// PALP's guidance scale of the personalized model.
    pub beta: Option<f64>,
    /// The weight of prompt alignment.
    pub lambda: Option<f64>,
    pub steps: Option<usize>,
    /// What was trained beside the word: `lora`, `crossAttention`, `all` or `none`, as the training's
    /// settings name it.
    pub trained_weights: Option<String>,
    /// The model it was trained on, by name.
    pub base_model: Option<String>,
}

impl LoraWeights {
    /// What up · down is multiplied with at strength 1.
    pub fn scale(&self) -> f32 {
        self.alpha / self.rank as f32
    }
}

impl Adapter {
    /// The rank of its widest layer; 0 if it adapts none.
    pub fn largest_rank(&self) -> usize {
        self.lora.iter().map(|layer| layer.rank).max().unwrap_or(0)
    }

    /// Numbers in all differences together.
    pub fn difference_values(&self) -> usize {
        let bias = |difference: &Difference| difference.bias.as_ref().map_or(0, Vec::len);
        self.differences.iter().map(|difference| difference.weight.len() + bias(difference)).sum()
    }

    /// LoRA and differences on a device, `strength` 1 being as trained; negative strengths push away.
    pub fn lora_set(&self, device: &Device, dtype: FloatDType, strength: f32) -> LoraSet {
        let mut set = LoraSet::new();
        self.add_to(&mut set, device, dtype, strength);
        set
    }

    /// Adds LoRA and differences to a set that may hold other adapters' already; their effects add up.
    pub fn add_to(&self, set: &mut LoraSet, device: &Device, dtype: FloatDType, strength: f32) {
        self.add_low_rank(set, device, dtype, strength);
        for difference in &self.differences {
            set.insert_difference(&difference.path, difference.on_device(device, strength));
        }
    }

    /// The same with every difference folded into the model's weights as it comes to the device, so that
    /// it never lies there beside them and costs no time in a forward pass.
    pub fn fold_into(
        &self,
        set: &mut LoraSet,
        unet: &UNet2DConditionModel,
        device: &Device,
        dtype: FloatDType,
        strength: f32,
    ) {
        self.add_low_rank(set, device, dtype, strength);
        for difference in &self.differences {
            set.insert_difference(&difference.path, difference.on_device(device, strength));
            unet.fold(set);
        }
    }

    fn add_low_rank(&self, set: &mut LoraSet, device: &Device, dtype: FloatDType, strength: f32) {
        for weights in &self.lora {
            let tensor = |values: &[f32], shape: [usize; 2]| {
                Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), (device, DType::from(dtype)))
            };
            let layer = LoraLayer {
                down: tensor(&weights.down, [weights.rank, weights.in_features]),
                up: tensor(&weights.up, [weights.out_features, weights.rank]),
                scale: strength * weights.scale(),
            };
            set.insert(&weights.path, layer);
        }
    }

    /// The width of the text vectors that this adapter works with, if it says: of its embeddings, or
    /// what its cross-attention keys take.
    pub fn text_width(&self) -> Option<usize> {
        self.text_widths().next()
    }

    /// Every width of text vectors that a part of this adapter works with.
    pub(super) fn text_widths(&self) -> impl Iterator<Item = usize> {
        let of_lora = self.lora.iter().filter(|weights| is_text_input(&weights.path));
        let of_differences = self.differences.iter().filter(|difference| is_text_input(&difference.path));
        let embeddings = self.embeddings.iter().map(|embedding| embedding.width);
        let lora = of_lora.map(|weights| weights.in_features);
        embeddings.chain(lora).chain(of_differences.filter_map(|difference| difference.in_features()))
    }
}

/// Whether the layer at this path takes text vectors in.
pub(super) fn is_text_input(path: &str) -> bool {
    path.ends_with("attn2.to_k") || path.ends_with("attn2.to_v")
}
