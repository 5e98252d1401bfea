//! Every operation's kernels against its reference, forward and backward, on odd shapes and round
//! ones: the kernels on the GPU (a software one where there is no other), the reference on burn's CPU
//! backend.

mod support;

use std::sync::OnceLock;

use burn::tensor::{DType, Device, Distribution, FloatDType, Tensor};
use palpable::{
    gpu::{Choice, Gpu},
    ops::{attention, conv2d, geglu, group_norm, layer_norm, linear, upsample},
};
use support::{relative_error, values};

fn gpu() -> &'static Gpu {
    static GPU: OnceLock<Gpu> = OnceLock::new();
    GPU.get_or_init(|| {
        let gpu = pollster::block_on(Gpu::open(Choice::Gpu));
        let gpu = gpu.expect("kernel tests need a GPU or a software Vulkan driver");
        println!(
            "tested on {} ({}), f16: {}",
            gpu.report.adapter_name, gpu.report.backend, gpu.report.float16
        );
        gpu
    })
}

/// Numbers that look random and are the same on every device.
fn numbers<const D: usize>(shape: [usize; D], seed: u32) -> Tensor<D> {
    let count: usize = shape.iter().product();
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    let values: Vec<f32> = (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1u32 << 23) as f32 - 1.0
        })
        .collect();
    Tensor::<1>::from_floats(values.as_slice(), &Device::flex()).reshape(shape)
}

/// Runs `operation` on the GPU and its `reference` on the CPU on the same inputs, and compares the
/// results and the gradients of Σ weights·result with respect to each input.
fn compare<const D: usize, const R: usize, const N: usize>(
    what: &str,
    inputs: [Tensor<D>; N],
    tolerance: f64,
    dtype: FloatDType,
    operation: impl Fn([Tensor<D>; N], &Device) -> Tensor<R>,
    reference: impl Fn([Tensor<D>; N], &Device) -> Tensor<R>,
) {
    let run = |device: Device, dtype: FloatDType, function: &dyn Fn([Tensor<D>; N], &Device) -> Tensor<R>| {
        let leaves = inputs.clone().map(|input| {
            // Rounded to the tested type on both sides, so that only the arithmetic differs.
            let rounded = half_rounded(input, dtype);
            Tensor::<D>::from_data(rounded.into_data(), &device).cast(dtype).autodiff().require_grad()
        });
        let result = function(leaves.clone(), &device);
        let weights = half_rounded(numbers(result.dims(), 99), dtype);
        let weights = Tensor::<R>::from_data(weights.into_data(), &device).cast(dtype);
        let gradients = (result.clone() * weights.autodiff()).sum().backward();
        let found: Vec<Vec<f32>> = leaves
            .iter()
            .map(|leaf| values(leaf.grad(&gradients).expect("a gradient").cast(FloatDType::F32)))
            .collect();
        (values(result.inner().cast(FloatDType::F32)), found)
    };
    let (found, found_gradients) = run(gpu().device.clone(), dtype, &operation);
    let (expected, expected_gradients) = run(Device::flex(), FloatDType::F32, &reference);
    gpu().check().expect("no error on the GPU");
    let error = relative_error(&found, &expected);
    assert!(error <= tolerance, "{what}: forward is off by {error:e}");
    for (place, (found, expected)) in found_gradients.iter().zip(&expected_gradients).enumerate() {
        // With a single key, attention's gradient with respect to it is zero.
        let error = if expected.iter().all(|value| value.abs() < 1e-6) {
            f64::from(found.iter().fold(0.0, |most: f32, value| most.max(value.abs())))
        } else {
            relative_error(found, expected)
        };
        assert!(error <= tolerance, "{what}: gradient {place} is off by {error:e}");
    }
}

fn half_rounded<const D: usize>(x: Tensor<D>, dtype: FloatDType) -> Tensor<D> {
    if dtype != FloatDType::F16 {
        return x;
    }
    let shape = x.dims();
    let rounded: Vec<f32> = values(x).into_iter().map(|value| half::f16::from_f32(value).to_f32()).collect();
    Tensor::<1>::from_floats(rounded.as_slice(), &Device::flex()).reshape(shape)
}

/// f32 always; f16 storage where the device has it.
fn precisions() -> Vec<(FloatDType, f64)> {
    let mut precisions = vec![(FloatDType::F32, 1e-5)];
    if gpu().report.float16 {
        precisions.push((FloatDType::F16, 4e-3));
    }
    precisions
}

