/** Devices as the engine's GPU library opens them, which it does by itself. */

/** Calls `seen` with every device from now on, before the one who asked for it has it. */
export function whenDeviceOpens(gpu: GPU, seen: (device: GPUDevice, adapter: GPUAdapter) => void): void {
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (options) => {
    const adapter = await requestAdapter(options);
    if (!adapter) return adapter;
    const requestDevice = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => {
      const device = await requestDevice(descriptor);
      seen(device, adapter);
      return device;
    };
    return adapter;
  };
}
