//! How a matrix product is cut up: the tile of a workgroup, and into how many sums the depth is split.
//!
//! A device is described by a few plain numbers for each tile ([`TileTable`]); from them the time of a
//! product is predicted for each [`Candidate`], and the least is taken. The numbers are measured once
//! ([`super::tune`]) or, before that, are a mid-sized GPU's.

use burn::tensor::DType;
use serde::{Deserialize, Serialize};

use super::kernel::MAX_WORKGROUPS;

/// What one workgroup computes: `rows` × `columns` of the result, `depth` numbers of each sum at a
/// time. Each unit computes `unit_rows` × `unit_columns` of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Tile {
    pub rows: u32,
    pub columns: u32,
    pub depth: u32,
    pub unit: Unit,
    pub unit_rows: u32,
    pub unit_columns: u32,
}

/// Who computes a part of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Thread,
    /// By the GPU's [matrix units](super::MatrixUnits), in 16 bits only.
    Subgroup,
}

impl Tile {
    const fn new([rows, columns, depth]: [u32; 3], unit: Unit, [unit_rows, unit_columns]: [u32; 2]) -> Self {
        Self { rows, columns, depth, unit, unit_rows, unit_columns }
    }

    /// Parts of the tile: threads or subgroups of the workgroup.
    pub fn units(&self) -> u32 {
        (self.rows / self.unit_rows) * (self.columns / self.unit_columns)
    }
}

const TILE_COUNT: usize = 9;
/// The first of the tiles are computed by threads.
pub(super) const THREAD_TILES: usize = 6;

/// The tiles, those of each kind ordered from the most reuse of loaded numbers to the most workgroups. Each fits
/// 16 KiB of workgroup memory and, where subgroups have 32 threads, 256 threads; it is staged in 4 × 4 blocks, of
/// which the threads take one each or all of them equally many.
pub static TILES: [Tile; TILE_COUNT] = [
    Tile::new([128, 64, 16], Unit::Thread, [8, 8]),
    Tile::new([64, 64, 16], Unit::Thread, [8, 8]),
    Tile::new([64, 64, 16], Unit::Thread, [8, 4]),
    Tile::new([128, 32, 16], Unit::Thread, [8, 4]),
    Tile::new([32, 64, 16], Unit::Thread, [4, 4]),
    Tile::new([32, 32, 16], Unit::Thread, [4, 4]),
    Tile::new([128, 64, 16], Unit::Subgroup, [32, 32]),
    Tile::new([64, 64, 32], Unit::Subgroup, [32, 32]),
    Tile::new([32, 64, 32], Unit::Subgroup, [16, 32]),
];

/// Nanoseconds from the end of a launch to the start of the next one that waits for it, on most GPUs.
const DEVICE_LAUNCH_NANOSECONDS: f64 = 5_000.0;

/// Numbers of sums that the depth may be split into.
const SPLITS: [u32; 6] = [1, 2, 4, 8, 16, 32];

/// Splits that would store more sums than this (32 MiB) are not considered: products with so many
/// results have enough workgroups.
const MAX_SUMS: f64 = (8 << 20) as f64;

/// One way to cut up a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Index into [`TILES`].
    tile: usize,
    pub splits: u32,
}

impl Candidate {
    /// Every tile with every number of splits.
    pub fn all() -> impl Iterator<Item = Self> {
        let tiles = 0..TILE_COUNT;
        tiles.flat_map(|tile| SPLITS.into_iter().map(move |splits| Self { tile, splits }))
    }

    /// Every tile with the depth in one sum, in the order of a [`TileTable`]'s speeds.
    pub(super) fn whole() -> impl Iterator<Item = Self> {
        (0..TILE_COUNT).map(|tile| Self { tile, splits: 1 })
    }

    /// The smallest tile with the depth in one sum: the candidate that asks the least of a device.
    pub fn simplest() -> Self {
        Self { tile: THREAD_TILES - 1, splits: 1 }
    }

