//! What holds for all kernels: everything is written, and the same input gives the same bits.

use burn::tensor::{Distribution, Tensor};
use palpable::ops::{attention, linear};

use crate::comparison::{gpu, numbers};
use crate::support::values;

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
