//! Every way to cut up a matrix product gives what the reference gives, not only the chosen one.

use std::time::Instant;

use burn::tensor::{DType, FloatDType, Tensor};
use palpable::gpu::tiles::{Candidate, Speed, TILES, Tile, TileTable, Unit, Workload};
use palpable::gpu::{Gpu, KernelProfile, MatrixLanguage, MatrixUnits, Work, launch_probes, tune};
use palpable::ops::{conv2d, linear};

use crate::comparison::{compare_on, numbers, precisions};
use crate::support::{open_gpu, values};

/// Does something with every candidate as the only one, on a device of its own, so that no other test
/// computes by its tables.
fn with_each(candidates: impl Iterator<Item = Candidate>, test: impl Fn(&Gpu, Candidate)) {
    with_each_and(|profile| profile, candidates, test);
}

fn with_each_and(
    change: impl Fn(KernelProfile) -> KernelProfile,
    candidates: impl Iterator<Item = Candidate>,
    test: impl Fn(&Gpu, Candidate),
) {
    let gpu = open_gpu();
    let profile = change(KernelProfile::on(&gpu.device));
    for candidate in candidates {
        let tiles = profile.tiles.clone().only(candidate);
        KernelProfile { tiles, ..profile.clone() }.set(&gpu.device);
        test(&gpu, candidate);
    }
}

/// How many of an operation's shapes a candidate is tested with: all where the sum is whole. How a tile
/// is staged does not depend on the splits, and how the splits are added up not on the tile. None where the
/// device lacks the matrix units that the candidate computes by.
fn shapes(gpu: &Gpu, candidate: Candidate, dtype: FloatDType) -> usize {
    let by_subgroups = candidate.tile().unit == Unit::Subgroup;
    if !candidate.computes(dtype.into(), KernelProfile::on(&gpu.device).matrix_units.is_some()) {
        return 0;
    }
    match (dtype, candidate.splits) {
        (FloatDType::F32, 1) => 2,
        (_, 1) if by_subgroups => 2,
        (FloatDType::F32, _) | (_, 1 | 4) => 1,
        _ => 0,
    }
}

fn first_tile() -> &'static Tile {
    Candidate::all().next().expect("there are candidates").tile()
}

/// Every tile with its sum whole and split; every split with one tile.
#[test]
fn linear_layers_by_every_tile_and_split() {
    let candidates = Candidate::all()
        .filter(|candidate| [1, 4].contains(&candidate.splits) || candidate.tile() == first_tile());
    with_each(candidates, linear_layers);
}

fn linear_layers(gpu: &Gpu, candidate: Candidate) {
    for (dtype, tolerance) in precisions() {
        // Odd everywhere, then whole vectors but no whole tiles, with the depth whole.
        let sizes = [(65, 77, 129), (131, 48, 68)];
        for (tokens, inputs, outputs) in sizes.into_iter().take(shapes(gpu, candidate, dtype)) {
            compare_on(
                gpu,
                &format!("linear {tokens}×{inputs}→{outputs} {dtype:?} by {candidate:?}"),
                [numbers([1, tokens, inputs], 3), numbers([1, outputs, inputs], 4)],
                tolerance,
                dtype,
                |[x, weight], _| linear::trainable_linear(x, weight.squeeze_dim(0)),
                |[x, weight], _| linear::reference::linear(x, weight.squeeze_dim(0), None),
            );
        }
    }
}

#[test]
fn convolutions_by_every_tile() {
    with_each(Candidate::all().filter(|candidate| [1, 4].contains(&candidate.splits)), convolutions);
}

fn convolutions(gpu: &Gpu, candidate: Candidate) {
    for (dtype, tolerance) in precisions() {
        let sizes = [([2, 5, 7, 36], 68), ([1, 5, 6, 3], 65)];
        for (shape, outputs) in sizes.into_iter().take(shapes(gpu, candidate, dtype)) {
            let padding = conv2d::Padding::same(1);
            let bias = |bias: Tensor<4>| bias.reshape([outputs]);
            compare_on(
                gpu,
                &format!("conv {shape:?}→{outputs} {dtype:?} by {candidate:?}"),
                [numbers(shape, 5), numbers([3, 3, shape[3], outputs], 6), numbers([1, 1, 1, outputs], 7)],
                tolerance,
                dtype,
                |[x, weight, added], _| conv2d::trainable_conv2d(x, weight, bias(added), 1, padding),
                |[x, weight, added], _| conv2d::reference::conv2d(x, weight, Some(bias(added)), 1, padding),
            );
        }
    }
}

