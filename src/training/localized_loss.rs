//! The localized cross-attention loss (FastComposer, arXiv:2305.10431, eq. 4): a subject's tokens are to be
//! attended to from where the subject is, and from nowhere else.
//!
//! ```text
//! L_loc = mean_{layers, rows, heads, tokens} [ Σ_x A[x]·(1 − m[x]) / Σ_x (1 − m[x])
//!                                              − Σ_x A[x]·m[x] / Σ_x m[x] ]
//! ```
//!
//! A are the probabilities that pixels give to one of the subject's tokens, m the subject's mask at the
//! layer's resolution (bilinear, antialiased). The layers are those of the cross-attention blocks between
//! the first and the last (in Stable Diffusion 1.5 the middle five of seven), as in the authors' code, whose
//! 10⁻⁵ in each denominator is kept too. The loss can be negative.
//!
//! In a training the subject's tokens are its new word's vectors, and the mean is that over the photos; rows
//! of the prior have no part in it, and a photo whose mask shows no subject adds nothing.
//!
//! It is linear in A, so a layer's loss is Σ A ⊙ C with a C that has no gradient.

use std::cell::RefCell;
use std::ops::Range;

use burn::tensor::{DType, Tensor, TensorData};

use super::embedding::PromptTemplate;
use crate::model::{
    cross_attention::{CrossAttentionHook, Place},
    resample::{Filter, matrix},
    unet::UNet2DConditionModel,
};
use crate::ops::{linear::linear, total::total};

/// Keeps denominators from zero, in the authors' code.
const EPSILON: f64 = 1e-5;
/// End of the path of a layer's query projection, which represents the layer.
const QUERY: &str = ".attn2.to_q";

/// How much a batch's localized loss counts, and where the rows' subjects are.
#[derive(Clone, Debug)]
pub struct LocalizedRows {
    /// Weight of the mean over the photos.
    pub weight: f64,
    /// 1 where the subject is `[rows, height, width]`, f32, at any resolution.
    pub masks: Tensor<3>,
    /// Each row's new word, as rows of the embedding; empty where none is to be localized.
    pub words: Vec<Range<usize>>,
}

impl LocalizedRows {
    /// The batch's localization; `prompts` holds the prompt of each row, `tokens` is the length of each.
    pub(super) fn localization(
        &self,
        unet: &UNet2DConditionModel,
        prompts: &[&PromptTemplate],
        tokens: usize,
    ) -> Localization {
        let positions: Vec<_> =
            prompts.iter().zip(&self.words).map(|(prompt, word)| prompt.positions(word)).collect();
        Localization::new(unet, self.masks.clone(), &positions, tokens)
    }
}

/// Where the subjects of a batch are, in its pictures and in its prompts.
#[derive(Clone, Debug)]
pub struct Localization {
    /// 1 where the subject is `[batch, height, width]`, f32, at any resolution.
    masks: Tensor<3>,
    /// 1/n at each of the n tokens of a row's subject, else 0 `[batch, 1, 1, tokens]`, f32.
    tokens: Tensor<4>,
    /// The blocks whose layers count, `down_blocks.1` for example, and the number of those layers.
    blocks: Vec<String>,
    layers: usize,
}

impl Localization {
    /// `masks` `[batch, height, width]`; `positions`: for each row the places of the subject's tokens among
    /// the `tokens` of its prompt; a row without any doesn't count.
    pub fn new(
        unet: &UNet2DConditionModel,
        masks: Tensor<3>,
        positions: &[Vec<usize>],
        tokens: usize,
    ) -> Self {
        let projections = unet.attention_projections();
        let layers = projections.iter().map(|projection| projection.path.as_str());
        let layers: Vec<_> = layers.filter(|path| path.ends_with(QUERY)).collect();
        let blocks = localized_blocks(layers.iter().copied());
        let layers = layers.iter().filter(|path| blocks.contains(&block_of(path))).count();
        let mut values = vec![0.0; positions.len() * tokens];
        for (row, positions) in values.chunks_exact_mut(tokens.max(1)).zip(positions) {
            for &position in positions.iter().filter(|&&position| position < tokens) {
                row[position] = (1.0 / (positions.len() as f64 + EPSILON)) as f32;
            }
        }
        let values = TensorData::new(values, [positions.len(), 1, 1, tokens]);
        let tokens = Tensor::from_data(values, (&masks.device(), DType::F32));
        Self { masks, tokens, blocks, layers }
    }

