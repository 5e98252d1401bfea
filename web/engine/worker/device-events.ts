/**
 * Makes devices what the engine's GPU library (wgpu 30) takes every device for:
 *
 * - Safari 26 announces a device's errors as events and doesn't know the property `onuncapturederror`, by which that
 *   library listens; nothing would ever be told (gfx-rs/wgpu#10269).
 * - A driver that can't compile a kernel makes a GPUInternalError, a class at which that library ends the whole engine
 *   (gfx-rs/wgpu#9914). As a GPUValidationError it is one failed check of the first start, which then does without that
 *   kernel.
 * - Devices of Safari 26.0 have no `adapterInfo`, which that library reads.
 */

type Listener = ((event: { error: GPUError }) => void) | null;

/** To be called once, before the engine opens its device. */
export function evenOutDevices(gpu: GPU): void {
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (options) => {
    const adapter = await requestAdapter(options);
    if (!adapter) return adapter;
    const requestDevice = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => evenOut(await requestDevice(descriptor), adapter);
    return adapter;
  };
}

function evenOut(device: GPUDevice, adapter: GPUAdapter): GPUDevice {
  // Properties of its own hide the browser's, so that no error is told twice.
  if (!device.adapterInfo) Object.defineProperty(device, "adapterInfo", { value: adapter.info });
  const told: { listener: Listener } = { listener: null };
  Object.defineProperty(device, "onuncapturederror", {
    get: () => told.listener,
    set: (listener: Listener) => {
      told.listener = listener;
    },
  });
  device.addEventListener("uncapturederror", ({ error }) => {
    const known = error instanceof GPUValidationError || error instanceof GPUOutOfMemoryError;
    told.listener?.({ error: known ? error : new GPUValidationError(error.message) });
  });
  return device;
}
