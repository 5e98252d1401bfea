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
import { whenDeviceOpens } from "./opened-devices";

type Listener = ((event: { error: GPUError }) => void) | null;

/** To be called once, before the engine opens its device. */
export const evenOutDevices = (gpu: GPU): void => whenDeviceOpens(gpu, evenOut);

function evenOut(device: GPUDevice, adapter: GPUAdapter): void {
  // Properties of its own hide the browser's, so that no error is told twice.
  if (!device.adapterInfo) Object.defineProperty(device, "adapterInfo", { value: adapter.info });
  let listener: Listener = null;
  Object.defineProperty(device, "onuncapturederror", {
    get: () => listener,
    set: (given: Listener) => {
      listener = given;
    },
  });
  device.addEventListener("uncapturederror", ({ error }) => {
    const known = error instanceof GPUValidationError || error instanceof GPUOutOfMemoryError;
    listener?.({ error: known ? error : new GPUValidationError(error.message) });
  });
}