    /// Whether the layer at a path counts.
    pub(super) fn counts(&self, path: &str) -> bool {
        self.blocks.contains(&block_of(path))
    }

    /// C at a layer of `[height, width]`: `[batch, 1, pixels, tokens]`.
    fn coefficients(&self, [height, width]: [usize; 2]) -> Tensor<4> {
        let [batch, from_height, from_width] = self.masks.dims();
        let resize = |from: usize, to: usize| {
            let values = TensorData::new(matrix(Filter::Bilinear, from, to), [to, from]);
            Tensor::<2>::from_data(values, (&self.masks.device(), DType::F32))
        };
        let mask = linear(self.masks.clone().swap_dims(1, 2), resize(from_height, height), None);
        let mask = linear(mask.swap_dims(1, 2), resize(from_width, width), None);
        let subject = mask.reshape([batch, 1, height * width, 1]);
        let background = subject.ones_like() - subject.clone();
        let mean = |share: Tensor<4>| share.clone() / (share.sum_dim(2) + EPSILON);
        (mean(background) - mean(subject)) * self.tokens.clone()
    }
}

/// The localized loss of the layers in one segment of a pass.
pub(super) struct LocalizedLoss<'a> {
    localization: &'a Localization,
    sum: RefCell<Option<Tensor<1>>>,
}

impl<'a> LocalizedLoss<'a> {
    pub fn new(localization: &'a Localization) -> Self {
        Self { localization, sum: RefCell::default() }
    }

    /// The segment's part of L_loc, `[1]`, on the segment's tape. None if none of its layers counts.
    pub fn take(self) -> Option<Tensor<1>> {
        self.sum.into_inner()
    }
}

impl CrossAttentionHook for LocalizedLoss<'_> {
    fn attend(&self, place: Place, probabilities: Tensor<4>) -> Tensor<4> {
        if self.localization.counts(place.path) {
            let [batch, heads, _, _] = probabilities.dims();
            let coefficients = self.localization.coefficients(place.size);
            let coefficients =
                if probabilities.is_autodiff() { coefficients.autodiff() } else { coefficients };
            let share = 1.0 / (batch * heads * self.localization.layers) as f64;
            let loss = total(probabilities.clone() * coefficients) * share;
            self.sum.replace_with(|sum| Some(sum.take().map_or(loss.clone(), |sum| sum + loss)));
        }
        probabilities
    }
}

/// The blocks whose layers count. `paths` are those of all cross-attention layers (or of their transformers)
/// in the order of the forward pass. Of the blocks that they lie in, all but the first and the last count, or
/// all if there are no others.
pub(crate) fn localized_blocks<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut blocks: Vec<_> = paths.map(block_of).collect();
    blocks.dedup();
    if blocks.len() > 2 {
        blocks = blocks[1..blocks.len() - 1].to_vec();
    }
    blocks
}

/// The block in a layer's path: `down_blocks.1` for example, or `mid_block`, which has no number.
pub(crate) fn block_of(path: &str) -> String {
    let numbered = |(at, _): (usize, &str)| path[..at].ends_with("blocks");
    let ends: Vec<_> = path.match_indices('.').collect();
    match ends.first().copied().filter(|end| numbered(*end)).and(ends.get(1)) {
        Some((end, _)) => path[..*end].to_owned(),
        None => path.split('.').next().unwrap_or_default().to_owned(),
    }
}