/// The same frozen weight on both devices.
fn frozen<const D: usize>(weight: &Tensor<D>, device: &Device, like: DType) -> Tensor<D> {
    let dtype = if like == DType::F16 { FloatDType::F16 } else { FloatDType::F32 };
    Tensor::<D>::from_data(weight.clone().into_data(), &device.clone().inner()).cast(dtype)
}

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

#[test]
fn attention_heads() {
    for (dtype, tolerance) in precisions() {
        for (batch, query_tokens, key_tokens, heads, head_size, causal) in [
            (1, 1, 1, 1, 1, false),
            (2, 5, 3, 2, 3, false),
            (1, 77, 77, 4, 32, true),
            (2, 64, 77, 4, 40, false),
            (1, 65, 63, 2, 56, false),
            (1, 17, 129, 3, 64, false),
            (1, 33, 33, 1, 80, false),
            (1, 20, 31, 1, 128, false),
            (1, 9, 21, 2, 160, false),
            (1, 6, 5, 1, 512, false),
        ] {
            let channels = heads * head_size;
            let what = format!(
                "attention {batch}×{heads}×{query_tokens}×{key_tokens}×{head_size} causal {causal} {dtype:?}"
            );
            // Keys as long as queries are the same rank: one compare for all three inputs.
            compare(
                &what,
                [
                    numbers([batch, query_tokens, channels], 8) * 2.0,
                    numbers([batch, key_tokens, channels], 9) * 2.0,
                    numbers([batch, key_tokens, channels], 10),
                ],
                tolerance * 2.0,
                dtype,
                |[query, key, value], _| attention::attention(query, key, value, heads, causal),
                |[query, key, value], _| attention::reference::attention(query, key, value, heads, causal),
            );
        }
    }
}

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

