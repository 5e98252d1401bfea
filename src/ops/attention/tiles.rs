//! How the tiled attention kernels cut their work (see `shaders/attention_rows.wgsl` for the words).
//!
//! In 32 KiB of workgroup memory, f32, a thread computes 4 × 4 scores at every head size of Stable
//! Diffusion: size 40 by tiles of 64 queries × 40 keys with the whole head staged, 80 and 160 in parts
//! of 40 channels, 64 and 128 by 64 × 32 in parts of 32 channels. In 16 KiB the tiles are 64 × 20 in
//! parts of 20 channels at size 40, 32 × 32 in parts of 32 at 160. A head of 512 has so much output
//! that a thread keeps one row. The backward pass multiplies two pairs of rows: it stages size 40 whole in
//! 48 KiB, and in parts of 20 channels in 32 KiB.

/// Groups of threads in a workgroup; the `lanes` threads of a group share rows, different groups share none.
const ROW_GROUPS: u32 = 16;
/// Fewer workgroups than this leave much of a GPU idle: fewer rows in each are then faster.
const ENOUGH_WORKGROUPS: u32 = 128;
/// Most sums, in vec4s, that a thread can keep in registers beside scores and operands.
const MAX_SUMS: u32 = 16;
/// Numbers of lanes to choose from.
const LANES: [u32; 3] = [10, 8, 5];
/// Threads that run in step on most GPUs; a workgroup that is no multiple of it leaves some of them empty.
const STEP: u32 = 32;

/// The constants of an attention kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiles {
    /// Rows of a workgroup that a thread computes: 1, 2 or 4.
    pub thread_rows: u32,
    /// Threads that share a row.
    pub lanes: u32,
    /// vec4s of a head that are staged at a time.
    pub chunk: u32,
}

/// What the choice of tiles depends on.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// vec4s of a head.
    pub vectors: u32,
    /// Bytes of a staged vec4.
    pub staged_bytes: u32,
    /// Whether the lanes of a row tell each other their results, in one `vec4<f32>` per thread.
    pub exchanges: bool,
    /// Arrays of own rows, and as many of other rows, where workgroup memory holds whole rows; otherwise
    /// there is one of each.
    pub operands: u32,
    /// Results of the size of a head that a thread sums up for each of its rows.
    pub sums: u32,
    /// Rows of one batch row and head.
    pub tokens: u32,
    /// Batch rows times heads.
    pub heads: u32,
}

impl Tiles {
    /// The tiles with the most multiplications per number read that fit in `storage` bytes of workgroup
    /// memory. In 16 KiB, which every device has, some tiles fit for any head.
    pub fn fitting(task: Task, storage: u32) -> Self {
        let mut lanes_by_waste = LANES;
        lanes_by_waste.sort_by_key(|lanes| {
            let threads = ROW_GROUPS * lanes;
            task.vectors.next_multiple_of(*lanes) * threads.next_multiple_of(STEP) * 100 / threads
        });
        for thread_rows in [4, 2, 1] {
            for lanes in lanes_by_waste {
                for chunk in [task.vectors, 2 * lanes, lanes] {
                    let tiles = Self { thread_rows, lanes, chunk: chunk.min(task.vectors) };
                    if tiles.serve(task) && tiles.bytes(task) <= storage {
                        return tiles;
                    }
                }
            }
        }
        Self { thread_rows: 1, lanes: 8, chunk: 8 }
    }

    /// Rows that a workgroup owns.
    pub fn own(&self) -> u32 {
        ROW_GROUPS * self.thread_rows
    }

    /// Threads of a workgroup.
    pub fn threads(&self) -> u32 {
        ROW_GROUPS * self.lanes
    }

    /// Whether registers hold the sums and there are enough workgroups for a GPU. One row per thread, the
    /// least there is, always serves.
    fn serve(&self, task: Task) -> bool {
        let sums = self.thread_rows * task.vectors.div_ceil(self.lanes) * task.sums;
        let workgroups = task.tokens.div_ceil(self.own()) * task.heads;
        self.thread_rows == 1 || (sums <= MAX_SUMS && workgroups >= ENOUGH_WORKGROUPS)
    }

    /// Bytes of workgroup memory: own rows, other rows, weights, and what lanes exchange.
    pub fn bytes(&self, task: Task) -> u32 {
        let stride = self.chunk | 1;
        let others = 4 * self.lanes;
        let operands = if self.chunk == task.vectors { task.operands } else { 1 };
        let rows = operands * (self.own() + others) * stride;
        let exchanged = if task.exchanges { self.threads() * 16 } else { 0 };
        task.staged_bytes * (rows + self.own() * self.lanes) + exchanged
    }
}
