//! An adapter in memory: plain numbers on the host, as they stand in its file.

use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};

use super::difference::Difference;
use crate::model::adaptable::{LayerKind, TEXT_ENCODER};
use crate::model::lora::LoraLayer;
use crate::sampling::PredictionType;

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
    /// Upstream's module path, `down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q` for example; of the
    /// text encoder after `text_encoder.`.
    pub path: String,
    pub rank: usize,
    pub in_features: usize,
    pub out_features: usize,
    /// The layer's, of which A has the kernel; B is its 1×1 companion.
    pub kind: LayerKind,
    /// A `[rank, in_features]` and the kernel, row by row.
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
    /// The ordinary word for each new word's subject, `dog`, in the embeddings' order; empty where it is not
    /// known.
    pub class_nouns: Vec<String>,
    /// The target prompt with the class noun, as the frozen model saw it.
    pub clean_prompt: Option<String>,
    /// A prompt of the photos, with the placeholder; of several subjects one after the other.
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
    /// The first eight digits of the SHA-256 of 64 KiB of the model's checkpoint file, by which A1111 and
    /// kohya know a model ([`weights::checkpoint_hash`](crate::weights::checkpoint_hash)).
    pub base_model_hash: Option<String>,
    /// The SHA-256 of the whole file, by which newer programs know it.
    pub base_model_sha256: Option<String>,
    /// What the model's U-Net predicts.
    pub prediction_type: Option<PredictionType>,
    /// Side of the squares that it was trained on, in pixels.
    pub resolution: Option<usize>,
    /// How many photos it was trained on.
    pub photos: Option<usize>,
    /// The largest step size of LoRA or weights.
    pub learning_rate: Option<f64>,
    /// `AdamW` or `AdamW8bit`.
    pub optimizer: Option<String>,
    pub seed: Option<u64>,
}

impl LoraWeights {
    /// What up · down is multiplied with at strength 1.
    pub fn scale(&self) -> f32 {
        self.alpha / self.rank as f32
    }

    /// The same product up · down with zeros up to this rank, which is no smaller than its own. Its scale is
    /// another.
    pub(super) fn filled_up(&self, rank: usize) -> Self {
        let mut down = self.down.clone();
        down.resize(rank * self.in_features * self.kind.taps(), 0.0);
        let mut up = Vec::with_capacity(self.out_features * rank);
        for row in self.up.chunks_exact(self.rank) {
            up.extend_from_slice(row);
            up.resize(up.len() + rank - self.rank, 0.0);
        }
        Self { rank, down, up, ..self.clone() }
    }

    /// Upstream's shape of A.
    pub(super) fn down_shape(&self) -> Vec<usize> {
        [&[self.rank, self.in_features], self.kind.kernel()].concat()
    }

    /// And of B.
    pub(super) fn up_shape(&self) -> Vec<usize> {
        let pointwise = vec![1; self.kind.kernel().len()];
        [&[self.out_features, self.rank], pointwise.as_slice()].concat()
    }

    /// Numbers in the weight that it adapts.
    pub fn weight_count(&self) -> usize {
        self.out_features * self.in_features * self.kind.taps()
    }

    /// On a device, as [`LoraLayer`] has it.
    pub(super) fn on_device(&self, device: &Device, dtype: FloatDType, strength: f32) -> LoraLayer {
        let Self { rank, in_features, out_features, .. } = *self;
        let taps = self.kind.taps();
        let tensor = |values: Vec<f32>, shape: [usize; 2]| {
            Tensor::<2>::from_data(TensorData::new(values, shape), (device, DType::from(dtype)))
        };
        let down = if taps == 1 {
            tensor(self.down.clone(), [rank, in_features])
        } else {
            // [rank, in, tap] → [tap, in, rank]
            let place = |row: usize, input: usize, tap: usize| (row * in_features + input) * taps + tap;
            let rows = (0..taps).flat_map(|tap| (0..in_features).map(move |input| (tap, input)));
            let reordered = rows.flat_map(|(tap, input)| (0..rank).map(move |row| place(row, input, tap)));
            tensor(reordered.map(|place| self.down[place]).collect(), [taps * in_features, rank])
        };
        let up = tensor(self.up.clone(), [out_features, rank]);
        LoraLayer { down, up, scale: strength * self.scale() }
    }
}

impl Adapter {
    /// Numbers in all differences together.
    pub fn difference_values(&self) -> usize {
        self.differences.iter().map(Difference::count).sum()
    }

    /// The width of the text vectors that this adapter works with, if it says: of its embeddings, or
    /// what its cross-attention keys or the layers of the text encoder take.
    pub fn text_width(&self) -> Option<usize> {
        self.text_widths().next()
    }

    /// The class noun of each new word; empty where it is not known.
    pub fn class_nouns(&self) -> Vec<String> {
        let mut nouns = self.details.class_nouns.clone();
        nouns.resize(self.embeddings.len(), String::new());
        nouns
    }

    /// How prompts name each new word's subject, as its training did: `<my-dog>`, or `<my-dog> dog` where the class
    /// noun followed the new word.
    pub fn phrases(&self) -> Vec<String> {
        let trained = self.details.personalization_prompt.as_deref().unwrap_or_default();
        let words = self.embeddings.iter().zip(self.class_nouns());
        words
            .map(|(Embedding { placeholder, .. }, noun)| {
                let with_noun = format!("{placeholder} {noun}");
                if !noun.is_empty() && trained.contains(&with_noun) { with_noun } else { placeholder.clone() }
            })
            .collect()
    }

    /// Every width of text vectors that a part of this adapter works with.
    pub(super) fn text_widths(&self) -> impl Iterator<Item = usize> {
        let of_lora = self.lora.iter().filter(|weights| takes_text_width(&weights.path));
        let of_differences = self.differences.iter().filter(|difference| takes_text_width(&difference.path));
        let embeddings = self.embeddings.iter().map(|embedding| embedding.width);
        let lora = of_lora.map(|weights| weights.in_features);
        embeddings.chain(lora).chain(of_differences.filter_map(|difference| difference.in_features()))
    }
}

/// Whether the layer at this path makes cross-attention's keys or values.
pub(super) fn is_text_input(path: &str) -> bool {
    path.ends_with("attn2.to_k") || path.ends_with("attn2.to_v")
}

/// Whether what the layer at this path takes in is as wide as the model's text vectors.
fn takes_text_width(path: &str) -> bool {
    is_text_input(path) || (is_of_text_encoder(path) && !path.ends_with("mlp.fc2"))
}

/// Whether the layer at this path is the text encoder's.
pub(super) fn is_of_text_encoder(path: &str) -> bool {
    path.starts_with(TEXT_ENCODER)
}
