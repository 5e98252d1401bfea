//! Group normalization, with and without SiLU.

use burn::tensor::{DType, Device, Tensor};
use palpable::ops::group_norm;

use crate::comparison::{compare, frozen, gpu, half_rounded, numbers, precisions};
use crate::support::{relative_error, values};

#[test]
fn group_normalization() {
    for (dtype, tolerance) in precisions() {
        for (shape, groups) in [
            ([1, 1, 3, 2], 1),
            ([2, 5, 3, 6], 3),
            ([1, 16, 16, 224], 32),
            ([2, 8, 9, 128], 32),
            ([1, 33, 5, 12], 4),
            // Groups that are no whole vec4s, small, and large enough to be shared by workgroups.
            ([1, 9, 7, 40], 4),
            ([2, 64, 65, 20], 2),
            ([1, 130, 127, 6], 3),
            ([1, 129, 65, 40], 8),
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
                        // As large as a variance, so that it shows.
                        epsilon: 0.1,
                    }
                };
                // Pictures that differ in their statistics.
                let sizes = numbers([shape[0], 1, 1, 1], 19) + 1.5;
                compare(
                    &format!("group norm {shape:?}/{groups} silu {silu} {dtype:?}"),
                    [numbers(shape, 13) * sizes + 0.5],
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

/// Numbers far from zero whose spread is small: squares of the numbers themselves would cancel.
#[test]
fn a_mean_far_from_zero_does_not_cancel() {
    for shape in [[1, 8, 8, 8], [1, 150, 150, 8]] {
        let weights = |device: &Device| group_norm::GroupNormWeights {
            weight: Tensor::ones([8], device),
            bias: Tensor::zeros([8], device),
            groups: 2,
            epsilon: 1e-5,
        };
        let x = numbers(shape, 18) + 1000.0;
        // Exact, by Sterbenz' lemma: the same spread about zero.
        let near_zero = x.clone() - 1000.0;
        let gpu = &gpu().device;
        let x = Tensor::from_data(x.into_data(), gpu);
        let found = values(group_norm::group_norm(x, &weights(gpu), false));
        let expected = values(group_norm::reference::group_norm(near_zero, &weights(&Device::flex()), false));
        let error = relative_error(&found, &expected);
        assert!(error < 2e-4, "{shape:?}: off by {error:e}");
    }
}
