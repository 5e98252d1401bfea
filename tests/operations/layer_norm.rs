//! Layer normalization.

use burn::tensor::{DType, Device};
use palpable::ops::layer_norm;

use crate::comparison::{compare, frozen, half_rounded, numbers, precisions};

#[test]
fn layer_normalization() {
    for (dtype, tolerance) in precisions() {
        // The last has more tokens than one axis has workgroups.
        for shape in [[1, 1, 3], [2, 3, 65], [1, 77, 128], [1, 5, 320], [2, 129, 12], [1, 65_537, 4]] {
            let weight = half_rounded(numbers([shape[2]], 14) + 1.0, dtype);
            let bias = half_rounded(numbers([shape[2]], 15), dtype);
            let weights = |device: &Device, like: DType, lift: bool| {
                let (weight, bias) = (frozen(&weight, device, like), frozen(&bias, device, like));
                layer_norm::LayerNormWeights {
                    weight: if lift { weight.autodiff() } else { weight },
                    bias: if lift { bias.autodiff() } else { bias },
                    // As large as a variance, so that it shows.
                    epsilon: 0.5,
                }
            };
            compare(
                &format!("layer norm {shape:?} {dtype:?}"),
                [numbers(shape, 16) * 3.0],
                tolerance * 2.0,
                dtype,
                |[x], device| {
                    let like = x.dtype();
                    layer_norm::layer_norm(x, &weights(device, like, false))
                },
                |[x], device| {
                    let like = x.dtype();
                    layer_norm::reference::layer_norm(x, &weights(device, like, true))
                },
            );
        }
    }
}
