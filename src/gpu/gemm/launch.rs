//! From a [`Product`] and a tile to one launch, or to two where the sum is split.

use burn::{
    backend::{
        TensorMetadata,
        wgpu::{CubeTensor, into_contiguous},
    },
    tensor::DType,
};

use super::super::{
    kernel::{Kernel, empty, empty_in, spread},
    profile::KernelProfile,
    tiles::{Candidate, Tile, Unit},
};
use super::{ALayout, Activation, BLayout, BNumbers, Epilogue, Extents, Patches, Product};

/// The axis of the workgroups that runs down the rows of C, and over its groups.
const DOWN: usize = 1;
/// Threads per workgroup of the kernel that adds up the splits.
const REDUCE_WORKGROUP_SIZE: u32 = 256;

/// The uniform words of both kernels (`Parameters` in `shaders/gemm_epilogue.wgsl`).
#[derive(Clone, Copy, Default)]
struct Parameters {
    rows: usize,
    depth: usize,
    image_rows: usize,
    scale: f32,
    columns: usize,
    splits: u32,
    source: [usize; 2],
    target: [usize; 2],
    image: [usize; 2],
}

impl Parameters {
    fn words(self) -> Vec<u32> {
        let words = [self.rows, self.depth, self.image_rows].map(|extent| extent as u32);
        let geometry = [self.source, self.target, self.image].concat();
        let geometry = geometry.into_iter().map(|extent| extent as u32);
        let more = [self.scale.to_bits(), self.columns as u32, self.splits];
        let first_workgroup = 0;
        words.into_iter().chain(more).chain(geometry).chain([first_workgroup]).collect()
    }
}

impl Product {
    /// Computes the product, cut up as `candidate` says.
    pub fn run_as(self, candidate: Candidate) -> CubeTensor {
        let product = self.contiguous();
        let (tile, splits) = (candidate.tile(), candidate.splits);
        let workload = product.workload();
        let workgroups = workload.workgroups(tile, splits);
        let rows = workload.rows * workload.groups;
        let columns = product.extents.columns;
        let mut flops = (rows * columns) as u64 * 2 * workload.depth as u64;
        let c = empty(&product.a, product.shape.clone(), product.a.dtype);
        if splits == 1 {
            flops += (rows * columns) as u64 * product.epilogue.flops();
            let (kernel, inputs) = product.kernel(tile, 1, Some(&product.epilogue));
            let parameters = product.parameters(rows, splits).words();
            kernel.launch_in_parts(DOWN, workgroups, &inputs, &[&c], &parameters, flops);
            return c;
        }
        let (count, bytes) = (splits as usize * rows * columns, workload.sum_bytes(splits));
        let sums = empty_in(&product.a, [count], DType::F32, bytes as usize);
        let (kernel, inputs) = product.kernel(tile, splits, None);
        let parameters = product.parameters(rows, splits).words();
        kernel.launch_in_parts(DOWN, workgroups, &inputs, &[&sums], &parameters, flops);
        product.reduce(&sums, &c, splits, rows);
        c
    }

    fn contiguous(mut self) -> Self {
        self.a = into_contiguous(self.a);
        self.b.buffer = into_contiguous(self.b.buffer);
        if let BNumbers::Integers { scale, contiguous } = self.b.numbers {
            self.b.numbers = BNumbers::Integers { scale: into_contiguous(scale), contiguous };
        }
        self.low_rank = self.low_rank.map(|mut low_rank| {
            low_rank.reduced = into_contiguous(low_rank.reduced);
            low_rank.factor = into_contiguous(low_rank.factor);
            low_rank
        });
        let epilogue = self.epilogue;
        self.epilogue = Epilogue {
            bias: epilogue.bias.map(into_contiguous),
            image_add: epilogue.image_add.map(into_contiguous),
            residual: epilogue.residual.map(into_contiguous),
            ..epilogue
        };
        self
    }

