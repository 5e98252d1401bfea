//! What holds for every operation, forward and backward: each element of a result is written, and
//! the same input gives the same bits.

use burn::tensor::{Device, FloatDType, Tensor};
use palpable::{
    gpu::{Gpu, KernelProfile, Work, tiles::Candidate},
    ops::{attention, concat, conv2d, geglu, group_norm, layer_norm, linear, packed::Packing},
};

use crate::comparison::{gpu, half_rounded, numbers, precisions};
use crate::packed::{of_layer, packed_kernel, packed_matrix};
use crate::support::{open_gpu, relative_error, values};

/// Runs an operation and its backward pass; returns its result and the gradients of its inputs.
fn run<const D: usize, const R: usize, const N: usize>(
    device: &Device,
    dtype: FloatDType,
    shapes: [[usize; D]; N],
    operation: impl Fn([Tensor<D>; N]) -> Tensor<R>,
) -> Vec<Vec<f32>> {
    let mut seed = 50;
    let leaves = shapes.map(|shape| {
        seed += 1;
        on_device(numbers(shape, seed), device, dtype).autodiff().require_grad()
    });
    let result = operation(leaves.clone());
    let weights = on_device(numbers(result.dims(), 60), device, dtype).autodiff();
    let gradients = (result.clone() * weights).sum().backward();
    let mut found = vec![values(result.inner().cast(FloatDType::F32))];
    for leaf in &leaves {
        found.push(values(leaf.grad(&gradients).expect("a gradient").cast(FloatDType::F32)));
    }
    found
}

fn on_device<const D: usize>(x: Tensor<D>, device: &Device, dtype: FloatDType) -> Tensor<D> {
    Tensor::<D>::from_data(half_rounded(x, dtype).into_data(), device).cast(dtype)
}

/// Every operation once, on extents that no tile divides unless `whole` asks for ones that all do.
pub fn every_operation(
    device: &Device,
    dtype: FloatDType,
    whole: bool,
) -> Vec<(&'static str, Vec<Vec<f32>>)> {
    let vector = |size: usize, seed: u32| on_device(numbers([size], seed) + 1.0, device, dtype);
    let matrix = |shape: [usize; 2]| on_device(numbers(shape, 41), device, dtype);
    let taps = |shape: [usize; 4]| on_device(numbers(shape, 42), device, dtype);
    let [rows, inputs, outputs] = if whole { [64, 32, 64] } else { [65, 63, 77] };
    let [height, width, channels] = if whole { [8, 16, 64] } else { [7, 9, 33] };
    let [queries, keys, heads, head] = if whole { [64, 32, 2, 64] } else { [65, 77, 3, 5] };
    let image = [2, height, width, channels];
    let same = conv2d::Padding::same;
    let mut found = vec![
        (
            "linear",
            run(device, dtype, [[2, rows, inputs]], |[x]| {
                linear::linear(x, matrix([outputs, inputs]), Some(vector(outputs, 43)))
            }),
        ),
        (
            "trainable linear",
            run(device, dtype, [[1, rows, inputs], [1, outputs, inputs]], |[x, factor]| {
                linear::trainable_linear(x, factor.squeeze_dim(0))
            }),
        ),
        (
            "layer norm",
            run(device, dtype, [[2, rows, inputs]], |[x]| {
                let (weight, bias) = (vector(inputs, 44), vector(inputs, 45));
                layer_norm::layer_norm(x, &layer_norm::LayerNormWeights { weight, bias, epsilon: 1e-5 })
            }),
        ),
        (
            "skip concatenation",
            run(device, dtype, [image, [2, height, width, channels + 3]], |[a, b]| {
                concat::concat_channels(a, b)
            }),
        ),
        ("GEGLU", run(device, dtype, [[2, rows, 2 * inputs]], |[x]| geglu::geglu(x))),
        (
            "linear with a residual",
            run(device, dtype, [[2, rows, inputs], [2, rows, inputs]], |[x, residual]| {
                linear::linear_with_residual(x, matrix([inputs, inputs]), None, Some(residual))
            }),
        ),
        (
            "adapted linear",
            run(device, dtype, [[1, rows, inputs], [1, 3, inputs], [1, outputs, 3]], |[x, down, up]| {
                let (down, up) = (down.squeeze_dim(0), up.squeeze_dim(0));
                let factors = linear::LoraFactors { down, up, scale: 0.5 };
                linear::adapted_linear(x, matrix([outputs, inputs]), Some(vector(outputs, 43)), None, factors)
            }),
        ),
        (
            "upsampling convolution",
            run(device, dtype, [image], |[x]| {
                let weight = taps([3, 3, channels, outputs]);
                let size = [2 * height - 1, 2 * width];
                conv2d::upsampling_conv2d(x, weight, Some(vector(outputs, 46)), size)
            }),
        ),
        (
            "trainable convolution",
            run(device, dtype, [image, [3, 3, channels, outputs]], |[x, weight]| {
                conv2d::trainable_conv2d(x, weight, vector(outputs, 46), 1, same(1))
            }),
        ),
    ];
    for (name, kernel, stride, padding) in [
        ("convolution 3×3", 3, 1, same(1)),
        ("convolution 3×3, stride 2", 3, 2, same(1)),
        ("convolution 1×1", 1, 1, same(0)),
    ] {
        let convolved = run(device, dtype, [image], |[x]| {
            let weight = taps([kernel, kernel, channels, outputs]);
            conv2d::conv2d(x, weight, Some(vector(outputs, 46)), stride, padding)
        });
        found.push((name, convolved));
    }
    for (linear, convolution, packing) in [
        ("linear with halves", "convolution with halves", Packing::Halves),
        ("linear with integers", "convolution with integers", Packing::Integers),
    ] {
        let shapes = [[1, rows, inputs], [1, 3, inputs], [1, outputs, 3]];
        let adapted = run(device, dtype, shapes, |[x, down, up]| {
            let weight = packed_matrix(packing, &numbers([outputs, inputs], 41), device);
            let weight = of_layer(weight, x.dtype());
            let factors =
                linear::LoraFactors { down: down.squeeze_dim(0), up: up.squeeze_dim(0), scale: 0.5 };
            linear::adapted_linear(x, weight, None, None, factors)
        });
        let convolved = run(device, dtype, [image], |[x]| {
            let weight = packed_kernel(packing, &numbers([outputs, channels, 3, 3], 42), device);
            let weight = of_layer(weight, x.dtype());
            conv2d::conv2d(x, weight, None, 1, same(1))
        });
        found.extend([(linear, adapted), (convolution, convolved)]);
    }
    for (name, silu) in [("group norm", false), ("group norm with SiLU", true)] {
        let groups = if whole { 32 } else { 3 };
        let normalized = run(device, dtype, [image], |[x]| {
            let (weight, bias) = (vector(channels, 47), vector(channels, 48));
            let weights = group_norm::GroupNormWeights { weight, bias, groups, epsilon: 1e-5 };
            group_norm::group_norm(x, &weights, silu)
        });
        found.push((name, normalized));
    }
    let channels = heads * head;
    let cross = [[2, queries, channels], [2, keys, channels], [2, keys, channels]];
    let itself = [[2, queries, channels]; 3];
    for (name, shapes, causal) in
        [("attention", cross, false), ("self-attention", itself, false), ("causal attention", itself, true)]
    {
        let attended = run(device, dtype, shapes, |[query, key, value]| {
            attention::attention(query, key, value, heads, causal)
        });
        found.push((name, attended));
    }
    found
}

