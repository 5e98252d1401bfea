//! The one matrix product behind linear layers and convolutions (`shaders/gemm.wgsl`).

use burn::{backend::wgpu::CubeTensor, backend::wgpu::into_contiguous, tensor::Shape};

use super::kernel::{Kernel, empty};

/// How the left factor lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ALayout {
    /// `[rows][depth]`
    Rows,
    /// `[depth][rows]`
    Columns,
    /// A channels-last image, read as the patches a convolution looks at.
    Image(Patches),
}

/// How the right factor lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BLayout {
    /// `[taps][columns][depth]`
    Rows,
    /// `[taps][depth][columns]`
    Columns,
}

/// The geometry of a convolution, or of its transpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patches {
    /// `[height, width]` of the image that is read.
    pub source: [usize; 2],
    /// `[height, width]` of the image that is written.
    pub target: [usize; 2],
    pub stride: usize,
    pub pad_top: usize,
    pub pad_left: usize,
    /// `[height, width]` of the kernel.
    pub kernel: [usize; 2],
    /// Read backwards: the gradient with respect to a convolution's input.
    pub transposed: bool,
}

/// The extents of C\[rows, columns\] = A · B.
#[derive(Clone, Copy, Debug)]
pub struct Extents {
    pub rows: usize,
    pub columns: usize,
    pub depth: usize,
}

/// What one workgroup computes.
struct Tile {
    rows: u32,
    columns: u32,
    thread_rows: u32,
    thread_columns: u32,
}

const TILE_DEPTH: u32 = 16;
/// From the most reuse of loaded numbers to the most workgroups.
const TILES: [Tile; 3] = [
    Tile { rows: 128, columns: 64, thread_rows: 8, thread_columns: 8 },
    Tile { rows: 64, columns: 64, thread_rows: 4, thread_columns: 4 },
    Tile { rows: 32, columns: 32, thread_rows: 4, thread_columns: 4 },
];
/// Fewer workgroups than this leave much of a GPU idle: a smaller tile is then faster.
const ENOUGH_WORKGROUPS: usize = 64;

impl Tile {
    fn workgroups(&self, extents: Extents) -> [u32; 3] {
        let across = extents.columns.div_ceil(self.columns as usize);
        let down = extents.rows.div_ceil(self.rows as usize);
        [across as u32, down as u32, 1]
    }

    fn choose(extents: Extents) -> &'static Self {
        let busy = |tile: &&Tile| {
            let [across, down, _] = tile.workgroups(extents);
            (across * down) as usize >= ENOUGH_WORKGROUPS
        };
        TILES.iter().find(busy).unwrap_or(&TILES[TILES.len() - 1])
    }
}

/// A · B + bias as a new tensor of `shape`.
pub fn gemm(
    a: CubeTensor,
    a_layout: ALayout,
    b: CubeTensor,
    b_layout: BLayout,
    bias: Option<CubeTensor>,
    extents: Extents,
    shape: Shape,
) -> CubeTensor {
    let (a, b, bias) = (into_contiguous(a), into_contiguous(b), bias.map(into_contiguous));
    let Extents { rows, columns, depth } = extents;
    let tile = Tile::choose(extents);
    let threads = (tile.rows / tile.thread_rows) * (tile.columns / tile.thread_columns);
    let (a_name, a_contiguous) = match a_layout {
        ALayout::Rows => ("rows", depth),
        ALayout::Columns => ("columns", rows),
        ALayout::Image(_) => ("image", depth),
    };
    let (b_name, b_contiguous) = match b_layout {
        BLayout::Rows => ("rows", depth),
        BLayout::Columns => ("columns", columns),
    };
    let whole_vectors = |extent: usize| extent.is_multiple_of(4);
    let mut parameters = vec![rows as u32, columns as u32, depth as u32, 1];
    let mut transposed = false;
    if let ALayout::Image(patches) = a_layout {
        transposed = patches.transposed;
        parameters[3] = (patches.kernel[0] * patches.kernel[1]) as u32;
        let geometry = [
            patches.source[0],
            patches.source[1],
            patches.target[0],
            patches.target[1],
            patches.stride,
            patches.pad_top,
            patches.pad_left,
            patches.kernel[1],
        ];
        parameters.extend(geometry.map(|extent| extent as u32));
    }
    let c = empty(&a, shape, a.dtype);
    let kernel = Kernel::new("gemm", a.dtype, threads)
        .with("a_layout", a_name)
        .with("b_layout", b_name)
        .with("transposed", transposed)
        .with("bias", bias.is_some())
        .with("a_vector", whole_vectors(a_contiguous))
        .with("b_vector", whole_vectors(b_contiguous))
        .with("c_vector", whole_vectors(columns))
        .with("tile_rows", tile.rows)
        .with("tile_columns", tile.columns)
        .with("tile_depth", TILE_DEPTH)
        .with("thread_rows", tile.thread_rows)
        .with("thread_columns", tile.thread_columns);
    let inputs: Vec<&CubeTensor> = [&a, &b].into_iter().chain(&bias).collect();
    let taps = parameters[3] as usize;
    kernel.launch(tile.workgroups(extents), &inputs, &[&c], &parameters, 2 * rows * columns * depth * taps);
    c
}
