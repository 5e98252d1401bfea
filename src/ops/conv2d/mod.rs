//! Two-dimensional convolution on channels-last images.
//!
//! ```text
//! y[b, p, q, o] = Σ_{r, s, i} x[b, p·stride + r − pad, q·stride + s − pad, i] · W[r, s, i, o] + bias[o]
//!                 + image_add[b, o] + residual[b, p, q, o]
//! ```
//!
//! Weights are reordered once at load from PyTorch's `[out, in, r, s]` to `[r, s, in, out]`
//! ([`to_taps_first`]): for each tap a plain `[in, out]` matrix, so that forward (x · W) and input
//! gradient (dy · Wᵀ) are both implicit matrix products with vector loads.
//! The weight of [`conv2d`] is frozen: backward needs the weight and the input's shape, not the input.
//!
//! [`upsampling_conv2d`] reads x[b, ⌊u/2⌋, ⌊v/2⌋, i] where the doubled image would be read at (u, v);
//! its input gradient sums, over the four copies of a pixel, what each copy's taps bring back. Neither
//! stores the doubled image, which is four times x, and both do the same multiplications as with it.

mod geometry;
mod trainable;

pub use geometry::Geometry;
pub use trainable::trainable_conv2d;

use super::{extension::*, frozen_weight::FrozenWeight, on_gpu};
use crate::gpu::gemm::{BFactor, Epilogue};

/// Zeros around the image, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Padding {
    pub top: usize,
    pub left: usize,
    pub bottom: usize,
    pub right: usize,
}

impl Padding {
    /// The same on all four sides.
    pub const fn same(pixels: usize) -> Self {
        Self { top: pixels, left: pixels, bottom: pixels, right: pixels }
    }

    /// Zeros only below and to the right, as in the VAE's encoder: before a stride of 2, one row and one
    /// column.
    pub const fn bottom_right(pixels: usize) -> Self {
        Self { top: 0, left: 0, bottom: pixels, right: pixels }
    }
}

/// What is added to a convolution's result in the same launch.
#[derive(Clone, Debug, Default)]
pub struct Additions {
    /// `[batch, out]`, added to every pixel of a picture (a residual block's time embedding). No gradient
    /// flows to it: the timestep is no parameter.
    pub image_add: Option<Tensor<2>>,
    /// `[batch, height', width', out]`; the gradient passes through it as it is.
    pub residual: Option<Tensor<4>>,
}

/// x `[batch, height, width, in]`, weight `[r, s, in, out]`, bias `[out]` → `[batch, height', width', out]`.
/// No gradient flows to `weight` and `bias`.
pub fn conv2d(
    x: Tensor<4>,
    weight: impl Into<FrozenWeight<4>>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: Padding,
) -> Tensor<4> {
    conv2d_with(x, weight, bias, stride, padding, Additions::default())
}

/// [`conv2d`] with something added to its result.
pub fn conv2d_with(
    x: Tensor<4>,
    weight: impl Into<FrozenWeight<4>>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: Padding,
    additions: Additions,
) -> Tensor<4> {
    let weight = weight.into();
    if !on_gpu(&x) {
        return reference::conv2d_with(x, weight.floats(), bias, stride, padding, additions);
    }
    let geometry = Geometry::of(x.dims(), weight.dims(), stride, padding);
    run(x, weight, bias, additions, geometry)
}

/// The convolution of the nearest-neighbour doubling of x `[batch, height, width, in]`, cut at its
/// bottom and right to `size` `[height', width']`, which the result keeps: weight `[3, 3, in, out]` or
/// another odd square, bias `[out]` → `[batch, height', width', out]`. No gradient flows to `weight`
/// and `bias`.
pub fn upsampling_conv2d(
    x: Tensor<4>,
    weight: impl Into<FrozenWeight<4>>,
    bias: Option<Tensor<1>>,
    size: [usize; 2],
) -> Tensor<4> {
    let weight = weight.into();
    if !on_gpu(&x) {
        return reference::upsampling_conv2d(x, weight.floats(), bias, size);
    }
    let geometry = Geometry::of_upsampled(x.dims(), weight.dims(), size);
    run(x, weight, bias, Additions::default(), geometry)
}

fn run(
    x: Tensor<4>,
    weight: FrozenWeight<4>,
    bias: Option<Tensor<1>>,
    additions: Additions,
    geometry: Geometry,
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::frozen_conv2d(
        x.into_dispatch(),
        weight.into(),
        bias.into(),
        additions.image_add.into(),
        additions.residual.into(),
        geometry,
    ))
}

