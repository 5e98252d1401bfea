//! Activations between layers, as they are where gradients are wanted.

use burn::tensor::{Tensor, activation};
use palpable::ops::activation::Activation;

use crate::comparison::{compare, numbers, precisions};

/// By their definitions; burn's gelu has the exact gradient on the processor, and only there.
fn reference(activation: Activation, x: Tensor<3>) -> Tensor<3> {
    match activation {
        Activation::Silu => x.clone() / ((-x).exp() + 1.0),
        Activation::QuickGelu => x.clone() / ((x * -1.702).exp() + 1.0),
        Activation::Gelu => activation::gelu(x),
    }
}

#[test]
fn activations() {
    for (dtype, tolerance) in precisions() {
        for activation in [Activation::Silu, Activation::QuickGelu, Activation::Gelu] {
            for shape in [[1, 1, 1], [1, 3, 65], [2, 77, 128]] {
                compare(
                    &format!("{activation:?} {shape:?} {dtype:?}"),
                    [numbers(shape, 17) * 4.0],
                    tolerance,
                    dtype,
                    |[x], _| activation.of(x),
                    |[x], _| reference(activation, x),
                );
            }
        }
    }
}