fn dtypes(gpu: &Gpu) -> Vec<FloatDType> {
    if gpu.report.float16 { vec![FloatDType::F32, FloatDType::F16] } else { vec![FloatDType::F32] }
}

/// Results start as NaN here: an element that a kernel left out would show.
#[test]
fn every_element_is_written() {
    // A device of its own: the others' kernels are not to pay for the poison.
    let gpu = open_gpu();
    KernelProfile { poison_results: true, ..KernelProfile::on(&gpu.device) }.set(&gpu.device);
    for dtype in dtypes(&gpu) {
        for whole in [false, true] {
            for (name, results) in every_operation(&gpu.device, dtype, whole) {
                for (place, values) in results.iter().enumerate() {
                    let unwritten = values.iter().filter(|value| !value.is_finite()).count();
                    assert_eq!(unwritten, 0, "{name} {dtype:?}: result {place} has unwritten elements");
                }
            }
        }
    }
    gpu.check().expect("no error on the GPU");
}

/// The same input gives the same bits on one device.
#[test]
fn kernels_are_deterministic() {
    let gpu = gpu();
    for dtype in dtypes(gpu) {
        let [first, second] = [0, 1].map(|_| every_operation(&gpu.device, dtype, false));
        for ((name, first), (_, second)) in first.into_iter().zip(second) {
            assert!(bits(&first) == bits(&second), "{name} {dtype:?}");
        }
    }
}

