//! The integers of a weight, their scales, and how both are made.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use thiserror::Error;

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
    pub(super) packed: Tensor<2, Int>,
    /// `[out]`, f32
    pub(super) scale: Tensor<1>,
    pub(super) shape: [usize; D],
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
