//! Weights in eight bits: the layer is that of the dequantized weight, and that is near the weight.

use burn::tensor::{Device, FloatDType, Tensor};
use palpable::ops::quantized::{Quantizer, WrongCount, quantized_conv2d, quantized_linear};
use palpable::ops::{conv2d, linear};

use crate::comparison::{compare, frozen, half_rounded, numbers, precisions};
use crate::support::{relative_error, values};

#[test]
fn quantized_linear_layers() {
    for (dtype, tolerance) in precisions() {
        for (tokens, inputs, outputs) in [(1, 1, 1), (3, 5, 7), (65, 64, 129), (77, 63, 36), (129, 130, 66)] {
            let weight = values(numbers([outputs, inputs], 50) * 0.2);
            let quantized = |device: &Device| {
                Quantizer::matrix([outputs, inputs]).with(&weight).finish(&device.clone().inner()).unwrap()
            };
            let bias = half_rounded(numbers([outputs], 51), dtype);
            compare(
                &format!("quantized linear {tokens}×{inputs}→{outputs} {dtype:?}"),
                [numbers([1, tokens, inputs], 52)],
                tolerance,
                dtype,
                |[x], device| {
                    let bias = frozen(&bias, device, x.dtype());
                    quantized_linear(x, &quantized(device), Some(bias))
                },
                |[x], device| {
                    let weight = half_rounded(quantized(device).dequantize(), dtype).autodiff();
                    let bias = frozen(&bias, device, x.dtype()).autodiff();
                    linear::reference::linear(x, weight, Some(bias))
                },
            );
        }
    }
}

#[test]
fn quantized_convolutions() {
    for (dtype, tolerance) in precisions() {
        for (shape, outputs, stride) in
            [([1, 1, 1, 1], 1, 1), ([2, 5, 7, 3], 65, 1), ([1, 8, 6, 36], 12, 2), ([1, 9, 9, 63], 66, 1)]
        {
            let weight_shape = [outputs, shape[3], 3, 3];
            let weight = values(numbers(weight_shape, 53) * 0.2);
            let quantized = |device: &Device| {
                Quantizer::kernel(weight_shape).with(&weight).finish(&device.clone().inner()).unwrap()
            };
            let padding = conv2d::Padding::same(1);
            compare(
                &format!("quantized conv {shape:?}→{outputs} {dtype:?}"),
                [numbers(shape, 54)],
                tolerance,
                dtype,
                |[x], device| quantized_conv2d(x, &quantized(device), None, stride, padding),
                |[x], device| {
                    let weight = half_rounded(quantized(device).dequantize(), dtype).autodiff();
                    conv2d::reference::conv2d(x, weight, None, stride, padding)
                },
            );
        }
    }
}

/// Half a step of the channel's own scale at most, also where a channel is all zeros or much larger.
#[test]
fn integers_are_near_the_weight() {
    let device = Device::flex();
    let sizes = Tensor::<1>::from_floats([1.0, 0.0, 1000.0, 1e-3, 1.0], &device);
    let linear = numbers([5, 130], 55) * sizes.clone().unsqueeze_dim(1);
    let weight = values(linear.clone());
    let found = values(Quantizer::matrix([5, 130]).with(&weight).finish(&device).unwrap().dequantize());
    for (found, weight) in found.chunks(130).zip(weight.chunks(130)) {
        let most = weight.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        for (found, weight) in found.iter().zip(weight) {
            assert!((found - weight).abs() <= 0.501 * most / 127.0, "{found} for {weight}");
        }
    }
    let weight = values(numbers([5, 7, 3, 3], 56) * sizes.reshape([5, 1, 1, 1]).add_scalar(1.0));
    let kernel = Quantizer::kernel([5, 7, 3, 3]).with(&weight).finish(&device).unwrap().dequantize();
    let found = values(kernel.permute([3, 2, 0, 1]).cast(FloatDType::F32));
    let error = relative_error(&found, &weight);
    assert!(error > 0.0 && error < 0.01, "{error}");
}

/// Whole multiples of the scale, both signs, are kept exactly, in lines and in places.
#[test]
fn every_integer_is_met() {
    let device = Device::flex();
    let integers: Vec<f32> = (-127..=127).map(|integer| integer as f32).collect();
    let matrix = Quantizer::matrix([1, 255]).with(&integers).finish(&device).unwrap();
    assert_eq!(values(matrix.dequantize()), integers);
    let twice = [&integers[..], &integers.iter().map(|integer| -integer).collect::<Vec<_>>()].concat();
    let kernel = Quantizer::kernel([2, 255, 1, 1]).with(&twice).finish(&device).unwrap();
    assert_eq!(values(kernel.dequantize().permute([3, 2, 0, 1])), twice);
}

/// Infinities and no numbers, which only a damaged file has: the other channels stay as they are.
#[test]
fn what_is_no_number_spoils_its_own_channel_alone() {
    let device = Device::flex();
    let weight = [f32::NAN, 1.0, f32::INFINITY, 2.0, -4.0, 3.0, f32::MIN_POSITIVE / 4.0, 0.0];
    let found = values(Quantizer::matrix([4, 2]).with(&weight).finish(&device).unwrap().dequantize());
    assert!((found[4] + 4.0).abs() < 1e-6 && (found[5] - 3.0).abs() < 0.02, "{found:?}");
    assert!(found[6..].iter().all(|value| value.abs() < 1e-30), "{found:?}");
}

/// Sizes that no block and no word divides.
#[test]
fn channels_that_come_one_after_the_other_make_the_same_weight() {
    let device = Device::flex();
    let weight = values(numbers([131, 9, 3, 3], 57));
    let at_once = Quantizer::kernel([131, 9, 3, 3]).with(&weight).finish(&device).unwrap();
    let (first, second) = weight.split_at(70 * 81);
    let in_pieces = Quantizer::kernel([131, 9, 3, 3]).with(first).with(second).finish(&device).unwrap();
    assert_eq!(values(at_once.dequantize()), values(in_pieces.dequantize()));
    let at_once = Quantizer::matrix([131, 81]).with(&weight).finish(&device).unwrap();
    let in_pieces = Quantizer::matrix([131, 81]).with(first).with(second).finish(&device).unwrap();
    assert_eq!(values(at_once.dequantize()), values(in_pieces.dequantize()));
}

#[test]
fn a_wrong_count_is_an_error() {
    for count in [0, 5, 7] {
        let found = Quantizer::matrix([2, 3]).with(&[1.0; 7][..count]).finish(&Device::flex());
        assert_eq!(found.unwrap_err(), WrongCount { shape: vec![2, 3], count });
    }
}
