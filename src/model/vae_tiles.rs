//! The VAE in overlapping tiles (diffusers' `enable_tiling`), where the whole picture doesn't fit.
//!
//! Tiles of n latents begin every ¾·n latents. Where a tile (`one`) overlaps the following one (`next`) by e,
//! they are blended linearly:
//!
//!   next[i] ← one[last − e + i]·(1 − i/e) + next[i]·i/e,  i = 0 … e − 1
//!
//! Normalization and attention see one tile at a time, so colours may differ slightly from the whole
//! picture's. A last tile that the one before it covers is left out, where diffusers computes it from a
//! strip.

use std::ops::Range;

use burn::tensor::{DType, Tensor, TensorData};

/// The overlap is a tile's side divided by this.
const OVERLAPS: usize = 4;

/// A side of the tiles, before and after the network that is run on them.
#[derive(Clone, Copy, Debug)]
pub(super) struct TileSides {
    pub input: usize,
    pub output: usize,
}

/// `run` on each tile of x `[batch, height, width, channels]`, put together again.
pub(super) fn in_tiles(x: Tensor<4>, sides: TileSides, run: impl Fn(Tensor<4>) -> Tensor<4>) -> Tensor<4> {
    let [_, height, width, _] = x.dims();
    let overlap = sides.output / OVERLAPS;
    let kept = sides.output - overlap;
    let (row_ranges, column_ranges) = (tiles(height, sides.input), tiles(width, sides.input));
    let mut above: Vec<Tensor<4>> = Vec::new();
    let mut rows = Vec::new();
    for (row, rows_of_x) in row_ranges.iter().enumerate() {
        let strip = x.clone().narrow(1, rows_of_x.start, rows_of_x.len());
        let mut done: Vec<Tensor<4>> = Vec::new();
        for (column, columns_of_x) in column_ranges.iter().enumerate() {
            let tile = run(strip.clone().narrow(2, columns_of_x.start, columns_of_x.len()));
            let tile = match above.get(column) {
                Some(upper) => blend(upper, tile, overlap, 1),
                None => tile,
            };
            let tile = match done.last() {
                Some(left) => blend(left, tile, overlap, 2),
                None => tile,
            };
            done.push(tile);
        }
        let last = done.len() - 1;
        let pieces = done.iter().enumerate().map(|(column, tile)| {
            let tile = if column < last { tile.clone().narrow(2, 0, kept) } else { tile.clone() };
            if row + 1 < row_ranges.len() { tile.narrow(1, 0, kept) } else { tile }
        });
        rows.push(Tensor::cat(pieces.collect(), 2));
        above = done;
    }
    Tensor::cat(rows, 1)
}

/// Where the tiles of a side lie.
fn tiles(extent: usize, tile: usize) -> Vec<Range<usize>> {
    let overlap = tile / OVERLAPS;
    let starts = (0..extent).step_by(tile - overlap).filter(|&start| start == 0 || extent - start > overlap);
    starts.map(|start| start..extent.min(start + tile)).collect()
}

/// `next`, its beginning along `axis` blended with the end of `one`.
fn blend(one: &Tensor<4>, next: Tensor<4>, overlap: usize, axis: usize) -> Tensor<4> {
    let (length, next_length) = (one.dims()[axis], next.dims()[axis]);
    let extent = overlap.min(length).min(next_length);
    let mut shape = [1; 4];
    shape[axis] = extent;
    let ramp: Vec<f32> = (0..extent).map(|i| i as f32 / extent as f32).collect();
    let ramp = Tensor::<4>::from_data(TensorData::new(ramp, shape), (&next.device(), DType::F32));
    let ending = one.clone().narrow(axis, length - extent, extent);
    let beginning = next.clone().narrow(axis, 0, extent);
    let between = ending.clone() + (beginning - ending) * ramp;
    if extent == next_length {
        return between;
    }
    Tensor::cat(vec![between, next.narrow(axis, extent, next_length - extent)], axis)
}
