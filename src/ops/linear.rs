//! Linear layers.
//!
//! `linear`:           y[m, o] = Σ_i x[m, i] · W[o, i] + b[o]      W frozen; backward  dx = dy · W
//! `trainable_linear`: y[m, o] = Σ_i x[m, i] · W[o, i]             backward  dx = dy · W,  dW = dyᵀ · x
//!
//! Weights keep PyTorch's layout `[out_features, in_features]`.

use super::{extension::*, on_gpu};
use crate::gpu::gemm::{ALayout, BLayout, Extents, gemm};

/// x `[batch, tokens, in]` · weight `[out, in]`ᵀ + bias `[out]` → `[batch, tokens, out]`.
/// No gradient flows to `weight` and `bias`; the input is not kept for the backward pass.
pub fn linear(x: Tensor<3>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<3> {
    if !on_gpu(&x) {
        return reference::linear(x, weight, bias);
    }
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(match bias {
        Some(bias) => Dispatch::linear_with_bias(x, weight, bias.into_dispatch()),
        None => Dispatch::linear_without_bias(x, weight),
    })
}

/// x `[batch, tokens, in]` · weight `[out, in]`ᵀ → `[batch, tokens, out]`, with gradients to both
/// (the two factors of a LoRA).
pub fn trainable_linear(x: Tensor<3>, weight: Tensor<2>) -> Tensor<3> {
    if !on_gpu(&x) {
        return reference::linear(x, weight, None);
    }
    Tensor::from_dispatch(Dispatch::trainable_linear(x.into_dispatch(), weight.into_dispatch()))
}

/// The kernels behind the functions above.
#[backend_extension(Autodiff, Cube)]
pub trait LinearOps: Backend {
    fn linear_with_bias(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    fn linear_without_bias(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
    fn trainable_linear(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// x `[.., in]` · weight `[out, in]`ᵀ + bias.
fn forward(x: CubeTensor, weight: CubeTensor, bias: Option<CubeTensor>) -> CubeTensor {
    let [columns, depth] = weight.shape().dims();
    let rows = x.shape().num_elements() / depth;
    let shape = with_last(&x.shape(), columns);
    gemm(x, ALayout::Rows, weight, BLayout::Rows, bias, Extents { rows, columns, depth }, shape)
}

/// dx = dy `[.., out]` · weight `[out, in]`.
fn input_gradient(dy: CubeTensor, weight: CubeTensor) -> CubeTensor {
    let [depth, columns] = weight.shape().dims();
    let rows = dy.shape().num_elements() / depth;
    let shape = with_last(&dy.shape(), columns);
    gemm(dy, ALayout::Rows, weight, BLayout::Columns, None, Extents { rows, columns, depth }, shape)
}

/// dW `[out, in]` = dyᵀ · x.
fn weight_gradient(dy: CubeTensor, x: CubeTensor) -> CubeTensor {
    let (rows, columns) = (last(&dy.shape()), last(&x.shape()));
    let depth = x.shape().num_elements() / columns;
    let extents = Extents { rows, columns, depth };
    gemm(dy, ALayout::Columns, x, BLayout::Columns, None, extents, Shape::from([rows, columns]))
}

fn last(shape: &Shape) -> usize {
    shape[shape.num_dims() - 1]
}

fn with_last(shape: &Shape, extent: usize) -> Shape {
    let mut extents: Vec<usize> = shape.iter().copied().collect();
    if let Some(last) = extents.last_mut() {
        *last = extent;
    }
    Shape::from(extents)
}

impl LinearOps for CubeBackend {
    fn linear_with_bias(x: CubeTensor, weight: CubeTensor, bias: CubeTensor) -> CubeTensor {
        forward(x, weight, Some(bias))
    }
    fn linear_without_bias(x: CubeTensor, weight: CubeTensor) -> CubeTensor {
        forward(x, weight, None)
    }
    fn trainable_linear(x: CubeTensor, weight: CubeTensor) -> CubeTensor {
        forward(x, weight, None)
    }
}

/// Keeps the frozen weight only.
#[derive(Debug)]
struct FrozenLinear;

impl Backward<CubeBackend, 1> for FrozenLinear {
    type State = CubeTensor;
    fn backward(self, ops: Ops<CubeTensor, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let weight = ops.state;
        unary::<CubeBackend, _>(ops.parents, ops.node, grads, |dy| input_gradient(dy, weight));
    }
}

/// Keeps the input and the weight.
#[derive(Debug)]
struct TrainableLinear;

impl Backward<CubeBackend, 2> for TrainableLinear {
    type State = (CubeTensor, CubeTensor);
    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, weight) = ops.state;
        binary::<CubeBackend, _, _>(
            ops.parents,
            ops.node,
            grads,
            |dy| input_gradient(dy, weight),
            |dy| weight_gradient(dy, x),
        );
    }
}

fn frozen_linear<C: CheckpointStrategy>(
    x: Tracked<C>,
    weight: CubeTensor,
    bias: Option<CubeTensor>,
) -> Tracked<C> {
    record::<C, _>(FrozenLinear, x, |x| (forward(x, weight.clone(), bias), weight))
}

impl<C: CheckpointStrategy> LinearOps for Autodiff<CubeBackend, C> {
    fn linear_with_bias(x: Tracked<C>, weight: Tracked<C>, bias: Tracked<C>) -> Tracked<C> {
        frozen_linear::<C>(x, weight.into_primitive(), Some(bias.into_primitive()))
    }
    fn linear_without_bias(x: Tracked<C>, weight: Tracked<C>) -> Tracked<C> {
        frozen_linear::<C>(x, weight.into_primitive(), None)
    }
    fn trainable_linear(x: Tracked<C>, weight: Tracked<C>) -> Tracked<C> {
        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        match TrainableLinear.prepare::<C>([x_node, weight_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                prepared.finish((x.clone(), weight.clone()), forward(x, weight, None))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(forward(x, weight, None)),
        }
    }
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::Tensor;

    pub fn linear(x: Tensor<3>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<3> {
        let [batch, tokens, in_features] = x.dims();
        let out_features = weight.dims()[0];
        let y = x.reshape([batch * tokens, in_features]).matmul(weight.transpose());
        let y = match bias {
            Some(bias) => y + bias.unsqueeze::<2>(),
            None => y,
        };
        y.reshape([batch, tokens, out_features])
    }
}