    /// Whether it computes in this type on a device with or without matrix units.
    pub fn computes(self, dtype: DType, matrix_units: bool) -> bool {
        self.tile().unit == Unit::Thread || (matrix_units && dtype == DType::F16)
    }

    pub fn tile(self) -> &'static Tile {
        &TILES[self.tile_index()]
    }

    /// The index into [`TILES`].
    pub(super) fn tile_index(self) -> usize {
        self.tile % TILE_COUNT
    }
}

/// The size of a product.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    pub rows: usize,
    pub columns: usize,
    /// Products in one sum.
    pub depth: usize,
    /// Number of such matrices that are computed side by side.
    pub groups: usize,
}

impl Workload {
    /// Numbers of workgroups: across, down, and through the splits.
    pub fn workgroups(&self, tile: &Tile, splits: u32) -> [u32; 3] {
        let across = self.columns.div_ceil(tile.columns as usize);
        let down = self.rows.div_ceil(tile.rows as usize) * self.groups;
        [across as u32, down as u32, splits]
    }

    /// Bytes of the buffer for the sums of so many splits; 0 where the depth isn't split. They are rounded up to
    /// 32 MiB, or that divided by a power of four: only one is in use at a time, but each size keeps a buffer.
    pub fn sum_bytes(&self, splits: u32) -> u64 {
        if splits == 1 {
            return 0;
        }
        let bytes = self.sums(splits) as u64 * size_of::<f32>() as u64;
        // 2 to an odd power, as 32 MiB is.
        1 << (bytes.next_power_of_two().trailing_zeros() | 1)
    }

    /// Number of sums that the splits store.
    fn sums(&self, splits: u32) -> f64 {
        [splits as usize, self.rows, self.columns, self.groups]
            .into_iter()
            .map(|extent| extent as f64)
            .product()
    }
}

/// How fast a device computes with one tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speed {
    /// Speed with as many workgroups as the device can use.
    pub flops_per_second: u64,
    /// That speed divided by a lone workgroup's.
    pub in_flight: u32,
}

/// The properties of a device that decide how matrix products are cut up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TileTable {
    pub f32: [Speed; THREAD_TILES],
    pub f16: [Speed; TILE_COUNT],
    /// Memory bandwidth, for writing and reading the sums of splits.
    pub bytes_per_second: u64,
    /// Cost of a launch beside its work, on the host or on the device, whichever is longer.
    pub launch_nanoseconds: u64,
    /// Whether any speed was measured; otherwise only the ratios between the speeds mean something.
    pub measured: bool,
    /// Candidates that must not be used.
    pub(super) excluded: Vec<Candidate>,
}

impl Default for TileTable {
    /// A GPU of about forty cores, used from a browser. Only the ratios matter for the choice.
    fn default() -> Self {
        let speed =
            |gigaflops: u64, in_flight| Speed { flops_per_second: gigaflops * 1_000_000_000, in_flight };
        let f16 = [
            speed(4_000, 96),
            speed(4_000, 192),
            speed(3_400, 96),
            speed(3_200, 96),
            speed(2_400, 96),
            speed(2_000, 160),
            speed(16_000, 96),
            speed(16_000, 96),
            speed(12_000, 96),
        ];
        Self {
            f32: std::array::from_fn(|tile| f16[tile]),
            f16,
            bytes_per_second: 200_000_000_000,
            launch_nanoseconds: 20_000,
            measured: false,
            excluded: Vec::new(),
        }
    }
}

impl TileTable {
    /// The table before anything is measured. A software adapter has a few cores, which are taken as one:
    /// every product has enough workgroups for it, so none is split. It also compiles as slowly as it
    /// computes, so it gets only the tile with the shortest program.
    pub fn untuned(software: bool) -> Self {
        let table = Self::default();
        if !software {
            return table;
        }
        let slow = |speed: Speed| Speed { flops_per_second: speed.flops_per_second / 400, in_flight: 1 };
        Self {
            f32: table.f32.map(slow),
            f16: table.f16.map(slow),
            bytes_per_second: 5_000_000_000,
            launch_nanoseconds: 50_000,
            ..table
        }
        .only(Candidate::simplest())
    }

