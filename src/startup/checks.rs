//! Small cases of each family of kernels, with their results and gradients by plain loops.
//!
//! Extents are chosen so that both the kernels for whole vectors and those for single numbers run,
//! and so that an edge of a tile is met. Results are a multiple of four numbers, so that burn's own
//! kernels around ours are few. Nearly all the time that the checks take is compiling.

use burn::tensor::{Device, FloatDType, Tensor};
use half::f16;

use super::comparison::{Known, Values, compared, flat};
use super::host;
use crate::gpu::Replay;
use crate::ops::{
    attention::attention,
    concat::concat_channels,
    conv2d::{Additions, Padding, conv2d, conv2d_with, trainable_conv2d, upsampling_conv2d},
    frozen_weight::FrozenWeight,
    geglu::geglu,
    group_norm::{GroupNormWeights, group_norm},
    layer_norm::{LayerNormWeights, layer_norm},
    linear::{LoraFactors, adapted_linear, linear, linear_with_residual, trainable_linear},
    packed::{PackedWeight, Packing, Quantizer, WrongCount},
};

/// A computation whose results are known.
pub struct Check {
    /// What it computes, to end the sentence "the GPU gives wrong numbers for …".
    pub name: &'static str,
    /// Asks the device for the results, in numbers of the given type.
    pub run: Box<Run>,
}

/// Asks a device for a check's results.
pub type Run = dyn Fn(&Device, FloatDType) -> Vec<Known>;

pub(super) const EPSILON: f64 = 1e-5;

