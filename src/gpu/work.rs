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
}

impl Sub for Work {
    type Output = Self;

    /// What was asked between two readings of [`Work::so_far`].
    fn sub(self, earlier: Self) -> Self {
        Self {
            launches: self.launches - earlier.launches,
            flops: self.flops - earlier.flops,
            bytes: self.bytes - earlier.bytes,
        }
    }
}

thread_local! {
    static TOTAL: Cell<Work> = const { Cell::new(Work { launches: 0, flops: 0, bytes: 0 }) };
}

impl Work {
    /// All that this thread has asked for since it started.
    pub fn so_far() -> Self {
        TOTAL.get()
    }

    /// Adds one launch.
    pub(super) fn count(flops: u64, bytes: u64) {
        let Self { launches, flops: all_flops, bytes: all_bytes } = TOTAL.get();
        TOTAL.set(Self { launches: launches + 1, flops: all_flops + flops, bytes: all_bytes + bytes });
    }
}
