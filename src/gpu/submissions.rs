//! How much work goes to the device at once.
//!
//! Submissions cost host time, so they should be few; and systems reset a GPU that computes on one
//! for about two seconds, so none may be long. Launches are queued until their work reaches the
//! budget of the device's profile, then submitted. burn submits after a number of launches too
//! ([`super::device`]), which bounds its own small ones that aren't counted here.

use std::cell::Cell;

use burn::backend::{BackendTensor, DispatchTensorKind, wgpu::CubeTensor};
use burn::tensor::Tensor;

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

/// Submits what waits on the tensor's device. Numbers that were brought there lie on the host until then.
pub(crate) fn hand_over(tensor: &Tensor<1>) {
    if let Some(tensor) = primitive(tensor.clone()) {
        // A device that can't take work says so at the next read-back.
        let _ = tensor.client.flush();
        QUEUED.set(0);
    }
}

/// The tensor as our kernels take it; none on burn's CPU backend.
pub(super) fn primitive<const D: usize>(tensor: Tensor<D>) -> Option<CubeTensor> {
    match tensor.into_dispatch().kind {
        DispatchTensorKind::Cube(BackendTensor::Float(tensor)) => Some(tensor),
        #[allow(unreachable_patterns)] // the only other backend is native
        _ => None,
    }
}
