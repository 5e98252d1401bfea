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

use super::conv2d::{self, Geometry, Padding};
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
        let inputs = shape[1];
        quantize(values, shape, shape[0], |index| index / inputs, device)
    }

    /// Its weights as plain numbers.
    pub fn dequantize(&self) -> Tensor<2> {
        self.integers() * self.scale.clone().unsqueeze_dim(1)
    }
}

impl QuantizedWeight<4> {
    /// `values` `[r, s, in, out]` on the host.
    ///
    /// # Errors
    /// [`WrongCount`]
    pub fn quantize(values: &[f32], shape: [usize; 4], device: &Device) -> Result<Self, WrongCount> {
        let outputs = shape[3];
        quantize(values, shape, outputs, |index| index % outputs, device)
    }

    /// Its weights as plain numbers.
    pub fn dequantize(&self) -> Tensor<4> {
        (self.integers() * self.scale.clone().unsqueeze()).reshape(self.shape)
    }
}

impl<const D: usize> QuantizedWeight<D> {
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

/// `channel_of`: the output channel of a place in `values`.
fn quantize<const D: usize>(
    values: &[f32],
    shape: [usize; D],
    channels: usize,
    channel_of: impl Fn(usize) -> usize,
    device: &Device,
) -> Result<QuantizedWeight<D>, WrongCount> {
    if values.len() != shape.iter().product::<usize>() || values.is_empty() {
        return Err(WrongCount { shape: shape.to_vec(), count: values.len() });
    }
    let mut scale = vec![0.0_f32; channels];
    for (index, value) in values.iter().enumerate() {
        let channel = &mut scale[channel_of(index)];
        *channel = channel.max(value.abs() / 127.0);
    }
    let integer = |index: usize| {
        let scale = scale[channel_of(index)];
        if scale > 0.0 { (values[index] / scale).round().clamp(-127.0, 127.0) as i8 } else { 0 }
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
    if !on_gpu(&x) {
        return linear::reference::linear(x, weight.dequantize(), bias);
    }
    let (packed, scale) = (weight.packed.clone().into_dispatch(), weight.scale.clone().into_dispatch());
    let x = x.into_dispatch();
    Tensor::from_dispatch(Dispatch::quantized_linear(x, packed, scale, bias.into(), weight.shape))
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
    if !on_gpu(&x) {
        return conv2d::reference::conv2d(x, weight.dequantize(), bias, stride, padding);
    }
    let geometry = Geometry::of(x.dims(), weight.shape, stride, padding);
    let (packed, scale) = (weight.packed.clone().into_dispatch(), weight.scale.clone().into_dispatch());
    let x = x.into_dispatch();
    Tensor::from_dispatch(Dispatch::quantized_conv2d(x, packed, scale, bias.into(), geometry))
}

/// The kernels behind the functions above.
#[backend_extension(Autodiff, Cube)]
pub trait QuantizedOps: Backend {
    fn quantized_linear(
        x: FloatTensor<Self>,
        packed: IntTensor<Self>,
        scale: FloatTensor<Self>,
        #[extension_type] bias: Operand<Self>,
        shape: [usize; 2],
    ) -> FloatTensor<Self>;
    fn quantized_conv2d(
        x: FloatTensor<Self>,
        packed: IntTensor<Self>,
        scale: FloatTensor<Self>,
        #[extension_type] bias: Operand<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self>;
}

/// A product with the integers as its right factor.
fn by_integers(
    product: Product,
    scale: CubeTensor,
    contiguous: bool,
    bias: Option<CubeTensor>,
) -> CubeTensor {
    let b_scale = Some(BScale { scale, contiguous });
    Product { b_scale, epilogue: Epilogue { bias, ..Default::default() }, ..product }.run()
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
        shape: [usize; 2],
    ) -> CubeTensor {
        by_integers(linear_product(x, packed, BLayout::Rows, shape), scale, false, bias.given())
    }
    fn quantized_conv2d(
        x: CubeTensor,
        packed: CubeTensor,
        scale: CubeTensor,
        bias: Operand<Self>,
        geometry: Geometry,
    ) -> CubeTensor {
        by_integers(geometry.forward_product(x, packed), scale, true, bias.given())
    }
}

/// What a layer multiplies by.
#[derive(Clone, Debug)]
struct Kept<Extents> {
    packed: CubeTensor,
    scale: CubeTensor,
    extents: Extents,
}

#[derive(Debug)]
struct QuantizedLinear;

impl Backward<CubeBackend, 1> for QuantizedLinear {
    type State = Kept<[usize; 2]>;
    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let Kept { packed, scale, extents } = ops.state;
        unary::<CubeBackend, _>(ops.parents, ops.node, grads, |dy| {
            by_integers(linear_product(dy, packed, BLayout::Columns, extents), scale, false, None)
        });
    }
}

#[derive(Debug)]
struct QuantizedConv2d;

impl Backward<CubeBackend, 1> for QuantizedConv2d {
    type State = Kept<Geometry>;
    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let Kept { packed, scale, extents } = ops.state;
        unary::<CubeBackend, _>(ops.parents, ops.node, grads, |dy| {
            by_integers(extents.input_gradient(dy, packed), scale, true, None)
        });
    }
}

impl<C: CheckpointStrategy> QuantizedOps for Autodiff<CubeBackend, C> {
    fn quantized_linear(
        x: Tracked<C>,
        packed: CubeTensor,
        scale: Tracked<C>,
        bias: Operand<Self>,
        shape: [usize; 2],
    ) -> Tracked<C> {
        let (scale, bias) = (scale.into_primitive(), frozen(bias));
        let kept = Kept { packed: packed.clone(), scale: scale.clone(), extents: shape };
        record::<C, _>(QuantizedLinear, x, |x| {
            (CubeBackend::quantized_linear(x, packed, scale, bias, shape), kept)
        })
    }
    fn quantized_conv2d(
        x: Tracked<C>,
        packed: CubeTensor,
        scale: Tracked<C>,
        bias: Operand<Self>,
        geometry: Geometry,
    ) -> Tracked<C> {
        let (scale, bias) = (scale.into_primitive(), frozen(bias));
        let kept = Kept { packed: packed.clone(), scale: scale.clone(), extents: geometry };
        record::<C, _>(QuantizedConv2d, x, |x| {
            (CubeBackend::quantized_conv2d(x, packed, scale, bias, geometry), kept)
        })
    }
}
