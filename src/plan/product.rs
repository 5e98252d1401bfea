//! The size of a matrix product, from which a device says how it cuts it up.

use crate::gpu::tiles::Workload;

/// The size of a matrix product, in the words of [`Workload`].
#[derive(Clone, Copy, Debug)]
pub struct Product {
    pub rows: u64,
    pub columns: u64,
    pub depth: u64,
    pub groups: u64,
}

impl Product {
    pub fn new(rows: u64, columns: u64, depth: u64) -> Self {
        Self { rows, columns, depth, groups: 1 }
    }

    /// The same with another, of that depth, in its sums.
    pub fn deeper(self, depth: u64) -> Self {
        Self { depth: self.depth + depth, ..self }
    }

    /// The same for a tile table.
    pub fn workload(self) -> Workload {
        // What is larger than a browser's `usize` fits no device, whatever its sums would take.
        let extent = |extent: u64| usize::try_from(extent).unwrap_or(usize::MAX);
        Workload {
            rows: extent(self.rows),
            columns: extent(self.columns),
            depth: extent(self.depth),
            groups: extent(self.groups),
        }
    }
}
