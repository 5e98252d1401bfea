//! A frozen linear layer with a trained low-rank addition (LoRA, arXiv:2106.09685).
//!
//! t = scale · x · Aᵀ,   y = x · Wᵀ + b + t · Bᵀ (+ residual)
//! backward:  dt = scale · dy · B,   dx = dy · W + dt · A,   dA = dtᵀ · x,   dB = dyᵀ · t,
//!            dresidual = dy
//!
//! The sum over the rank continues the big product's sum in the same launch: forward takes two launches, dx
//! another two.

use super::products::{Weight, forward, input_gradient, rowwise, weight_gradient};
use super::{super::extension::*, FrozenWeight, on_gpu};
use crate::gpu::gemm::{ALayout, BLayout, Epilogue, LowRank, Product};

/// The two factors and the scale of a low-rank addition.
#[derive(Clone, Debug)]
pub struct LoraFactors {
    /// A `[rank, in]`
    pub down: Tensor<2>,
    /// B `[out, rank]`
    pub up: Tensor<2>,
    pub scale: f32,
}

/// x `[batch, tokens, in]` → x · weightᵀ + bias + scale · (x · downᵀ) · upᵀ + residual
/// `[batch, tokens, out]`. Gradients flow to `x`, `residual` and the factors, which are of the type of
/// `x`; none to `weight` `[out, in]` and `bias` `[out]`.
pub fn adapted_linear(
    x: Tensor<3>,
    weight: impl Into<FrozenWeight<2>>,
    bias: Option<Tensor<1>>,
    residual: Option<Tensor<3>>,
    factors: LoraFactors,
) -> Tensor<3> {
    let weight = weight.into();
    if !on_gpu(&x) {
        return reference::adapted_linear(x, weight.floats(), bias, residual, factors);
    }
    let (x, shape) = (x.into_dispatch(), weight.dims());
    let LoraFactors { down, up, scale } = factors;
    let factors = FactorOperands { down: down.into_dispatch(), up: up.into_dispatch(), scale };
    Tensor::from_dispatch(Dispatch::adapted_linear(
        x,
        weight.into(),
        bias.into(),
        residual.into(),
        factors,
        shape,
    ))
}

/// [`LoraFactors`] among an operation's arguments.
#[derive(ExtensionType)]
pub struct FactorOperands<B: Backend> {
    down: FloatTensor<B>,
    up: FloatTensor<B>,
    scale: f32,
}

/// The kernels behind the function above.
#[backend_extension(Autodiff, Cube)]
pub trait AdaptedLinearOps: Backend {
    fn adapted_linear(
        x: FloatTensor<Self>,
        #[extension_type] weight: WeightOperand<Self>,
        #[extension_type] bias: Operand<Self>,
        #[extension_type] residual: Operand<Self>,
        #[extension_type] factors: FactorOperands<Self>,
        shape: [usize; 2],
    ) -> FloatTensor<Self>;
}

/// scale · x `[.., in]` · down `[rank, in]`ᵀ
fn reduce(x: CubeTensor, down: CubeTensor, scale: f32) -> CubeTensor {
    forward(x, down, Epilogue { scale: Some(scale), ..Default::default() }, None)
}

/// scale · dy `[.., out]` · up `[out, rank]`
fn reduce_gradient(dy: CubeTensor, up: CubeTensor, scale: f32) -> CubeTensor {
    let [depth, rank] = up.shape().dims();
    let (extents, shape) = rowwise(&dy, depth, rank);
    let product = Product::new((dy, ALayout::Rows), (up, BLayout::Columns), extents, shape);
    Product { epilogue: Epilogue { scale: Some(scale), ..Default::default() }, ..product }.run()
}

fn low_rank(reduced: CubeTensor, factor: CubeTensor) -> LowRank {
    let rank = reduced.shape()[reduced.shape().num_dims() - 1];
    LowRank { reduced, factor, rank }
}

