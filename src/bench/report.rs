//! What a bench found. As JSON it is the same from every runtime and from the PyTorch baseline.

use serde::Serialize;

use super::stopwatch::Timing;
use crate::gpu::{DeviceReport, WorkByKind, tiles::TileTable};

/// Name of the JSON format; changes whenever its readers have to change.
pub const FORMAT: &str = "palpable-bench-1";

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub format: &'static str,
    /// Name and version of the engine: "palpable 0.1.0".
    pub engine: String,
    pub device: DeviceReport,
    /// The tile table by which matrix products were cut up.
    pub tiles: TileTable,
    /// Milliseconds of one read-back, already subtracted from every row.
    pub read_back: f64,
    pub ceiling: Option<Ceiling>,
    pub rows: Vec<Row>,
}

/// The device's speeds as two probe kernels reach them.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ceiling {
    /// 10¹² f32 operations a second: fused multiply-adds between registers.
    pub teraflops: f64,
    /// The same in f16, where the device has it. Our kernels accumulate in f32.
    pub teraflops_f16: Option<f64>,
    /// 10⁹ bytes a second, read and written.
    pub gigabytes_per_second: f64,
}

/// One thing measured.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub name: String,
    /// "forward", "backward", or "whole" for a network's pass or a step.
    pub pass: &'static str,
    /// "f32" or "f16"
    pub precision: &'static str,
    /// Milliseconds of one run: median, least and most of the samples.
    pub milliseconds: f64,
    pub least: f64,
    pub most: f64,
    /// Milliseconds that the host took to queue one run.
    pub host: f64,
    pub samples: usize,
    pub repeats: usize,
    /// Launches of our kernels in one run.
    pub launches: u64,
    pub flops: u64,
    pub bytes: u64,
    /// Duration at the ceiling divided by the measured duration.
    pub ceiling_share: Option<f64>,
    /// Bytes that the device's allocator held, weights included.
    pub memory: Option<u64>,
}

/// Work of a network's pass, by kind of kernel.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counted {
    pub name: String,
    pub work: WorkByKind,
}

impl Row {
    pub(super) fn new(
        name: String,
        pass: &'static str,
        precision: &'static str,
        timing: Timing,
        ceiling: Option<&Ceiling>,
    ) -> Self {
        let work = timing.work;
        Self {
            name,
            pass,
            precision,
            milliseconds: timing.median * 1e3,
            least: timing.least * 1e3,
            most: timing.most * 1e3,
            host: timing.host * 1e3,
            samples: timing.samples,
            repeats: timing.repeats,
            launches: work.launches,
            flops: work.flops,
            bytes: work.bytes,
            ceiling_share: ceiling.map(|ceiling| ceiling.seconds(work.flops, work.bytes) / timing.median),
            memory: None,
        }
    }

    /// 10¹² operations a second.
    pub fn teraflops(&self) -> f64 {
        self.flops as f64 / self.milliseconds / 1e9
    }

    /// 10⁹ bytes a second.
    pub fn gigabytes_per_second(&self) -> f64 {
        self.bytes as f64 / self.milliseconds / 1e6
    }
}

impl Ceiling {
    /// Least seconds for this work: arithmetic and memory traffic run side by side.
    fn seconds(&self, flops: u64, bytes: u64) -> f64 {
        let arithmetic = flops as f64 / (self.teraflops * 1e12);
        let memory = bytes as f64 / (self.gigabytes_per_second * 1e9);
        arithmetic.max(memory)
    }
}
