//! Reorders the weights of 3×3 convolutions while they are read: PyTorch's `[out, in, 3, 3]` → `[3, 3, in, out]`,
//! which our convolutions read ([`to_taps_first`](crate::ops::conv2d::to_taps_first) does the same on the device).
//!
//! For a software adapter, whose general copy of a permuted view costs several times this loop (a GPU does it in
//! a fraction of the time that the bytes take to get there), and for what is packed on its way.

use super::convert::Floats;

/// Places of a 3×3 kernel.
const TAPS: usize = 9;
/// Outputs and inputs that are moved together, so that what is read and what is written stay in the
/// innermost cache.
const OUTPUTS: usize = 64;
const INPUTS: usize = 16;

/// Outputs and inputs of a 3×3 convolution's weight, by its shape.
pub(super) fn kernel_sizes(shape: &[usize]) -> Option<[usize; 2]> {
    match *shape {
        [outputs, inputs, 3, 3] => Some([outputs, inputs]),
        _ => None,
    }
}

/// Puts the weights of whole outputs, `part` from output `first` on, where they belong in `whole`.
pub(super) fn reorder(part: &Floats, whole: &mut Floats, first: usize, sizes: [usize; 2]) {
    match (part, whole) {
        (Floats::F32(part), Floats::F32(whole)) => reorder_numbers(part, whole, first, sizes),
        (Floats::F16(part), Floats::F16(whole)) => reorder_numbers(part, whole, first, sizes),
        _ => unreachable!("both are of the type that the device computes in"),
    }
}

/// whole[t, i, first + o] = part[o, i, t]
fn reorder_numbers<T: Copy>(part: &[T], whole: &mut [T], first: usize, [outputs, inputs]: [usize; 2]) {
    let row = inputs * TAPS;
    let count = part.len() / row.max(1);
    for output in (0..count).step_by(OUTPUTS) {
        let together = OUTPUTS.min(count - output);
        for begin in (0..inputs).step_by(INPUTS) {
            for input in begin..inputs.min(begin + INPUTS) {
                for tap in 0..TAPS {
                    let from = part[output * row + input * TAPS + tap..].iter().step_by(row);
                    let to = &mut whole[(tap * inputs + input) * outputs + first + output..][..together];
                    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }
}
