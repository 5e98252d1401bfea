//! Measures a device's [`TileTable`]: for each tile and type how fast a lone workgroup is, how fast as
//! many are as the device can use, and what another launch costs.
//!
//! Two sizes of the same product, so that a tile and type cost one compilation: one row of workgroups,
//! and many. A duration is wall clock around launches and the read-back of one number, less what the
//! read-back alone takes. Sizes follow from the first duration, so that a software adapter is asked for
//! little. What the budget leaves unmeasured is the default, scaled as what was measured.

use burn::backend::{
    BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind, wgpu::CubeTensor,
};
use burn::tensor::{DType, Shape, Tensor};

use super::gemm::{ALayout, BLayout, Extents, Product};
use super::tiles::{Candidate, Speed, TILES, TileTable};
use super::{Error, Gpu, Replay, readback, submissions::primitive};

/// Of the probes' products: some tiles wide, and so deep that on a fast device a lone workgroup computes
/// longer than the host takes for a launch (20 to 50 µs in a browser); otherwise the host would be timed.
const COLUMNS: usize = 256;
const DEPTH: usize = 1024;
/// Of the budget, for compiling the kernels.
const COMPILING_SHARE: f64 = 0.6;
/// A GPU's clock has risen when for so many seconds no probe was faster than all before by this factor. An
/// idle H200's tiles measured a sixth of their speed.
const STEADY: f64 = 0.2;
const GAIN: f64 = 0.97;
const MOST_WARM_UP: f64 = 1.0;
/// How often each kernel is timed.
const ROUNDS: usize = 3;
/// Long enough for a clock that ticks in tenths of a millisecond.
const LONG_ENOUGH: f64 = 4e-3;
/// The large probe grows until it takes this long…
const LARGE_PROBE: f64 = 4e-3;
/// …or is this many times the small one.
const MOST_COPIES: usize = 256;
const MOST_REPEATS: usize = 64;
/// Whose host time is taken: enough for that clock, few enough that no queue is full and makes the host wait.
const TIMED_LAUNCHES: usize = 32;

/// A speed for each tile in f32 and in f16, where there is one.
type Measured = [[Option<Speed>; TILES.len()]; 2];

/// Operations a second of one kernel.
#[derive(Clone, Copy)]
struct Probed {
    /// With as many workgroups as the device can use.
    full: f64,
    /// Of a lone workgroup.
    lone: f64,
}

impl Probed {
    /// Of two measurements of the same kernel.
    fn better(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => {
                Some(Self { full: one.full.max(other.full), lone: one.lone.max(other.lone) })
            }
            (one, other) => one.or(other),
        }
    }

    fn speed(self) -> Speed {
        let in_flight = (self.full / self.lone).round().max(1.0) as u32;
        Speed { flops_per_second: self.full as u64, in_flight }
    }
}

