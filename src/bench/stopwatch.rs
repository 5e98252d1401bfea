//! Times work on the device by the wall clock.
//!
//! A sample queues the work many times over, then waits until the device is idle and reads one number
//! back. The cost of such a read on an idle device is measured beforehand and subtracted. The first two runs
//! are not counted: one compiles the pipelines, the next may record its launches ([`gpu::Replay`]).

use std::rc::Rc;

use burn::tensor::{DType, Tensor};

use crate::{
    gpu::{self, Gpu, Work},
    pipeline::Error,
};

/// Seconds since any fixed moment.
pub type Clock = Rc<dyn Fn() -> f64>;

/// One run of what is timed, prepared.
pub type Run = Box<dyn FnOnce()>;

/// How much is spent on one row.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Most samples; their median counts.
    samples: usize,
    /// A sample's least duration in seconds, reached by repeating runs.
    sample: f64,
    /// Most seconds for all samples together, unless a single run takes longer.
    row: f64,
    /// Seconds of uncounted runs, after those that compile and record.
    warm_up: f64,
}

impl Effort {
    pub fn new(quick: bool) -> Self {
        if quick {
            Self { samples: 3, sample: 0.005, row: 0.5, warm_up: 0.0 }
        } else {
            Self { samples: 7, sample: 0.05, row: 4.0, warm_up: 0.15 }
        }
    }
}

/// Durations of one run, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    pub median: f64,
    pub least: f64,
    pub most: f64,
    /// Seconds until a run was queued. Natively they hold waits for the device, which cubecl limits to a few
    /// hundred launches ahead: only a browser's or Dawn's are the host's own work.
    pub host: f64,
    pub samples: usize,
    /// Runs in a sample.
    pub repeats: usize,
    /// Work that one run asked of our kernels.
    pub work: Work,
}

pub struct Stopwatch {
    gpu: Gpu,
    clock: Clock,
    probe: Tensor<1>,
    /// Seconds of a read-back from an idle device.
    read_back: f64,
}

const READ_BACKS: usize = 9;
/// Least share of a sample's duration that is left when the read-back is subtracted.
const MIN_SHARE: f64 = 0.05;

impl Stopwatch {
    pub async fn new(gpu: &Gpu, clock: Clock) -> Result<Self, Error> {
        let probe = Tensor::zeros([1], (&gpu.device, DType::F32));
        let mut stopwatch = Self { gpu: gpu.clone(), clock, probe, read_back: 0.0 };
        stopwatch.wait().await?;
        let mut durations = Vec::new();
        for _ in 0..READ_BACKS {
            let start = (stopwatch.clock)();
            stopwatch.wait().await?;
            durations.push((stopwatch.clock)() - start);
        }
        stopwatch.read_back = median(&mut durations);
        Ok(stopwatch)
    }

    /// Seconds of a read-back, which are taken off every sample.
    pub fn read_back(&self) -> f64 {
        self.read_back
    }

    /// Times runs that `prepare` makes ready beforehand, at most `most_repeats` of them at a time.
    pub async fn time(
        &self,
        effort: Effort,
        most_repeats: usize,
        prepare: &mut dyn FnMut() -> Run,
    ) -> Result<Timing, Error> {
        let first = prepare();
        let before = Work::so_far();
        first();
        let work = Work::so_far() - before;
        // The second run of what is repeated records it.
        prepare()();
        self.wait().await?;

        let mut once = self.sample(1, prepare).await?.0;
        // A GPU that waited for a compiler has slowed its clock down.
        let warm = (self.clock)() + effort.warm_up;
        let repeats_for = |once: f64| {
            let repeats = (effort.sample / once.max(1e-6)).ceil() as usize;
            repeats.clamp(1, most_repeats.max(1))
        };
        while (self.clock)() < warm {
            let repeats = repeats_for(once);
            once = self.sample(repeats, prepare).await?.0 / repeats as f64;
        }
        let repeats = repeats_for(once);
        let affordable = effort.row / (once * repeats as f64).max(effort.sample);
        let samples = (affordable as usize).clamp(1, effort.samples);
        let (mut device, mut host) = (Vec::new(), Vec::new());
        for _ in 0..samples {
            let (all, queued) = self.sample(repeats, prepare).await?;
            device.push(all / repeats as f64);
            host.push(queued / repeats as f64);
        }
        let median = median(&mut device);
        Ok(Timing {
            median,
            // `median` has sorted the durations.
            least: device[0],
            most: device[samples - 1],
            host: self::median(&mut host),
            samples,
            repeats,
            work,
        })
    }

    /// Runs one sample: seconds until it was done (less a read-back), and until it was queued.
    async fn sample(&self, repeats: usize, prepare: &mut dyn FnMut() -> Run) -> Result<(f64, f64), Error> {
        let runs: Vec<Run> = (0..repeats).map(|_| prepare()).collect();
        self.wait().await?;
        let start = (self.clock)();
        for run in runs {
            run();
        }
        let queued = (self.clock)() - start;
        self.wait().await?;
        let elapsed = (self.clock)() - start;
        // If this read-back was quicker than the usual one, less than nothing could be left.
        Ok(((elapsed - self.read_back).max(elapsed * MIN_SHARE), queued))
    }

    async fn wait(&self) -> Result<(), Error> {
        wait_for(&self.gpu, self.probe.clone()).await
    }
}

/// Waits until the device has done everything asked of it so far. `probe`: any tensor on the device.
pub async fn wait_for(gpu: &Gpu, probe: Tensor<1>) -> Result<(), Error> {
    #[cfg(not(target_arch = "wasm32"))]
    {
        crate::gpu::submit_queued(&probe);
        gpu.wait_until_idle();
    }
    let read = gpu::read(probe).await;
    gpu.check()?;
    read.map(|_| ()).map_err(|error| Error::ReadBack(error.to_string()))
}

/// The median of `values`, which it sorts; for an even count the upper of the two in the middle.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
