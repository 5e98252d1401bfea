//! Layer normalization over the channels of each token.
//!
//! x̂ = (x − mean) / √(var + ε),  y = γ·x̂ + β
//! backward: dx̂ = γ·dy,  dx = (dx̂ − mean(dx̂) − x̂·mean(dx̂·x̂)) / √(var + ε)
//!
//! γ and β are frozen. Statistics are f32 whatever the storage type.

use super::{extension::*, on_gpu};
use crate::gpu::kernel::{Kernel, empty, spread};

/// Frozen parameters of one layer normalization.
#[derive(Clone, Debug)]
pub struct LayerNormWeights {
    /// γ `[channels]`
    pub weight: Tensor<1>,
    /// β `[channels]`
    pub bias: Tensor<1>,
    pub epsilon: f64,
}

/// x `[batch, tokens, channels]` → the same shape.
pub fn layer_norm(x: Tensor<3>, weights: &LayerNormWeights) -> Tensor<3> {
    if !on_gpu(&x) {
        return reference::layer_norm(x, weights);
    }
    Tensor::from_dispatch(Dispatch::layer_norm(
        x.into_dispatch(),
        weights.weight.clone().into_dispatch(),
        weights.bias.clone().into_dispatch(),
        weights.epsilon as f32,
    ))
}

/// The kernel behind the function above.
#[backend_extension(Autodiff, Cube)]
pub trait LayerNormOps: Backend {
    fn layer_norm(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;
}

const WORKGROUP_SIZE: u32 = 64;
/// Floating-point operations per number: for mean, variance and the result.
const FORWARD_FLOPS: usize = 8;
const BACKWARD_FLOPS: usize = 12;

/// The kernel for tokens with as many channels as those of `x`.
fn kernel(x: &CubeTensor, pass: &'static str) -> Kernel {
    let [_, _, channels] = x.shape().dims();
    let vector = channels.is_multiple_of(4);
    Kernel::new("layer_norm", x.dtype, WORKGROUP_SIZE)
        .with("pass", pass)
        .with("vector", vector)
        .with("columns", (channels / if vector { 4 } else { 1 }) as u32)
        .with_subgroups(x)
}

/// y and the statistics `[tokens, 2]`: mean and 1/√(var + ε) of each token. x must be contiguous.
fn forward(x: &CubeTensor, weight: &CubeTensor, bias: CubeTensor, epsilon: f32) -> (CubeTensor, CubeTensor) {
    let [batch, tokens, channels] = x.shape().dims();
    let rows = batch * tokens;
    let y = empty(x, x.shape(), x.dtype);
    let statistics = empty(x, [rows, 2], DType::F32);
    kernel(x, "forward").launch(
        spread(rows as u32),
        &[x, weight, &into_contiguous(bias)],
        &[&y, &statistics],
        &[rows as u32, epsilon.to_bits()],
        rows * channels * FORWARD_FLOPS,
    );
    (y, statistics)
}

fn backward(state: Normalized, dy: CubeTensor) -> CubeTensor {
    let Normalized { x, weight, statistics } = state;
    let [batch, tokens, channels] = x.shape().dims();
    let rows = (batch * tokens) as u32;
    let dx = empty(&x, x.shape(), x.dtype);
    kernel(&x, "backward").launch(
        spread(rows),
        &[&x, &into_contiguous(dy), &weight, &statistics],
        &[&dx],
        &[rows, 0],
        batch * tokens * channels * BACKWARD_FLOPS,
    );
    dx
}

impl LayerNormOps for CubeBackend {
    fn layer_norm(x: CubeTensor, weight: CubeTensor, bias: CubeTensor, epsilon: f32) -> CubeTensor {
        forward(&into_contiguous(x), &into_contiguous(weight), bias, epsilon).0
    }
}

/// What the backward pass needs.
#[derive(Clone, Debug)]
struct Normalized {
    x: CubeTensor,
    weight: CubeTensor,
    statistics: CubeTensor,
}

#[derive(Debug)]
struct LayerNorm;

impl Backward<CubeBackend, 1> for LayerNorm {
    type State = Normalized;
    fn backward(self, ops: Ops<Normalized, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let state = ops.state;
        unary::<CubeBackend, _>(ops.parents, ops.node, grads, |dy| backward(state, dy));
    }
}

impl<C: CheckpointStrategy> LayerNormOps for Autodiff<CubeBackend, C> {
    fn layer_norm(x: Tracked<C>, weight: Tracked<C>, bias: Tracked<C>, epsilon: f32) -> Tracked<C> {
        record::<C, _>(LayerNorm, x, |x| {
            let (x, weight) = (into_contiguous(x), into_contiguous(weight.into_primitive()));
            let (y, statistics) = forward(&x, &weight, bias.into_primitive(), epsilon);
            (y, Normalized { x, weight, statistics })
        })
    }
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::{LayerNormWeights, Tensor};

    pub fn layer_norm(x: Tensor<3>, weights: &LayerNormWeights) -> Tensor<3> {
        let centred = x.clone() - x.mean_dim(2);
        let variance = centred.clone().square().mean_dim(2);
        let normal = centred / (variance + weights.epsilon).sqrt();
        normal * weights.weight.clone().unsqueeze::<3>() + weights.bias.clone().unsqueeze::<3>()
    }
}