impl Check {
    pub(super) fn new(name: &'static str, run: fn(&Device, FloatDType) -> Vec<Known>) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// One check for each family of kernels, of small cases.
pub fn small_checks() -> Vec<Check> {
    vec![
        Check::new("linear layers", |device, dtype| {
            let cases = [(3, 20, 36), (4, 5, 7)];
            cases
                .into_iter()
                .flat_map(|(rows, inputs, outputs)| linear_case(device, dtype, rows, inputs, outputs))
                .collect()
        }),
        Check::new("trained linear layers", trained_linear_case),
        Check::new("adapted linear layers", adapted_linear_case),
        Check::new("convolutions", |device, dtype| {
            let cases = [(3, 1, 4, 8), (3, 2, 3, 6), (1, 1, 4, 4)];
            cases.into_iter().flat_map(|case| convolution_case(device, dtype, case)).collect()
        }),
        Check::new("trained convolutions", trained_convolution_case),
        Check::new("weights in 16 bits", |device, dtype| match dtype {
            // Where layers compute in 16 bits, such weights need no packing.
            FloatDType::F16 => vec![],
            _ => packed_cases(device, dtype, Packing::Halves).unwrap_or_else(|_| never(device)),
        }),
        Check::new("weights in eight bits", |device, dtype| {
            packed_cases(device, dtype, Packing::Integers).unwrap_or_else(|_| never(device))
        }),
        Check::new("joined images", |device, dtype| {
            let reference = |[a, b]: [&[f64]; 2]| {
                a.chunks(4).zip(b.chunks(8)).flat_map(|(a, b)| [a, b].concat()).collect()
            };
            let operation = |[a, b]: [Tensor<4>; 2]| concat_channels(a, b);
            compared(device, dtype, [[1, 2, 3, 4], [1, 2, 3, 8]], operation, &reference)
        }),
        Check::new("attention", |device, dtype| {
            let cases = [(5, 3, 2, 8, false), (4, 4, 1, 3, true)];
            cases.into_iter().flat_map(|case| attention_case(device, dtype, case)).collect()
        }),
        Check::new("group normalization", |device, dtype| {
            [false, true].into_iter().flat_map(|silu| group_norm_case(device, dtype, silu)).collect()
        }),
        Check::new("layer normalization", layer_norm_case),
        Check::new("gated activations", |device, dtype| {
            let reference = |[x]: [&[f64]; 1]| host::geglu(x, 6);
            compared(device, dtype, [[1, 4, 12]], |[x]| geglu(x), &reference)
        }),
        Check::new("upsampling convolutions", upsampling_case),
        Check::new("repeated launches", |device, dtype| {
            let cases = [(3, 8, 12), (3, 5, 7)];
            cases.into_iter().flat_map(|case| repeated_case(device, dtype, case)).collect()
        }),
    ]
}

fn linear_case(device: &Device, dtype: FloatDType, rows: usize, inputs: usize, outputs: usize) -> Vec<Known> {
    let (weight, bias) = (Values::random(outputs * inputs, 1, dtype), Values::random(outputs, 2, dtype));
    let operation = |[x, residual]: [Tensor<3>; 2]| {
        let (weight, bias) = (weight.tensor([outputs, inputs], device), bias.tensor([outputs], device));
        linear_with_residual(x, weight, Some(bias), Some(residual))
    };
    let reference = |[x, residual]: [&[f64]; 2]| {
        host::sum(&host::linear(x, &weight.numbers, Some(&bias.numbers), inputs), residual)
    };
    compared(device, dtype, [[1, rows, inputs], [1, rows, outputs]], operation, &reference)
}

/// A linear layer run on three inputs in turn: computed, recorded, repeated.
fn repeated_case(
    device: &Device,
    dtype: FloatDType,
    (rows, inputs, outputs): (usize, usize, usize),
) -> Vec<Known> {
    let weight = Values::random(outputs * inputs, 1, dtype);
    let matrix = weight.tensor([outputs, inputs], device);
    let mut replay = Replay::new(device);
    let mut known = |seed| {
        let x = Values::random(rows * inputs, seed, dtype);
        let input = replay.input(x.tensor([1, rows, inputs], device));
        let found = replay.run(|| linear(input.clone(), matrix.clone(), None));
        Known { found: flat(found), expected: host::linear(&x.numbers, &weight.numbers, None, inputs) }
    };
    [2, 3, 4].map(&mut known).into()
}

fn adapted_linear_case(device: &Device, dtype: FloatDType) -> Vec<Known> {
    const SCALE: f32 = 0.5;
    let [rows, inputs, rank, outputs] = [5, 8, 3, 12];
    let weight = Values::random(outputs * inputs, 1, dtype);
    let operation = |[x, down, up]: [Tensor<3>; 3]| {
        let factors = LoraFactors { down: down.squeeze_dim(0), up: up.squeeze_dim(0), scale: SCALE };
        adapted_linear(x, weight.tensor([outputs, inputs], device), None, None, factors)
    };
    let reference = |[x, down, up]: [&[f64]; 3]| {
        let low = host::linear(&host::linear(x, down, None, inputs), up, None, rank);
        let scaled: Vec<f64> = low.iter().map(|y| f64::from(SCALE) * y).collect();
        host::sum(&host::linear(x, &weight.numbers, None, inputs), &scaled)
    };
    compared(device, dtype, [[1, rows, inputs], [1, rank, inputs], [1, outputs, rank]], operation, &reference)
}

fn trained_linear_case(device: &Device, dtype: FloatDType) -> Vec<Known> {
    let operation = |[x, factor]: [Tensor<3>; 2]| trainable_linear(x, factor.squeeze_dim(0));
    let reference = |[x, factor]: [&[f64]; 2]| host::linear(x, factor, None, 8);
    compared(device, dtype, [[1, 4, 8], [1, 3, 8]], operation, &reference)
}

fn convolution_case(
    device: &Device,
    dtype: FloatDType,
    (kernel, stride, inputs, outputs): (usize, usize, usize, usize),
) -> Vec<Known> {
    let extents @ [height, width, _] = [5, 4, inputs];
    let weight = Values::random(kernel * kernel * inputs * outputs, 3, dtype);
    let bias = Values::random(outputs, 4, dtype);
    let image_add = Values::random(outputs, 8, dtype);
    let operation = |[x]: [Tensor<4>; 1]| {
        let weight = weight.tensor([kernel, kernel, inputs, outputs], device);
        let additions = Additions { image_add: Some(image_add.tensor([1, outputs], device)), residual: None };
        let bias = bias.tensor([outputs], device);
        conv2d_with(x, weight, Some(bias), stride, Padding::same(kernel / 2), additions)
    };
    let added = host::sum(&bias.numbers, &image_add.numbers);
    let reference =
        |[x]: [&[f64]; 1]| host::conv2d(x, extents, &weight.numbers, [kernel, outputs], &added, stride);
    compared(device, dtype, [[1, height, width, inputs]], operation, &reference)
}

fn trained_convolution_case(device: &Device, dtype: FloatDType) -> Vec<Known> {
    let bias = Values::random(8, 4, dtype);
    let operation = |[x, weight]: [Tensor<4>; 2]| {
        trainable_conv2d(x, weight, bias.tensor([8], device), 1, Padding::same(1))
    };
    let reference = |[x, weight]: [&[f64]; 2]| host::conv2d(x, [3, 4, 4], weight, [3, 8], &bias.numbers, 1);
    compared(device, dtype, [[1, 3, 4, 4], [3, 3, 4, 8]], operation, &reference)
}

/// Numbers that eight and 16 bits store exactly: multiples of 1/128, of which each channel's largest is 127/128.
fn packable(channels: usize, row: usize) -> Vec<f64> {
    let number = |index: usize| if index.is_multiple_of(row) { 127 } else { (index * 37 % 255) as i32 - 127 };
    (0..channels * row).map(|index| f64::from(number(index)) / 128.0).collect()
}

/// Layers with packed weights; the linear one also with a low-rank addition.
fn packed_cases(device: &Device, dtype: FloatDType, packing: Packing) -> Result<Vec<Known>, WrongCount> {
    let linear = packed_linear_cases(device, dtype, packing)?;
    Ok(linear.into_iter().chain(packed_convolution_case(device, dtype, packing)?).collect())
}

fn packed_linear_cases(
    device: &Device,
    dtype: FloatDType,
    packing: Packing,
) -> Result<Vec<Known>, WrongCount> {
    let [rows, inputs, outputs, rank] = [3, 20, 12, 4];
    let shape = [outputs, inputs];
    let numbers = packable(outputs, inputs);
    let weight = match packing {
        Packing::Halves => PackedWeight::of_halves(halves(&numbers), shape, device),
        Packing::Integers => Quantizer::matrix(shape).with(&singles(&numbers)).finish(device),
    }?;
    let weight = FrozenWeight::Packed { weight, dtype: dtype.into() };
    let plain = |[x]: [Tensor<3>; 1]| linear(x, weight.clone(), None);
    let plain_reference = |[x]: [&[f64]; 1]| host::linear(x, &numbers, None, inputs);
    let adapted = |[x, down, up]: [Tensor<3>; 3]| {
        let factors = LoraFactors { down: down.squeeze_dim(0), up: up.squeeze_dim(0), scale: 1.0 };
        adapted_linear(x, weight.clone(), None, None, factors)
    };
    let adapted_reference = |[x, down, up]: [&[f64]; 3]| {
        let low = host::linear(&host::linear(x, down, None, inputs), up, None, rank);
        host::sum(&host::linear(x, &numbers, None, inputs), &low)
    };
    let shapes = [[1, rows, inputs], [1, rank, inputs], [1, outputs, rank]];
    let plain = compared(device, dtype, [[1, rows, inputs]], plain, &plain_reference);
    let adapted = compared(device, dtype, shapes, adapted, &adapted_reference);
    Ok(plain.into_iter().chain(adapted).collect())
}

fn packed_convolution_case(
    device: &Device,
    dtype: FloatDType,
    packing: Packing,
) -> Result<Vec<Known>, WrongCount> {
    let extents @ [height, width, inputs] = [3, 4, 4];
    let outputs = 8;
    let stored = packable(outputs, inputs * 9);
    // [out, in, tap] → [tap, in, out]
    let place = |tap: usize, input: usize, output: usize| (output * inputs + input) * 9 + tap;
    let taps_first: Vec<f64> = (0..9 * inputs * outputs)
        .map(|at| stored[place(at / (inputs * outputs), at / outputs % inputs, at % outputs)])
        .collect();
    let weight = match packing {
        Packing::Halves => PackedWeight::of_halves(halves(&taps_first), [3, 3, inputs, outputs], device),
        Packing::Integers => {
            Quantizer::kernel([outputs, inputs, 3, 3]).with(&singles(&stored)).finish(device)
        }
    }?;
    let weight = FrozenWeight::Packed { weight, dtype: dtype.into() };
    let operation = |[x]: [Tensor<4>; 1]| conv2d(x, weight.clone(), None, 1, Padding::same(1));
    let nothing = vec![0.0; outputs];
    let reference = |[x]: [&[f64]; 1]| host::conv2d(x, extents, &taps_first, [3, outputs], &nothing, 1);
    Ok(compared(device, dtype, [[1, height, width, inputs]], operation, &reference))
}

fn singles(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&number| number as f32).collect()
}

fn halves(numbers: &[f64]) -> Vec<f16> {
    numbers.iter().map(|&number| f16::from_f64(number)).collect()
}

/// What no device computes: for a check that could not even begin.
fn never(device: &Device) -> Vec<Known> {
    vec![Known { found: Tensor::zeros([1], device), expected: vec![1.0] }]
}

fn upsampling_case(device: &Device, dtype: FloatDType) -> Vec<Known> {
    let [height, width, inputs, outputs] = [2, 3, 4, 4];
    let (weight, bias) = (Values::random(9 * inputs * outputs, 3, dtype), Values::random(outputs, 4, dtype));
    let operation = |[x]: [Tensor<4>; 1]| {
        let weight = weight.tensor([3, 3, inputs, outputs], device);
        upsampling_conv2d(x, weight, Some(bias.tensor([outputs], device)), [2 * height, 2 * width])
    };
    let reference = |[x]: [&[f64]; 1]| {
        let doubled = host::upsample_nearest(x, [height, width, inputs]);
        let extents = [2 * height, 2 * width, inputs];
        host::conv2d(&doubled, extents, &weight.numbers, [3, outputs], &bias.numbers, 1)
    };
    compared(device, dtype, [[1, height, width, inputs]], operation, &reference)
}

fn attention_case(
    device: &Device,
    dtype: FloatDType,
    (queries, keys, heads, head, causal): (usize, usize, usize, usize, bool),
) -> Vec<Known> {
    let channels = heads * head;
    let shapes = [[1, queries, channels], [1, keys, channels], [1, keys, channels]];
    let operation = |[query, key, value]: [Tensor<3>; 3]| attention(query, key, value, heads, causal);
    let reference = |inputs: [&[f64]; 3]| host::attention(inputs, heads, head, causal);
    compared(device, dtype, shapes, operation, &reference)
}

fn group_norm_case(device: &Device, dtype: FloatDType, silu: bool) -> Vec<Known> {
    let (weight, bias) = (Values::random(8, 5, dtype), Values::random(8, 6, dtype));
    let operation = |[x]: [Tensor<4>; 1]| {
        let (weight, bias) = (weight.tensor([8], device), bias.tensor([8], device));
        group_norm(x, &GroupNormWeights { weight, bias, groups: 2, epsilon: EPSILON }, silu)
    };
    let reference = |[x]: [&[f64]; 1]| host::group_norm(x, &weight.numbers, &bias.numbers, 2, EPSILON, silu);
    compared(device, dtype, [[1, 3, 2, 8]], operation, &reference)
}

fn layer_norm_case(device: &Device, dtype: FloatDType) -> Vec<Known> {
    let (weight, bias) = (Values::random(12, 7, dtype), Values::random(12, 8, dtype));
    let operation = |[x]: [Tensor<3>; 1]| {
        let (weight, bias) = (weight.tensor([12], device), bias.tensor([12], device));
        layer_norm(x, &LayerNormWeights { weight, bias, epsilon: EPSILON })
    };
    let reference = |[x]: [&[f64]; 1]| host::layer_norm(x, &weight.numbers, &bias.numbers, EPSILON);
    compared(device, dtype, [[1, 3, 12]], operation, &reference)
}
