//! The device that is held to what every WebGPU device offers.

use palpable::gpu::{DeviceChoice, Gpu, KernelProfile};

use crate::support::block_on;

#[test]
fn the_smallest_device_offers_the_least() {
    let gpu = block_on(Gpu::open(DeviceChoice::SmallestGpu)).expect("a software Vulkan driver");
    let limits = &gpu.report.limits;
    assert_eq!(limits.max_storage_buffer_binding_size, 128 << 20);
    assert_eq!(limits.max_compute_workgroup_storage_size, 16 << 10);
    assert_eq!(limits.max_compute_invocations_per_workgroup, 256);
    assert!(!gpu.report.float16);
    let profile = KernelProfile::on(&gpu.device);
    // A software adapter stays one, with the tiles that suit it, small or not.
    let (software, tiles) = (gpu.report.software, profile.tiles.clone());
    assert_eq!(profile, KernelProfile { software, tiles, ..KernelProfile::default() });
}
