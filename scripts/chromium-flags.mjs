/** Flags by which Chromium and Dawn offer WebGPU where there is no screen. */

/**
 * Workgroup memory is zeroed by a loop in the kernel. Left to the driver, SwiftShader writes a store for each number
 * there is, and compiles a training's kernels in 53 s instead of 8.
 */
export const ZEROED_BY_LOOP = "disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension";

/** NVIDIA's Vulkan driver has 16-bit floats, which Dawn hides unless told otherwise. */
export const F16_ON_NVIDIA = "vulkan_enable_f16_on_nvidia";

/** For the software GPU. */
export const WEBGPU_FLAGS = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  `--${ZEROED_BY_LOOP}`,
];

/** For the machine's own GPU. */
export const GPU_FLAGS = [
  "--enable-unsafe-webgpu",
  "--enable-features=Vulkan",
  "--ignore-gpu-blocklist",
  `--enable-dawn-features=${F16_ON_NVIDIA}`,
];
