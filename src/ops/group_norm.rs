//! Group normalization, with SiLU fused where the model applies it next.
//!
//! For each batch row and group g of channels, over all pixels:
//! x̂ = (x − mean_g) / √(var_g + ε),  u = γ·x̂ + β,  y = u or silu(u) = u·σ(u)
//! backward: du = dy or dy·σ(u)(1 + u(1 − σ(u))),  dx̂ = γ·du,
//! dx = (dx̂ − mean_g(dx̂) − x̂·mean_g(dx̂·x̂)) / √(var_g + ε)
//!
//! γ and β are frozen. Statistics are f32 whatever the storage type.

use super::{extension::*, on_gpu};
use crate::gpu::kernel::{Kernel, empty, spread};

/// Frozen parameters of one group normalization.
#[derive(Clone, Debug)]
pub struct GroupNormWeights {
    /// γ `[channels]`
    pub weight: Tensor<1>,
    /// β `[channels]`
    pub bias: Tensor<1>,
    pub groups: usize,
    pub epsilon: f64,
}

/// x `[batch, height, width, channels]` → the same shape. `silu`: apply x·σ(x) to the result.
pub fn group_norm(x: Tensor<4>, weights: &GroupNormWeights, silu: bool) -> Tensor<4> {
    if !on_gpu(&x) {
        return reference::group_norm(x, weights, silu);
    }
    Tensor::from_dispatch(Dispatch::group_norm(
        x.into_dispatch(),
        weights.weight.clone().into_dispatch(),
        weights.bias.clone().into_dispatch(),
        Normalization { groups: weights.groups, epsilon: weights.epsilon as f32, silu },
    ))
}

/// The settings of a group normalization beside its weights.
#[derive(Clone, Copy, Debug)]
pub struct Normalization {
    groups: usize,
    epsilon: f32,
    silu: bool,
}

/// The kernels behind the function above.
#[backend_extension(Autodiff, Cube)]
pub trait GroupNormOps: Backend {
    fn group_norm(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        normalization: Normalization,
    ) -> FloatTensor<Self>;
}

const WORKGROUP_SIZE: u32 = 256;
/// Floating-point operations per number of the image, in each of the passes.
const STATISTICS_FLOPS: usize = 4;
const FORWARD_FLOPS: usize = 8;
const BACKWARD_FLOPS: usize = 10;
/// Most numbers of a group that one workgroup normalizes alone.
const SMALL_GROUP: usize = 32 * 1024;
/// Threads that share the statistics of an image: enough to keep a large GPU's memory busy.
const SLICING_THREADS: usize = 64 * 1024;

/// How the passes divide an image among threads.
#[derive(Clone, Copy, Debug)]
struct Division {
    /// Whether one workgroup normalizes each group alone.
    whole: bool,
    /// Whether an element is four channels, or one.
    vector: bool,
    /// Elements of a pixel.
    columns: usize,
    /// Pixels of a slice, which a thread adds up; then the number of slices of an image.
    slice_pixels: usize,
    slices: usize,
}

impl Division {
    /// The division of an image `[batch, height, width, channels]`.
    fn of(shape: [usize; 4], groups: usize) -> Self {
        let [batch, height, width, channels] = shape;
        let pixels = height * width;
        let whole = pixels * channels / groups <= SMALL_GROUP;
        // A workgroup that reads a group alone needs its channels to be whole elements.
        let vector = if whole { channels / groups } else { channels }.is_multiple_of(4);
        let columns = channels / if vector { 4 } else { 1 };
        let slice_pixels = (batch * pixels * columns / SLICING_THREADS).clamp(32, 256);
        Self { whole, vector, columns, slice_pixels, slices: pixels.div_ceil(slice_pixels) }
    }
}

/// A contiguous image, its frozen weights and its statistics `[batch, groups, 2]`: the mean and
/// 1/√(var + ε) of each group. All that the backward pass needs.
#[derive(Clone, Debug)]
struct Normalized {
    x: CubeTensor,
    weight: CubeTensor,
    bias: CubeTensor,
    statistics: CubeTensor,
    normalization: Normalization,
}

/// y and what the backward pass needs.
fn forward(
    x: CubeTensor,
    weight: CubeTensor,
    bias: CubeTensor,
    normalization: Normalization,
) -> (CubeTensor, Normalized) {
    let [x, weight, bias] = [x, weight, bias].map(into_contiguous);
    let statistics = empty(&x, [x.shape()[0], normalization.groups, 2], DType::F32);
    let y = empty(&x, x.shape(), x.dtype);
    let normalized = Normalized { x, weight, bias, statistics, normalization };
    let Normalized { x, weight, bias, statistics, .. } = &normalized;
    if normalized.division().whole {
        normalized.a_group_a_workgroup("whole_forward", &[x, weight, bias], &[&y, statistics], FORWARD_FLOPS);
    } else {
        let moments = normalized.a_slice_a_thread("moments", &[x], STATISTICS_FLOPS);
        normalized.a_group_a_workgroup("statistics", &[&moments], &[statistics], 0);
        normalized.an_element_a_thread("forward", &[x, statistics, weight, bias], &y, FORWARD_FLOPS);
    }
    (y, normalized)
}

impl Normalized {
    fn division(&self) -> Division {
        Division::of(self.x.shape().dims(), self.normalization.groups)
    }

