//! Packed weights: the layer is that of the unpacked weight, halves are exact, and integers are near the weight.

use burn::tensor::{DType, Device, FloatDType, Tensor};
use half::f16;
use palpable::ops::{
    conv2d::{self, Padding},
    frozen_weight::FrozenWeight,
    linear::{self, LoraFactors},
    packed::{PackedWeight, Packing, Quantizer, WrongCount},
};

use crate::comparison::{compare, frozen, gpu, half_rounded, numbers, precisions};
use crate::support::{relative_error, values};

const PACKINGS: [Packing; 2] = [Packing::Halves, Packing::Integers];

fn halves(numbers: &[f32]) -> Vec<f16> {
    numbers.iter().copied().map(f16::from_f32).collect()
}

/// `[out, in]`
pub fn packed_matrix(packing: Packing, weight: &Tensor<2>, device: &Device) -> PackedWeight<2> {
    let (shape, numbers, device) = (weight.dims(), values(weight.clone()), device.clone().inner());
    let packed = match packing {
        Packing::Halves => PackedWeight::of_halves(halves(&numbers), shape, &device),
        Packing::Integers => Quantizer::matrix(shape).with(&numbers).finish(&device),
    };
    packed.expect("as many numbers as its shape says")
}

/// Of a weight `[out, in, r, s]`
pub fn packed_kernel(packing: Packing, weight: &Tensor<4>, device: &Device) -> PackedWeight<4> {
    let device = device.clone().inner();
    let packed = match packing {
        Packing::Halves => {
            let taps_first = weight.clone().permute([2, 3, 1, 0]);
            PackedWeight::of_halves(halves(&values(taps_first.clone())), taps_first.dims(), &device)
        }
        Packing::Integers => Quantizer::kernel(weight.dims()).with(&values(weight.clone())).finish(&device),
    };
    packed.expect("as many numbers as its shape says")
}

pub fn of_layer<const D: usize>(weight: PackedWeight<D>, dtype: DType) -> FrozenWeight<D> {
    FrozenWeight::Packed { weight, dtype }
}

#[test]
fn packed_linear_layers() {
    for packing in PACKINGS {
        for (dtype, tolerance) in precisions() {
            for (tokens, inputs, outputs) in
                [(1, 1, 1), (3, 5, 7), (65, 64, 129), (77, 63, 36), (129, 130, 66)]
            {
                let weight = numbers([outputs, inputs], 50) * 0.2;
                let packed = |device: &Device| packed_matrix(packing, &weight, device);
                let bias = half_rounded(numbers([outputs], 51), dtype);
                compare(
                    &format!("{packing:?} linear {tokens}×{inputs}→{outputs} {dtype:?}"),
                    [numbers([1, tokens, inputs], 52)],
                    tolerance,
                    dtype,
                    |[x], device| {
                        let bias = frozen(&bias, device, x.dtype());
                        let weight = of_layer(packed(device), x.dtype());
                        linear::linear(x, weight, Some(bias))
                    },
                    |[x], device| {
                        let weight = half_rounded(packed(device).unpack(), dtype).autodiff();
                        let bias = frozen(&bias, device, x.dtype()).autodiff();
                        linear::reference::linear(x, weight, Some(bias))
                    },
                );
            }
        }
    }
}

/// The low-rank sum continues that of the packed weight.
#[test]
fn adapted_packed_linear_layers() {
    for packing in PACKINGS {
        for (dtype, tolerance) in precisions() {
            // One extent for all, so that the inputs have one shape.
            for extent in [1, 7, 63, 65, 128] {
                let weight = numbers([extent, extent], 50) * 0.2;
                let packed = |device: &Device| packed_matrix(packing, &weight, device);
                let bias = half_rounded(numbers([extent], 51), dtype);
                let factors = |down: Tensor<3>, up: Tensor<3>| LoraFactors {
                    down: down.squeeze_dim(0),
                    up: up.squeeze_dim(0),
                    scale: 0.5,
                };
                compare(
                    &format!("adapted {packing:?} linear {extent} {dtype:?}"),
                    [60, 61, 62, 63].map(|seed| numbers([1, extent, extent], seed) * 0.2),
                    4.0 * tolerance,
                    dtype,
                    |[x, residual, down, up], device| {
                        let bias = frozen(&bias, device, x.dtype());
                        let weight = of_layer(packed(device), x.dtype());
                        linear::adapted_linear(x, weight, Some(bias), Some(residual), factors(down, up))
                    },
                    |[x, residual, down, up], device| {
                        let weight = half_rounded(packed(device).unpack(), dtype).autodiff();
                        let bias = Some(frozen(&bias, device, x.dtype()).autodiff());
                        let factors = factors(down, up);
                        linear::reference::adapted_linear(x, weight, bias, Some(residual), factors)
                    },
                );
            }
        }
    }
}

#[test]
fn packed_convolutions() {
    for packing in PACKINGS {
        for (dtype, tolerance) in precisions() {
            for (shape, outputs, stride) in
                [([1, 1, 1, 1], 1, 1), ([2, 5, 7, 3], 65, 1), ([1, 8, 6, 36], 12, 2), ([1, 9, 9, 63], 66, 1)]
            {
                let weight = numbers([outputs, shape[3], 3, 3], 53) * 0.2;
                let packed = |device: &Device| packed_kernel(packing, &weight, device);
                let unpacked = |device: &Device| half_rounded(packed(device).unpack(), dtype).autodiff();
                let padding = Padding::same(1);
                compare(
                    &format!("{packing:?} conv {shape:?}→{outputs} {dtype:?}"),
                    [numbers(shape, 54)],
                    tolerance,
                    dtype,
                    |[x], device| {
                        let weight = of_layer(packed(device), x.dtype());
                        conv2d::conv2d(x, weight, None, stride, padding)
                    },
                    |[x], device| conv2d::reference::conv2d(x, unpacked(device), None, stride, padding),
                );
                let size = [2 * shape[1] - 1, 2 * shape[2]];
                compare(
                    &format!("{packing:?} upsampling conv {shape:?}→{outputs} {dtype:?}"),
                    [numbers(shape, 55)],
                    tolerance,
                    dtype,
                    |[x], device| {
                        conv2d::upsampling_conv2d(x.clone(), of_layer(packed(device), x.dtype()), None, size)
                    },
                    |[x], device| conv2d::reference::upsampling_conv2d(x, unpacked(device), None, size),
                );
            }
        }
    }
}

