//! Runs an operation and its reference side by side, and compares results and gradients.

use std::sync::OnceLock;

use burn::tensor::{DType, Device, FloatDType, Tensor};
use palpable::gpu::Gpu;

use crate::support::{open_gpu, relative_error, values};

pub fn gpu() -> &'static Gpu {
    static GPU: OnceLock<Gpu> = OnceLock::new();
    GPU.get_or_init(|| {
        let gpu = open_gpu();
        println!(
            "tested on {} ({}), f16: {}",
            gpu.report.adapter_name, gpu.report.backend, gpu.report.float16
        );
        gpu
    })
}

/// Numbers that look random and are the same on every device.
pub fn numbers<const D: usize>(shape: [usize; D], seed: u32) -> Tensor<D> {
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
pub fn compare<const D: usize, const R: usize, const N: usize>(
    what: &str,
    inputs: [Tensor<D>; N],
    tolerance: f64,
    dtype: FloatDType,
    operation: impl Fn([Tensor<D>; N], &Device) -> Tensor<R>,
    reference: impl Fn([Tensor<D>; N], &Device) -> Tensor<R>,
) {
    compare_on(gpu(), what, inputs, tolerance, dtype, operation, reference);
}

/// The same on a certain device.
pub fn compare_on<const D: usize, const R: usize, const N: usize>(
    gpu: &Gpu,
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
            turned(rounded, &device).cast(dtype).autodiff().require_grad()
        });
        let result = function(leaves.clone(), &device);
        // Turned over too, so that the gradient that arrives is.
        let weights = half_rounded(numbers(result.dims(), 99), dtype).swap_dims(0, R - 1);
        let weights = Tensor::<R>::from_data(weights.into_data(), &device).cast(dtype);
        let gradients = (result.clone().swap_dims(0, R - 1) * weights.autodiff()).sum().backward();
        let found: Vec<Vec<f32>> = leaves
            .iter()
            .map(|leaf| values(leaf.grad(&gradients).expect("a gradient").cast(FloatDType::F32)))
            .collect();
        (values(result.inner().cast(FloatDType::F32)), found)
    };
    let (found, found_gradients) = run(gpu.device.clone(), dtype, &operation);
    let (expected, expected_gradients) = run(Device::flex(), FloatDType::F32, &reference);
    gpu.check().expect("no error on the GPU");
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

pub fn half_rounded<const D: usize>(x: Tensor<D>, dtype: FloatDType) -> Tensor<D> {
    if dtype != FloatDType::F16 {
        return x;
    }
    let shape = x.dims();
    let rounded: Vec<f32> = values(x).into_iter().map(|value| half::f16::from_f32(value).to_f32()).collect();
    Tensor::<1>::from_floats(rounded.as_slice(), &Device::flex()).reshape(shape)
}

/// The tensor on a device, its numbers in another order in memory: kernels have to lay it out first.
fn turned<const D: usize>(x: Tensor<D>, device: &Device) -> Tensor<D> {
    Tensor::<D>::from_data(x.swap_dims(0, D - 1).into_data(), device).swap_dims(0, D - 1)
}

/// f32 always; f16 storage where the device has it.
pub fn precisions() -> Vec<(FloatDType, f64)> {
    let mut precisions = vec![(FloatDType::F32, 1e-5)];
    if gpu().report.float16 {
        precisions.push((FloatDType::F16, 4e-3));
    }
    precisions
}

/// The same frozen weight on both devices.
pub fn frozen<const D: usize>(weight: &Tensor<D>, device: &Device, like: DType) -> Tensor<D> {
    let dtype = if like == DType::F16 { FloatDType::F16 } else { FloatDType::F32 };
    turned(weight.clone(), &device.clone().inner()).cast(dtype)
}
