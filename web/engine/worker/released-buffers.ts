/**
 * Destroys the GPU buffers that the engine has released. Its GPU library (wgpu 30) only lets go of them and leaves
 * them to the garbage collector, which doesn't see the GPU's memory and may not come for minutes (gfx-rs/wgpu#4092).
 *
 * What the engine still holds stands in the table by which its WebAssembly refers to JavaScript's objects.
 */
import { whenDeviceOpens } from "./opened-devices";

/** Part of `WebAssembly.Table`. */
export type References = Pick<WebAssembly.Table, "get" | "length">;

/**
 * To be called once, before the engine opens its device. Returns what destroys the buffers that are not among the
 * references; to be called while no command that uses one of them waits to be submitted.
 */
export function watchBuffers(gpu: GPU): (held: References) => void {
  // Weak, so that what is released in between can be collected.
  let created: WeakRef<GPUBuffer>[] = [];
  whenDeviceOpens(gpu, (device) => {
    const createBuffer = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => {
      const buffer = createBuffer(descriptor);
      created.push(new WeakRef(buffer));
      return buffer;
    };
  });
  return (references) => {
    const held = new Set(Array.from({ length: references.length }, (_, index) => references.get(index)));
    created = created.filter((reference) => {
      const buffer = reference.deref();
      const isHeld = buffer !== undefined && held.has(buffer);
      if (!isHeld) buffer?.destroy();
      return isHeld;
    });
  };
}
