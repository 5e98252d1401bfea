//! How much work goes to the device at once.
//!
//! Submissions cost host time, so they should be few; and systems reset a GPU that computes on one
//! for about two seconds, so none may be long. Launches are queued until their work reaches the
//! budget of the device's profile, then submitted. burn submits after a number of launches too
//! ([`super::device`]), which bounds its own small ones that aren't counted here.

use std::cell::Cell;

use burn::backend::wgpu::CubeTensor;

use super::{Work, profile::KernelProfile};

/// A byte moved takes a GPU as long as this many floating-point operations, within a factor of two
/// or three on most.
const FLOPS_A_BYTE: u64 = 10;

thread_local! {
    /// Work queued since the last submission of ours.
    static QUEUED: Cell<u64> = const { Cell::new(0) };
}

/// Submits what is queued on the device of `tensor` if the next launch would go beyond the budget.
/// A launch that is larger than the budget goes alone.
pub(super) fn make_room(tensor: &CubeTensor, flops: u64, bytes: u64) {
    // Both at the same time: the longer decides.
    let next = flops.max(bytes * FLOPS_A_BYTE);
    let queued = QUEUED.get();
    if queued > 0 && queued + next > KernelProfile::of(tensor).submission_budget {
        // A device that can't take work says so at the next read-back.
        let _ = tensor.client.flush();
        Work::count_submission();
        QUEUED.set(next);
    } else {
        QUEUED.set(queued + next);
    }
}
