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

/// What a group normalization does beside its weights.
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
/// A number, in each of the passes.
const STATISTICS_FLOPS: usize = 4;
const FORWARD_FLOPS: usize = 8;
const BACKWARD_FLOPS: usize = 10;

/// A contiguous image, its frozen weights and its statistics `[batch, groups, 2]`: the mean and
/// 1/√(var + ε) of each group. All that forward and backward need.
#[derive(Clone, Debug)]
struct Normalized {
    x: CubeTensor,
    weight: CubeTensor,
    bias: CubeTensor,
    statistics: CubeTensor,
    normalization: Normalization,
}

impl Normalized {
    fn new(x: CubeTensor, weight: CubeTensor, bias: CubeTensor, normalization: Normalization) -> Self {
        let x = into_contiguous(x);
        let batch = x.shape()[0];
        let statistics = empty(&x, [batch, normalization.groups, 2], DType::F32);
        let normalized = Self {
            x,
            weight: into_contiguous(weight),
            bias: into_contiguous(bias),
            statistics,
            normalization,
        };
        normalized.kernel("statistics").launch(
            normalized.a_group_a_workgroup(),
            &[&normalized.x],
            &[&normalized.statistics],
            &normalized.parameters(),
            normalized.x.shape().num_elements() * STATISTICS_FLOPS,
        );
        normalized
    }

    fn kernel(&self, pass: &'static str) -> Kernel {
        Kernel::new("group_norm", self.x.dtype, WORKGROUP_SIZE)
            .with("pass", pass)
            .with("silu", self.normalization.silu)
    }

    fn parameters(&self) -> [u32; 5] {
        let [_, height, width, channels] = self.x.shape().dims::<4>();
        let Normalization { groups, epsilon, .. } = self.normalization;
        let count = self.x.shape().num_elements() as u32;
        [(height * width) as u32, channels as u32, groups as u32, epsilon.to_bits(), count]
    }

    fn a_group_a_workgroup(&self) -> [u32; 3] {
        [(self.x.shape()[0] * self.normalization.groups) as u32, 1, 1]
    }

    fn a_number_a_thread(&self) -> [u32; 3] {
        spread((self.x.shape().num_elements() as u32).div_ceil(WORKGROUP_SIZE))
    }

    fn forward(&self) -> CubeTensor {
        let y = empty(&self.x, self.x.shape(), self.x.dtype);
        self.kernel("forward").launch(
            self.a_number_a_thread(),
            &[&self.x, &self.statistics, &self.weight, &self.bias],
            &[&y],
            &self.parameters(),
            self.x.shape().num_elements() * FORWARD_FLOPS,
        );
        y
    }

    fn backward(&self, dy: CubeTensor) -> CubeTensor {
        let dy = into_contiguous(dy);
        let mut inputs = vec![&self.x, &dy, &self.statistics, &self.weight];
        if self.normalization.silu {
            inputs.push(&self.bias);
        }
        let sums = empty(&self.x, self.statistics.shape(), DType::F32);
        let flops = self.x.shape().num_elements() * BACKWARD_FLOPS;
        self.kernel("sums").launch(self.a_group_a_workgroup(), &inputs, &[&sums], &self.parameters(), flops);
        inputs.push(&sums);
        let dx = empty(&self.x, self.x.shape(), self.x.dtype);
        self.kernel("backward").launch(self.a_number_a_thread(), &inputs, &[&dx], &self.parameters(), flops);
        dx
    }
}

impl GroupNormOps for CubeBackend {
    fn group_norm(
        x: CubeTensor,
        weight: CubeTensor,
        bias: CubeTensor,
        normalization: Normalization,
    ) -> CubeTensor {
        Normalized::new(x, weight, bias, normalization).forward()
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
            let (weight, bias) = (weight.into_primitive(), bias.into_primitive());
            let normalized = Normalized::new(x, weight, bias, normalization);
            (normalized.forward(), normalized)
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
