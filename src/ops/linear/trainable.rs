//! A linear layer whose weight is trained: y = x · Wᵀ, backward dx = dy · W, dW = dyᵀ · x.

use super::products::{forward, input_gradient, weight_gradient};
use super::{super::extension::*, on_gpu, reference};

/// x `[batch, tokens, in]` · weight `[out, in]`ᵀ → `[batch, tokens, out]`, with gradients to both.
pub fn trainable_linear(x: Tensor<3>, weight: Tensor<2>) -> Tensor<3> {
    if !on_gpu(&x) {
        return reference::linear(x, weight, None);
    }
    Tensor::from_dispatch(Dispatch::trainable_linear(x.into_dispatch(), weight.into_dispatch()))
}

/// The same with a weight of its own for each batch row and head: x `[batch, heads, tokens, in]` · weight
/// `[batch, heads, out, in]`ᵀ → `[batch, heads, tokens, out]`, with one launch for each of them.
pub fn batched_linear(x: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
    if !on_gpu(&x) {
        return x.matmul(weight.transpose());
    }
    let ([batch, heads, tokens, inputs], [_, _, outputs, _]) = (x.dims(), weight.dims());
    let x = x.reshape([batch * heads, tokens, inputs]);
    let weight = weight.reshape([batch * heads, outputs, inputs]);
    let products = (0..batch * heads).map(|row| {
        let weight = weight.clone().narrow(0, row, 1).reshape([outputs, inputs]);
        trainable_linear(x.clone().narrow(0, row, 1), weight)
    });
    Tensor::cat(products.collect(), 0).reshape([batch, heads, tokens, outputs])
}

/// The kernels behind `trainable_linear`.
#[backend_extension(Autodiff, Cube)]
pub trait TrainableLinearOps: Backend {
    fn trainable_linear(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl TrainableLinearOps for CubeBackend {
    fn trainable_linear(x: CubeTensor, weight: CubeTensor) -> CubeTensor {
        forward(x, weight, Default::default(), None)
    }
}

/// The step on the tape; keeps the input and the weight.
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
            |dy| input_gradient(dy, weight, None),
            |dy| weight_gradient(dy, x),
        );
    }
}

impl<C: CheckpointStrategy> TrainableLinearOps for Autodiff<CubeBackend, C> {
    fn trainable_linear(x: Tracked<C>, weight: Tracked<C>) -> Tracked<C> {
        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let y = CubeBackend::trainable_linear(x.clone(), weight.clone());
        match TrainableLinear.prepare::<C>([x_node, weight_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((x, weight), y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
}
