//! The norms' sums by subgroup operations and through workgroup memory: the same, but for rounding.

use burn::tensor::{Device, Tensor};
use palpable::{
    gpu::KernelProfile,
    ops::{
        group_norm::{GroupNormWeights, group_norm},
        layer_norm::{LayerNormWeights, layer_norm},
    },
};

use crate::comparison::{gpu, numbers};
use crate::support::{open_gpu, relative_error, values};

/// Results and input gradients of norms whose sums are taken by one workgroup and by several.
fn norms(device: &Device) -> Vec<Vec<f32>> {
    let on = |size: usize, seed| Tensor::<1>::from_data(numbers([size], seed).into_data(), device);
    let mut found = Vec::new();
    for shape in [[2, 9, 7, 24], [1, 130, 127, 12]] {
        let x = Tensor::<4>::from_data(numbers(shape, 70).into_data(), device).autodiff().require_grad();
        let (weight, bias) = (on(shape[3], 71), on(shape[3], 72));
        let y = group_norm(x.clone(), &GroupNormWeights { weight, bias, groups: 3, epsilon: 1e-5 }, true);
        let gradients = y.clone().square().sum().backward();
        found.extend([values(y.inner()), values(x.grad(&gradients).expect("a gradient"))]);
    }
    for channels in [3, 65, 320] {
        let shape = [2, 5, channels];
        let x = Tensor::<3>::from_data(numbers(shape, 73).into_data(), device).autodiff().require_grad();
        let (weight, bias) = (on(channels, 74), on(channels, 75));
        let y = layer_norm(x.clone(), &LayerNormWeights { weight, bias, epsilon: 1e-5 });
        let gradients = y.clone().square().sum().backward();
        found.extend([values(y.inner()), values(x.grad(&gradients).expect("a gradient"))]);
    }
    found
}

#[test]
fn subgroups_add_up_as_workgroup_memory_does() {
    // A device of its own: the others' kernels keep their variant.
    let without = open_gpu();
    let offered = KernelProfile::on(&gpu().device).subgroups;
    println!("subgroups offered: {offered}");
    KernelProfile { subgroups: false, ..KernelProfile::on(&without.device) }.set(&without.device);
    for (place, (found, expected)) in norms(&gpu().device).iter().zip(&norms(&without.device)).enumerate() {
        let error = relative_error(found, expected);
        assert!(error < 1e-5, "norm {place} is off by {error:e}");
    }
    gpu().check().expect("no error on the GPU");
}
