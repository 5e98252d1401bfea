//! How long the new word's vectors may become.
//!
//! Unbounded, a learned vector grows to several times the length of any word's, and then drowns its
//! neighbours in the text encoder. The controls act after the optimizer's update, outside the graph, in
//! the order of [`NormControls::apply`], and leave the optimizer's moments alone; the anchor is a term of
//! the loss instead.

use burn::tensor::Tensor;

use super::settings::TrainingSettings;
use crate::model::clip_text::ClipTextModel;
use crate::ops::total::{mean, total};

/// Rate of norm decay, as a multiple of the learning rate (cloneofsimo/lora).
const DECAY_PER_LEARNING_RATE: f64 = 100.0;
/// The exponent of the retraction (diffusers' `train_dreambooth_lora_sdxl_advanced`).
const RETRACTION: f64 = 0.1;

/// Statistics over all rows of the frozen token table; `[1]` each, f32, on the device.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    pub mean_norm: Tensor<1>,
    /// Standard deviation of all values in the table.
    pub std: Tensor<1>,
}

impl Vocabulary {
    pub fn of(text_encoder: &ClipTextModel) -> Self {
        let config = text_encoder.config();
        let rows = config.vocab_size as f64;
        let blocks = text_encoder
            .vocabulary_blocks()
            .map(|block| [total(norms(block.clone())), total(block.clone()), total(block.square())]);
        let sums = blocks.reduce(|[norms, sum, squares], [more_norms, more, more_squares]| {
            [norms + more_norms, sum + more, squares + more_squares]
        });
        let [norms, sum, squares] = sums.expect("a vocabulary has rows: see `ClipTextConfig`");
        let count = rows * config.hidden_size as f64;
        let variance = (squares - sum.square() / count) / (count - 1.0).max(1.0);
        Self { mean_norm: norms / rows, std: variance.clamp_min(0.0).sqrt() }
    }
}

/// The controls of a run.
#[derive(Clone, Debug)]
pub struct NormControls {
    vocabulary: Vocabulary,
    /// Where the vectors started `[vectors, width]`.
    start: Tensor<2>,
    cap: Option<f64>,
    decay: Option<f64>,
    retraction: bool,
    anchor: f64,
}

impl NormControls {
    pub fn new(vocabulary: Vocabulary, start: Tensor<2>, settings: &TrainingSettings) -> Self {
        Self {
            vocabulary,
            start,
            cap: settings.embedding_norm_cap,
            decay: settings.embedding_norm_decay,
            retraction: settings.embedding_std_retraction,
            anchor: settings.embedding_anchor,
        }
    }

    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The vectors after an update made at this learning rate: decayed, retracted, capped, as set.
    pub fn apply(&self, embedding: Tensor<2>, learning_rate: f64) -> Tensor<2> {
        let mut embedding = embedding;
        if let Some(multiple) = self.decay {
            let target = self.vocabulary.mean_norm.clone() * multiple;
            embedding = decay_norms(embedding, target, learning_rate);
        }
        if self.retraction {
            embedding = retract_std(embedding, self.vocabulary.std.clone());
        }
        if let Some(multiple) = self.cap {
            embedding = cap_norms(embedding, norms(self.start.clone()) * multiple);
        }
        embedding
    }

    /// The anchor's loss `[1]` and gradient `[vectors, width]`; None without an anchor.
    pub fn anchor(&self, embedding: Tensor<2>) -> Option<(Tensor<1>, Tensor<2>)> {
        (self.anchor > 0.0).then(|| anchor_loss(embedding, self.start.clone(), self.anchor))
    }
}

/// The length of each vector: `[vectors, width]` → `[vectors, 1]`.
pub fn norms(embedding: Tensor<2>) -> Tensor<2> {
    embedding.square().sum_dim(1).sqrt()
}

/// Shortens vectors that are longer than `limits` `[vectors, 1]`: v · min(1, limit / ‖v‖).
pub fn cap_norms(embedding: Tensor<2>, limits: Tensor<2>) -> Tensor<2> {
    let norms = norms(embedding.clone()).clamp_min(f64::from(f32::MIN_POSITIVE));
    embedding * (limits / norms).clamp_max(1.0)
}

/// Draws each vector to the length `target` `[1]` (cloneofsimo/lora, where that is 0.4, the mean of CLIP
/// ViT-L/14's words): v/‖v‖ · (‖v‖ + κ·(target − ‖v‖)) with κ = min(1, 100 · learning rate).
pub fn decay_norms(embedding: Tensor<2>, target: Tensor<1>, learning_rate: f64) -> Tensor<2> {
    let share = (DECAY_PER_LEARNING_RATE * learning_rate).min(1.0);
    let norms = norms(embedding.clone()).clamp_min(f64::from(f32::MIN_POSITIVE));
    let drawn = norms.clone() + (target.unsqueeze::<2>() - norms.clone()) * share;
    embedding * (drawn / norms)
}

/// Draws the spread of all vectors' numbers to `std` `[1]` (diffusers' advanced DreamBooth script):
/// v · (std / std(v))^0.1. The standard deviation is that of all vectors together, with n − 1.
pub fn retract_std(embedding: Tensor<2>, std: Tensor<1>) -> Tensor<2> {
    let count = embedding.shape().num_elements() as f64;
    let squares = total((embedding.clone() - mean(embedding.clone()).unsqueeze::<2>()).square());
    let own = (squares / (count - 1.0).max(1.0)).sqrt().clamp_min(f64::from(f32::MIN_POSITIVE));
    embedding * (std / own).powf_scalar(RETRACTION).unsqueeze::<2>()
}

/// weight · ‖v − start‖² over all vectors `[1]`, and its gradient (Textual Inversion's
/// `embedding_reg_weight`).
pub fn anchor_loss(embedding: Tensor<2>, start: Tensor<2>, weight: f64) -> (Tensor<1>, Tensor<2>) {
    let away = embedding - start;
    (total(away.clone().square()) * weight, away * (2.0 * weight))
}