    /// The parameters of both kernels; `rows`: rows of C, all groups together.
    fn parameters(&self, rows: usize, splits: u32) -> Parameters {
        let Extents { columns, depth, .. } = self.extents;
        let images = self
            .epilogue
            .image_add
            .as_ref()
            .map_or(1, |add| add.shape().num_elements() / self.extents.columns);
        let scale = self.epilogue.scale.unwrap_or(1.0);
        let image_rows = rows / images;
        let plain = Parameters { rows, depth, image_rows, scale, columns, splits, ..Parameters::default() };
        match self.a_layout {
            ALayout::Image(patches) | ALayout::Patches(patches) => Parameters {
                source: patches.source,
                target: patches.target,
                image: patches.upsampled.unwrap_or_default(),
                ..plain
            },
            ALayout::Rows | ALayout::Columns => plain,
        }
    }

    /// The main kernel and its inputs. Without an epilogue it stores f32 sums.
    fn kernel<'a>(
        &'a self,
        tile: &Tile,
        splits: u32,
        epilogue: Option<&'a Epilogue>,
    ) -> (Kernel, Vec<&'a CubeTensor>) {
        let Extents { rows, columns, depth } = self.extents;
        let KernelProfile { software, matrix_units, .. } = *KernelProfile::of(&self.a);
        let matrix_units = matrix_units.filter(|_| tile.unit == Unit::Subgroup);
        let unit_threads = matrix_units.map_or(1, |units| units.subgroup_size);
        // On a GPU the weight's extents are constants; the number of pixels or tokens is a parameter.
        let constant = |extent| if software { 0 } else { extent };
        let (a_layout, a_contiguous, rows, depth_constant) = match self.a_layout {
            ALayout::Rows => ("rows", depth, 0, constant(depth)),
            ALayout::Image(_) => ("image", depth, 0, constant(depth)),
            ALayout::Columns => ("columns", rows, constant(rows), 0),
            ALayout::Patches(_) => ("patches", rows, rows, 0),
        };
        let (b_layout, b_contiguous) = match self.b_layout {
            BLayout::Rows => ("rows", depth),
            BLayout::Columns => ("columns", columns),
        };
        let mut inputs = vec![&self.a, &self.b.buffer];
        let mut kernel = Kernel::new("gemm", self.a.dtype, tile.units() * unit_threads)
            .with("a_layout", a_layout)
            .with("b_layout", b_layout)
            .with("a_vector", whole_vectors(a_contiguous))
            .with("b_vector", whole_vectors(b_contiguous))
            .with("rows", rows as u32)
            .with("columns", constant(columns) as u32)
            .with("depth", depth_constant as u32)
            .with("taps", self.taps() as u32)
            .with("row_groups", self.workload().groups as u32)
            .with("tile_rows", tile.rows)
            .with("tile_columns", tile.columns)
            .with("tile_depth", tile.depth)
            .with("unit_rows", tile.unit_rows)
            .with("unit_columns", tile.unit_columns)
            .with("matrix_units", matrix_units.map_or(0, |units| units.side))
            .with("unit_threads", unit_threads)
            .with("matrix_language", matrix_units.map_or("none", |units| units.language.name()))
            .with("splits", splits)
            .with("unrolled", !software);
        if let ALayout::Image(patches) | ALayout::Patches(patches) = self.a_layout {
            kernel = with_patches(kernel, patches);
        }
        kernel = kernel.with("low_rank", self.low_rank.is_some());
        if let Some(low_rank) = &self.low_rank {
            let factor_contiguous = if self.b_layout == BLayout::Rows { low_rank.rank } else { columns };
            kernel = kernel
                .with("low_rank_binding", inputs.len() as u32)
                .with("rank", low_rank.rank as u32)
                .with("t_vector", whole_vectors(low_rank.rank))
                .with("factor_vector", whole_vectors(factor_contiguous));
            inputs.extend([&low_rank.reduced, &low_rank.factor]);
        }
        kernel = match &self.b.numbers {
            BNumbers::Floats => kernel.with("b_numbers", "floats"),
            BNumbers::Halves => kernel.with("b_numbers", "halves"),
            BNumbers::Integers { scale, contiguous } => {
                inputs.push(scale);
                kernel
                    .with("b_numbers", "integers")
                    .with("b_scale", if *contiguous { "contiguous" } else { "line" })
                    .with("b_scale_binding", inputs.len() as u32 - 1)
            }
        };
        (with_epilogue(kernel, epilogue, columns, &mut inputs), inputs)
    }

    /// C = epilogue(Σ sums): adds up the splits; `rows`: rows of C, all groups together.
    fn reduce(&self, sums: &CubeTensor, c: &CubeTensor, splits: u32, rows: usize) {
        let columns = self.extents.columns;
        let mut inputs = vec![sums];
        let kernel =
            Kernel::new("gemm_reduce", c.dtype, REDUCE_WORKGROUP_SIZE).with("columns", 0).with("rows", 0);
        let kernel = with_epilogue(kernel, Some(&self.epilogue), columns, &mut inputs);
        let items = (rows * columns.div_ceil(4)) as u32;
        let flops = (rows * columns) as u64 * (u64::from(splits) - 1 + self.epilogue.flops());
        let workgroups = spread(items.div_ceil(REDUCE_WORKGROUP_SIZE));
        kernel.launch(workgroups, &inputs, &[c], &self.parameters(rows, splits).words(), flops);
    }
}

