//! Linear layers.
//!
//! ```text
//! `linear`:           y[m, o] = Σ_i x[m, i] · W[o, i] + b[o]  (+ residual[m, o])
//!                     W frozen; backward  dx = dy · W,  dresidual = dy
//! `activated_linear`: y = activation(x · Wᵀ + b)
//! `trainable_linear`: y = x · Wᵀ, with a gradient to W too; `batched_linear` has a W for each row and head
//! `adapted_linear`:   y = x · Wᵀ + b + scale · (x · Aᵀ) · Bᵀ  (+ residual), W frozen, A and B trained
//! ```
//!
//! Each is one launch (an adapted layer two: x · Aᵀ first). Weights keep PyTorch's layout
//! `[out_features, in_features]`.

mod adapted;
mod products;
mod trainable;

pub use adapted::{LoraFactors, adapted_linear};
pub use trainable::{batched_linear, trainable_linear};

use super::{activation::Activation, extension::*, frozen_weight::FrozenWeight, on_gpu};
use crate::gpu::gemm::Epilogue;
use products::{Weight, forward, input_gradient};

/// x `[batch, tokens, in]` · weight `[out, in]`ᵀ + bias `[out]` → `[batch, tokens, out]`.
/// No gradient flows to `weight` and `bias`; the input is not kept for the backward pass.
pub fn linear(x: Tensor<3>, weight: impl Into<FrozenWeight<2>>, bias: Option<Tensor<1>>) -> Tensor<3> {
    linear_with_residual(x, weight, bias, None)
}

/// The same plus `residual` `[batch, tokens, out]`, through which the gradient passes as it is.
pub fn linear_with_residual(
    x: Tensor<3>,
    weight: impl Into<FrozenWeight<2>>,
    bias: Option<Tensor<1>>,
    residual: Option<Tensor<3>>,
) -> Tensor<3> {
    let weight = weight.into();
    if !on_gpu(&x) {
        return reference::linear_with_residual(x, weight.floats(), bias, residual);
    }
    let (x, shape) = (x.into_dispatch(), weight.dims());
    Tensor::from_dispatch(Dispatch::frozen_linear(x, weight.into(), bias.into(), residual.into(), shape))
}

/// activation(x · weightᵀ + bias). On the autodiff backend the activation is an operation of its own, because
/// its gradient needs the value before it. (That holds whether or not this tensor needs a gradient, so that
/// computing again gives the same bits.)
pub fn activated_linear(
    x: Tensor<3>,
    weight: impl Into<FrozenWeight<2>>,
    bias: Option<Tensor<1>>,
    activation: Activation,
) -> Tensor<3> {
    let weight = weight.into();
    if !on_gpu(&x) || x.is_autodiff() {
        return activation.of(linear(x, weight, bias));
    }
    let (x, shape) = (x.into_dispatch(), weight.dims());
    Tensor::from_dispatch(Dispatch::activated_linear(x, weight.into(), bias.into(), activation, shape))
}

/// The kernels behind the functions above.
#[backend_extension(Autodiff, Cube)]
pub trait LinearOps: Backend {
    fn frozen_linear(
        x: FloatTensor<Self>,
        #[extension_type] weight: WeightOperand<Self>,
        #[extension_type] bias: Operand<Self>,
        #[extension_type] residual: Operand<Self>,
        shape: [usize; 2],
    ) -> FloatTensor<Self>;
    fn activated_linear(
        x: FloatTensor<Self>,
        #[extension_type] weight: WeightOperand<Self>,
        #[extension_type] bias: Operand<Self>,
        activation: Activation,
        shape: [usize; 2],
    ) -> FloatTensor<Self>;
}

impl LinearOps for CubeBackend {
    fn frozen_linear(
        x: CubeTensor,
        weight: WeightOperand<CubeBackend>,
        bias: Operand<CubeBackend>,
        residual: Operand<CubeBackend>,
        shape: [usize; 2],
    ) -> CubeTensor {
        let (bias, residual) = (bias.given(), residual.given());
        forward(x, Weight::new(weight, shape), Epilogue { bias, residual, ..Default::default() }, None)
    }
    fn activated_linear(
        x: CubeTensor,
        weight: WeightOperand<CubeBackend>,
        bias: Operand<CubeBackend>,
        activation: Activation,
        shape: [usize; 2],
    ) -> CubeTensor {
        let (bias, activation) = (bias.given(), Some(activation));
        let weight = Weight::new(weight, shape);
        forward(x, weight, Epilogue { bias, activation, ..Default::default() }, None)
    }
}

/// The step on the tape; keeps only the frozen weight. Parents: x, residual.
#[derive(Debug)]
struct FrozenLinear;

impl Backward<CubeBackend, 2> for FrozenLinear {
    type State = Weight;
    fn backward(self, ops: Ops<Weight, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let weight = ops.state;
        binary::<CubeBackend, _, _>(
            ops.parents,
            ops.node,
            grads,
            |dy| input_gradient(dy, weight, None),
            |dy| dy,
        );
    }
}

impl<C: CheckpointStrategy> LinearOps for Autodiff<CubeBackend, C> {
    fn frozen_linear(
        x: Tracked<C>,
        weight: WeightOperand<Self>,
        bias: Operand<Self>,
        residual: Operand<Self>,
        shape: [usize; 2],
    ) -> Tracked<C> {
        let weight = Weight::new(frozen_weight(weight), shape);
        let bias = frozen(bias).given();
        let (x, x_node) = x.into_parts();
        let (residual, residual_node) = optional_parts::<C>(residual, &x);
        let y = forward(x, weight.clone(), Epilogue { bias, residual, ..Default::default() }, None);
        match FrozenLinear.prepare::<C>([x_node, residual_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(weight, y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
    /// Treats `x` as a constant, which gets no gradient: see the public function.
    fn activated_linear(
        x: Tracked<C>,
        weight: WeightOperand<Self>,
        bias: Operand<Self>,
        activation: Activation,
        shape: [usize; 2],
    ) -> Tracked<C> {
        let (x, weight) = (x.into_primitive(), frozen_weight(weight));
        constant::<C>(CubeBackend::activated_linear(x, weight, frozen(bias), activation, shape))
    }
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::Tensor;
    pub use super::adapted::reference::adapted_linear;

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

    pub fn linear_with_residual(
        x: Tensor<3>,
        weight: Tensor<2>,
        bias: Option<Tensor<1>>,
        residual: Option<Tensor<3>>,
    ) -> Tensor<3> {
        let y = linear(x, weight, bias);
        match residual {
            Some(residual) => residual + y,
            None => y,
        }
    }
}
