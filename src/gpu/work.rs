//! Counts what our kernels are asked to do, so that a duration can be set against the floor.
//!
//! burn's own element-wise launches are not counted: beside the kernels they move few bytes.

use std::{cell::Cell, ops::Sub};

use serde::Serialize;

/// Launches, floating-point operations (a fused multiply-add is two), and bytes that must move at
/// least: every operand read once, every result written once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Work {
    pub launches: u64,
    pub flops: u64,
    pub bytes: u64,
    /// Submissions that were made because enough work was queued, beside burn's own.
    pub submissions: u64,
    /// Times the host waited for results.
    pub reads: u64,
}

impl Sub for Work {
    type Output = Self;

    /// What was asked between two readings of [`Work::so_far`].
    fn sub(self, earlier: Self) -> Self {
        Self {
            launches: self.launches - earlier.launches,
            flops: self.flops - earlier.flops,
            bytes: self.bytes - earlier.bytes,
            submissions: self.submissions - earlier.submissions,
            reads: self.reads - earlier.reads,
        }
    }
}

thread_local! {
    static TOTAL: Cell<Work> =
        const { Cell::new(Work { launches: 0, flops: 0, bytes: 0, submissions: 0, reads: 0 }) };
}

impl Work {
    /// All that this thread has asked for since it started.
    pub fn so_far() -> Self {
        TOTAL.get()
    }

    /// Adds one launch.
    pub(super) fn count(flops: u64, bytes: u64) {
        let so_far = TOTAL.get();
        TOTAL.set(Self {
            launches: so_far.launches + 1,
            flops: so_far.flops + flops,
            bytes: so_far.bytes + bytes,
            ..so_far
        });
    }

    /// Adds one submission.
    pub(super) fn count_submission() {
        let so_far = TOTAL.get();
        TOTAL.set(Self { submissions: so_far.submissions + 1, ..so_far });
    }

    /// Adds one read-back.
    pub(super) fn count_read() {
        let so_far = TOTAL.get();
        TOTAL.set(Self { reads: so_far.reads + 1, ..so_far });
    }
}
