//! Nearest-neighbour doubling.

use palpable::ops::upsample;

use crate::comparison::{compare, numbers, precisions};

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