/// Measures for `budget_seconds` by `clock`, which gives seconds since any moment; a kernel that is being
/// compiled or timed when they end is finished. A tile that fails in f32 is ruled out. On burn's CPU
/// backend nothing is measured.
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
    // A tile that fails in f32 is ruled out; the self-test says what becomes of f16.
    let mut exclude = |probe: &Probe<_>, candidate: Candidate| {
        if probe.dtype == DType::F32 {
            excluded.extend(Candidate::all().filter(|other| other.tile() == candidate.tile()));
        }
    };
    // All are compiled first: a GPU that waits for a compiler slows its clock down.
    let mut compiled = Vec::new();
    for (probe, candidate) in probes.iter().flat_map(|probe| Candidate::whole().map(move |one| (probe, one)))
    {
        if clock() >= start + budget_seconds * COMPILING_SHARE {
            break;
        }
        match probe.duration(candidate, candidate.tile().rows as usize, 1).await {
            Ok(_) => compiled.push((probe, candidate)),
            Err(lost @ Error::Lost { .. }) => return Err(lost),
            Err(_) => exclude(probe, candidate),
        }
    }

    let mut measured = [[None; TILES.len()]; 2];
    let mut launch_seconds = None;
    if let Some(&(probe, candidate)) = compiled.first() {
        probe.warm_up(candidate, end).await?;
        launch_seconds = Some(probe.launch_seconds(candidate).await?);
    }
    // Several times over, as long as there is time: the fastest counts, for what disturbs only slows down.
    for _ in 0..ROUNDS {
        for &(probe, candidate) in &compiled {
            let found = &mut measured[usize::from(probe.dtype == DType::F16)][candidate.tile_index()];
            match probe.speed(candidate, end).await {
                Ok(speed) => *found = Probed::better(*found, speed),
                Err(lost @ Error::Lost { .. }) => return Err(lost),
                Err(_) => exclude(probe, candidate),
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

/// Those that the device computes with.
fn types(gpu: &Gpu) -> impl Iterator<Item = DType> {
    [DType::F32].into_iter().chain(gpu.report.float16.then_some(DType::F16))
}

/// Launches each kernel that [`tune`] times, for a dry run that has them compiled all at once.
pub fn launch_probes(gpu: &Gpu) {
    for probe in types(gpu).filter_map(|dtype| Probe::new(gpu, dtype, &|| 0.0)) {
        for candidate in Candidate::whole() {
            probe.product(candidate.tile().rows as usize).run_as(candidate);
        }
    }
}

/// The default's numbers where nothing was measured, multiplied by what the measured ones are to theirs.
fn filled_up(default: TileTable, measured: &Measured) -> TileTable {
    let pairs = || {
        let known = [&default.f32, &default.f16].into_iter().zip(measured);
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
        // Memory is taken to be as much faster than the default's as the arithmetic is.
        bytes_per_second: (default.bytes_per_second as f64 * speed_ratio) as u64,
        ..default
    }
}

/// The products of one type.
struct Probe<'a, C> {
    gpu: &'a Gpu,
    clock: &'a C,
    dtype: DType,
    /// `[COLUMNS, DEPTH]`
    b: CubeTensor,
}

impl<'a, C: Fn() -> f64> Probe<'a, C> {
    /// None without a GPU.
    fn new(gpu: &'a Gpu, dtype: DType, clock: &'a C) -> Option<Self> {
        let b = primitive(Tensor::<2>::ones([COLUMNS, DEPTH], (&gpu.device, dtype)))?;
        Some(Self { gpu, clock, dtype, b })
    }

    /// Computes until it gets no faster: an idle GPU's clock is a fraction of what it rises to.
    async fn warm_up(&self, candidate: Candidate, end: f64) -> Result<(), Error> {
        let rows = candidate.tile().rows as usize;
        let start = (self.clock)();
        let end = start + ((end - start) / 2.0).min(MOST_WARM_UP);
        let mut copies = 1;
        let mut fastest = f64::MAX;
        let mut last_gain = start;
        while (self.clock)() < end && (self.clock)() - last_gain < STEADY {
            let seconds = self.duration(candidate, rows * copies, 1).await?;
            if seconds < LARGE_PROBE && copies < MOST_COPIES {
                copies *= 4;
            } else if seconds < fastest * GAIN {
                fastest = seconds;
                last_gain = (self.clock)();
            }
        }
        Ok(())
    }

    /// Of a compiled kernel; none where there is no time left after `end`.
    async fn speed(&self, candidate: Candidate, end: f64) -> Result<Option<Probed>, Error> {
        let tile = candidate.tile();
        let rows = tile.rows as usize;
        if (self.clock)() >= end {
            return Ok(None);
        }
        let small = self.seconds(candidate, rows, end).await?;
        // Four times as many until it takes long enough: a disturbed clock costs little.
        let mut copies = 4;
        while self.duration(candidate, rows * copies, 1).await? < LARGE_PROBE && copies < MOST_COPIES {
            copies *= 4;
        }
        if (self.clock)() >= end {
            return Ok(None);
        }
        let large = self.seconds(candidate, rows * copies, end).await?;
        let flops = (2 * rows * COLUMNS * DEPTH) as f64;
        let workgroups = COLUMNS as f64 / f64::from(tile.columns);
        Ok(Some(Probed { full: flops * copies as f64 / large, lone: flops / workgroups / small }))
    }

    /// Of one launch.
    async fn seconds(&self, candidate: Candidate, rows: usize, end: f64) -> Result<f64, Error> {
        let readback = self.duration(candidate, rows, 0).await?;
        let readback = self.duration(candidate, rows, 0).await?.min(readback);
        let mut repeats = 1;
        loop {
            let all = self.duration(candidate, rows, repeats).await?;
            let last = all >= LONG_ENOUGH + readback || repeats >= MOST_REPEATS || (self.clock)() >= end;
            if last {
                // What a disturbed read-back leaves is not less than a tenth.
                return Ok((all - readback).max(0.1 * all).max(1e-9) / repeats as f64);
            }
            repeats *= 4;
        }
    }

    /// Of the host for one launch, as the steps of a picture or a training repeat it. Its work counts for
    /// nothing: nobody waits for it.
    async fn launch_seconds(&self, candidate: Candidate) -> Result<f64, Error> {
        let product = self.product(candidate.tile().rows as usize);
        let launches = || {
            let results = (0..TIMED_LAUNCHES).map(|_| product.clone().run_as(candidate));
            tensor(results.last().unwrap_or_else(|| self.b.clone()))
        };
        let mut replay = Replay::new(&self.gpu.device);
        let mut seconds = 0.0;
        // Anew, recorded, repeated.
        for _ in 0..3 {
            self.first_number(self.b.clone()).await?;
            let start = (self.clock)();
            replay.run(launches);
            seconds = (self.clock)() - start;
        }
        Ok(seconds / TIMED_LAUNCHES as f64)
    }

    /// Of `repeats` launches and the read-back of one number.
    async fn duration(&self, candidate: Candidate, rows: usize, repeats: usize) -> Result<f64, Error> {
        let product = self.product(rows);
        // What was queued before is not to be timed.
        self.first_number(self.b.clone()).await?;
        let start = (self.clock)();
        let mut result = self.b.clone();
        for _ in 0..repeats {
            result = product.clone().run_as(candidate);
        }
        self.first_number(result).await?;
        Ok((self.clock)() - start)
    }

    fn product(&self, rows: usize) -> Product {
        let device = (&self.gpu.device, self.dtype);
        let a = primitive(Tensor::<2>::ones([rows, DEPTH], device)).unwrap_or_else(|| self.b.clone());
        let extents = Extents { rows, columns: COLUMNS, depth: DEPTH };
        let shape = Shape::from([rows, COLUMNS]);
        Product::new((a, ALayout::Rows), (self.b.clone(), BLayout::Rows), extents, shape)
    }

    async fn first_number(&self, result: CubeTensor) -> Result<(), Error> {
        let read = readback::read(tensor(result).narrow(0, 0, 1).narrow(1, 0, 1)).await;
        // Natively the number came before an H200 was done with all that had been queued.
        #[cfg(not(target_arch = "wasm32"))]
        self.gpu.wait_until_idle();
        self.gpu.check()?;
        read.map(|_| ()).map_err(|error| Error::Failed { reason: error.to_string() })
    }
}

/// A matrix as burn's other operations take it.
fn tensor(matrix: CubeTensor) -> Tensor<2> {
    let kind = DispatchTensorKind::Cube(BackendTensor::Float(matrix));
    Tensor::from_dispatch(DispatchTensor { kind, autodiff: DispatchAutodiffContext::Disabled })
}