/// As on a GPU, wherever the tests run: on a software adapter loops stay loops, and one kernel serves all shapes.
#[test]
fn products_for_their_shapes_alone() {
    let hardware = |profile| KernelProfile { software: false, ..profile };
    let largest = Candidate::all().take(1);
    with_each_and(hardware, largest.chain([Candidate::simplest()]), linear_layers);
    let split = Candidate::all().find(|candidate| candidate.splits == 4);
    with_each_and(hardware, split.into_iter().chain([Candidate::simplest()]), convolutions);
}

/// The additions of the epilogue are made once, wherever the sum was split.
#[test]
fn additions_by_every_split() {
    let candidates =
        Candidate::all().filter(|candidate| candidate.splits == 2 || candidate.tile() == first_tile());
    with_each(candidates, |gpu, candidate| {
        let weight = numbers([36, 40], 8);
        let bias = numbers([36], 9);
        let factors = |down: Tensor<3>, up: Tensor<3>| linear::LoraFactors {
            down: down.squeeze_dim(0),
            up: up.squeeze_dim(0),
            scale: 0.7,
        };
        compare_on(
            gpu,
            &format!("adapted linear by {candidate:?}"),
            [
                numbers([2, 33, 40], 10),
                numbers([2, 33, 36], 11),
                numbers([1, 6, 40], 12),
                numbers([1, 36, 6], 13),
            ],
            1e-5,
            FloatDType::F32,
            |[x, residual, down, up], device| {
                let weight = Tensor::from_data(weight.clone().into_data(), &device.clone().inner());
                let bias = Tensor::from_data(bias.clone().into_data(), &device.clone().inner());
                linear::adapted_linear(x, weight, Some(bias), Some(residual), factors(down, up))
            },
            |[x, residual, down, up], _| {
                let (weight, bias) = (weight.clone().autodiff(), bias.clone().autodiff());
                linear::reference::adapted_linear(x, weight, Some(bias), Some(residual), factors(down, up))
            },
        );
    });
}

/// A split sum is added up in the same order every time, and what that costs is counted.
#[test]
fn splits_are_deterministic_and_counted() {
    let split = Candidate::all().filter(|candidate| candidate.splits == 8).take(1);
    with_each(split, |gpu, _| {
        let on = |tensor: Tensor<3>| Tensor::<3>::from_data(tensor.into_data(), &gpu.device);
        let x = on(numbers([1, 33, 515], 3));
        let weight = Tensor::<2>::from_data(numbers([20, 515], 4).into_data(), &gpu.device);
        let bias = Tensor::<1>::from_data(numbers([20], 5).into_data(), &gpu.device);
        let before = Work::so_far();
        let first = linear::linear(x.clone(), weight.clone(), Some(bias.clone()));
        let work = Work::so_far() - before;
        assert_eq!((work.launches, work.flops), (2, 33 * 20 * (2 * 515 + 7 + 1)));
        assert_eq!(values(first), values(linear::linear(x, weight, Some(bias))));
    });
}

/// A product that seems to take no time would be given to the device in one piece, however large.
#[test]
fn a_clock_that_hardly_ticks_shows_no_infinite_speed() {
    let gpu = open_gpu();
    launch_probes(&gpu);
    let start = Instant::now();
    let clock = || 2.0 * (start.elapsed().as_secs_f64() / 2.0).floor();
    let table = pollster::block_on(tune(&gpu, 1.0, clock)).expect("a table");
    let speeds = table.f32.iter().chain(&table.f16);
    assert!(speeds.map(|speed| speed.flops_per_second).all(|speed| speed < 1_000_000_000_000_000));
}

/// Operations a second of the device that [`clock_of_work`] makes up.
const MADE_UP_SPEED: f64 = 2e10;

/// Seconds that such a device takes for what this thread launches: what is measured by this clock depends on
/// neither the machine nor its load.
fn clock_of_work() -> impl Fn() -> f64 {
    let start = Work::so_far().flops;
    move || (Work::so_far().flops - start) as f64 / MADE_UP_SPEED
}

