//! Measures how long one matrix product, cut up in one way, takes on a device.
//!
//! The same product is timed in two sizes, one row of workgroups and many, so that each tile and type costs
//! only one compilation. A duration is wall-clock time around launches and the read-back of one number,
//! minus that of the read-back alone. The large size grows only until it takes long enough, so that a
//! software adapter is asked for little.

use burn::backend::{
    BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind, wgpu::CubeTensor,
};
use burn::tensor::{DType, Shape, Tensor, TensorData};

use super::gemm::{ALayout, BLayout, Extents, Product};
use super::tiles::{Candidate, Speed, TILES};
use super::{Error, Gpu, KernelProfile, Replay, readback, submissions::primitive};

/// Extents of the probes' products: a few tiles wide, and so deep that even on a fast device a lone
/// workgroup computes longer than the host takes for a launch (20 to 50 µs in a browser); otherwise the
/// host would be timed.
const COLUMNS: usize = 256;
const DEPTH: usize = 1024;
/// A GPU raises its frequency under load. It counts as settled when for STEADY seconds no probe took less
/// than GAIN times the shortest duration so far. Without that, an idle H200's tiles measured a sixth of
/// their speed.
const STEADY: f64 = 0.2;
const GAIN: f64 = 0.97;
const MAX_WARM_UP: f64 = 1.0;
const MAX_PROBES: usize = 1000;
/// Seconds that are measured well by a clock that ticks in tenths of a millisecond.
const LONG_ENOUGH: f64 = 4e-3;
/// The large probe grows until it takes this many seconds…
const LARGE_PROBE: f64 = 4e-3;
/// …or has this many times the rows of the small one.
const MAX_COPIES: usize = 256;
const MAX_REPEATS: usize = 64;
/// Launches over which the host's part is timed: enough for such a clock, few enough that the host never
/// waits for a full queue.
const TIMED_LAUNCHES: usize = 32;

/// Measured speeds of one kernel, in operations per second.
#[derive(Clone, Copy)]
pub(super) struct Probed {
    /// Speed with as many workgroups as the device can use.
    full: f64,
    /// Speed of a lone workgroup.
    lone: f64,
}

impl Probed {
    /// The best of two measurements of the same kernel, speed by speed.
    pub fn better(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => {
                Some(Self { full: one.full.max(other.full), lone: one.lone.max(other.lone) })
            }
            (one, other) => one.or(other),
        }
    }

    pub fn speed(self) -> Speed {
        let in_flight = (self.full / self.lone).round().max(1.0) as u32;
        Speed { flops_per_second: self.full as u64, in_flight }
    }
}

/// A product of matrices of −1, 0 and 1, which every type computes exactly: its sums are whole numbers far
/// below 2¹¹. `a` has as many rows as the highest tile.
pub(super) struct ExactProduct {
    a: Vec<f32>,
    b: Vec<f32>,
    /// a · bᵀ
    expected: Vec<f32>,
}

impl ExactProduct {
    pub fn new() -> Self {
        let rows = TILES.iter().map(|tile| tile.rows as usize).max().unwrap_or_default();
        let number = |index: usize| (index * 7_919 % 65_521 % 3) as f32 - 1.0;
        let a: Vec<f32> = (0..rows * DEPTH).map(number).collect();
        let b: Vec<f32> = (0..COLUMNS * DEPTH).map(|index| number(index + 10_007)).collect();
        let dot = |row: &[f32], column: &[f32]| row.iter().zip(column).map(|(a, b)| a * b).sum::<f32>();
        let of_row = |row| b.chunks_exact(DEPTH).map(move |column| dot(row, column));
        let expected = a.chunks_exact(DEPTH).flat_map(of_row).collect();
        Self { a, b, expected }
    }
}

/// Measures products in one number type.
pub(super) struct Probe<'a, C> {
    gpu: &'a Gpu,
    clock: &'a C,
    pub dtype: DType,
    /// `[COLUMNS, DEPTH]`
    b: CubeTensor,
}

impl<'a, C: Fn() -> f64> Probe<'a, C> {
    /// A probe for `dtype`; None without a GPU.
    pub fn new(gpu: &'a Gpu, dtype: DType, clock: &'a C) -> Option<Self> {
        let b = primitive(Tensor::<2>::ones([COLUMNS, DEPTH], (&gpu.device, dtype)))?;
        Some(Self { gpu, clock, dtype, b })
    }

