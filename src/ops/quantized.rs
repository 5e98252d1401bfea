//! Linear layers and convolutions whose frozen weight is stored in eight bits.
//!
//! w[.., o] ≈ scale[o] · q[.., o],  scale[o] = max |w[.., o]| / 127,  q = round(w / scale) ∈ [−127, 127]
//!
//! Symmetric, one scale for each output channel: a quarter of the memory of f32 and nothing to subtract.
//! The kernel turns integers into numbers of its storage type while it stages them, so results and
//! input gradients are those of the dequantized weight.

use burn::backend::tensor::IntTensor;
use burn::tensor::{Device, Int, TensorData};
use thiserror::Error;

use super::conv2d::{self, Additions, Geometry, Padding};
use super::linear::{self, products::rowwise};
use super::{extension::*, on_gpu};
use crate::gpu::gemm::{ALayout, BLayout, BScale, Epilogue, Extents, Product};

/// A number of weights that does not fit their shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a weight of shape {shape:?} cannot be made of {count} numbers: check the file it was read from")]
pub struct WrongCount {
    pub shape: Vec<usize>,
    pub count: usize,
}

/// A linear layer's weight `[out, in]` (D = 2) or a convolution's `[r, s, in, out]` (D = 4).
#[derive(Clone, Debug)]
pub struct QuantizedWeight<const D: usize> {
    /// `[lines, words]`: four integers to a word, the lowest byte first, along the last extent of the
    /// weight; a line is filled up with zeros.
    packed: Tensor<2, Int>,
    /// `[out]`, f32
    scale: Tensor<1>,
    shape: [usize; D],
}

impl QuantizedWeight<2> {
    /// `values` `[out, in]` on the host.
    ///
    /// # Errors
    /// [`WrongCount`]
    pub fn quantize(values: &[f32], shape: [usize; 2], device: &Device) -> Result<Self, WrongCount> {
        let [outputs, inputs] = shape;
        quantize(
            values,
            shape,
            Order { channels: outputs, channel_of: |at| at / inputs, place_of: |at| at },
            device,
        )
    }
}

impl QuantizedWeight<4> {
    /// `values` `[r, s, in, out]` on the host.
    ///
    /// # Errors
    /// [`WrongCount`]
    pub fn quantize(values: &[f32], shape: [usize; 4], device: &Device) -> Result<Self, WrongCount> {
        let channels = shape[3];
        quantize(values, shape, Order { channels, channel_of: |at| at % channels, place_of: |at| at }, device)
    }

    /// `values` `[out, in, r, s]` on the host, which is PyTorch's order; `shape` is theirs. Nothing is moved
    /// but the integers.
    ///
    /// # Errors
    /// [`WrongCount`]
    pub fn quantize_relaid(values: &[f32], shape: [usize; 4], device: &Device) -> Result<Self, WrongCount> {
        let [channels, inputs, height, width] = shape;
        let taps = height * width;
        let place_of = |at: usize| {
            let (tap, input, output) = (at / (inputs * channels), at / channels % inputs, at % channels);
            (output * inputs + input) * taps + tap
        };
        let order = Order { channels, channel_of: |at| at % channels, place_of };
        quantize(values, [height, width, inputs, channels], order, device)
    }
}

impl<const D: usize> QuantizedWeight<D> {
    /// The weight's shape.
    pub fn dims(&self) -> [usize; D] {
        self.shape
    }

    /// Its weights as plain numbers.
    pub fn dequantize(&self) -> Tensor<D> {
        // A matrix has a line for each output channel, a kernel an output channel in each place of a line.
        let scale: Tensor<2> = match D {
            2 => self.scale.clone().unsqueeze_dim(1),
            _ => self.scale.clone().unsqueeze_dim(0),
        };
        (self.integers() * scale).reshape(self.shape)
    }

    /// `[lines, last extent]`
    fn integers(&self) -> Tensor<2> {
        let [lines, words] = self.packed.dims();
        let byte = |index: i32| {
            let highest = self.packed.clone().bitwise_left_shift_scalar(24 - 8 * index);
            highest.bitwise_right_shift_scalar(24).float().cast(DType::F32)
        };
        let bytes = Tensor::stack::<3>([0, 1, 2, 3].map(byte).to_vec(), 2);
        bytes.reshape([lines, 4 * words]).narrow(1, 0, self.shape[D - 1])
    }
}

/// How a weight's numbers follow each other.
struct Order<Channel, Place> {
    channels: usize,
    /// The output channel of a number of the weight.
    channel_of: Channel,
    /// Where it is in the given values.
    place_of: Place,
}

fn quantize<const D: usize>(
    values: &[f32],
    shape: [usize; D],
    order: Order<impl Fn(usize) -> usize, impl Fn(usize) -> usize>,
    device: &Device,
) -> Result<QuantizedWeight<D>, WrongCount> {
    let Order { channels, channel_of, place_of } = order;
    if values.len() != shape.iter().product::<usize>() || values.is_empty() {
        return Err(WrongCount { shape: shape.to_vec(), count: values.len() });
    }
    let mut scale = vec![0.0_f32; channels];
    for index in 0..values.len() {
        let channel = &mut scale[channel_of(index)];
        *channel = channel.max(values[place_of(index)].abs() / 127.0);
    }
    let integer = |index: usize| {
        let scale = scale[channel_of(index)];
        if scale > 0.0 { (values[place_of(index)] / scale).round().clamp(-127.0, 127.0) as i8 } else { 0 }
    };
    let extent = shape[D - 1];
    let words: Vec<i32> = (0..values.len() / extent)
        .flat_map(|line| (0..extent).step_by(4).map(move |at| (line * extent + at, 4.min(extent - at))))
        .map(|(first, count)| {
            let mut bytes = [0; 4];
            for (byte, index) in bytes.iter_mut().zip(first..first + count) {
                *byte = integer(index) as u8;
            }
            i32::from_le_bytes(bytes)
        })
        .collect();
    let packed = TensorData::new::<i32, _>(words, [values.len() / extent, extent.div_ceil(4)]);
    Ok(QuantizedWeight {
        packed: Tensor::from_data(packed, (device, DType::I32)),
        scale: Tensor::from_data(TensorData::new::<f32, _>(scale, [channels]), (device, DType::F32)),
        shape,
    })
}

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

/// The same with something added.
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

/// Of the nearest-neighbour doubling of x, cut to `size`, as
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

/// A product with the integers as its right factor.
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

/// What a layer multiplies by.
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
