//! Concatenation of skip connections.

use palpable::ops::concat::{concat_channels, reference};

use crate::comparison::{compare, numbers, precisions};

#[test]
fn concatenation() {
    for (dtype, tolerance) in precisions() {
        for ([batch, height, width], [first, second]) in
            [([1, 1, 1], [1, 1]), ([2, 5, 3], [3, 6]), ([2, 9, 7], [8, 4]), ([1, 65, 3], [64, 129])]
        {
            let inputs = [(first, 50), (second, 51)]
                .map(|(channels, seed)| numbers([batch, height, width, channels], seed));
            compare(
                &format!("concat {batch}×{height}×{width}×({first} + {second}) {dtype:?}"),
                inputs,
                tolerance,
                dtype,
                |[a, b], _| concat_channels(a, b),
                |[a, b], _| reference::concat_channels(a, b),
            );
        }
    }
}
