//! The VAE in overlapping tiles, where the whole picture doesn't fit.
//!
//! As in diffusers' `enable_tiling`, tiles of n latents overlap by a quarter, and where a tile (`one`) overlaps
//! the following one (`next`) by e, they are blended linearly:
//!
//! ```text
//!   next[i] ← one[last − e + i]·(1 − i/e) + next[i]·i/e,  i = 0 … e − 1
//! ```
//!
//! But there the last tiles are cut to what is left of the picture. Here all are of one size, so that each finds the
//! buffers of the one before it, and lie as far apart as lets the last end with the picture: they overlap by a
//! quarter at least. What a cut tile would add, a strip that the tile before covers, is left out.
//!
//! Normalization and attention see one tile at a time, so colours may differ slightly from the whole
//! picture's.

use burn::tensor::{DType, Tensor, TensorData};

/// The overlap is a tile's side divided by this.
const OVERLAPS: usize = 4;

/// The tiles along one side of a picture, in latents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiling {
    /// Length of each tile.
    pub side: usize,
    pub starts: Vec<usize>,
}

impl Tiling {
    /// As few tiles of `side` latents as cover `extent`, or one that is no longer than it.
    pub fn covering(extent: usize, side: usize) -> Self {
        let side = side.clamp(1, extent.max(1));
        let last = extent.saturating_sub(side);
        let steps = last.div_ceil(side - side / OVERLAPS);
        let starts = (0..=steps).map(|tile| tile * last / steps.max(1)).collect();
        Self { side, starts }
    }

    /// What of a tile is before the next one begins; of the last, all.
    fn kept(&self, tile: usize) -> usize {
        self.starts.get(tile + 1).map_or(self.side, |next| next - self.starts[tile])
    }

    /// What of a tile lies in the tile before it.
    fn overlap(&self, tile: usize) -> usize {
        self.side - self.kept(tile - 1)
    }
}

/// Sides of one latent's square, before and after the network that is run on tiles.
#[derive(Clone, Copy, Debug)]
pub(super) struct LatentSides {
    pub input: usize,
    pub output: usize,
}

/// `run` on each tile of x `[batch, height, width, channels]`, of `side` latents, put together again.
pub(super) fn in_tiles(
    x: Tensor<4>,
    side: usize,
    latent: LatentSides,
    run: impl Fn(Tensor<4>) -> Tensor<4>,
) -> Tensor<4> {
    let [_, height, width, _] = x.dims();
    let [vertical, horizontal] = [height, width].map(|extent| Tiling::covering(extent / latent.input, side));
    let cut = |x: Tensor<4>, axis: usize, tiling: &Tiling, tile: usize| {
        x.narrow(axis, tiling.starts[tile] * latent.input, tiling.side * latent.input)
    };
    let mut above: Vec<Tensor<4>> = Vec::new();
    let mut rows = Vec::new();
    for row in 0..vertical.starts.len() {
        let strip = cut(x.clone(), 1, &vertical, row);
        let mut done: Vec<Tensor<4>> = Vec::new();
        for column in 0..horizontal.starts.len() {
            let tile = run(cut(strip.clone(), 2, &horizontal, column));
            let tile = match above.get(column) {
                Some(upper) => blend(upper, tile, vertical.overlap(row) * latent.output, 1),
                None => tile,
            };
            let tile = match done.last() {
                Some(left) => blend(left, tile, horizontal.overlap(column) * latent.output, 2),
                None => tile,
            };
            done.push(tile);
        }
        let pieces = done.iter().enumerate().map(|(column, tile)| {
            let [height, width] =
                [vertical.kept(row), horizontal.kept(column)].map(|kept| kept * latent.output);
            tile.clone().narrow(1, 0, height).narrow(2, 0, width)
        });
        rows.push(Tensor::cat(pieces.collect(), 2));
        above = done;
    }
    Tensor::cat(rows, 1)
}

/// `next`, the first `extent` along `axis` blended with the end of `one`.
fn blend(one: &Tensor<4>, next: Tensor<4>, extent: usize, axis: usize) -> Tensor<4> {
    if extent == 0 {
        return next;
    }
    let length = next.dims()[axis];
    let mut shape = [1; 4];
    shape[axis] = extent;
    let ramp: Vec<f32> = (0..extent).map(|i| i as f32 / extent as f32).collect();
    let ramp = Tensor::<4>::from_data(TensorData::new(ramp, shape), (&next.device(), DType::F32));
    let ending = one.clone().narrow(axis, length - extent, extent);
    let beginning = next.clone().narrow(axis, 0, extent);
    let between = ending.clone() + (beginning - ending) * ramp;
    Tensor::cat(vec![between, next.narrow(axis, extent, length - extent)], axis)
}
