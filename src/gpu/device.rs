//! Opens a device with our own features and limits and registers it with burn.
//!
//! Why not burn's own start: it asks for every feature and limit the adapter has, and its error
//! handler panics. Ours collects errors; [`Gpu::check`] is called after every read-back, because a
//! failed submission reads as zeros, silently.

use std::sync::{Arc, Mutex, atomic::AtomicU64};

use burn::tensor::{Device, wgpu as burn_wgpu};

use super::{
    DeviceReport, Error, MatrixUnits,
    memory::{DEFAULT_MEMORY_LIMIT, MemoryPeak, pool_by_exact_size},
    profile::KernelProfile,
    submissions::DISPATCHES_PER_SUBMISSION,
    tiles::TileTable,
};

/// Bytes of workgroup memory that our kernels need at least; every WebGPU device has them.
const WORKGROUP_STORAGE: u32 = 16 * 1024;
/// Threads that our largest workgroups have; every WebGPU device allows them, Vulkan asks for half of them.
const WORKGROUP_INVOCATIONS: u32 = 256;

/// Where the work is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The best GPU there is.
    Gpu,
    /// The same with its matrix units, if wgpu offers them. Not by itself: the SPIR-V of such kernels declares
    /// Vulkan's memory model but doesn't mark workgroup memory as shared, so a driver may keep one thread's
    /// numbers from another's (gfx-rs/wgpu#8805). Browsers have a compiler of their own.
    #[cfg(not(target_arch = "wasm32"))]
    GpuWithMatrixUnits,
    /// The same GPU held to what every WebGPU device offers: 128 MiB bindings, 16 KiB of workgroup
    /// memory, 256 threads, 8 storage buffers, no 16-bit floats, no subgroups, no timestamp queries.
    /// Lets tests run as on the weakest visitor's device.
    ///
    /// burn reads features off the adapter, not off the device. So 64-bit numbers and float atomics, which
    /// burn's element-wise kernels use natively and WebGPU doesn't have, stay enabled. Subgroups are switched
    /// off, but on hardware that has them burn's own reductions would still ask for them and fail: use this
    /// choice with a software adapter.
    SmallestGpu,
    /// burn's CPU backend, with the reference operations.
    #[cfg(not(target_arch = "wasm32"))]
    Cpu,
}

/// An opened device.
#[derive(Clone)]
pub struct Gpu {
    pub device: Device,
    pub report: DeviceReport,
    /// Bytes of device memory that work may take; work that needs more is refused before it starts.
    pub memory_limit: u64,
    /// Whether activations are 32-bit floats although the device has 16-bit ones, for models whose numbers
    /// outgrow those.
    pub wide_activations: bool,
    errors: Arc<Mutex<Option<Error>>>,
    /// wgpu's handle of the device; `None` where burn's CPU backend computes.
    handle: Option<wgpu::Device>,
    pub(super) memory_peak: Arc<MemoryPeak>,
    pub(super) held: Arc<AtomicU64>,
}

impl Gpu {
    /// Opens the device. Asynchronous because browsers grant GPUs asynchronously.
    pub async fn open(choice: DeviceChoice) -> Result<Self, Error> {
        match choice {
            DeviceChoice::Gpu => {
                Self::open_adapter(wgpu::Features::all() - MatrixUnits::FEATURE, |offered| offered).await
            }
            #[cfg(not(target_arch = "wasm32"))]
            DeviceChoice::GpuWithMatrixUnits => {
                Self::open_adapter(wgpu::Features::all(), |offered| offered).await
            }
            DeviceChoice::SmallestGpu => {
                let cap = |offered: wgpu::Limits| offered.or_worse_values_from(&wgpu::Limits::defaults());
                Self::open_adapter(expected_by_burn(), cap).await
            }
            #[cfg(not(target_arch = "wasm32"))]
            DeviceChoice::Cpu => Ok(Self {
                device: Device::flex(),
                report: DeviceReport::cpu(),
                memory_limit: u64::MAX,
                wide_activations: false,
                errors: Arc::default(),
                memory_peak: Arc::default(),
                held: Arc::default(),
                handle: None,
            }),
        }
    }

