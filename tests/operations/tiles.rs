//! Every way to cut up a matrix product gives what the reference gives, not only the chosen one.

use burn::tensor::{FloatDType, Tensor};
use palpable::gpu::tiles::{Candidate, TileTable};
use palpable::gpu::{Choice, Gpu, KernelProfile};
use palpable::ops::{conv2d, linear};

use crate::comparison::{compare_on, numbers, precisions};

/// Does something with every candidate as the only one, on a device of its own, so that no other test
/// computes by its tables.
fn with_each(candidates: impl Iterator<Item = Candidate>, test: impl Fn(&Gpu, Candidate)) {
    let gpu = pollster::block_on(Gpu::open(Choice::Gpu)).expect("a GPU or a software Vulkan driver");
    for candidate in candidates {
        let others = Candidate::all().filter(|&other| other != candidate);
        let tiles = others.fold(TileTable::default(), TileTable::without);
        KernelProfile { tiles, ..KernelProfile::default() }.set(&gpu.device);
        test(&gpu, candidate);
    }
}

/// Whether `candidate` is tested in `dtype`: all in f32, whole and in four in f16.
fn tested(candidate: Candidate, dtype: FloatDType) -> bool {
    dtype == FloatDType::F32 || [1, 4].contains(&candidate.splits)
}

#[test]
fn linear_layers_by_every_candidate() {
    with_each(Candidate::all(), |gpu, candidate| {
        for (dtype, tolerance) in precisions().into_iter().filter(|&(dtype, _)| tested(candidate, dtype)) {
            // Odd everywhere, then whole vectors but no whole tiles, with the depth whole.
            for (tokens, inputs, outputs) in [(65, 77, 129), (131, 48, 68)] {
                compare_on(
                    gpu,
                    &format!("linear {tokens}×{inputs}→{outputs} {dtype:?} by {candidate:?}"),
                    [numbers([1, tokens, inputs], 3), numbers([1, outputs, inputs], 4)],
                    tolerance,
                    dtype,
                    |[x, weight], _| linear::trainable_linear(x, weight.squeeze_dim(0)),
                    |[x, weight], _| linear::reference::linear(x, weight.squeeze_dim(0), None),
                );
            }
        }
    });
}

#[test]
fn convolutions_by_every_candidate() {
    let candidates = Candidate::all().filter(|candidate| [1, 4].contains(&candidate.splits));
    with_each(candidates, |gpu, candidate| {
        for (dtype, tolerance) in precisions() {
            for (shape, outputs) in [([2, 5, 7, 36], 68), ([1, 5, 6, 3], 65)] {
                let padding = conv2d::Padding::same(1);
                let bias = |bias: Tensor<4>| bias.reshape([outputs]);
                compare_on(
                    gpu,
                    &format!("conv {shape:?}→{outputs} {dtype:?} by {candidate:?}"),
                    [
                        numbers(shape, 5),
                        numbers([3, 3, shape[3], outputs], 6),
                        numbers([1, 1, 1, outputs], 7),
                    ],
                    tolerance,
                    dtype,
                    |[x, weight, added], _| conv2d::trainable_conv2d(x, weight, bias(added), 1, padding),
                    |[x, weight, added], _| {
                        conv2d::reference::conv2d(x, weight, Some(bias(added)), 1, padding)
                    },
                );
            }
        }
    });
}

/// The additions of the epilogue are made once, wherever the sum was split.
#[test]
fn additions_by_every_split() {
    with_each(Candidate::all(), |gpu, candidate| {
        let weight = numbers([36, 40], 8);
        let bias = numbers([36], 9);
        let factors = |down: Tensor<3>, up: Tensor<3>| linear::LoraFactors {
            down: down.squeeze_dim(0),
            up: up.squeeze_dim(0),
            scale: 0.7,
        };
        compare_on(
            gpu,
            &format!("adapted linear by {candidate:?}"),
            [
                numbers([2, 33, 40], 10),
                numbers([2, 33, 36], 11),
                numbers([1, 6, 40], 12),
                numbers([1, 36, 6], 13),
            ],
            1e-5,
            FloatDType::F32,
            |[x, residual, down, up], device| {
                let weight = Tensor::from_data(weight.clone().into_data(), &device.clone().inner());
                let bias = Tensor::from_data(bias.clone().into_data(), &device.clone().inner());
                linear::adapted_linear(x, weight, Some(bias), Some(residual), factors(down, up))
            },
            |[x, residual, down, up], _| {
                let (weight, bias) = (weight.clone().autodiff(), bias.clone().autodiff());
                linear::reference::adapted_linear(x, weight, Some(bias), Some(residual), factors(down, up))
            },
        );
    });
}
