//! How matrix products are cut up: what fits, and what is chosen for which size.

use burn::tensor::DType;
use palpable::gpu::KernelProfile;
use palpable::gpu::tiles::{Candidate, TILES, Tile, TileTable, Unit, Workload};

fn chosen(rows: usize, columns: usize, depth: usize) -> (&'static Tile, u32) {
    let candidate =
        TileTable::default().choose(Workload { rows, columns, depth, groups: 1 }, DType::F32, false);
    (candidate.tile(), candidate.splits)
}

#[test]
fn tiles_fit_every_webgpu_device() {
    for tile in &TILES {
        let (threads, bytes) = match tile.unit {
            // A vec4 of padding after each line of both tiles, in f32.
            Unit::Thread => (tile.units(), tile.depth * (tile.rows + 4 + tile.columns + 4) * 4),
            // Two vec4s in f16, and a square of each subgroup's sums in f32.
            Unit::Subgroup => (
                tile.units() * 32,
                tile.depth * (tile.rows + 8 + tile.columns + 8) * 2 + tile.units() * 16 * 16 * 4,
            ),
        };
        assert!(bytes <= 16 * 1024 && threads <= 256, "{tile:?}: {bytes} bytes");
        for extent in [tile.rows, tile.columns] {
            let blocks = extent * tile.depth / 16;
            // All of a thread's blocks are of the same four lines.
            let shared_out = blocks % threads == 0 && threads % (extent / 2) == 0;
            assert!(blocks <= threads || shared_out, "{tile:?}: {blocks} blocks");
        }
    }
}

#[test]
fn large_products_take_large_tiles_whole() {
    let (tile, splits) = chosen(8192, 1280, 1280);
    assert!(tile.unit_rows * tile.unit_columns == 64 && splits == 1, "{tile:?} × {splits}");
}

/// They compute in 16 bits only, and only where the device has them.
#[test]
fn matrix_units_are_taken_where_they_can_compute() {
    let workload = Workload { rows: 8192, columns: 1280, depth: 1280, groups: 1 };
    let unit = |dtype, matrix_units| TileTable::default().choose(workload, dtype, matrix_units).tile().unit;
    assert_eq!(unit(DType::F16, true), Unit::Subgroup);
    assert_eq!([unit(DType::F16, false), unit(DType::F32, true)], [Unit::Thread; 2]);
}

/// All of them may be ruled out; threads are left.
#[test]
fn wrong_matrix_units_are_ruled_out() {
    let by_subgroups = Candidate::all().filter(|candidate| candidate.tile().unit == Unit::Subgroup);
    let table = by_subgroups.fold(TileTable::default(), TileTable::without);
    let workload = Workload { rows: 8192, columns: 1280, depth: 1280, groups: 1 };
    assert_eq!(table.choose(workload, DType::F16, true), table.choose(workload, DType::F16, false));
}

/// The deepest level of SD 1.5 at batch 1, and the gradient of a LoRA factor.
#[test]
fn few_tiles_are_split() {
    for (rows, columns, depth) in [(64, 1280, 11520), (32, 320, 4096)] {
        let (tile, splits) = chosen(rows, columns, depth);
        assert!(splits > 1, "{rows}×{columns}×{depth}: {tile:?}");
    }
}

#[test]
fn a_software_adapter_splits_nothing() {
    let workload = Workload { rows: 64, columns: 320, depth: 11520, groups: 1 };
    assert_eq!(TileTable::untuned(true).choose(workload, DType::F32, false).splits, 1);
}

#[test]
fn splits_store_little() {
    // Of the smaller one all 32 sums have room, of the other half of them.
    for side in [512, 640] {
        let (_, splits) = chosen(side, side, 1 << 20);
        assert!(splits > 1 && splits as usize * side * side <= 8 << 20, "{splits}");
    }
}

/// A quarter of a second at the measured speed, where that can be believed; a careful one where none was measured,
/// but for a software adapter.
#[test]
fn a_submission_is_a_quarter_of_a_second() {
    let budget = |flops_per_second: u64, measured: bool, software: bool| {
        let mut tiles = TileTable::default();
        tiles.measured = measured;
        tiles.f32.iter_mut().for_each(|speed| speed.flops_per_second = flops_per_second);
        KernelProfile { software, ..KernelProfile::default() }.with_tiles(tiles).submission_budget
    };
    assert_eq!(budget(4_000_000_000_000, true, false), 1_000_000_000_000);
    assert_eq!(budget(4_000_000_000_000, false, false), 10_000_000_000);
    assert_eq!(budget(8_000_000_000, false, true), 2_000_000_000);
    assert_eq!([1, u64::MAX].map(|speed| budget(speed, true, false)), [100_000_000, 20_000_000_000_000]);
}

/// Of sizes that are four times the next, up to the most.
#[test]
fn splits_share_few_buffers() {
    let bytes = |rows, splits| Workload { rows, columns: 1280, depth: 1 << 12, groups: 1 }.sum_bytes(splits);
    assert_eq!(bytes(64, 1), 0);
    let mut sizes: Vec<u64> = (1..=200).map(|rows| bytes(rows, 32)).collect();
    assert!(sizes.iter().zip(1..).all(|(&size, rows)| size >= rows * 1280 * 32 * 4));
    sizes.dedup();
    assert_eq!(sizes, [512 << 10, 2 << 20, 8 << 20, 32 << 20]);
}

#[test]
fn a_grid_stays_within_the_limit() {
    // Of workgroups in one dimension, as WebGPU has it.
    let most_workgroups = 65_535;
    let rows = 32 * 70_000;
    let (tile, _) = chosen(rows, 4, 8);
    assert!(rows.div_ceil(tile.rows as usize) <= most_workgroups);
}

#[test]
fn what_is_ruled_out_is_not_chosen_and_one_is_left() {
    let keep = Candidate::all().nth(20).expect("more candidates");
    let table =
        Candidate::all().filter(|&other| other != keep).fold(TileTable::default(), TileTable::without);
    assert_eq!(table, TileTable::default().only(keep));
    let workload = Workload { rows: 100, columns: 100, depth: 100, groups: 1 };
    assert_eq!(table.choose(workload, DType::F32, false), keep);
    assert_eq!(table.without(keep).choose(workload, DType::F16, false), keep);
}