/// What a device gives is measured, in each type, and what is computed by it is right.
#[test]
fn tuning_measures_a_table() {
    let gpu = open_gpu();
    let untuned = TileTable::untuned(gpu.report.software);
    let tuned = |budget| pollster::block_on(tune(&gpu, budget, clock_of_work())).expect("a table");
    assert_eq!(tuned(0.0), untuned);

    let table = tuned(60.0);
    println!("{}", serde_json::to_string(&table).unwrap());
    let types = if gpu.report.float16 { 2 } else { 1 };
    for speeds in [&table.f32[..], &table.f16[..table.f32.len()]].iter().take(types) {
        for (speed, tile) in speeds.iter().zip(&TILES) {
            let ratio = speed.flops_per_second as f64 / MADE_UP_SPEED;
            assert!((0.999..1.001).contains(&ratio), "{tile:?}: {speed:?}");
            // A lone workgroup computes a tile's share of the product, whose width is the same for all.
            assert_eq!(speed.in_flight * tile.columns, table.f32[0].in_flight * TILES[0].columns, "{tile:?}");
        }
    }
    assert!(table.measured && table.launch_nanoseconds != untuned.launch_nanoseconds, "{table:?}");
    let stored: TileTable = serde_json::from_str(&serde_json::to_string(&table).unwrap()).unwrap();
    assert_eq!(stored, table);

    KernelProfile { tiles: table, ..KernelProfile::on(&gpu.device) }.set(&gpu.device);
    compare_on(
        &gpu,
        "linear by a measured table",
        [numbers([1, 65, 48], 3), numbers([1, 36, 48], 4)],
        1e-5,
        FloatDType::F32,
        |[x, weight], _| linear::trainable_linear(x, weight.squeeze_dim(0)),
        |[x, weight], _| linear::reference::linear(x, weight.squeeze_dim(0), None),
    );
}

/// What the budget leaves unmeasured is the default's, as much faster or slower as what was measured.
#[test]
fn tuning_measures_within_its_budget() {
    let gpu = open_gpu();
    let untuned = TileTable::untuned(gpu.report.software);
    // Enough to test all tiles, warm up, time launches, and measure some tiles in f32.
    let table = pollster::block_on(tune(&gpu, 0.7, clock_of_work())).expect("a table");
    let ratio = |found: &Speed, known: &Speed| found.flops_per_second as f64 / known.flops_per_second as f64;
    let is_measured = |speed: &&Speed| (speed.flops_per_second as f64 / MADE_UP_SPEED - 1.0).abs() < 1e-3;
    let measured = table.f32.iter().filter(is_measured).count();
    println!("{measured} measured: {table:?}");
    assert!((1..table.f32.len()).contains(&measured), "{measured} measured");
    let sum =
        |speeds: &[Speed]| speeds[..measured].iter().map(|speed| speed.flops_per_second as f64).sum::<f64>();
    let expected = sum(&table.f32) / sum(&untuned.f32);
    let left = table.f32[measured..].iter().zip(&untuned.f32[measured..]);
    for (found, known) in left.chain(table.f16.iter().zip(&untuned.f16)) {
        assert!(
            (ratio(found, known) / expected - 1.0).abs() < 1e-3,
            "{found:?} for {known:?}, not {expected}"
        );
    }
}

/// Tiles that the device can't compute with are ruled out while it is measured.
#[test]
fn tuning_rules_out_what_fails() {
    let mut gpu = open_gpu();
    if !gpu.report.float16 {
        return;
    }
    // The device was opened without matrix units, so that no kernel that needs them can be compiled.
    let missing = MatrixUnits { side: 16, subgroup_size: 32, language: MatrixLanguage::Naga };
    KernelProfile { matrix_units: Some(missing), ..KernelProfile::on(&gpu.device) }.set(&gpu.device);
    // A software adapter's table has a single tile.
    gpu.report.software = false;
    let start = Instant::now();
    let table = pollster::block_on(tune(&gpu, 1.0, || start.elapsed().as_secs_f64())).expect("a table");
    let workload = Workload { rows: 8192, columns: 1280, depth: 1280, groups: 1 };
    let chosen = |table: &TileTable| table.choose(workload, DType::F16, true).tile().unit;
    assert_eq!([chosen(&TileTable::default()), chosen(&table)], [Unit::Subgroup, Unit::Thread]);
}