    fn backward(&self, dy: CubeTensor) -> CubeTensor {
        let dy = into_contiguous(dy);
        let mut inputs = vec![&self.x, &dy, &self.statistics, &self.weight];
        if self.normalization.silu {
            inputs.push(&self.bias);
        }
        let dx = empty(&self.x, self.x.shape(), self.x.dtype);
        if self.division().whole {
            self.a_group_a_workgroup("whole_backward", &inputs, &[&dx], 2 * BACKWARD_FLOPS);
        } else {
            let moments = self.a_slice_a_thread("gradient_moments", &inputs, BACKWARD_FLOPS);
            let sums = empty(&self.x, self.statistics.shape(), DType::F32);
            self.a_group_a_workgroup("sums", &[&moments], &[&sums], 0);
            inputs.push(&sums);
            self.an_element_a_thread("backward", &inputs, &dx, BACKWARD_FLOPS);
        }
        dx
    }

    /// Launches a pass that leaves two numbers for each channel of each slice: `[batch, slices, 2,
    /// channels]`.
    fn a_slice_a_thread(&self, pass: &'static str, inputs: &[&CubeTensor], flops: usize) -> CubeTensor {
        let [batch, .., channels] = self.x.shape().dims::<4>();
        let Division { columns, slices, .. } = self.division();
        let moments = empty(&self.x, [batch, slices, 2, channels], DType::F32);
        let threads = (batch * slices * columns) as u32;
        self.launch(pass, spread(threads.div_ceil(WORKGROUP_SIZE)), threads, inputs, &[&moments], flops);
        moments
    }

    /// Launches a pass with a workgroup for each group; `flops`: operations per number of the image.
    fn a_group_a_workgroup(
        &self,
        pass: &'static str,
        inputs: &[&CubeTensor],
        outputs: &[&CubeTensor],
        flops: usize,
    ) {
        let groups = (self.x.shape()[0] * self.normalization.groups) as u32;
        self.launch(pass, [groups, 1, 1], groups * WORKGROUP_SIZE, inputs, outputs, flops);
    }

    fn an_element_a_thread(
        &self,
        pass: &'static str,
        inputs: &[&CubeTensor],
        output: &CubeTensor,
        flops: usize,
    ) {
        let [batch, height, width, _] = self.x.shape().dims::<4>();
        let elements = (batch * height * width * self.division().columns) as u32;
        self.launch(pass, spread(elements.div_ceil(WORKGROUP_SIZE)), elements, inputs, &[output], flops);
    }

    fn launch(
        &self,
        pass: &'static str,
        workgroups: [u32; 3],
        threads: u32,
        inputs: &[&CubeTensor],
        outputs: &[&CubeTensor],
        flops: usize,
    ) {
        let [_, height, width, channels] = self.x.shape().dims::<4>();
        let Normalization { groups, epsilon, silu } = self.normalization;
        let Division { vector, columns, slices, slice_pixels, .. } = self.division();
        let parameters = [
            (height * width) as u32,
            channels as u32,
            groups as u32,
            epsilon.to_bits(),
            columns as u32,
            slices as u32,
            slice_pixels as u32,
            threads,
        ];
        Kernel::new("group_norm", self.x.dtype, WORKGROUP_SIZE)
            .with("pass", pass)
            .with("silu", silu)
            .with("vector", vector)
            .with_subgroups(&self.x)
            .launch(workgroups, inputs, outputs, &parameters, flops * self.x.shape().num_elements());
    }
}

impl GroupNormOps for CubeBackend {
    fn group_norm(
        x: CubeTensor,
        weight: CubeTensor,
        bias: CubeTensor,
        normalization: Normalization,
    ) -> CubeTensor {
        forward(x, weight, bias, normalization).0
    }
}

#[derive(Debug)]
struct GroupNorm;

impl Backward<CubeBackend, 1> for GroupNorm {
    type State = Normalized;
    fn backward(self, ops: Ops<Normalized, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let normalized = ops.state;
        unary::<CubeBackend, _>(ops.parents, ops.node, grads, |dy| normalized.backward(dy));
    }
}

impl<C: CheckpointStrategy> GroupNormOps for Autodiff<CubeBackend, C> {
    fn group_norm(
        x: Tracked<C>,
        weight: Tracked<C>,
        bias: Tracked<C>,
        normalization: Normalization,
    ) -> Tracked<C> {
        record::<C, _>(GroupNorm, x, |x| {
            forward(x, weight.into_primitive(), bias.into_primitive(), normalization)
        })
    }
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::{GroupNormWeights, Tensor};

    pub fn group_norm(x: Tensor<4>, weights: &GroupNormWeights, silu: bool) -> Tensor<4> {
        let [batch, height, width, channels] = x.dims();
        let per_group = channels / weights.groups;
        let grouped = x.reshape([batch, height * width, weights.groups, per_group]);
        let mean = grouped.clone().mean_dim(1).mean_dim(3);
        let centred = grouped - mean;
        let variance = centred.clone().square().mean_dim(1).mean_dim(3);
        let normal = centred / (variance + weights.epsilon).sqrt();
        let y = normal.reshape([batch, height, width, channels]) * weights.weight.clone().unsqueeze::<4>()
            + weights.bias.clone().unsqueeze::<4>();
        if silu { burn::tensor::activation::silu(y) } else { y }
    }
}
