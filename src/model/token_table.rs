//! A text encoder's token embeddings, looked up by id.
//!
//! The table is the one weight of Stable Diffusion 1 and 2 that is larger than the 128 MiB a WebGPU
//! device must bind at once (152 MB and 202 MB in f32), so it may lie in several parts of whole rows.

use burn::tensor::{DType, Tensor};

use crate::ops::frozen_weight::FrozenWeight;
use crate::weights::{self, Weights};

/// Rows of a block. Unpacking takes several tensors of as many 32-bit numbers, which are to
/// be small beside a training's step.
const BLOCK_ROWS: usize = 1024;

/// The rows of all tokens.
#[derive(Clone, Debug)]
pub(super) struct TokenTable {
    /// `[rows, width]`, one part after the other; all but the last have the same number of rows.
    parts: Vec<FrozenWeight<2>>,
    rows: usize,
}

impl TokenTable {
    /// Takes `name` `[rows, width]`.
    ///
    /// # Errors
    /// As [`Weights::take`].
    pub fn load(weights: &mut Weights, name: &str, shape: [usize; 2]) -> Result<Self, weights::Error> {
        Ok(Self { parts: weights.take_rows(name, shape)?, rows: shape[0] })
    }

    /// The rows of `ids` `[tokens, width]`; an id beyond the table gets the last row.
    pub fn rows(&self, ids: &[u32]) -> Tensor<2> {
        let each = self.parts[0].dims()[0];
        let places: Vec<(usize, i32)> = ids
            .iter()
            .map(|&id| (id as usize).min(self.rows - 1))
            .map(|row| (row / each, (row % each) as i32))
            .collect();
        // Neighbours in the same part are looked up together.
        let runs = places.chunk_by(|(part, _), (next, _)| part == next).map(|run| {
            let (part, _) = run[0];
            let rows: Vec<i32> = run.iter().map(|(_, row)| *row).collect();
            self.parts[part].rows(&rows)
        });
        let mut runs: Vec<Tensor<2>> = runs.collect();
        if runs.len() == 1 { runs.remove(0) } else { Tensor::cat(runs, 0) }
    }

    /// All rows, some at a time, `[rows, width]`, f32.
    pub fn blocks(&self) -> impl Iterator<Item = Tensor<2>> {
        self.parts.iter().flat_map(|part| {
            let [rows, _] = part.dims();
            (0..rows).step_by(BLOCK_ROWS).map(move |first| {
                let indices: Vec<i32> = (first as i32..rows.min(first + BLOCK_ROWS) as i32).collect();
                part.rows(&indices).cast(DType::F32)
            })
        })
    }

    /// The type that rows come in.
    pub fn dtype(&self) -> DType {
        self.parts[0].dtype()
    }
}
