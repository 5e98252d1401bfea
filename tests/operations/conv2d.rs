//! Convolutions of every stride and padding the models use.

use palpable::ops::conv2d;

use crate::comparison::{compare, frozen, half_rounded, numbers, precisions};

#[test]
fn convolutions() {
    let same = conv2d::Padding::same;
    for (dtype, tolerance) in precisions() {
        for (shape, outputs, kernel, stride, padding) in [
            ([1, 1, 1, 1], 1, 3, 1, same(1)),
            ([2, 5, 7, 3], 4, 3, 1, same(1)),
            ([1, 9, 8, 4], 5, 3, 2, same(1)),
            ([2, 8, 8, 32], 36, 3, 2, same(1)),
            ([1, 8, 6, 8], 12, 3, 2, conv2d::Padding::bottom_right(1)),
            ([1, 7, 7, 16], 20, 1, 1, same(0)),
            ([1, 12, 11, 65], 63, 3, 1, same(1)),
            ([1, 33, 17, 12], 68, 3, 1, same(1)),
        ] {
            let weight = half_rounded(numbers([kernel, kernel, shape[3], outputs], 5), dtype);
            let bias = half_rounded(numbers([outputs], 6), dtype);
            let what = format!("conv {kernel}×{kernel}/{stride} {shape:?}→{outputs} {dtype:?}");
            compare(
                &what,
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
