//! The gated activation of feed-forward layers.

use palpable::ops::geglu;

use crate::comparison::{compare, numbers, precisions};

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