/// What a GPU gets, loops written out and extents as constants, computes what a software adapter gets, whose kernels
/// the other tests compare with the references. A slow GPU gets it in parts, and computes the same to the bit.
#[test]
fn kernels_for_their_shapes_alone_compute_the_same() {
    let hardware = open_gpu();
    let profile = KernelProfile { software: false, ..KernelProfile::on(&hardware.device) };
    let special = |dtype, submission_budget| {
        KernelProfile { submission_budget, ..profile.clone() }.set(&hardware.device);
        let before = Work::so_far();
        (every_operation(&hardware.device, dtype, false), Work::so_far() - before)
    };
    for (dtype, tolerance) in precisions() {
        let general = every_operation(&gpu().device, dtype, false);
        let (whole, work) = special(dtype, u64::MAX);
        for ((name, expected), (_, found)) in general.iter().zip(&whole) {
            for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
                let error = relative_error(found, expected);
                assert!(error <= tolerance, "{name} {dtype:?}: result {place} is off by {error:e}");
            }
        }
        // Less than any launch takes: every workgroup down the rows is a part.
        let (in_parts, work_of_parts) = special(dtype, 1);
        assert_eq!((work_of_parts.flops, work_of_parts.bytes), (work.flops, work.bytes));
        assert!(
            work_of_parts.launches > 2 * work.launches,
            "{} of {}",
            work_of_parts.launches,
            work.launches
        );
        for ((name, expected), (_, found)) in whole.iter().zip(&in_parts) {
            assert!(bits(found) == bits(expected), "{name} {dtype:?} in parts");
        }
    }
}

/// A product of 8.4 million operations goes to a GPU in as many launches as its budget asks for; to a software
/// adapter, which no system resets, in one.
#[test]
fn launches_stay_within_a_gpus_budget() {
    let device = open_gpu().device;
    // No split: its second launch would count too.
    let tiles = KernelProfile::on(&device).tiles.only(Candidate::simplest());
    let launches = |software, submission_budget| {
        let tiles = tiles.clone();
        KernelProfile { software, submission_budget, tiles, ..KernelProfile::on(&device) }.set(&device);
        let [x, weight] =
            [[1024, 64], [64, 64]].map(|shape| on_device(numbers(shape, 1), &device, FloatDType::F32));
        let before = Work::so_far();
        linear::linear(x.unsqueeze::<3>(), weight, None);
        (Work::so_far() - before).launches
    };
    assert_eq!([9, 8, 3].map(|millions| launches(false, millions * 1_000_000)), [1, 2, 3]);
    assert_eq!(launches(true, 3_000_000), 1);
}

/// What moves bytes and hardly computes takes a GPU's time too: of three copies of 1 MB each waits for the one before,
/// or the third for two.
#[test]
fn bytes_fill_a_submission() {
    let device = open_gpu().device;
    let half = || on_device(numbers([1, 64, 64, 16], 1), &device, FloatDType::F32);
    let submissions = |submission_budget| {
        KernelProfile { submission_budget, ..KernelProfile::on(&device) }.set(&device);
        let [one, other] = [half(), half()];
        let before = Work::so_far();
        for _ in 0..3 {
            concat::concat_channels(one.clone(), other.clone());
        }
        (Work::so_far() - before).submissions
    };
    // Each thread has a queue of its own.
    let alone = |budget| std::thread::scope(|scope| scope.spawn(|| submissions(budget)).join().unwrap());
    assert_eq!([15_000_000, 25_000_000].map(alone), [2, 1]);
}

/// Attention is slower than a product of as many operations, by whose speed the budget is measured.
#[test]
fn attention_goes_to_a_gpu_in_more_launches_than_a_product() {
    let device = open_gpu().device;
    let operations = 2 * 2 * 512 * 512 * 16;
    let budget =
        KernelProfile { software: false, submission_budget: operations, ..KernelProfile::on(&device) };
    budget.set(&device);
    let tokens = || on_device(numbers([1, 512, 16], 1), &device, FloatDType::F32);
    let before = Work::so_far();
    attention::attention(tokens(), tokens(), tokens(), 1, false);
    let work = Work::so_far() - before;
    assert_eq!(work.flops, operations);
    assert!(work.launches >= 2, "{} launch", work.launches);
}

/// One axis has 65,535 workgroups; the last element of one more is computed all the same.
#[test]
fn one_axis_of_workgroups_is_not_enough() {
    let device = &gpu().device;
    let count = 65_535 * 256 + 1;
    let full = |shape: [usize; 4], number: f32| Tensor::<4>::full(shape, number, device);
    let last = |x: Tensor<4>| values(x.narrow(1, count - 1, 1));
    let image = [1, count, 1, 1];
    let (weight, bias) = (Tensor::ones([1], device), Tensor::ones([1], device) * 3.0);
    let weights = group_norm::GroupNormWeights { weight, bias, groups: 1, epsilon: 1e-5 };
    assert_eq!(last(group_norm::group_norm(full(image, 2.0), &weights, false)), [3.0]);
    let gate = full([1, count, 1, 2], 8.0).squeeze_dim(0);
    assert_eq!(last(geglu::geglu(gate).unsqueeze()), [64.0]);
    let thirds = count.div_ceil(3);
    let joined = concat::concat_channels(full([1, thirds, 1, 2], 4.0), full([1, thirds, 1, 1], 5.0));
    assert_eq!(values(joined.narrow(1, thirds - 1, 1)), [4.0, 4.0, 5.0]);
}

fn bits(results: &[Vec<f32>]) -> Vec<u32> {
    results.iter().flatten().copied().map(f32::to_bits).collect()
}
