//! Group normalization, with and without SiLU.

use burn::tensor::{DType, Device};
use palpable::ops::group_norm;

use crate::comparison::{compare, frozen, half_rounded, numbers, precisions};

#[test]
fn group_normalization() {
    for (dtype, tolerance) in precisions() {
        for (shape, groups) in [
            ([1, 1, 3, 2], 1),
            ([2, 5, 3, 6], 3),
            ([1, 16, 16, 224], 32),
            ([2, 8, 9, 128], 32),
            ([1, 33, 5, 12], 4),
        ] {
            for silu in [false, true] {
                let weight = half_rounded(numbers([shape[3]], 11) + 1.0, dtype);
                let bias = half_rounded(numbers([shape[3]], 12), dtype);
                let weights = |device: &Device, like: DType, lift: bool| {
                    let (weight, bias) = (frozen(&weight, device, like), frozen(&bias, device, like));
                    group_norm::GroupNormWeights {
                        weight: if lift { weight.autodiff() } else { weight },
                        bias: if lift { bias.autodiff() } else { bias },
                        groups,
                        epsilon: 1e-5,
                    }
                };
                compare(
                    &format!("group norm {shape:?}/{groups} silu {silu} {dtype:?}"),
                    [numbers(shape, 13) + 0.5],
                    tolerance * 2.0,
                    dtype,
                    |[x], device| {
                        let like = x.dtype();
                        group_norm::group_norm(x, &weights(device, like, false), silu)
                    },
                    |[x], device| {
                        let like = x.dtype();
                        group_norm::reference::group_norm(x, &weights(device, like, true), silu)
                    },
                );
            }
        }
    }
}
