//! Measures a device's [`TileTable`]: for each tile and type the speed of a lone workgroup and of as many
//! as the device can use, and the cost of another launch.
//!
//! Each tile computes a known product in each type first; if one is wrong or fails, the tile is ruled out.
//! Then a [`Probe`] times the tile, as often as the budget allows. Speeds that stay unmeasured are the
//! default's, scaled like those that were measured.

use burn::tensor::DType;

use super::probe::{ExactProduct, Probe, Probed};
use super::tiles::{Candidate, Speed, TILES, TileTable};
use super::{Error, Gpu};

/// Share of the budget that goes into compiling the kernels.
const COMPILING_SHARE: f64 = 0.6;
/// How often each kernel is timed.
const ROUNDS: usize = 3;

/// Speed of each tile in f32 and in f16; None where it was not measured.
type Measured = [[Option<Speed>; TILES.len()]; 2];

/// Measures for `budget_seconds` by `clock`, which gives seconds since any fixed moment. A kernel that is
/// being timed when the budget ends is finished, and all kernels are tested however long that takes. On
/// burn's CPU backend nothing is measured.
///
/// # Errors
/// [`Error::Lost`] if the device is lost meanwhile.
pub async fn tune(gpu: &Gpu, budget_seconds: f64, clock: impl Fn() -> f64) -> Result<TileTable, Error> {
    let default = TileTable::untuned(gpu.report.software);
    let start = clock();
    let end = start + budget_seconds;
    let mut probes = Vec::new();
    for dtype in types(gpu) {
        let Some(probe) = Probe::new(gpu, dtype, &clock) else { return Ok(default) };
        probes.push(probe);
    }

    let mut excluded = Vec::new();
    let mut exclude = |candidate: Candidate| {
        excluded.extend(Candidate::all().filter(|other| other.tile() == candidate.tile()));
    };
    // All are compiled first: a GPU that waits for a compiler slows its clock down.
    let exact = ExactProduct::new();
    let mut compiled = Vec::new();
    for (probe, candidate) in probes.iter().flat_map(|probe| probe.candidates().map(move |one| (probe, one)))
    {
        match probe.is_right(candidate, &exact).await {
            Ok(true) if clock() < start + budget_seconds * COMPILING_SHARE => {
                compiled.push((probe, candidate))
            }
            Ok(true) => {}
            Err(lost @ Error::Lost { .. }) => return Err(lost),
            // Says nothing about the tile.
            Err(Error::OutOfMemory) => {}
            Ok(false) | Err(_) => exclude(candidate),
        }
    }

    let mut measured = [[None; TILES.len()]; 2];
    let mut launch_seconds = None;
    if let Some(&(probe, candidate)) = compiled.first() {
        // If the probes' buffers don't fit, the rest is measured all the same.
        unless_lost(probe.warm_up(candidate, end).await)?;
        launch_seconds = unless_lost(probe.launch_seconds(candidate).await)?;
    }
    // Several rounds, as long as there is time; the fastest counts, since disturbances only slow down.
    for _ in 0..ROUNDS {
        for &(probe, candidate) in &compiled {
            let found = &mut measured[usize::from(probe.dtype == DType::F16)][candidate.tile_index()];
            match probe.speed(candidate, end).await {
                Ok(speed) => *found = Probed::better(*found, speed),
                Err(lost @ Error::Lost { .. }) => return Err(lost),
                Err(Error::OutOfMemory) => {}
                Err(_) => exclude(candidate),
            }
        }
    }
    let measured = measured.map(|tiles| tiles.map(|found| found.map(Probed::speed)));
    // The probes' buffers are of sizes that no model has.
    gpu.release_unused();
    let mut table = filled_up(default, &measured);
    if let Some(seconds) = launch_seconds {
        table = table.with_launches_of(seconds);
    }
    Ok(excluded.into_iter().fold(table, TileTable::without))
}

/// The value, or None if it failed for any other reason than a lost device.
fn unless_lost<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Err(lost @ Error::Lost { .. }) => Err(lost),
        other => Ok(other.ok()),
    }
}

/// Number types that the device computes with.
fn types(gpu: &Gpu) -> impl Iterator<Item = DType> {
    [DType::F32].into_iter().chain(gpu.report.float16.then_some(DType::F16))
}

/// Launches each kernel that [`tune`] times, for a dry run that has them compiled all at once.
pub fn launch_probes(gpu: &Gpu) {
    for probe in types(gpu).filter_map(|dtype| Probe::new(gpu, dtype, &|| 0.0)) {
        for candidate in probe.candidates() {
            probe.product(candidate.tile().rows as usize).run_as(candidate);
        }
    }
}

/// Fills in what was not measured: the default's speed times the ratio of the measured speeds to their
/// defaults.
fn filled_up(default: TileTable, measured: &Measured) -> TileTable {
    let pairs = || {
        let known: [&[Speed]; 2] = [&default.f32, &default.f16];
        let known = known.into_iter().zip(measured);
        known.flat_map(|(known, measured)| {
            known.iter().zip(measured).filter_map(|(known, found)| Some((*known, (*found)?)))
        })
    };
    let ratio = |number: fn(Speed) -> f64| {
        let [known, found] = pairs().fold([0.0; 2], |[known, found], (default, speed)| {
            [known + number(default), found + number(speed)]
        });
        if known > 0.0 { found / known } else { 1.0 }
    };
    let speed_ratio = ratio(|speed| speed.flops_per_second as f64);
    let flight_ratio = ratio(|speed| f64::from(speed.in_flight));
    let fill = |default: Speed, measured: Option<Speed>| {
        measured.unwrap_or(Speed {
            flops_per_second: (default.flops_per_second as f64 * speed_ratio) as u64,
            in_flight: (f64::from(default.in_flight) * flight_ratio).ceil() as u32,
        })
    };
    TileTable {
        f32: std::array::from_fn(|tile| fill(default.f32[tile], measured[0][tile])),
        f16: std::array::from_fn(|tile| fill(default.f16[tile], measured[1][tile])),
        // The ratio of memory bandwidth to the default's is taken to be that of the arithmetic.
        bytes_per_second: (default.bytes_per_second as f64 * speed_ratio) as u64,
        measured: pairs().next().is_some(),
        ..default
    }
}
