//! Sums over everything, and where a backward pass starts.

use burn::tensor::{FloatDType, Tensor};
use palpable::ops::{backward_start::start_backward, total::total};

use crate::comparison::{gpu, numbers, precisions};
use crate::support::{relative_error, values};

#[test]
fn totals_of_any_count() {
    for count in [1, 3, 255, 256, 257, 4097, 65_536, 100_003] {
        // Positive, so that they don't cancel.
        let x = numbers([count], 21).square();
        let expected: f64 = values(x.clone()).into_iter().map(f64::from).sum();
        let found = values(total(Tensor::<1>::from_data(x.into_data(), &gpu().device)));
        gpu().check().expect("no error on the GPU");
        assert_eq!(found.len(), 1);
        assert!((f64::from(found[0]) / expected - 1.0).abs() < 1e-5, "{count}: {found:?}, {expected}");
    }
    let picture = numbers([2, 5, 7, 33], 22).square();
    let expected = values(picture.clone().sum());
    let found = values(total(Tensor::<4>::from_data(picture.into_data(), &gpu().device)));
    assert!(relative_error(&found, &expected) < 1e-5, "{found:?}, {expected:?}");
}

/// A backward pass gives the seeded tensor its gradient to the bit, and goes on from there.
#[test]
fn seeded_gradients() {
    for (dtype, tolerance) in precisions() {
        let on_gpu = |x: Tensor<3>| Tensor::<3>::from_data(x.into_data(), &gpu().device).cast(dtype);
        let gradient = on_gpu(numbers([2, 7, 5], 24));
        let x = on_gpu(numbers([2, 7, 5], 23)).autodiff().require_grad();
        let y = x.clone() * 2.0;
        let gradients = start_backward(y, gradient.clone()).backward();
        let found = values(x.grad(&gradients).expect("a gradient").cast(FloatDType::F32));
        let expected = values((gradient * 2.0).cast(FloatDType::F32));
        gpu().check().expect("no error on the GPU");
        assert!(relative_error(&found, &expected) <= tolerance, "{dtype:?}");
    }
}
