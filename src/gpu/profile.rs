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
    /// How matrix products are cut up.
    pub tiles: TileTable,
}

impl Default for KernelProfile {
    /// What every WebGPU device offers.
    fn default() -> Self {
        Self {
            workgroup_storage: 16 * 1024,
            workgroup_invocations: 256,
            subgroups: false,
            tiles: TileTable::default(),
        }
    }
}

/// Of each opened device.
static PROFILES: RwLock<Vec<(CubeDevice, Arc<KernelProfile>)>> = RwLock::new(Vec::new());

impl KernelProfile {
    /// Of the device that holds `tensor`; the default where none was set.
    pub fn of(tensor: &CubeTensor) -> Arc<Self> {
        let profiles = PROFILES.read().unwrap_or_else(PoisonError::into_inner);
        let found = profiles.iter().find(|(device, _)| *device == tensor.device);
        found.map(|(_, profile)| profile.clone()).unwrap_or_default()
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