    /// Every tile that computes in this type on the device, with the depth in one sum.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate> + use<C> {
        let matrix_units = KernelProfile::on(&self.gpu.device).matrix_units.is_some();
        let dtype = self.dtype;
        Candidate::whole().filter(move |candidate| candidate.computes(dtype, matrix_units))
    }

    /// Compiles a tile's kernel and tells whether it computes every number right.
    pub async fn is_right(&self, candidate: Candidate, exact: &ExactProduct) -> Result<bool, Error> {
        let rows = candidate.tile().rows as usize;
        let matrix = |numbers: &[f32], rows: usize| {
            let data = TensorData::new(numbers.to_vec(), [rows, DEPTH]);
            primitive(Tensor::<2>::from_data(data, (&self.gpu.device, self.dtype)))
        };
        let operands = matrix(&exact.a[..rows * DEPTH], rows).zip(matrix(&exact.b, COLUMNS));
        let Some((a, b)) = operands else { return Ok(false) };
        let extents = Extents { rows, columns: COLUMNS, depth: DEPTH };
        let shape = Shape::from([rows, COLUMNS]);
        let product = Product::new((a, ALayout::Rows), (b, BLayout::Rows), extents, shape);
        let read = readback::read(tensor(product.run_as(candidate))).await;
        self.gpu.check()?;
        let found = read.map_err(|error| Error::Failed { reason: error.to_string() })?;
        Ok(found.iter::<f32>().eq(exact.expected[..rows * COLUMNS].iter().copied()))
    }

    /// Computes until the GPU gets no faster: its clock when idle is a fraction of its clock under load.
    pub async fn warm_up(&self, candidate: Candidate, end: f64) -> Result<(), Error> {
        let rows = candidate.tile().rows as usize;
        let start = (self.clock)();
        let end = start + ((end - start) / 2.0).min(MAX_WARM_UP);
        let mut copies = 1;
        let mut fastest = f64::MAX;
        let mut last_gain = start;
        // Bounded for a clock that stands still.
        for _ in 0..MAX_PROBES {
            if (self.clock)() >= end || (self.clock)() - last_gain >= STEADY {
                break;
            }
            let seconds = self.duration(candidate, rows * copies, 1).await?;
            if seconds < LARGE_PROBE && copies < MAX_COPIES {
                copies *= 4;
            } else if seconds < fastest * GAIN {
                fastest = seconds;
                last_gain = (self.clock)();
            }
        }
        Ok(())
    }

    /// The speed of a compiled kernel; None if `end` comes first, or the clock ticks too slowly to tell.
    pub async fn speed(&self, candidate: Candidate, end: f64) -> Result<Option<Probed>, Error> {
        let tile = candidate.tile();
        let rows = tile.rows as usize;
        if (self.clock)() >= end {
            return Ok(None);
        }
        let Some(small) = self.seconds(candidate, rows, end).await? else { return Ok(None) };
        // Grows by factors of four until it takes long enough: a disturbed measurement then costs little.
        let mut copies = 4;
        while self.duration(candidate, rows * copies, 1).await? < LARGE_PROBE && copies < MAX_COPIES {
            copies *= 4;
        }
        if (self.clock)() >= end {
            return Ok(None);
        }
        let Some(large) = self.seconds(candidate, rows * copies, end).await? else { return Ok(None) };
        let flops = (2 * rows * COLUMNS * DEPTH) as f64;
        let workgroups = COLUMNS as f64 / f64::from(tile.columns);
        Ok(Some(Probed { full: flops * copies as f64 / large, lone: flops / workgroups / small }))
    }

    /// Seconds per launch; None if they can't be told from those of the read-back.
    async fn seconds(&self, candidate: Candidate, rows: usize, end: f64) -> Result<Option<f64>, Error> {
        let readback = self.duration(candidate, rows, 0).await?;
        let readback = self.duration(candidate, rows, 0).await?.min(readback);
        let mut repeats = 1;
        loop {
            let all = self.duration(candidate, rows, repeats).await?;
            let last = all >= LONG_ENOUGH + readback || repeats >= MAX_REPEATS || (self.clock)() >= end;
            if last {
                // Even if the read-back was disturbed, at least a tenth of the duration is left.
                let launches = (all - readback).max(0.1 * all);
                return Ok((launches > 0.0).then(|| launches / repeats as f64));
            }
            repeats *= 4;
        }
    }

    /// Host seconds per launch, made through a [`Replay`] as in the steps of a picture or a training. The
    /// device's work is not included: nothing waits for it.
    pub async fn launch_seconds(&self, candidate: Candidate) -> Result<f64, Error> {
        let product = self.product(candidate.tile().rows as usize);
        let launches = || {
            let mut result = self.b.clone();
            for _ in 0..TIMED_LAUNCHES {
                result = product.clone().run_as(candidate);
            }
            tensor(result)
        };
        let mut replay = Replay::new(&self.gpu.device);
        let mut seconds = 0.0;
        // Computed anew, recorded, repeated: the last one counts.
        for _ in 0..3 {
            self.first_number(self.b.clone()).await?;
            let start = (self.clock)();
            replay.run(launches);
            seconds = (self.clock)() - start;
        }
        Ok(seconds / TIMED_LAUNCHES as f64)
    }

    /// Seconds for `repeats` launches and the read-back of one number.
    pub async fn duration(&self, candidate: Candidate, rows: usize, repeats: usize) -> Result<f64, Error> {
        let product = self.product(rows);
        // Waits for what was queued before, which is not to be timed.
        self.first_number(self.b.clone()).await?;
        let start = (self.clock)();
        let mut result = self.b.clone();
        for _ in 0..repeats {
            result = product.clone().run_as(candidate);
        }
        self.first_number(result).await?;
        Ok((self.clock)() - start)
    }

    pub fn product(&self, rows: usize) -> Product {
        let device = (&self.gpu.device, self.dtype);
        let a = primitive(Tensor::<2>::ones([rows, DEPTH], device)).unwrap_or_else(|| self.b.clone());
        let extents = Extents { rows, columns: COLUMNS, depth: DEPTH };
        let shape = Shape::from([rows, COLUMNS]);
        Product::new((a, ALayout::Rows), (self.b.clone(), BLayout::Rows), extents, shape)
    }

    async fn first_number(&self, result: CubeTensor) -> Result<(), Error> {
        let read = readback::read(tensor(result).narrow(0, 0, 1).narrow(1, 0, 1)).await;
        // Natively an H200 returned the number before it was done with all that had been queued.
        #[cfg(not(target_arch = "wasm32"))]
        self.gpu.wait_until_idle();
        self.gpu.check()?;
        read.map(|_| ()).map_err(|error| Error::Failed { reason: error.to_string() })
    }
}

/// Wraps a matrix as the tensor that burn's other operations take.
fn tensor(matrix: CubeTensor) -> Tensor<2> {
    let kind = DispatchTensorKind::Cube(BackendTensor::Float(matrix));
    Tensor::from_dispatch(DispatchTensor { kind, autodiff: DispatchAutodiffContext::Disabled })
}
