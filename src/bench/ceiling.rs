//! Measures the device's ceilings with two probe kernels: one only multiplies and adds in registers
//! (`shaders/ceiling_compute.wgsl`), the other only streams memory (`shaders/ceiling_memory.wgsl`).
//! A data sheet's peak would not do instead: browsers clamp, drivers differ, clocks throttle.

use burn::{
    backend::{
        Backend, Dispatch, TensorMetadata, backend_extension,
        tensor::FloatTensor,
        wgpu::{CubeBackend, CubeTensor},
    },
    tensor::{DType, Tensor},
};

use super::{
    report::Ceiling,
    stopwatch::{Effort, Run, Stopwatch},
};
use crate::{
    gpu::{
        Gpu, KernelProfile,
        kernel::{Kernel, empty, spread},
    },
    pipeline::Error,
};

const WORKGROUP_SIZE: u32 = 256;
/// Floating-point operations per thread and round of the arithmetic probe.
const OPERATIONS_A_ROUND: u64 = 64 * 2;
/// Threads of the arithmetic probe on a GPU: enough to fill any many times over.
const THREADS: usize = 1 << 20;
/// Numbers in a vector of the memory probe.
const VECTOR: usize = 4;
/// Numbers in a vector of the arithmetic probe. The faster counts: some compilers pair 16-bit floats, which doubles
/// their speed, only in vectors of two.
const WIDTHS: [usize; 2] = [2, 4];

/// The probes' sizes.
struct Probes {
    /// Threads of the arithmetic probe.
    threads: usize,
    rounds: u32,
    /// Numbers that the memory probe reads; more than caches hold.
    numbers: usize,
}

impl Probes {
    /// Small probes for a software adapter; elsewhere buffers are as large as a binding may be, up to
    /// 256 MiB, and a launch of the arithmetic probe is as long as any other may be.
    fn of(gpu: &Gpu) -> Self {
        if gpu.report.software {
            return Self { threads: 1 << 13, rounds: 64, numbers: 4 << 20 };
        }
        let binding = gpu.report.limits.max_storage_buffer_binding_size.min(256 << 20) as usize;
        let budget = KernelProfile::on(&gpu.device).submission_budget;
        let rounds = (budget / (THREADS as u64 * OPERATIONS_A_ROUND)).clamp(1, 512) as u32;
        Self { threads: THREADS, rounds, numbers: binding / 4 / VECTOR * VECTOR }
    }
}

/// The two probe kernels.
#[backend_extension(Cube)]
pub trait CeilingOps: Backend {
    fn ceiling_compute(x: FloatTensor<Self>, width: usize, rounds: u32) -> FloatTensor<Self>;
    fn ceiling_memory(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl CeilingOps for CubeBackend {
    /// `x`: a vector per thread.
    fn ceiling_compute(x: CubeTensor, width: usize, rounds: u32) -> CubeTensor {
        let threads = x.shape().num_elements() / width;
        let y = empty(&x, x.shape(), x.dtype);
        Kernel::new("ceiling_compute", x.dtype, WORKGROUP_SIZE).with("width", width as u32).launch(
            [threads as u32 / WORKGROUP_SIZE, 1, 1],
            &[&x],
            &[&y],
            &[rounds, 0.5f32.to_bits()],
            threads as u64 * u64::from(rounds) * OPERATIONS_A_ROUND,
        );
        y
    }

    fn ceiling_memory(x: CubeTensor) -> CubeTensor {
        let count = x.shape().num_elements() / VECTOR;
        let y = empty(&x, x.shape(), x.dtype);
        Kernel::new("ceiling_memory", x.dtype, WORKGROUP_SIZE).launch(
            spread((count as u32).div_ceil(WORKGROUP_SIZE)),
            &[&x],
            &[&y],
            &[count as u32],
            count * VECTOR,
        );
        y
    }
}

/// Runs both probes.
pub async fn measure(gpu: &Gpu, stopwatch: &Stopwatch, effort: Effort) -> Result<Ceiling, Error> {
    let probes = Probes::of(gpu);
    let arithmetic = async |dtype: DType| -> Result<f64, Error> {
        let mut fastest: f64 = 0.0;
        for width in WIDTHS {
            let x = Tensor::<1>::ones([probes.threads * width], (&gpu.device, dtype));
            let mut prepare = || -> Run {
                let x = x.clone();
                Box::new(move || drop(Dispatch::ceiling_compute(x.into_dispatch(), width, probes.rounds)))
            };
            let timing = stopwatch.time(effort, 1000, &mut prepare).await?;
            fastest = fastest.max(timing.work.flops as f64 / timing.median / 1e12);
        }
        Ok(fastest)
    };
    let teraflops = arithmetic(DType::F32).await?;
    let teraflops_f16 = if gpu.report.float16 { Some(arithmetic(DType::F16).await?) } else { None };

    let x = Tensor::<1>::ones([probes.numbers], (&gpu.device, DType::F32));
    let mut prepare = || -> Run {
        let x = x.clone();
        Box::new(move || drop(Dispatch::ceiling_memory(x.into_dispatch())))
    };
    let timing = stopwatch.time(effort, 1000, &mut prepare).await?;
    let gigabytes_per_second = timing.work.bytes as f64 / timing.median / 1e9;
    Ok(Ceiling { teraflops, teraflops_f16, gigabytes_per_second })
}
