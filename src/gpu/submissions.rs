//! How much work goes to the device at once.
//!
//! Submissions cost host time, so they should be few; and systems reset a GPU that computes on one
//! for about two seconds, so none may be long. Launches are queued until their work reaches the
//! budget of the device's profile, then submitted. burn also submits after a number of launches
//! ([`DISPATCHES_PER_SUBMISSION`]), which bounds its own small launches that aren't counted here.

use std::cell::{Cell, RefCell};

use burn::backend::{BackendTensor, DispatchTensorKind, wgpu::CubeTensor};
use burn::tensor::{Tensor, kind::Basic};
use cubecl::client::Client;

use super::{Work, profile::KernelProfile};

/// A byte moved takes a GPU as long as this many floating-point operations, within a factor of two
/// or three on most.
const FLOPS_A_BYTE: u64 = 10;

/// Dispatches in one command submission: large enough to hide the cost of submitting, small enough
/// that a weak GPU finishes one well within the two seconds after which systems reset it.
pub(super) const DISPATCHES_PER_SUBMISSION: usize = 64;

thread_local! {
    /// Work queued since our last submission, in floating-point operations.
    static QUEUED: Cell<u64> = const { Cell::new(0) };
    /// Work of each launch, collected only while `largest_of` runs.
    static LAUNCHES: RefCell<Option<Vec<u64>>> = const { RefCell::new(None) };
}

/// Number of launches in which that work goes to the device of `tensor`, so that none exceeds the budget. A
/// software adapter is never reset: it gets its work in one.
pub(super) fn parts(tensor: &CubeTensor, flops: u64, bytes: u64) -> u64 {
    let profile = KernelProfile::of(tensor);
    if profile.software { 1 } else { size(flops, bytes).div_ceil(profile.submission_budget.max(1)).max(1) }
}

/// Work in floating-point operations. Arithmetic and memory traffic run at the same time: the longer decides.
fn size(flops: u64, bytes: u64) -> u64 {
    flops.max(bytes.saturating_mul(FLOPS_A_BYTE))
}

/// Submits what is queued if the next launch would exceed the budget of `tensor`'s device. A launch that is
/// larger than the budget goes alone.
pub(super) fn make_room_for_launch(tensor: &CubeTensor, flops: u64, bytes: u64) {
    let next = size(flops, bytes);
    LAUNCHES.with_borrow_mut(|launches| launches.iter_mut().for_each(|launches| launches.push(next)));
    if QUEUED.get() + next > KernelProfile::of(tensor).submission_budget {
        make_room(&tensor.client, next);
    } else {
        QUEUED.set(QUEUED.get() + next);
    }
}

/// Submits what is queued, if anything is, before work of size `next` is queued.
pub(super) fn make_room(client: &Client, next: u64) {
    if QUEUED.get() > 0 {
        // A device that can't take work says so at the next read-back.
        let _ = client.flush();
        Work::count_submission();
    }
    QUEUED.set(next);
}

/// Runs `asked`; returns its result, and the most work in as many consecutive launches as burn submits at
/// once.
pub(super) fn largest_of<T>(asked: impl Fn() -> T) -> (T, u64) {
    LAUNCHES.set(Some(Vec::new()));
    let returned = asked();
    let launches = LAUNCHES.take().unwrap_or_default();
    let most = launches.windows(DISPATCHES_PER_SUBMISSION.min(launches.len()).max(1));
    (returned, most.map(|row| row.iter().sum()).max().unwrap_or(0))
}

/// Submits the work queued for the tensor's device. Numbers that are brought there stay on the host until
/// then.
pub(crate) fn submit_queued<const D: usize, K: Basic>(tensor: &Tensor<D, K>) {
    if let Some(tensor) = primitive(tensor.clone()) {
        // A device that can't take work says so at the next read-back.
        let _ = tensor.client.flush();
        QUEUED.set(0);
    }
}

/// The tensor as our kernels take it; None on burn's CPU backend.
pub(super) fn primitive<const D: usize, K: Basic>(tensor: Tensor<D, K>) -> Option<CubeTensor> {
    match tensor.into_dispatch().kind {
        DispatchTensorKind::Cube(BackendTensor::Float(tensor) | BackendTensor::Int(tensor)) => Some(tensor),
        #[allow(unreachable_patterns)] // the only other backend is native
        _ => None,
    }
}