    /// Opens an adapter with those of `features` that it offers and we want, and with its limits as `cap`
    /// changes them.
    async fn open_adapter(
        features: wgpu::Features,
        cap: impl Fn(wgpu::Limits) -> wgpu::Limits,
    ) -> Result<Self, Error> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let adapter = instance
            .request_adapter(&wgpu::RequestAdapterOptions {
                power_preference: wgpu::PowerPreference::HighPerformance,
                ..Default::default()
            })
            .await
            .map_err(|_| Error::NoAdapter)?;
        let limits = cap(adapter.limits());
        let features = features & adapter.features() & wanted_features();
        let mut report = DeviceReport::of(&adapter.get_info(), features, &limits);
        let adapter_name = report.adapter_name.clone();
        let needed = [
            (
                "the memory of a workgroup in bytes",
                limits.max_compute_workgroup_storage_size,
                WORKGROUP_STORAGE,
            ),
            (
                "the number of threads in a workgroup",
                limits.max_compute_invocations_per_workgroup,
                WORKGROUP_INVOCATIONS,
            ),
        ];
        if let Some((what, has, needs)) = needed.into_iter().find(|(_, has, needs)| has < needs) {
            return Err(Error::TooSmall {
                adapter: adapter_name,
                what,
                has: has.into(),
                needs: needs.into(),
            });
        }
        let matrix_units = MatrixUnits::of(&adapter, features);
        report.note_matrix_units(matrix_units);
        let (features, experimental_features) = if matrix_units.is_some() {
            // SAFETY: the only experimental feature that is asked for is that of matrix units; first starts prove
            // the kernels that use it, and do without where they fail.
            (features, unsafe { wgpu::ExperimentalFeatures::enabled() })
        } else {
            (features - MatrixUnits::FEATURE, wgpu::ExperimentalFeatures::disabled())
        };
        let (device, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor {
                label: Some("palpable"),
                required_features: features,
                required_limits: limits,
                experimental_features,
                memory_hints: wgpu::MemoryHints::MemoryUsage,
                ..Default::default()
            })
            .await
            .map_err(|error| Error::Refused { adapter: adapter_name.clone(), reason: error.to_string() })?;
        let backend = adapter.get_info().backend;
        let limits = device.limits();
        let profile = KernelProfile {
            workgroup_storage: limits.max_compute_workgroup_storage_size,
            workgroup_invocations: limits.max_compute_invocations_per_workgroup,
            subgroups: device.features().contains(wgpu::Features::SUBGROUP),
            matrix_units,
            software: report.software,
            tiles: TileTable::untuned(report.software),
            ..KernelProfile::default()
        };
        pool_by_exact_size();
        let setup = burn_wgpu::WgpuSetup { instance, adapter, device: device.clone(), queue, backend };
        let burn_device = Device::wgpu_options()
            .tasks_max(DISPATCHES_PER_SUBMISSION)
            // One buffer per tensor: a buffer shared between tensors can't be bound for reading and
            // for writing in the same dispatch.
            .memory_config(burn_wgpu::MemoryConfiguration::ExclusivePages)
            .setup(setup)
            .init()
            .map_err(|error| Error::Refused { adapter: adapter_name, reason: error.to_string() })?;
        profile.set(&burn_device);
        // After burn's own handlers, which would panic.
        let errors = collect_errors(&device);
        Ok(Self {
            device: burn_device,
            report,
            memory_limit: DEFAULT_MEMORY_LIMIT,
            wide_activations: false,
            errors,
            memory_peak: Arc::default(),
            held: Arc::default(),
            handle: Some(device),
        })
    }

    /// Lets kernels use what the device was given behind wgpu's back: in browsers wgpu neither asks for these
    /// features nor sees them.
    #[cfg(target_arch = "wasm32")]
    pub fn allow_unlisted(&mut self, subgroups: bool, matrix_units: Option<MatrixUnits>) {
        // Kernels of matrix units store 16-bit floats.
        let matrix_units = matrix_units.filter(|_| self.report.float16);
        self.report.note_matrix_units(matrix_units);
        KernelProfile { subgroups, matrix_units, ..KernelProfile::on(&self.device) }.set(&self.device);
    }

    /// Loses the device on purpose, as in a driver's reset: from now on nothing is computed, and
    /// [`check`](Self::check) says so. For tests of what becomes of unfinished work.
    pub fn lose(&self) {
        if let Some(device) = &self.handle {
            device.destroy();
            // The loss is announced at the next poll; a browser polls by itself.
            let _ = device.poll(wgpu::PollType::wait_indefinitely());
        }
    }

    /// Waits until the device has done all that it was given so far. Natively a read-back alone does not wait
    /// for that: an H200 was still computing when the number had arrived. In a browser it does.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn wait_until_idle(&self) {
        if let Some(device) = &self.handle {
            // A lost device is announced by the next check.
            let _ = device.poll(wgpu::PollType::wait_indefinitely());
        }
    }

    /// The first error since the last call, if there was one: call it after every read-back, before
    /// the numbers are believed. A lost device stays lost; anything else is reported once, so that a
    /// smaller request can be tried next.
    pub fn check(&self) -> Result<(), Error> {
        let mut errors = self.errors.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match &*errors {
            None => Ok(()),
            Some(lost @ Error::Lost { .. }) => Err(lost.clone()),
            Some(_) => errors.take().map_or(Ok(()), Err),
        }
    }
}

/// Features that our kernels and burn's use where they are offered.
fn wanted_features() -> wgpu::Features {
    let everywhere = wgpu::Features::SHADER_F16 | wgpu::Features::TIMESTAMP_QUERY;
    if cfg!(target_arch = "wasm32") {
        everywhere
    } else {
        everywhere
            | expected_by_burn()
            | MatrixUnits::FEATURE
            | wgpu::Features::SUBGROUP
            | wgpu::Features::SUBGROUP_BARRIER
            | wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS
            | wgpu::Features::TIMESTAMP_QUERY_INSIDE_PASSES
    }
}

/// Features that burn's native kernels read off the adapter and then expect of the device. None of them
/// exists in a browser.
fn expected_by_burn() -> wgpu::Features {
    wgpu::Features::SHADER_INT64 | wgpu::Features::SHADER_F64 | wgpu::Features::SHADER_FLOAT32_ATOMIC
}

/// Keeps the first error of a device instead of panicking at it.
fn collect_errors(device: &wgpu::Device) -> Arc<Mutex<Option<Error>>> {
    let errors = Arc::new(Mutex::new(None));
    let keep = |errors: &Mutex<Option<Error>>, error: Error| {
        let mut first = errors.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // Whatever else went wrong, a lost device is what matters.
        if first.is_none() || matches!(error, Error::Lost { .. }) {
            *first = Some(error);
        }
    };
    let uncaptured = errors.clone();
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        let error = match error {
            wgpu::Error::OutOfMemory { .. } => Error::OutOfMemory,
            other => Error::Failed { reason: other.to_string() },
        };
        keep(&uncaptured, error);
    }));
    let lost = errors.clone();
    device.set_device_lost_callback(move |kind, message| {
        keep(&lost, Error::Lost { reason: format!("{kind:?}: {message}") });
    });
    errors
}
