//! How attention's kernels are cut up: what fits, and how much is shared.

use palpable::ops::attention::tiles::{Task, Tiles};

/// A guided step's batch of two with eight heads at 64 × 64.
fn task(head_size: u32, sums: u32, staged_bytes: u32) -> Task {
    let vectors = head_size.div_ceil(4);
    Task { vectors, staged_bytes, exchanges: sums == 1, operands: sums, sums, tokens: 4096, heads: 16 }
}

#[test]
fn tiles_fit_in_the_memory_there_is() {
    for storage in [16 * 1024, 32 * 1024] {
        for head_size in 1..=1024 {
            for (sums, staged_bytes) in [(1, 16), (1, 8), (2, 16)] {
                let task = task(head_size, sums, staged_bytes);
                let tiles = Tiles::fitting(task, storage);
                assert!(tiles.bytes(task) <= storage, "{head_size}: {tiles:?}");
                assert!(tiles.threads() <= 256);
            }
        }
    }
}

#[test]
fn the_large_level_gets_the_large_tiles() {
    let tiles = Tiles::fitting(task(40, 1, 16), 32 * 1024);
    assert_eq!(tiles, Tiles { thread_rows: 4, lanes: 10, chunk: 10 });
    let tiles = Tiles::fitting(task(40, 1, 16), 16 * 1024);
    assert_eq!(tiles, Tiles { thread_rows: 4, lanes: 5, chunk: 5 });
}

/// Twice the whole heads and their weights: 46,848 bytes.
#[test]
fn whole_heads_of_both_operands_fit_in_48_kibibytes_backward() {
    let tiles = Tiles::fitting(task(40, 2, 16), 48 * 1024);
    assert_eq!(tiles, Tiles { thread_rows: 4, lanes: 10, chunk: 10 });
}

#[test]
fn few_rows_are_spread_over_many_workgroups() {
    let few = Task { tokens: 77, heads: 12, ..task(64, 1, 16) };
    assert_eq!(Tiles::fitting(few, 32 * 1024).thread_rows, 1);
}
