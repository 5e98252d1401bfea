//! Convolutions of every stride and padding the models use, with what is done in the same launch.

use burn::tensor::Tensor;
use palpable::ops::conv2d::{self, Additions, Padding};

use crate::comparison::{compare, frozen, half_rounded, numbers, precisions};

/// `[batch, height, width, in]`, out, kernel, stride, padding; one of them as in `guarantees`, as linear layers have.
const SIZES: [([usize; 4], usize, usize, usize, Padding); 8] = [
    ([1, 1, 1, 1], 1, 3, 1, Padding::same(1)),
    ([2, 5, 7, 3], 4, 3, 1, Padding::same(1)),
    ([1, 9, 8, 4], 5, 3, 2, Padding::same(1)),
    ([2, 8, 8, 32], 36, 3, 2, Padding::same(1)),
    ([1, 8, 6, 8], 12, 3, 2, Padding::bottom_right(1)),
    ([1, 7, 7, 16], 20, 1, 1, Padding::same(0)),
    ([2, 7, 9, 33], 77, 3, 1, Padding::same(1)),
    ([1, 33, 17, 12], 68, 3, 1, Padding::same(1)),
];

#[test]
fn convolutions() {
    for (dtype, tolerance) in precisions() {
        for (shape, outputs, kernel, stride, padding) in SIZES {
            let weight = half_rounded(numbers([kernel, kernel, shape[3], outputs], 5), dtype);
            let bias = half_rounded(numbers([outputs], 6), dtype);
            compare(
                &format!("conv {kernel}×{kernel}/{stride} {shape:?}→{outputs} {dtype:?}"),
                [numbers(shape, 7)],
                tolerance,
                dtype,
                |[x], device| {
                    let (weight, bias) =
                        (frozen(&weight, device, x.dtype()), frozen(&bias, device, x.dtype()));
                    conv2d::conv2d(x, weight, Some(bias), stride, padding)
                },
                |[x], device| {
                    let (weight, bias) =
                        (frozen(&weight, device, x.dtype()), frozen(&bias, device, x.dtype()));
                    conv2d::reference::conv2d(x, weight.autodiff(), Some(bias.autodiff()), stride, padding)
                },
            );
        }
    }
}

#[test]
fn trainable_convolutions() {
    for (dtype, tolerance) in precisions() {
        for (shape, outputs, kernel, stride, padding) in SIZES {
            compare(
                &format!("trainable conv {kernel}×{kernel}/{stride} {shape:?}→{outputs} {dtype:?}"),
                [
                    numbers(shape, 7),
                    numbers([kernel, kernel, shape[3], outputs], 5),
                    numbers([1, 1, 1, outputs], 6),
                ],
                tolerance,
                dtype,
                |[x, weight, bias], _| {
                    conv2d::trainable_conv2d(x, weight, bias.reshape([outputs]), stride, padding)
                },
                |[x, weight, bias], _| {
                    conv2d::reference::conv2d(x, weight, Some(bias.reshape([outputs])), stride, padding)
                },
            );
        }
    }
}

/// A time embedding for each picture, and a residual of the result's shape.
#[test]
fn additions() {
    for (dtype, tolerance) in precisions() {
        for (shape, outputs) in [([2, 5, 7, 3], 5), ([3, 9, 8, 16], 36)] {
            let weight = half_rounded(numbers([3, 3, shape[3], outputs], 5), dtype);
            let image_add = half_rounded(numbers([shape[0], outputs], 6) * 10.0, dtype);
            let [batch, height, width, _] = shape;
            compare(
                &format!("conv with additions {shape:?}→{outputs} {dtype:?}"),
                [numbers(shape, 7), numbers([batch, height, width, outputs], 8) * 10.0],
                tolerance,
                dtype,
                |[x, residual], device| {
                    let weight = frozen(&weight, device, x.dtype());
                    let image_add = Some(frozen(&image_add, device, x.dtype()));
                    let additions = Additions { image_add, residual: Some(residual) };
                    conv2d::conv2d_with(x, weight, None, 1, Padding::same(1), additions)
                },
                |[x, residual], device| {
                    let weight: Tensor<4> = frozen(&weight, device, x.dtype());
                    let image_add = Some(frozen(&image_add, device, x.dtype()).autodiff());
                    let additions = Additions { image_add, residual: Some(residual) };
                    let padding = Padding::same(1);
                    conv2d::reference::conv2d_with(x, weight.autodiff(), None, 1, padding, additions)
                },
            );
        }
    }
}

/// Whole, and cut to an odd size.
#[test]
fn upsampling_convolutions() {
    for (dtype, tolerance) in precisions() {
        for (shape, outputs, size) in [
            ([1, 1, 1, 1], 1, [2, 2]),
            ([2, 3, 5, 7], 3, [6, 10]),
            ([1, 8, 8, 64], 36, [16, 16]),
            ([2, 5, 4, 12], 20, [9, 7]),
            ([1, 9, 3, 65], 63, [17, 6]),
        ] {
            let weight = half_rounded(numbers([3, 3, shape[3], outputs], 5), dtype);
            let bias = half_rounded(numbers([outputs], 6), dtype);
            compare(
                &format!("upsampling conv {shape:?}→{outputs} of {size:?} {dtype:?}"),
                [numbers(shape, 7)],
                tolerance,
                dtype,
                |[x], device| {
                    let (weight, bias) =
                        (frozen(&weight, device, x.dtype()), frozen(&bias, device, x.dtype()));
                    conv2d::upsampling_conv2d(x, weight, Some(bias), size)
                },
                |[x], device| {
                    let (weight, bias) =
                        (frozen(&weight, device, x.dtype()), frozen(&bias, device, x.dtype()));
                    let (weight, bias) = (weight.autodiff(), Some(bias.autodiff()));
                    conv2d::reference::upsampling_conv2d(x, weight, bias, size)
                },
            );
        }
    }
}
