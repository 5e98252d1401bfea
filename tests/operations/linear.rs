//! Linear layers, frozen and trainable, with what is added in the same launch.

use burn::tensor::{Device, FloatDType, Tensor};
use palpable::ops::{activation::Activation, linear, packed::Packing};

use crate::comparison::{compare, frozen, gpu, half_rounded, numbers, precisions};
use crate::packed::{of_layer, packed_matrix};
use crate::support::{relative_error, values};

/// One of them, of rank 3, as in `guarantees`: compiling takes a software adapter longer than computing.
const SIZES: [(usize, usize, usize, usize); 6] =
    [(1, 1, 1, 1), (2, 3, 5, 7), (1, 77, 128, 129), (2, 65, 63, 77), (3, 129, 160, 4), (1, 300, 36, 260)];

#[test]
fn linear_layers() {
    for (dtype, tolerance) in precisions() {
        for (batch, tokens, inputs, outputs) in SIZES {
            let weight = half_rounded(numbers([outputs, inputs], 1), dtype);
            let bias = half_rounded(numbers([outputs], 2), dtype);
            let x = numbers([batch, tokens, inputs], 3);
            let what = format!("linear {batch}×{tokens}×{inputs}→{outputs} {dtype:?}");
            let with_bias = |[x]: [Tensor<3>; 1], device: &Device| {
                let (weight, bias) = (frozen(&weight, device, x.dtype()), frozen(&bias, device, x.dtype()));
                linear::linear(x, weight, Some(bias))
            };
            compare(&what, [x.clone()], tolerance, dtype, with_bias, |[x], device| {
                let (weight, bias) = (frozen(&weight, device, x.dtype()), frozen(&bias, device, x.dtype()));
                linear::reference::linear(x, weight.autodiff(), Some(bias.autodiff()))
            });
            let residual = numbers([batch, tokens, outputs], 4) * 10.0;
            let with_residual = |[x, residual]: [Tensor<3>; 2], device: &Device| {
                let weight = frozen(&weight, device, x.dtype());
                linear::linear_with_residual(x, weight, None, Some(residual))
            };
            compare(
                &what,
                [x.clone(), residual],
                tolerance,
                dtype,
                with_residual,
                |[x, residual], device| {
                    let weight = frozen(&weight, device, x.dtype()).autodiff();
                    linear::reference::linear_with_residual(x, weight, None, Some(residual))
                },
            );
            // A trained weight, with its gradient, as a [1, out, in] input.
            let factor = numbers([1, outputs, inputs], 4);
            compare(
                &format!("trainable {what}"),
                [x, factor],
                tolerance,
                dtype,
                |[x, factor], _| linear::trainable_linear(x, factor.squeeze_dim(0)),
                |[x, factor], _| linear::reference::linear(x, factor.squeeze_dim(0), None),
            );
        }
    }
}

#[test]
fn adapted_layers() {
    for (dtype, tolerance) in precisions() {
        for ((batch, tokens, inputs, outputs), rank) in SIZES.into_iter().zip([1, 4, 16, 3, 32, 5]) {
            let weight = half_rounded(numbers([outputs, inputs], 1), dtype);
            let bias = half_rounded(numbers([outputs], 2), dtype);
            let factors = |down: Tensor<3>, up: Tensor<3>| linear::LoraFactors {
                down: down.squeeze_dim(0),
                up: up.squeeze_dim(0),
                scale: 0.7,
            };
            let parts = |device: &Device, x: &Tensor<3>| {
                (frozen(&weight, device, x.dtype()), frozen(&bias, device, x.dtype()))
            };
            compare(
                &format!("adapted linear {batch}×{tokens}×{inputs}→{outputs} of rank {rank} {dtype:?}"),
                [
                    numbers([batch, tokens, inputs], 3),
                    numbers([batch, tokens, outputs], 4) * 10.0,
                    numbers([1, rank, inputs], 5),
                    numbers([1, outputs, rank], 6),
                ],
                tolerance,
                dtype,
                |[x, residual, down, up], device| {
                    let (weight, bias) = parts(device, &x);
                    linear::adapted_linear(x, weight, Some(bias), Some(residual), factors(down, up))
                },
                |[x, residual, down, up], device| {
                    let (weight, bias) = parts(device, &x);
                    let (weight, bias) = (weight.autodiff(), Some(bias.autodiff()));
                    linear::reference::adapted_linear(x, weight, bias, Some(residual), factors(down, up))
                },
            );
        }
    }
}

/// With a gradient the activation is an operation of its own; without one it is part of the kernel.
#[test]
fn activated_layers() {
    for (activation, packing) in [
        (Activation::Silu, None),
        (Activation::Gelu, None),
        (Activation::QuickGelu, None),
        (Activation::QuickGelu, Some(Packing::Halves)),
        (Activation::Gelu, Some(Packing::Integers)),
    ] {
        for (dtype, tolerance) in precisions() {
            for (inputs, outputs) in [(20, 36), (7, 63)] {
                let weight = half_rounded(numbers([outputs, inputs], 1), dtype);
                let bias = half_rounded(numbers([outputs], 2) * 8.0, dtype);
                let x = half_rounded(numbers([1, 65, inputs], 3), dtype);
                let run = |device: &Device, dtype: FloatDType, tracked: bool| {
                    let x = Tensor::<3>::from_data(x.clone().into_data(), device).cast(dtype);
                    let bias = frozen(&bias, device, x.dtype());
                    let weight = match packing {
                        None => frozen(&weight, device, x.dtype()).into(),
                        Some(packing) => of_layer(packed_matrix(packing, &weight, device), x.dtype()),
                    };
                    let x = if tracked { x.autodiff().require_grad() } else { x };
                    let y = linear::activated_linear(x, weight, Some(bias), activation);
                    values(if tracked { y.inner() } else { y }.cast(FloatDType::F32))
                };
                let expected = run(&Device::flex(), FloatDType::F32, false);
                for tracked in [false, true] {
                    let error = relative_error(&run(&gpu().device, dtype, tracked), &expected);
                    assert!(
                        error < tolerance,
                        "{activation:?} {packing:?} {outputs} {dtype:?}, {tracked}: {error:e}"
                    );
                }
            }
        }
    }
}

#[test]
fn layers_with_a_weight_of_each_row_and_head() {
    compare(
        "batched linear",
        [numbers([2, 3, 5, 7], 41), numbers([2, 3, 77, 7], 42)],
        1e-5,
        FloatDType::F32,
        |[x, weight], _| linear::batched_linear(x, weight),
        |[x, weight], _| x.matmul(weight.transpose()),
    );
}
