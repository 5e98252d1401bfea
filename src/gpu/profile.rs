//! What kernels may count on from a device: each operation asks here which variant of itself to run.

use std::sync::{Arc, PoisonError, RwLock};

use burn::backend::{DispatchDevice, wgpu::CubeTensor};
use burn::tensor::Device;
use cubecl::Device as CubeDevice;

use super::tiles::TileTable;

/// A device, as far as kernels look different on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelProfile {
    /// Bytes of memory that the threads of a workgroup share.
    pub workgroup_storage: u32,
    /// Threads in a workgroup, at most.
    pub workgroup_invocations: u32,
    /// Subgroup operations may be used.
    pub subgroups: bool,
    /// Extents that belong to a weight are constants of the kernels: the fastest ones, and one to be
    /// compiled for each shape of a weight.
    pub constant_extents: bool,
    /// The device is a processor, which a pass over memory costs as much as it costs the host.
    pub software: bool,
    /// How matrix products are cut up.
    pub tiles: TileTable,
    /// Work that may be queued before it is submitted ([`super::Work`] counts it): what the device
    /// computes in a fraction of the two seconds after which systems reset a GPU.
    pub submission_budget: u64,
    /// Launches may be recorded and repeated ([`super::Replay`]). A recording adds no buffers, so it has to find
    /// free those that the run before it used: for certain only where the runtime does at once what it is
    /// asked, as in browsers. Natively a thread of its own follows the caller at its own pace.
    pub records: bool,
    /// Results are filled with NaN before a kernel writes them, so that an element it forgets shows.
    /// For the tests of that guarantee; it costs an upload a result.
    pub poison_results: bool,
}

/// Seconds of a submission, at the speed that was measured: eight times below the watchdog's two.
const SUBMISSION_SECONDS: f64 = 0.25;
/// For a device whose speed nobody has measured: a quarter of a second at 40 GFLOP/s, which an
/// integrated GPU of ten years ago reaches.
const CAREFUL_BUDGET: u64 = 10_000_000_000;

impl Default for KernelProfile {
    /// What every WebGPU device offers.
    fn default() -> Self {
        Self {
            workgroup_storage: 16 * 1024,
            workgroup_invocations: 256,
            subgroups: false,
            constant_extents: true,
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

    /// The same with these tiles, and submissions for a device of their speed; where that is not known, the
    /// careful ones that it has.
    pub fn with_tiles(self, tiles: TileTable) -> Self {
        if !tiles.measured && !self.software {
            return Self { tiles, ..self };
        }
        let flops = tiles.flops_per_second() as f64 * SUBMISSION_SECONDS;
        // Slower than this and a single kernel decides, not their number.
        Self { submission_budget: flops.max(1e8) as u64, tiles, ..self }
    }

    /// From now on kernels on `device` go by this profile.
    pub fn set(self, device: &Device) {
        let device = device.clone().inner();
        let DispatchDevice::Cube(device) = device.as_dispatch() else { return };
        let mut profiles = PROFILES.write().unwrap_or_else(PoisonError::into_inner);
        profiles.retain(|(other, _)| other != device);
        profiles.push((device.clone(), Arc::new(self)));
    }
}
