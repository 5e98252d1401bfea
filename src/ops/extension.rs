//! What every operation needs to become a burn extension: the names, and the one pattern of
//! recording an operation on the tape.

pub(super) use burn::{
    backend::{
        Autodiff, AutodiffBackend, Backend, Dispatch, ExtensionType, TensorMetadata,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, NodeGuard, Ops, OpsKind, binary, unary},
        },
        backend_extension,
        tensor::{FloatTensor, IntTensor},
        wgpu::{CubeBackend, CubeTensor, into_contiguous},
    },
    tensor::{DType, Shape, Tensor},
};

use crate::gpu::gemm::{BFactor, BNumbers};

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

/// A tensor among an operation's arguments that may be missing.
#[derive(ExtensionType)]
pub enum Operand<B: Backend> {
    Given(FloatTensor<B>),
    Missing,
}

impl<B: Backend> Operand<B> {
    pub(super) fn given(self) -> Option<FloatTensor<B>> {
        match self {
            Self::Given(tensor) => Some(tensor),
            Self::Missing => None,
        }
    }
}

impl<const D: usize> From<Option<Tensor<D>>> for Operand<Dispatch> {
    fn from(tensor: Option<Tensor<D>>) -> Self {
        tensor.map_or(Self::Missing, |tensor| Self::Given(tensor.into_dispatch()))
    }
}

/// The plain tensor of an input that no gradient flows to.
pub(super) fn frozen<C: CheckpointStrategy>(x: Operand<Autodiff<CubeBackend, C>>) -> Operand<CubeBackend> {
    x.given().map_or(Operand::Missing, |x| Operand::Given(x.into_primitive()))
}

/// A frozen weight among an operation's arguments, as [`FrozenWeight`](super::frozen_weight::FrozenWeight).
#[derive(ExtensionType)]
pub enum WeightOperand<B: Backend> {
    Floats(FloatTensor<B>),
    /// Without scales: 16-bit floats.
    Packed {
        words: IntTensor<B>,
        #[extension_type]
        scale: Operand<B>,
    },
}

impl WeightOperand<CubeBackend> {
    /// The weight as a product's right factor; `contiguous`: whether its output channels are its last extent.
    pub(super) fn factor(self, contiguous: bool) -> BFactor {
        match self {
            Self::Floats(weight) => weight.into(),
            Self::Packed { words, scale } => {
                let integers = |scale| BNumbers::Integers { scale, contiguous };
                let numbers = scale.given().map_or(BNumbers::Halves, integers);
                BFactor { buffer: words, numbers }
            }
        }
    }
}

/// The plain tensors of a weight that no gradient flows to.
pub(super) fn frozen_weight<C: CheckpointStrategy>(
    weight: WeightOperand<Autodiff<CubeBackend, C>>,
) -> WeightOperand<CubeBackend> {
    match weight {
        WeightOperand::Floats(weight) => WeightOperand::Floats(weight.into_primitive()),
        WeightOperand::Packed { words, scale } => WeightOperand::Packed { words, scale: frozen(scale) },
    }
}

/// A tensor that no gradient flows through.
pub(super) fn constant<C: CheckpointStrategy>(x: CubeTensor) -> Tracked<C> {
    <Autodiff<CubeBackend, C> as AutodiffBackend>::from_inner(x)
}

/// The tensor and the tape's node of an input that may be missing. For the tape a missing input is a
/// constant, for which `any` tensor will do.
pub(super) fn optional_parts<C: CheckpointStrategy>(
    x: Operand<Autodiff<CubeBackend, C>>,
    any: &CubeTensor,
) -> (Option<CubeTensor>, NodeGuard) {
    match x {
        Operand::Given(x) => {
            let (x, node) = x.into_parts();
            (Some(x), node)
        }
        Operand::Missing => (None, constant::<C>(any.clone()).node()),
    }
}
