//! The properties of a device that kernels may count on: each operation asks here which variant of itself
//! to run.

use std::sync::{Arc, PoisonError, RwLock};

use burn::backend::{DispatchDevice, wgpu::CubeTensor};
use burn::tensor::{DType, Device};
use cubecl::Device as CubeDevice;

use super::{
    MatrixUnits,
    tiles::{Candidate, TileTable, Workload},
};

/// The properties of a device that decide what kernels look like on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelProfile {
    /// Bytes of memory that the threads of a workgroup share.
    pub workgroup_storage: u32,
    /// Threads in a workgroup, at most.
    pub workgroup_invocations: u32,
    /// Whether subgroup operations may be used.
    pub subgroups: bool,
    /// The device's matrix units, if it lets us use them.
    pub matrix_units: Option<MatrixUnits>,
    /// Whether the device is a processor. It takes longer to compile a kernel than to run it, so loops stay loops,
    /// and one kernel serves weights of all shapes. A pass over memory costs it as much as it costs the host.
    pub software: bool,
    /// How matrix products are cut up.
    pub tiles: TileTable,
    /// Most work, in floating-point operations, that may be queued before it is submitted, and that a product's
    /// or an attention's launch may be: as much as the device computes in a fraction of the two seconds after
    /// which systems reset a GPU.
    pub submission_budget: u64,
    /// Whether launches may be recorded and repeated ([`super::Replay`]). A recording may add no buffers, so
    /// those that the run before it used must be free by then. That is certain only where the runtime does at
    /// once what it is asked, as in browsers; natively it follows the caller on a thread of its own, at its
    /// own pace.
    pub records: bool,
    /// Whether results are filled with NaN before a kernel writes them, so that an element it forgets shows.
    /// For tests that none is forgotten; costs one upload per result.
    pub poison_results: bool,
}

/// Seconds that a submission may take at the measured speed: an eighth of the watchdog's two seconds.
const SUBMISSION_SECONDS: f64 = 0.25;
/// The most that is believed of a measured speed, a quarter of a second of the fastest GPUs: by a clock that
/// ticks too slowly a product may seem to take no time.
const MAX_BUDGET: f64 = 2e13;
/// Submission budget of a device whose speed was not measured: a quarter of a second at 40 GFLOP/s, which
/// an integrated GPU of ten years ago reaches.
const CAREFUL_BUDGET: u64 = 10_000_000_000;

impl Default for KernelProfile {
    /// The properties of every WebGPU device.
    fn default() -> Self {
        Self {
            workgroup_storage: 16 * 1024,
            workgroup_invocations: 256,
            subgroups: false,
            matrix_units: None,
            software: false,
            tiles: TileTable::default(),
            submission_budget: CAREFUL_BUDGET,
            records: cfg!(target_arch = "wasm32"),
            poison_results: false,
        }
    }
}

/// The profile of each opened device.
static PROFILES: RwLock<Vec<(CubeDevice, Arc<KernelProfile>)>> = RwLock::new(Vec::new());

impl KernelProfile {
    /// The profile of the device that holds `tensor`; the default where none was set.
    pub fn of(tensor: &CubeTensor) -> Arc<Self> {
        let profiles = PROFILES.read().unwrap_or_else(PoisonError::into_inner);
        let found = profiles.iter().find(|(device, _)| *device == tensor.device);
        found.map(|(_, profile)| profile.clone()).unwrap_or_default()
    }

    /// The profile of a device; the default where none was set.
    pub fn on(device: &Device) -> Self {
        let device = device.clone().inner();
        let profiles = PROFILES.read().unwrap_or_else(PoisonError::into_inner);
        let found = profiles.iter().find(|(other, _)| match device.as_dispatch() {
            DispatchDevice::Cube(device) => other == device,
            #[allow(unreachable_patterns)] // the only other backend is native
            _ => false,
        });
        found.map(|(_, profile)| (**profile).clone()).unwrap_or_default()
    }

    /// How a matrix product of that size and type is cut up.
    pub(super) fn candidate(&self, workload: Workload, dtype: DType) -> Candidate {
        self.tiles.choose(workload, dtype, self.matrix_units.is_some())
    }

    /// Bytes of the buffer that the sums of such a product take while it is computed; 0 where the depth isn't split.
    pub fn sum_bytes(&self, workload: Workload, dtype: DType) -> u64 {
        workload.sum_bytes(self.candidate(workload, dtype).splits)
    }

    /// The same profile with these tiles and a submission budget that follows from their speed. If no speed
    /// was measured, and the device is no software adapter, the budget stays as careful as it is.
    pub fn with_tiles(self, tiles: TileTable) -> Self {
        if !tiles.measured && !self.software {
            return Self { tiles, ..self };
        }
        let flops = tiles.flops_per_second() as f64 * SUBMISSION_SECONDS;
        // Below this, a single kernel decides how long a submission takes, not the number of kernels.
        Self { submission_budget: flops.clamp(1e8, MAX_BUDGET) as u64, tiles, ..self }
    }

    /// Makes kernels on `device` go by this profile from now on.
    pub fn set(self, device: &Device) {
        let device = device.clone().inner();
        let DispatchDevice::Cube(device) = device.as_dispatch() else { return };
        let mut profiles = PROFILES.write().unwrap_or_else(PoisonError::into_inner);
        profiles.retain(|(other, _)| other != device);
        profiles.push((device.clone(), Arc::new(self)));
    }
}
