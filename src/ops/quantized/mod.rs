//! Linear layers and convolutions whose frozen weight is stored in eight bits.
//!
//! w[.., o] ≈ scale[o] · q[.., o],  scale[o] = max |w[.., o]| / 127,  q = round(w / scale) ∈ [−127, 127]
//!
//! Symmetric, one scale for each output channel: a quarter of the memory of f32 and nothing to subtract.
//! The kernel turns integers into numbers of its storage type while it stages them, so results and
//! input gradients are those of the dequantized weight.

mod quantizer;
mod weight;

pub use quantizer::{Quantizer, WrongCount};
pub use weight::QuantizedWeight;

use burn::backend::tensor::IntTensor;

use super::conv2d::{self, Additions, Geometry, Padding};
use super::linear::{self, products::rowwise};
use super::{extension::*, on_gpu};
use crate::gpu::gemm::{ALayout, BLayout, BScale, Epilogue, Extents, Product};

/// x `[batch, tokens, in]` · weight `[out, in]`ᵀ + bias `[out]` → `[batch, tokens, out]`, in the type of `x`.
/// No gradient flows to `weight` and `bias`; the input is not kept for the backward pass.
pub fn quantized_linear(x: Tensor<3>, weight: &QuantizedWeight<2>, bias: Option<Tensor<1>>) -> Tensor<3> {
    quantized_linear_with_residual(x, weight, bias, None)
}

/// The same plus `residual` `[batch, tokens, out]`, through which the gradient passes as it is.
pub fn quantized_linear_with_residual(
    x: Tensor<3>,
    weight: &QuantizedWeight<2>,
    bias: Option<Tensor<1>>,
    residual: Option<Tensor<3>>,
) -> Tensor<3> {
    if !on_gpu(&x) {
        return linear::reference::linear_with_residual(x, weight.dequantize(), bias, residual);
    }
    let (packed, scale) = (weight.packed.clone().into_dispatch(), weight.scale.clone().into_dispatch());
    let x = x.into_dispatch();
    let (bias, residual) = (bias.into(), residual.into());
    Tensor::from_dispatch(Dispatch::quantized_linear(x, packed, scale, bias, residual, weight.shape))
}

/// x `[batch, height, width, in]`, weight `[r, s, in, out]`, bias `[out]` → `[batch, height', width', out]`,
/// in the type of `x`. No gradient flows to `weight` and `bias`.
pub fn quantized_conv2d(
    x: Tensor<4>,
    weight: &QuantizedWeight<4>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: Padding,
) -> Tensor<4> {
    quantized_conv2d_with(x, weight, bias, stride, padding, Additions::default())
}

/// [`quantized_conv2d`] with something added to its result.
pub fn quantized_conv2d_with(
    x: Tensor<4>,
    weight: &QuantizedWeight<4>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: Padding,
    additions: Additions,
) -> Tensor<4> {
    if !on_gpu(&x) {
        return conv2d::reference::conv2d_with(x, weight.dequantize(), bias, stride, padding, additions);
    }
    let geometry = Geometry::of(x.dims(), weight.shape, stride, padding);
    run_conv2d(x, weight, bias, additions, geometry)
}

/// The convolution of the nearest-neighbour doubling of x, cut to `size`, as
/// [`upsampling_conv2d`](super::conv2d::upsampling_conv2d).
pub fn quantized_upsampling_conv2d(
    x: Tensor<4>,
    weight: &QuantizedWeight<4>,
    bias: Option<Tensor<1>>,
    size: [usize; 2],
) -> Tensor<4> {
    if !on_gpu(&x) {
        return conv2d::reference::upsampling_conv2d(x, weight.dequantize(), bias, size);
    }
    let geometry = Geometry::of_upsampled(x.dims(), weight.shape, size);
    run_conv2d(x, weight, bias, Additions::default(), geometry)
}

fn run_conv2d(
    x: Tensor<4>,
    weight: &QuantizedWeight<4>,
    bias: Option<Tensor<1>>,
    additions: Additions,
    geometry: Geometry,
) -> Tensor<4> {
    let (packed, scale) = (weight.packed.clone().into_dispatch(), weight.scale.clone().into_dispatch());
    let (image_add, residual) = (additions.image_add.into(), additions.residual.into());
    let x = x.into_dispatch();
    Tensor::from_dispatch(Dispatch::quantized_conv2d(
        x,
        packed,
        scale,
        bias.into(),
        image_add,
        residual,
        geometry,
    ))
}

