//! Counts the work that our kernels are asked to do, so that a duration can be set against the least
//! possible.
//!
//! burn's own element-wise launches are not counted: beside the kernels they move few bytes.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    iter::Sum,
    ops::{AddAssign, Sub},
};

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
    /// Those of the launches that were repeated from a recording ([`super::Replay`]).
    pub repeated: u64,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.launches += other.launches;
        self.flops += other.flops;
        self.bytes += other.bytes;
        self.submissions += other.submissions;
        self.reads += other.reads;
        self.repeated += other.repeated;
    }
}

impl Sum for Work {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |mut sum, part| {
            sum += part;
            sum
        })
    }
}

impl Sub for Work {
    type Output = Self;

    /// The work asked for between two readings of [`Work::so_far`].
    fn sub(self, earlier: Self) -> Self {
        Self {
            launches: self.launches - earlier.launches,
            flops: self.flops - earlier.flops,
            bytes: self.bytes - earlier.bytes,
            submissions: self.submissions - earlier.submissions,
            reads: self.reads - earlier.reads,
            repeated: self.repeated - earlier.repeated,
        }
    }
}

/// Work by the kind of kernel that does it ("linear", "convolution", "group_norm", …).
pub type WorkByKind = BTreeMap<&'static str, Work>;

thread_local! {
    static TOTAL: RefCell<WorkByKind> = const { RefCell::new(WorkByKind::new()) };
    static COUNT_ONLY: Cell<bool> = const { Cell::new(false) };
}

fn add(kind: &'static str, work: Work) {
    TOTAL.with_borrow_mut(|total| *total.entry(kind).or_default() += work);
}

impl Work {
    /// All that this thread has asked for since it started.
    pub fn so_far() -> Self {
        TOTAL.with_borrow(|total| total.values().copied().sum())
    }

    /// The work that `asked` asks of our kernels, by kind, without computing it: the kernels are not launched
    /// and their results stay undefined. burn's own operations run all the same.
    pub fn count_without_launching(asked: impl FnOnce()) -> WorkByKind {
        let earlier = TOTAL.with_borrow(Clone::clone);
        COUNT_ONLY.set(true);
        asked();
        COUNT_ONLY.set(false);
        let earlier_of = |kind| earlier.get(kind).copied().unwrap_or_default();
        TOTAL
            .with_borrow(Clone::clone)
            .into_iter()
            .map(|(kind, work)| (kind, work - earlier_of(kind)))
            .filter(|(_, work)| work.launches > 0)
            .collect()
    }

    /// Whether this thread's launches are counted and do not take place.
    pub(super) fn is_only_counted() -> bool {
        COUNT_ONLY.get()
    }

    /// What `recorded` returns, and the work that it launches. That work is not counted: it takes place
    /// when the recording is repeated.
    pub(super) fn uncounted<T>(recorded: impl Fn() -> T) -> (T, Self) {
        let earlier = TOTAL.with_borrow(Clone::clone);
        let returned = recorded();
        let later = TOTAL.replace(earlier);
        (returned, later.into_values().sum::<Self>() - Self::so_far())
    }

    /// Adds one launch of a kernel of that kind; returns whether it is to take place.
    pub(super) fn count(kind: &'static str, flops: u64, bytes: u64) -> bool {
        add(kind, Self { launches: 1, flops, bytes, ..Self::default() });
        !COUNT_ONLY.get()
    }

    /// Adds the work of one repetition of a recording.
    pub(super) fn count_repeated(work: Self) {
        add("repeated", Self { repeated: work.launches, ..work });
    }

    /// Adds one submission.
    pub(super) fn count_submission() {
        add("submission", Self { submissions: 1, ..Self::default() });
    }

    /// Adds one read-back.
    pub(super) fn count_read() {
        add("read", Self { reads: 1, ..Self::default() });
    }
}
