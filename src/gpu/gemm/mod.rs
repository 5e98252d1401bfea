//! The one matrix product behind linear layers and convolutions (`shaders/gemm.wgsl`).
//!
//! A [`Product`] says what is multiplied, how the factors lie in memory and what happens to each sum
//! before it is stored; the device's tile table says how the work is cut up. The result does not
//! depend on anything but the operands, the device's table and the shapes: same input, same bits.

mod launch;

use burn::{backend::wgpu::CubeTensor, tensor::Shape};

use super::{profile::KernelProfile, tiles::Workload};

/// How the left factor lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ALayout {
    /// `[rows][depth]`
    Rows,
    /// `[depth][rows]`
    Columns,
    /// A channels-last image, read as the patches a convolution looks at: a row is a pixel of the
    /// target image, the depth a patch.
    Image(Patches),
    /// The same, turned over: the depth runs over the pixels of the target image, and the rows are the
    /// source's channels, once for each tap: C `[taps][rows][columns]`. Not for transposed patches.
    Patches(Patches),
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
    /// `[height, width]` of the stored image that is read.
    pub source: [usize; 2],
    /// `[height, width]` of the image that is written or, for [`ALayout::Patches`], walked over.
    pub target: [usize; 2],
    pub stride: usize,
    pub pad_top: usize,
    pub pad_left: usize,
    /// `[height, width]` of the kernel.
    pub kernel: [usize; 2],
    /// Whether patches are found backwards, for the gradient with respect to a convolution's input.
    pub transposed: bool,
    /// `[height, width]` of the nearest-neighbour doubling, possibly cut, that stands between the
    /// convolution's stored input and its kernel. Stride 1 only.
    pub upsampled: Option<[usize; 2]>,
}

impl Patches {
    fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Sums over the depth per number of C: one per tap, and in the gradient of an upsampling convolution
    /// one per tap of each of the four copies of a pixel.
    fn sums(&self) -> usize {
        if self.transposed && self.upsampled.is_some() { 4 * self.taps() } else { self.taps() }
    }
}

/// Extents of the product C\[rows, columns\] = A · B; those of one tap, where there are several.
#[derive(Clone, Copy, Debug)]
pub struct Extents {
    pub rows: usize,
    pub columns: usize,
    pub depth: usize,
}

/// What the right factor's buffer holds. What is packed lies in words of 32 bits along the contiguous extent,
/// which is filled up with zeros to a multiple of four numbers.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "one for each product, and what is large is a handle of device memory"
)]
pub enum BNumbers {
    /// Floats of A's type
    Floats,
    /// 16-bit floats, two to a word, also on a device that has no such type.
    Halves,
    /// 8-bit integers, four to a word, with one f32 for each of the weight's output channels.
    Integers {
        scale: CubeTensor,
        /// Whether the output channels run along the factor's contiguous extent; otherwise each is a line.
        contiguous: bool,
    },
}

/// The right factor.
#[derive(Clone, Debug)]
pub struct BFactor {
    pub buffer: CubeTensor,
    pub numbers: BNumbers,
}

impl From<CubeTensor> for BFactor {
    fn from(buffer: CubeTensor) -> Self {
        Self { buffer, numbers: BNumbers::Floats }
    }
}

/// Activations between layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// x·σ(x)
    Silu,
    /// x·Φ(x), the exact form (transformers' `gelu`)
    Gelu,
    /// x·σ(1.702·x) (OpenAI CLIP's activation)
    QuickGelu,
}

/// C += T · F: a second product of small depth, in the same accumulators (LoRA).
#[derive(Clone, Debug)]
pub struct LowRank {
    /// T `[rows][rank]`
    pub reduced: CubeTensor,
    /// F: `[columns][rank]` beside [`BLayout::Rows`], `[rank][columns]` beside [`BLayout::Columns`]
    pub factor: CubeTensor,
    pub rank: usize,
}

/// What is done to each sum before it is stored: activation(scale·sum + bias + image_add) + residual.
#[derive(Clone, Debug, Default)]
pub struct Epilogue {
    pub scale: Option<f32>,
    /// `[columns]`
    pub bias: Option<CubeTensor>,
    /// `[images, columns]`: one row for all rows of C (pixels) of the same image.
    pub image_add: Option<CubeTensor>,
    pub activation: Option<Activation>,
    /// A tensor of C's shape.
    pub residual: Option<CubeTensor>,
}

/// A matrix product with all that is done in the same launch. Operands need not be contiguous.
#[derive(Clone, Debug)]
pub struct Product {
    pub a: CubeTensor,
    pub a_layout: ALayout,
    pub b: BFactor,
    pub b_layout: BLayout,
    pub extents: Extents,
    /// Shape of the result.
    pub shape: Shape,
    pub low_rank: Option<LowRank>,
    pub epilogue: Epilogue,
}

impl Product {
    /// A · B and nothing else.
    pub fn new(
        (a, a_layout): (CubeTensor, ALayout),
        (b, b_layout): (impl Into<BFactor>, BLayout),
        extents: Extents,
        shape: Shape,
    ) -> Self {
        let epilogue = Epilogue::default();
        Self { a, a_layout, b: b.into(), b_layout, extents, shape, low_rank: None, epilogue }
    }

    /// The result, in the type of A.
    pub fn run(self) -> CubeTensor {
        let candidate = KernelProfile::of(&self.a).candidate(self.workload(), self.a.dtype);
        self.run_as(candidate)
    }

    /// Taps of a convolution; 1 for a plain product.
    fn taps(&self) -> usize {
        match self.a_layout {
            ALayout::Image(patches) | ALayout::Patches(patches) => patches.taps(),
            ALayout::Rows | ALayout::Columns => 1,
        }
    }

    fn workload(&self) -> Workload {
        let Extents { rows, columns, depth } = self.extents;
        let rank = self.low_rank.as_ref().map_or(0, |low_rank| low_rank.rank);
        match self.a_layout {
            ALayout::Image(patches) => Workload { rows, columns, depth: depth * patches.sums(), groups: 1 },
            ALayout::Patches(patches) => Workload { rows, columns, depth, groups: patches.taps() },
            ALayout::Rows | ALayout::Columns => Workload { rows, columns, depth: depth + rank, groups: 1 },
        }
    }
}
