//! What every operation needs to become a burn extension: the names, and the one pattern of
//! recording an operation on the tape.

pub(super) use burn::{
    backend::{
        Autodiff, Backend, Dispatch, TensorMetadata,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind, binary, unary},
        },
        backend_extension,
        tensor::FloatTensor,
        wgpu::{CubeBackend, CubeTensor, into_contiguous},
    },
    tensor::{DType, Shape, Tensor},
};

/// A tensor on the tape of the GPU backend.
pub(super) type Tracked<C> = FloatTensor<Autodiff<CubeBackend, C>>;

/// Runs an operation of one tracked input and, if a gradient is wanted, records `step` with the
/// state that its backward pass needs. `forward` returns the result and that state.
pub(super) fn record<C, Step>(
    step: Step,
    x: Tracked<C>,
    forward: impl FnOnce(CubeTensor) -> (CubeTensor, Step::State),
) -> Tracked<C>
where
    C: CheckpointStrategy,
    Step: Backward<CubeBackend, 1>,
{
    let (x, node) = x.into_parts();
    let (y, state) = forward(x);
    match step.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(state, y),
        OpsKind::UnTracked(prepared) => prepared.finish(y),
    }
}