impl AdaptedLinearOps for CubeBackend {
    fn adapted_linear(
        x: CubeTensor,
        weight: WeightOperand<CubeBackend>,
        bias: Operand<CubeBackend>,
        residual: Operand<CubeBackend>,
        factors: FactorOperands<CubeBackend>,
        shape: [usize; 2],
    ) -> CubeTensor {
        let FactorOperands { down, up, scale } = factors;
        let reduced = reduce(x.clone(), down, scale);
        let (bias, residual) = (bias.given(), residual.given());
        let epilogue = Epilogue { bias, residual, ..Default::default() };
        forward(x, Weight::new(weight, shape), epilogue, Some(low_rank(reduced, up)))
    }
}

/// Parents: x, residual, down, up.
#[derive(Debug)]
struct AdaptedLinear;

/// What the backward pass needs.
#[derive(Clone, Debug)]
struct Kept {
    x: CubeTensor,
    weight: Weight,
    down: CubeTensor,
    up: CubeTensor,
    /// t
    reduced: CubeTensor,
    scale: f32,
}

impl Backward<CubeBackend, 4> for AdaptedLinear {
    type State = Kept;
    fn backward(self, ops: Ops<Kept, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        let Kept { x, weight, down, up, reduced, scale } = ops.state;
        let dy = into_contiguous(grads.consume::<CubeBackend>(&ops.node));
        let [x_node, residual_node, down_node, up_node] = ops.parents;
        if let Some(node) = up_node {
            grads.register::<CubeBackend>(node.id, weight_gradient(dy.clone(), reduced));
        }
        if x_node.is_some() || down_node.is_some() {
            let dt = reduce_gradient(dy.clone(), up, scale);
            if let Some(node) = down_node {
                grads.register::<CubeBackend>(node.id, weight_gradient(dt.clone(), x));
            }
            if let Some(node) = x_node {
                let dx = input_gradient(dy.clone(), weight, Some(low_rank(dt, down)));
                grads.register::<CubeBackend>(node.id, dx);
            }
        }
        if let Some(node) = residual_node {
            grads.register::<CubeBackend>(node.id, dy);
        }
    }
}

impl<C: CheckpointStrategy> AdaptedLinearOps for Autodiff<CubeBackend, C> {
    fn adapted_linear(
        x: Tracked<C>,
        weight: WeightOperand<Self>,
        bias: Operand<Self>,
        residual: Operand<Self>,
        factors: FactorOperands<Self>,
        shape: [usize; 2],
    ) -> Tracked<C> {
        let weight = Weight::new(frozen_weight(weight), shape);
        let bias = frozen(bias).given();
        let (x, x_node) = x.into_parts();
        let (residual, residual_node) = optional_parts::<C>(residual, &x);
        let FactorOperands { down, up, scale } = factors;
        let (down, down_node) = down.into_parts();
        let (up, up_node) = up.into_parts();
        let reduced = reduce(x.clone(), down.clone(), scale);
        let epilogue = Epilogue { bias, residual, ..Default::default() };
        let added = low_rank(reduced.clone(), up.clone());
        let y = forward(x.clone(), weight.clone(), epilogue, Some(added));
        let nodes = [x_node, residual_node, down_node, up_node];
        match AdaptedLinear.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(Kept { x, weight, down, up, reduced, scale }, y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::super::reference::{linear, linear_with_residual};
    use super::{LoraFactors, Tensor};

    pub fn adapted_linear(
        x: Tensor<3>,
        weight: Tensor<2>,
        bias: Option<Tensor<1>>,
        residual: Option<Tensor<3>>,
        factors: LoraFactors,
    ) -> Tensor<3> {
        let LoraFactors { down, up, scale } = factors;
        let addition = linear(linear(x.clone(), down, None) * scale, up, None);
        linear_with_residual(x, weight, bias, residual) + addition
    }
}
