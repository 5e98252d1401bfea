//! Where a backward pass starts that begins in the middle of a graph.
//!
//! burn's backward pass starts from a single number. The number whose gradient with respect to x is g would
//! be Σ x∘g: a product and a sum over everything, whose value nobody reads. Here it is a number without a
//! value.
//!
//! backward: dx = g

use super::{extension::*, on_gpu};
use crate::gpu::kernel::empty;

/// A number `[1]` for `backward` to start from, alone or as a summand, which gives x the gradient `gradient`
/// (of x's shape and type, not on the tape). The number's value means nothing.
pub fn start_backward<const D: usize>(x: Tensor<D>, gradient: Tensor<D>) -> Tensor<1> {
    if !on_gpu(&x) {
        return reference::start_backward(x, gradient);
    }
    Tensor::from_dispatch(Dispatch::backward_start(x.into_dispatch(), gradient.autodiff().into_dispatch()))
}

/// The operation behind the function above; it launches nothing.
#[backend_extension(Autodiff, Cube)]
pub trait BackwardStartOps: Backend {
    fn backward_start(x: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl BackwardStartOps for CubeBackend {
    fn backward_start(x: CubeTensor, _: CubeTensor) -> CubeTensor {
        empty(&x, [1], x.dtype)
    }
}

/// The step on the tape; keeps the gradient.
#[derive(Debug)]
struct BackwardStart;

impl Backward<CubeBackend, 1> for BackwardStart {
    type State = CubeTensor;
    fn backward(self, ops: Ops<CubeTensor, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = ops.state;
        unary::<CubeBackend, _>(ops.parents, ops.node, grads, |_| gradient);
    }
}

impl<C: CheckpointStrategy> BackwardStartOps for Autodiff<CubeBackend, C> {
    fn backward_start(x: Tracked<C>, gradient: Tracked<C>) -> Tracked<C> {
        let gradient = gradient.into_primitive();
        record::<C, _>(BackwardStart, x, |x| (empty(&x, [1], x.dtype), gradient))
    }
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::Tensor;

    pub fn start_backward<const D: usize>(x: Tensor<D>, gradient: Tensor<D>) -> Tensor<1> {
        (x * gradient.autodiff()).sum()
    }
}