/// Adds the constants of a convolution.
fn with_patches(kernel: Kernel, patches: Patches) -> Kernel {
    kernel
        .with("transposed", patches.transposed)
        .with("upsampled", patches.upsampled.is_some())
        .with("kernel_width", patches.kernel[1] as u32)
        .with("stride", patches.stride as u32)
        .with("pad_top", patches.pad_top as u32)
        .with("pad_left", patches.pad_left as u32)
}

/// Adds the constants of `shaders/gemm_epilogue.wgsl`, and its operands to `inputs` after all others.
/// Binding 0 means that an operand is missing.
fn with_epilogue<'a>(
    mut kernel: Kernel,
    epilogue: Option<&'a Epilogue>,
    columns: usize,
    inputs: &mut Vec<&'a CubeTensor>,
) -> Kernel {
    let none = Epilogue::default();
    let operands = epilogue.map_or([None; 3], |epilogue| {
        [epilogue.bias.as_ref(), epilogue.image_add.as_ref(), epilogue.residual.as_ref()]
    });
    for (name, operand) in ["bias", "image_add", "residual"].into_iter().zip(operands) {
        kernel = kernel.with(name, if operand.is_some() { inputs.len() as u32 } else { 0 });
        inputs.extend(operand);
    }
    let Epilogue { scale, activation, .. } = epilogue.unwrap_or(&none);
    let activation = match activation {
        None => "none",
        Some(Activation::Silu) => "silu",
        Some(Activation::Gelu) => "gelu",
        Some(Activation::QuickGelu) => "quick_gelu",
    };
    kernel
        .with("partial", epilogue.is_none())
        .with("scaled", scale.is_some())
        .with("activation", activation)
        .with("c_vector", whole_vectors(columns))
        .with("c_binding", inputs.len() as u32)
}

impl Epilogue {
    /// Floating-point operations per number of C; an activation counts as the operations written for it.
    fn flops(&self) -> u64 {
        let operands = [self.bias.is_some(), self.image_add.is_some(), self.residual.is_some()];
        let adds = operands.into_iter().chain([self.scale.is_some()]).filter(|&there| there).count() as u64;
        let activation = match self.activation {
            None => 0,
            Some(Activation::Silu) => 3,
            Some(Activation::QuickGelu) => 4,
            Some(Activation::Gelu) => 18,
        };
        adds + activation
    }
}

fn whole_vectors(extent: usize) -> bool {
    extent.is_multiple_of(4)
}