/// The nearest-neighbour doubling of x `[batch, height, width, channels]`, cut at its bottom and right to
/// the given size, by burn's operations: for convolutions whose weight is trained, which need the whole
/// doubled input.
pub fn doubled(x: Tensor<4>, [height, width]: [usize; 2]) -> Tensor<4> {
    let [batch, stored_height, stored_width, channels] = x.dims();
    x.reshape([batch, stored_height, 1, stored_width, 1, channels])
        .expand([batch, stored_height, 2, stored_width, 2, channels])
        .reshape([batch, 2 * stored_height, 2 * stored_width, channels])
        .narrow(1, 0, height)
        .narrow(2, 0, width)
}

/// PyTorch's `[out, in, r, s]` → `[r, s, in, out]`, moved in memory once (flattening a permuted view
/// copies it) so that no later launch has to.
pub fn to_taps_first(weight: Tensor<4>) -> Tensor<4> {
    let reordered = weight.permute([2, 3, 1, 0]);
    let [kernel_height, kernel_width, inputs, outputs] = reordered.dims();
    reordered.flatten::<1>(0, 3).reshape([kernel_height, kernel_width, inputs, outputs])
}

/// The kernels behind the functions above.
#[backend_extension(Autodiff, Cube)]
pub trait Conv2dOps: Backend {
    fn frozen_conv2d(
        x: FloatTensor<Self>,
        #[extension_type] weight: WeightOperand<Self>,
        #[extension_type] bias: Operand<Self>,
        #[extension_type] image_add: Operand<Self>,
        #[extension_type] residual: Operand<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self>;
}

impl Conv2dOps for CubeBackend {
    fn frozen_conv2d(
        x: CubeTensor,
        weight: WeightOperand<CubeBackend>,
        bias: Operand<CubeBackend>,
        image_add: Operand<CubeBackend>,
        residual: Operand<CubeBackend>,
        geometry: Geometry,
    ) -> CubeTensor {
        let [bias, image_add, residual] = [bias, image_add, residual].map(Operand::given);
        geometry.forward(x, weight.factor(true), Epilogue { bias, image_add, residual, ..Default::default() })
    }
}

/// The step on the tape; keeps the frozen weight and the geometry, not the input. Parents: x, residual.
#[derive(Debug)]
struct FrozenConv2d;

impl Backward<CubeBackend, 2> for FrozenConv2d {
    type State = (BFactor, Geometry);
    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (weight, geometry) = ops.state;
        let input_gradient = |dy| geometry.input_gradient(dy, weight);
        binary::<CubeBackend, _, _>(ops.parents, ops.node, grads, input_gradient, |dy| dy);
    }
}

impl<C: CheckpointStrategy> Conv2dOps for Autodiff<CubeBackend, C> {
    fn frozen_conv2d(
        x: Tracked<C>,
        weight: WeightOperand<Self>,
        bias: Operand<Self>,
        image_add: Operand<Self>,
        residual: Operand<Self>,
        geometry: Geometry,
    ) -> Tracked<C> {
        let weight = frozen_weight(weight).factor(true);
        let [bias, image_add] = [bias, image_add].map(|added| frozen(added).given());
        let (x, x_node) = x.into_parts();
        let (residual, residual_node) = optional_parts::<C>(residual, &x);
        let epilogue = Epilogue { bias, image_add, residual, ..Default::default() };
        let y = geometry.forward(x, weight.clone(), epilogue);
        match FrozenConv2d.prepare::<C>([x_node, residual_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((weight, geometry), y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::{Additions, Padding, Tensor, doubled};
    use burn::tensor::{module, ops::ConvOptions};

    pub fn conv2d(
        x: Tensor<4>,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        stride: usize,
        padding: Padding,
    ) -> Tensor<4> {
        let x = x.permute([0, 3, 1, 2]);
        let x = x.pad((padding.left, padding.right, padding.top, padding.bottom), 0.0);
        let weight = weight.permute([3, 2, 0, 1]);
        let options = ConvOptions::new([stride, stride], [0, 0], [1, 1], 1);
        module::conv2d(x, weight, bias, options).permute([0, 2, 3, 1])
    }

    pub fn conv2d_with(
        x: Tensor<4>,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        stride: usize,
        padding: Padding,
        additions: Additions,
    ) -> Tensor<4> {
        let y = conv2d(x, weight, bias, stride, padding);
        let y = match additions.image_add {
            Some(image_add) => y + image_add.unsqueeze_dims(&[1, 1]),
            None => y,
        };
        match additions.residual {
            Some(residual) => residual + y,
            None => y,
        }
    }

    pub fn upsampling_conv2d(
        x: Tensor<4>,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        size: [usize; 2],
    ) -> Tensor<4> {
        let padding = Padding::same(weight.dims()[0] / 2);
        conv2d(doubled(x, size), weight, bias, 1, padding)
    }
}
