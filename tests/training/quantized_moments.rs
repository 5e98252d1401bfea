//! One update with moments in 8 bits by AdamW's own rule, wherever a value lies.

use burn::tensor::Tensor;
use palpable::training::optimizer::{Optimizer, ParameterGroup};

use crate::support::{any_device, formula, values};
use crate::tiny::largest_difference;

/// As many values as are quantized at all.
const COUNT: usize = 4096;
/// Values that are widened at once.
const STRETCH: usize = 1024 * 256;

fn group(values: Tensor<1>, rate: f64, decay: f64) -> ParameterGroup {
    ParameterGroup::new(values, rate, decay).with_optimizer(Optimizer::AdamW8bit)
}

#[test]
fn values_decay_without_a_gradient() {
    let device = any_device();
    let mut group = group(Tensor::ones([COUNT], &device), 0.1, 0.5);
    for _ in 0..2 {
        group.update(Tensor::zeros([COUNT], &device));
    }
    assert!(largest_difference(&values(group.values()), &[0.95 * 0.95; COUNT]) < 1e-6);
}

/// Beside a large gradient of its block that of the others has no code of its own: rounded to zero, it would let
/// them jump by hundreds of rates as soon as their gradient is gone.
#[test]
fn a_second_moment_never_falls_to_zero() {
    let device = any_device();
    let mut gradient = vec![1e-5_f32; COUNT];
    gradient[0] = 1.0;
    let mut group = group(Tensor::zeros([COUNT], &device), 0.1, 0.0);
    group.update(Tensor::from_floats(gradient.as_slice(), &device));
    let before = values(group.values());
    group.update(Tensor::zeros([COUNT], &device));
    assert!(largest_difference(&before, &values(group.values())) < 0.1);
}

/// What lies beyond the first stretch has moments of its own.
#[test]
fn a_long_group_is_its_parts() {
    let device = any_device();
    let [first, second]: [Tensor<1>; 2] =
        [("first", STRETCH), ("second", COUNT)].map(|(name, count)| formula::values(name, [count], &device));
    let updated = |gradient: Tensor<1>| {
        let mut group = group(gradient.zeros_like(), 0.1, 0.0);
        group.update(gradient.clone());
        group.update(gradient * 0.5);
        values(group.values())
    };
    let apart = [updated(first.clone()), updated(second.clone())].concat();
    assert_eq!(updated(Tensor::cat(vec![first, second], 0)), apart);
}