/// The kernels behind the functions above.
#[backend_extension(Autodiff, Cube)]
pub trait QuantizedOps: Backend {
    fn quantized_linear(
        x: FloatTensor<Self>,
        packed: IntTensor<Self>,
        scale: FloatTensor<Self>,
        #[extension_type] bias: Operand<Self>,
        #[extension_type] residual: Operand<Self>,
        shape: [usize; 2],
    ) -> FloatTensor<Self>;
    fn quantized_conv2d(
        x: FloatTensor<Self>,
        packed: IntTensor<Self>,
        scale: FloatTensor<Self>,
        #[extension_type] bias: Operand<Self>,
        #[extension_type] image_add: Operand<Self>,
        #[extension_type] residual: Operand<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self>;
}

/// Runs a product whose right factor are the integers.
fn by_integers(product: Product, scale: CubeTensor, contiguous: bool, epilogue: Epilogue) -> CubeTensor {
    Product { b_scale: Some(BScale { scale, contiguous }), epilogue, ..product }.run()
}

/// x · weightᵀ, or dy · weight where the layout is [`BLayout::Columns`]; weight `[out, in]`.
fn linear_product(
    x: CubeTensor,
    packed: CubeTensor,
    layout: BLayout,
    [outputs, inputs]: [usize; 2],
) -> Product {
    let (depth, columns) = if layout == BLayout::Rows { (inputs, outputs) } else { (outputs, inputs) };
    let (extents, shape): (Extents, Shape) = rowwise(&x, depth, columns);
    Product::new((x, ALayout::Rows), (packed, layout), extents, shape)
}

impl QuantizedOps for CubeBackend {
    fn quantized_linear(
        x: CubeTensor,
        packed: CubeTensor,
        scale: CubeTensor,
        bias: Operand<Self>,
        residual: Operand<Self>,
        shape: [usize; 2],
    ) -> CubeTensor {
        let [bias, residual] = [bias, residual].map(Operand::given);
        let epilogue = Epilogue { bias, residual, ..Default::default() };
        by_integers(linear_product(x, packed, BLayout::Rows, shape), scale, false, epilogue)
    }
    fn quantized_conv2d(
        x: CubeTensor,
        packed: CubeTensor,
        scale: CubeTensor,
        bias: Operand<Self>,
        image_add: Operand<Self>,
        residual: Operand<Self>,
        geometry: Geometry,
    ) -> CubeTensor {
        let [bias, image_add, residual] = [bias, image_add, residual].map(Operand::given);
        let epilogue = Epilogue { bias, image_add, residual, ..Default::default() };
        by_integers(geometry.forward_product(x, packed), scale, true, epilogue)
    }
}

/// What the backward pass needs: the integers, their scales, and the layer's extents.
#[derive(Clone, Debug)]
struct Kept<Extents> {
    packed: CubeTensor,
    scale: CubeTensor,
    extents: Extents,
}

/// Parents: x, residual.
#[derive(Debug)]
struct QuantizedLinear;

impl Backward<CubeBackend, 2> for QuantizedLinear {
    type State = Kept<[usize; 2]>;
    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let Kept { packed, scale, extents } = ops.state;
        let input_gradient = |dy| {
            let product = linear_product(dy, packed, BLayout::Columns, extents);
            by_integers(product, scale, false, Epilogue::default())
        };
        binary::<CubeBackend, _, _>(ops.parents, ops.node, grads, input_gradient, |dy| dy);
    }
}

/// Parents: x, residual.
#[derive(Debug)]
struct QuantizedConv2d;

impl Backward<CubeBackend, 2> for QuantizedConv2d {
    type State = Kept<Geometry>;
    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let Kept { packed, scale, extents } = ops.state;
        let input_gradient =
            |dy| by_integers(extents.input_gradient(dy, packed), scale, true, Epilogue::default());
        binary::<CubeBackend, _, _>(ops.parents, ops.node, grads, input_gradient, |dy| dy);
    }
}

impl<C: CheckpointStrategy> QuantizedOps for Autodiff<CubeBackend, C> {
    fn quantized_linear(
        x: Tracked<C>,
        packed: CubeTensor,
        scale: Tracked<C>,
        bias: Operand<Self>,
        residual: Operand<Self>,
        shape: [usize; 2],
    ) -> Tracked<C> {
        let (scale, bias) = (scale.into_primitive(), frozen(bias).given());
        let (residual, residual_node) = optional_parts::<C>(residual, &scale);
        let (x, x_node) = x.into_parts();
        let kept = Kept { packed: packed.clone(), scale: scale.clone(), extents: shape };
        let epilogue = Epilogue { bias, residual, ..Default::default() };
        let y = by_integers(linear_product(x, packed, BLayout::Rows, shape), scale, false, epilogue);
        match QuantizedLinear.prepare::<C>([x_node, residual_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(kept, y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
    fn quantized_conv2d(
        x: Tracked<C>,
        packed: CubeTensor,
        scale: Tracked<C>,
        bias: Operand<Self>,
        image_add: Operand<Self>,
        residual: Operand<Self>,
        geometry: Geometry,
    ) -> Tracked<C> {
        let scale = scale.into_primitive();
        let [bias, image_add] = [bias, image_add].map(|added| frozen(added).given());
        let (residual, residual_node) = optional_parts::<C>(residual, &scale);
        let (x, x_node) = x.into_parts();
        let kept = Kept { packed: packed.clone(), scale: scale.clone(), extents: geometry };
        let epilogue = Epilogue { bias, image_add, residual, ..Default::default() };
        let y = by_integers(geometry.forward_product(x, packed), scale, true, epilogue);
        match QuantizedConv2d.prepare::<C>([x_node, residual_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(kept, y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
}
