//! Gradients against finite differences of the kernels themselves.

use burn::tensor::{DType, Tensor};
use palpable::ops::packed::Packing;
use palpable::ops::{attention, conv2d, geglu, group_norm, layer_norm, linear};

use crate::comparison::{gpu, numbers};
use crate::packed::{of_layer, packed_matrix};
use crate::support::values;

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
    let image = |shape: [usize; 4]| Tensor::<4>::from_data(numbers(shape, 48).into_data(), device);
    check_slope("convolution's weight", numbers([3, 3, 6, 5], 49), |weight| {
        let bias = Tensor::zeros([5], (&weight.device(), weight.dtype()));
        conv2d::trainable_conv2d(image([1, 6, 5, 6]), weight, bias, 2, conv2d::Padding::same(1))
    });
    check_slope("convolution's bias", numbers([5], 57), |bias| {
        conv2d::trainable_conv2d(image([1, 6, 5, 6]), taps.clone(), bias, 1, conv2d::Padding::same(1))
    });
    check_slope("adapted linear, factors", numbers([3, 7], 58), |down| {
        let up = down.clone().transpose();
        let factors = linear::LoraFactors { down, up, scale: 0.5 };
        linear::adapted_linear(sequence([2, 5, 7]), matrix([7, 7]), None, None, factors)
    });
    for packing in [Packing::Halves, Packing::Integers] {
        let packed = of_layer(packed_matrix(packing, &matrix([9, 7]), device), DType::F32);
        check_slope(&format!("{packing:?} linear"), numbers([2, 5, 7], 59), |x| {
            linear::linear(x, packed.clone(), None)
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
    for size in [[4, 6], [3, 5]] {
        check_slope("upsampling convolution", numbers([1, 2, 3, 6], 47), |x| {
            conv2d::upsampling_conv2d(x, taps.clone(), None, size)
        });
    }
}