/// Every finite 16-bit float, as the kernel unpacks it, as burn's operations do, and as the host does. A GPU may
/// take subnormals, which are below 2⁻¹⁴, for zeros.
#[test]
fn every_half_is_met() {
    let all: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).filter(|number| number.is_finite()).collect();
    let shape = [all.len(), 1];
    let packed = |device: &Device| PackedWeight::of_halves(all.clone(), shape, device).unwrap();
    let (device, host) = (gpu().device.clone(), Device::flex());
    let one = Tensor::<3>::ones([1, 1, 1], (&device, DType::F32));
    let by_kernel = values(linear::linear(one, of_layer(packed(&device), DType::F32), None));
    let by_burn = [&device, &host].map(|device| values(packed(device).unpack()));
    gpu().check().expect("no error on the GPU");
    for (place, number) in all.iter().map(|number| number.to_f32()).enumerate() {
        let rounding = if number.abs() < f32::powi(2.0, -14) { number.abs() } else { 0.0 };
        assert!((by_kernel[place] - number).abs() <= rounding, "{} for {number}", by_kernel[place]);
        assert_eq!([by_burn[0][place], by_burn[1][place]], [number; 2]);
    }
}

#[test]
fn what_is_no_half_stays_none() {
    let numbers = vec![f16::NAN, f16::INFINITY, f16::ONE];
    let found = PackedWeight::of_halves(numbers, [1, 3], &Device::flex()).unwrap().unpack();
    let found = values(found);
    assert!(found[0].is_nan() && found[1].is_nan() && found[2] == 1.0, "{found:?}");
}

/// Of the size that is asked for, and of as many numbers; integers and halves, matrices and kernels.
#[test]
fn invented_weights_have_their_size() {
    for packing in PACKINGS {
        for size in [0.02, 0.3] {
            let device = Device::flex();
            let matrix = PackedWeight::random(packing, [130, 77], size, &device).unpack();
            let kernel = PackedWeight::random(packing, [3, 3, 30, 37], size, &device).unpack();
            assert_eq!((matrix.dims(), kernel.dims()), ([130, 77], [3, 3, 30, 37]));
            for numbers in [values(matrix), values(kernel)] {
                let square = |number: &f32| f64::from(*number).powi(2);
                let mean = numbers.iter().map(square).sum::<f64>() / numbers.len() as f64;
                let share = mean.sqrt() / size;
                assert!((0.68..1.45).contains(&share), "{packing:?} {size}: {share}");
                assert!(
                    numbers.iter().any(|&number| number < 0.0) && numbers.iter().any(|&number| number > 0.0)
                );
            }
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
    let found = values(Quantizer::matrix([5, 130]).with(&weight).finish(&device).unwrap().unpack());
    for (found, weight) in found.chunks(130).zip(weight.chunks(130)) {
        let most = weight.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        for (found, weight) in found.iter().zip(weight) {
            assert!((found - weight).abs() <= 0.501 * most / 127.0, "{found} for {weight}");
        }
    }
    let weight = values(numbers([5, 7, 3, 3], 56) * sizes.reshape([5, 1, 1, 1]).add_scalar(1.0));
    let kernel = Quantizer::kernel([5, 7, 3, 3]).with(&weight).finish(&device).unwrap().unpack();
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
    assert_eq!(values(matrix.unpack()), integers);
    let twice = [&integers[..], &integers.iter().map(|integer| -integer).collect::<Vec<_>>()].concat();
    let kernel = Quantizer::kernel([2, 255, 1, 1]).with(&twice).finish(&device).unwrap();
    assert_eq!(values(kernel.unpack().permute([3, 2, 0, 1])), twice);
}

/// Infinities and no numbers, which only a damaged file has: the other channels stay as they are.
#[test]
fn what_is_no_number_spoils_its_own_channel_alone() {
    let device = Device::flex();
    let weight = [f32::NAN, 1.0, f32::INFINITY, 2.0, -4.0, 3.0, f32::MIN_POSITIVE / 4.0, 0.0];
    let found = values(Quantizer::matrix([4, 2]).with(&weight).finish(&device).unwrap().unpack());
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
    assert_eq!(values(at_once.unpack()), values(in_pieces.unpack()));
    let at_once = Quantizer::matrix([131, 81]).with(&weight).finish(&device).unwrap();
    let in_pieces = Quantizer::matrix([131, 81]).with(first).with(second).finish(&device).unwrap();
    assert_eq!(values(at_once.unpack()), values(in_pieces.unpack()));
}

#[test]
fn a_wrong_count_is_an_error() {
    for count in [0, 5, 7] {
        let found = PackedWeight::of_halves(vec![f16::ONE; count], [2, 3], &Device::flex());
        assert_eq!(found.unwrap_err(), WrongCount { shape: vec![2, 3], count });
    }
    for count in [0, 5, 7] {
        let found = Quantizer::matrix([2, 3]).with(&[1.0; 7][..count]).finish(&Device::flex());
        assert_eq!(found.unwrap_err(), WrongCount { shape: vec![2, 3], count });
    }
}