    /// The speed of the fastest tile that may be used, in f32.
    pub fn flops_per_second(&self) -> u64 {
        let usable = Candidate::all()
            .filter(|candidate| candidate.computes(DType::F32, false) && !self.excluded.contains(candidate));
        usable.map(|candidate| self.f32[candidate.tile_index()].flops_per_second).max().unwrap_or_default()
    }

    /// The same with the host's measured seconds per launch, but never less than the device's own part, which
    /// can't be measured.
    pub(super) fn with_launches_of(self, seconds: f64) -> Self {
        Self { launch_nanoseconds: (seconds * 1e9).max(DEVICE_LAUNCH_NANOSECONDS) as u64, ..self }
    }

    /// The same without a candidate that is wrong or fails on the device. The last one that computes everywhere
    /// stays.
    pub fn without(mut self, candidate: Candidate) -> Self {
        let everywhere = |candidate: &Candidate| candidate.computes(DType::F32, false);
        let left =
            Candidate::all().filter(|other| everywhere(other) && !self.excluded.contains(other)).count();
        if (left > 1 || !everywhere(&candidate)) && !self.excluded.contains(&candidate) {
            self.excluded.push(candidate);
        }
        self
    }

    /// The same with this candidate alone, to test or to time it.
    pub fn only(mut self, candidate: Candidate) -> Self {
        self.excluded = Candidate::all().filter(|&other| other != candidate).collect();
        self
    }

    /// The candidate with the least predicted time; among equals the one with the larger tile. `matrix_units`:
    /// whether the device has them.
    pub fn choose(&self, workload: Workload, dtype: DType, matrix_units: bool) -> Candidate {
        let speeds: &[Speed] = if dtype == DType::F16 { &self.f16 } else { &self.f32 };
        let fits = |candidate: &Candidate| {
            let [_, down, splits] = workload.workgroups(candidate.tile(), candidate.splits);
            down <= MAX_WORKGROUPS && (splits == 1 || workload.sums(splits) <= MAX_SUMS)
        };
        Candidate::all()
            .filter(|candidate| candidate.computes(dtype, matrix_units))
            .filter(|candidate| !self.excluded.contains(candidate) && fits(candidate))
            .map(|candidate| (candidate, self.seconds(workload, candidate, speeds[candidate.tile])))
            .min_by(|(_, one), (_, other)| one.total_cmp(other))
            .map_or(Candidate { tile: 0, splits: 1 }, |(candidate, _)| candidate)
    }

    /// Predicted seconds: (workgroups / in flight + ½, but at least 1) · (work of one) / (speed of one), plus
    /// the cost of splitting: every sum is written and read once more, by another launch. Workgroups start as
    /// others end, not in rounds; the half stands for the end, where fewer and fewer are left.
    fn seconds(&self, workload: Workload, candidate: Candidate, speed: Speed) -> f64 {
        let Candidate { splits, .. } = candidate;
        let tile = candidate.tile();
        let [across, down, _] = workload.workgroups(tile, splits);
        let workgroups = f64::from(across) * f64::from(down) * f64::from(splits);
        let rounds = (workgroups / f64::from(speed.in_flight.max(1)) + 0.5).max(1.0);
        let depth = workload.depth.div_ceil(tile.depth as usize).div_ceil(splits as usize);
        let work = 2.0 * f64::from(tile.rows * tile.columns * tile.depth) * depth as f64;
        let one = speed.flops_per_second.max(1) as f64 / f64::from(speed.in_flight.max(1));
        let compute = rounds * work / one;
        if splits == 1 {
            return compute;
        }
        let bytes = 2.0 * size_of::<f32>() as f64 * workload.sums(splits);
        let traffic = bytes / self.bytes_per_second.max(1) as f64;
        compute + traffic + self.launch_nanoseconds as f64 * 1e-9
    }
}
