//! Two-dimensional convolution on channels-last images.
//!
//! y[b, p, q, o] = Σ_{r, s, i} x[b, p·stride + r − pad, q·stride + s − pad, i] · W[r, s, i, o] + bias[o]
//!
//! Weights are re-laid once at load from PyTorch's `[out, in, r, s]` to `[r, s, in, out]`
//! ([`relay_weight`]): for each tap a plain `[in, out]` matrix, so that forward (x · W) and input
//! gradient (dy · Wᵀ) are both implicit matrix products with vector loads.
//! The weight is frozen: backward needs the weight and the input's shape, not the input.

use super::{extension::*, on_gpu};
use crate::gpu::gemm::{ALayout, BLayout, Extents, Patches, gemm};

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

    /// What the VAE's encoder puts before its stride 2: one row below, one column to the right.
    pub const fn bottom_right(pixels: usize) -> Self {
        Self { top: 0, left: 0, bottom: pixels, right: pixels }
    }
}

/// x `[batch, height, width, in]`, weight `[r, s, in, out]`, bias `[out]` → `[batch, height', width', out]`.
/// No gradient flows to `weight` and `bias`.
pub fn conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: Padding,
) -> Tensor<4> {
    if !on_gpu(&x) {
        return reference::conv2d(x, weight, bias, stride, padding);
    }
    let geometry = Geometry::of(x.dims(), weight.dims(), stride, padding);
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(match bias {
        Some(bias) => Dispatch::conv2d_with_bias(x, weight, bias.into_dispatch(), geometry),
        None => Dispatch::conv2d_without_bias(x, weight, geometry),
    })
}

/// PyTorch's `[out, in, r, s]` → `[r, s, in, out]`, moved in memory once (flattening a permuted view
/// copies it) so that no later launch has to.
pub fn relay_weight(weight: Tensor<4>) -> Tensor<4> {
    let relaid = weight.permute([2, 3, 1, 0]);
    let [kernel_height, kernel_width, inputs, outputs] = relaid.dims();
    relaid.flatten::<1>(0, 3).reshape([kernel_height, kernel_width, inputs, outputs])
}

/// Every extent of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    batch: usize,
    /// `[height, width]`
    input: [usize; 2],
    /// `[height, width]`
    output: [usize; 2],
    kernel: [usize; 2],
    in_channels: usize,
    out_channels: usize,
    stride: usize,
    pad_top: usize,
    pad_left: usize,
}

impl Geometry {
    fn of(x: [usize; 4], weight: [usize; 4], stride: usize, padding: Padding) -> Self {
        let [batch, height, width, in_channels] = x;
        let [kernel_height, kernel_width, _, out_channels] = weight;
        let steps = |extent: usize, kernel: usize| (extent - kernel) / stride + 1;
        Self {
            batch,
            input: [height, width],
            output: [
                steps(height + padding.top + padding.bottom, kernel_height),
                steps(width + padding.left + padding.right, kernel_width),
            ],
            kernel: [kernel_height, kernel_width],
            in_channels,
            out_channels,
            stride,
            pad_top: padding.top,
            pad_left: padding.left,
        }
    }

    fn patches(&self, transposed: bool) -> Patches {
        let (source, target) = if transposed { (self.output, self.input) } else { (self.input, self.output) };
        Patches {
            source,
            target,
            stride: self.stride,
            pad_top: self.pad_top,
            pad_left: self.pad_left,
            kernel: self.kernel,
            transposed,
        }
    }
}

/// The kernels behind the function above.
#[backend_extension(Autodiff, Cube)]
pub trait Conv2dOps: Backend {
    fn conv2d_with_bias(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self>;
    fn conv2d_without_bias(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self>;
}

/// The patches of x times the weight.
fn forward(x: CubeTensor, weight: CubeTensor, bias: Option<CubeTensor>, geometry: Geometry) -> CubeTensor {
    let [height, width] = geometry.output;
    let (batch, columns) = (geometry.batch, geometry.out_channels);
    let extents = Extents { rows: batch * height * width, columns, depth: geometry.in_channels };
    let shape = Shape::from([batch, height, width, columns]);
    gemm(x, ALayout::Image(geometry.patches(false)), weight, BLayout::Columns, bias, extents, shape)
}

/// dx: the patches of dy, found backwards, times the transposed weight.
fn input_gradient(dy: CubeTensor, weight: CubeTensor, geometry: Geometry) -> CubeTensor {
    let [height, width] = geometry.input;
    let (batch, columns) = (geometry.batch, geometry.in_channels);
    let extents = Extents { rows: batch * height * width, columns, depth: geometry.out_channels };
    let shape = Shape::from([batch, height, width, columns]);
    gemm(dy, ALayout::Image(geometry.patches(true)), weight, BLayout::Rows, None, extents, shape)
}

impl Conv2dOps for CubeBackend {
    fn conv2d_with_bias(
        x: CubeTensor,
        weight: CubeTensor,
        bias: CubeTensor,
        geometry: Geometry,
    ) -> CubeTensor {
        forward(x, weight, Some(bias), geometry)
    }
    fn conv2d_without_bias(x: CubeTensor, weight: CubeTensor, geometry: Geometry) -> CubeTensor {
        forward(x, weight, None, geometry)
    }
}

/// Keeps the frozen weight and the geometry: of the input only its shape.
#[derive(Debug)]
struct FrozenConv2d;

impl Backward<CubeBackend, 1> for FrozenConv2d {
    type State = (CubeTensor, Geometry);
    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (weight, geometry) = ops.state;
        unary::<CubeBackend, _>(ops.parents, ops.node, grads, |dy| input_gradient(dy, weight, geometry));
    }
}

fn frozen_conv2d<C: CheckpointStrategy>(
    x: Tracked<C>,
    weight: CubeTensor,
    bias: Option<CubeTensor>,
    geometry: Geometry,
) -> Tracked<C> {
    record::<C, _>(FrozenConv2d, x, |x| (forward(x, weight.clone(), bias, geometry), (weight, geometry)))
}

impl<C: CheckpointStrategy> Conv2dOps for Autodiff<CubeBackend, C> {
    fn conv2d_with_bias(
        x: Tracked<C>,
        weight: Tracked<C>,
        bias: Tracked<C>,
        geometry: Geometry,
    ) -> Tracked<C> {
        frozen_conv2d::<C>(x, weight.into_primitive(), Some(bias.into_primitive()), geometry)
    }
    fn conv2d_without_bias(x: Tracked<C>, weight: Tracked<C>, geometry: Geometry) -> Tracked<C> {
        frozen_conv2d::<C>(x, weight.into_primitive(), None, geometry)
    }
}

/// The same by burn's operations, on any backend.
pub mod reference {
    use super::{Padding, Tensor};
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
}
