/**
 * A GPU that offers no more than every WebGPU device must, for the worker of the engine.
 * `PALPABLE_TEST_DEVICE=smallest npx vitest run --project browser` runs every test of the studio on it.
 */
/** Caps adapters at WebGPU's default limits and hides every optional feature; devices ask in vain for more. */
export const SMALLEST_DEVICE = `
  const least = {
    maxBufferSize: 268435456,
    maxStorageBufferBindingSize: 134217728,
    maxStorageBuffersPerShaderStage: 8,
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupSizeX: 256,
    maxComputeWorkgroupSizeY: 256,
  };
  const limits = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, "limits").get;
  Object.defineProperty(GPUAdapter.prototype, "limits", {
    configurable: true,
    get() {
      const real = limits.call(this);
      return new Proxy(real, { get: (_, name) => least[name] ?? real[name] });
    },
  });
  Object.defineProperty(GPUAdapter.prototype, "features", { configurable: true, get: () => new Set() });
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = function (descriptor) {
    const asked = Object.entries(descriptor?.requiredLimits ?? {});
    const beyond = asked.some(([name, value]) => value > (least[name] ?? Infinity));
    const refused = beyond || [...(descriptor?.requiredFeatures ?? [])].length > 0;
    return refused ? Promise.reject(new TypeError("more than the least")) : request.call(this, descriptor);
  };`;