#[test]
fn layer_normalization() {
    for (dtype, tolerance) in precisions() {
        for shape in [[1, 1, 3], [2, 3, 65], [1, 77, 128], [1, 5, 320], [2, 129, 12]] {
            let weight = half_rounded(numbers([shape[2]], 14) + 1.0, dtype);
            let bias = half_rounded(numbers([shape[2]], 15), dtype);
            let weights = |device: &Device, like: DType, lift: bool| {
                let (weight, bias) = (frozen(&weight, device, like), frozen(&bias, device, like));
                layer_norm::LayerNormWeights {
                    weight: if lift { weight.autodiff() } else { weight },
                    bias: if lift { bias.autodiff() } else { bias },
                    epsilon: 1e-5,
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

#[test]
fn gated_activation() {
    for (dtype, tolerance) in precisions() {
        for shape in [[1, 1, 2], [2, 3, 10], [1, 77, 256], [1, 65, 130]] {
            compare(
                &format!("geglu {shape:?} {dtype:?}"),
                [numbers(shape, 17) * 4.0],
                tolerance,
                dtype,
                |[x], _| geglu::geglu(x),
                |[x], _| geglu::reference::geglu(x),
            );
        }
    }
}

#[test]
fn nearest_upsampling() {
    for (dtype, tolerance) in precisions() {
        for shape in [[1, 1, 1, 1], [2, 3, 5, 7], [1, 8, 8, 64]] {
            compare(
                &format!("upsample {shape:?} {dtype:?}"),
                [numbers(shape, 18)],
                tolerance,
                dtype,
                |[x], _| upsample::upsample_nearest(x),
                |[x], _| upsample::reference::upsample_nearest(x),
            );
        }
    }
}

/// Gradients against the slope of the kernels' own results: (f(x + h·d) − f(x − h·d)) / 2h along a
/// random direction d, for f = Σ weights·result.
fn check_slope<const D: usize, const R: usize>(
    what: &str,
    x: Tensor<D>,
    operation: impl Fn(Tensor<D>) -> Tensor<R>,
) {
    const STEP: f32 = 1e-2;
    let device = &gpu().device;
    let on_gpu = |tensor: Tensor<D>| Tensor::<D>::from_data(tensor.into_data(), device);
    let (x, direction) = (on_gpu(x.clone()), on_gpu(numbers(x.dims(), 30)));
    let weights = |result: &Tensor<R>| Tensor::<R>::from_data(numbers(result.dims(), 31).into_data(), device);
    let sum = |x: Tensor<D>| -> f64 {
        let result = operation(x);
        let products = values(result.clone() * weights(&result));
        products.into_iter().map(f64::from).sum()
    };
    let shift = direction.clone() * STEP;
    let slope = (sum(x.clone() + shift.clone()) - sum(x.clone() - shift)) / f64::from(2.0 * STEP);

    let leaf = x.autodiff().require_grad();
    let result = operation(leaf.clone());
    let gradients = (result.clone() * weights(&result.inner()).autodiff()).sum().backward();
    let gradient = leaf.grad(&gradients).expect("a gradient");
    let expected: f64 = values(gradient * direction).into_iter().map(f64::from).sum();
    let error = (slope - expected).abs() / expected.abs().max(1.0);
    assert!(error < 1e-2, "{what}: slope {slope}, gradient {expected}");
}

#[test]
fn gradients_are_slopes() {
    let device = &gpu().device;
    let frozen = |seed: u32, shape: [usize; 1]| {
        Tensor::<1>::from_data((numbers(shape, seed) + 1.0).into_data(), device)
    };
    let matrix = |shape: [usize; 2]| Tensor::<2>::from_data(numbers(shape, 32).into_data(), device);
    let taps = Tensor::<4>::from_data(numbers([3, 3, 6, 5], 33).into_data(), device);
    let sequence = |shape: [usize; 3]| Tensor::<3>::from_data(numbers(shape, 34).into_data(), device);

    check_slope("linear", numbers([2, 5, 7], 35), |x| linear::linear(x, matrix([9, 7]), None));
    check_slope("LoRA factor", numbers([3, 7], 36), |factor| {
        linear::trainable_linear(sequence([2, 5, 7]), factor)
    });
    for stride in [1, 2] {
        check_slope("convolution", numbers([1, 6, 5, 6], 37), |x| {
            conv2d::conv2d(x, taps.clone(), None, stride, conv2d::Padding::same(1))
        });
    }
    for causal in [false, true] {
        check_slope("attention, query", numbers([2, 9, 12], 38), |query| {
            attention::attention(query, sequence([2, 9, 12]), sequence([2, 9, 12]), 3, causal)
        });
        check_slope("attention, key and value", numbers([2, 9, 12], 39), |x| {
            attention::attention(x.clone(), x.clone(), x, 3, causal)
        });
    }
    for silu in [false, true] {
        let weights = group_norm::GroupNormWeights {
            weight: frozen(40, [6]),
            bias: frozen(41, [6]),
            groups: 3,
            epsilon: 1e-5,
        };
        check_slope("group norm", numbers([1, 4, 3, 6], 42), |x| group_norm::group_norm(x, &weights, silu));
    }
    let weights =
        layer_norm::LayerNormWeights { weight: frozen(43, [10]), bias: frozen(44, [10]), epsilon: 1e-5 };
    check_slope("layer norm", numbers([1, 3, 10], 45), |x| layer_norm::layer_norm(x, &weights));
    check_slope("GEGLU", numbers([1, 4, 10], 46) * 2.0, geglu::geglu);
    check_slope("upsampling", numbers([1, 2, 3, 4], 47), upsample::upsample_nearest);
}

/// Buffers are reused: a kernel that left an element unwritten would show what was there before.
#[test]
fn every_element_is_written() {
    let device = &gpu().device;
    for (rows, columns) in [(1, 1), (65, 63), (129, 77), (33, 130)] {
        // Fill and free buffers of the result's size with NaN.
        for _ in 0..4 {
            drop(values(Tensor::<2>::full([rows, columns], f32::NAN, device)));
        }
        let x = Tensor::<3>::random([1, rows, 40], Distribution::Default, device);
        let weight = Tensor::<2>::random([columns, 40], Distribution::Default, device);
        let y = values(linear::linear(x, weight, None));
        assert!(y.iter().all(|value| value.is_finite()), "{rows}×{columns} has unwritten elements");
    }
}

/// The same input gives the same bits on one device.
#[test]
fn kernels_are_deterministic() {
    let run = || {
        let device = &gpu().device;
        let on =
            |tensor: Tensor<3>| Tensor::<3>::from_data(tensor.into_data(), device).autodiff().require_grad();
        let (query, key) = (on(numbers([2, 65, 80], 20)), on(numbers([2, 77, 80], 21)));
        let output = attention::attention(query.clone(), key.clone(), key.clone(), 2, false);
        let gradients = output.clone().square().sum().backward();
        (values(output.inner()), values(key.grad(&gradients).expect("a gradient")))
    };
    assert_eq!(run(), run());
}
