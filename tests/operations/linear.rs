//! Linear layers, frozen and trainable.

use burn::tensor::{Device, Tensor};
use palpable::ops::linear;

use crate::comparison::{compare, frozen, half_rounded, numbers, precisions};

#[test]
fn linear_layers() {
    for (dtype, tolerance) in precisions() {
        for (batch, tokens, inputs, outputs) in [
            (1, 1, 1, 1),
            (2, 3, 5, 7),
            (1, 77, 128, 129),
            (2, 65, 64, 63),
            (3, 129, 160, 4),
            (1, 300, 36, 260),
        ] {
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
            let without_bias = |[x]: [Tensor<3>; 1], device: &Device| {
                let weight = frozen(&weight, device, x.dtype());
                linear::linear(x, weight, None)
            };
            compare(&what, [x.clone()], tolerance, dtype, without_bias, |[x], device| {
                let weight = frozen(&weight, device, x.dtype());
                linear::reference::linear(x, weight.autodiff(), None)
            });
            // A LoRA factor, with its gradient, as a [1, out, in] input.
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
