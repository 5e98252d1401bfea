/**
 * burn's GPU runtime fails at its start if the adapter lacks `timestamp-query`, as on some phones and
 * browsers, although it only measures times when asked to, and Palpable never asks. On those the runtime is
 * told that the feature is present, and the feature is then removed from its request for a device.
 */
const FEATURE = "timestamp-query";

export function doWithoutTimestampQueries(gpu: GPU): void {
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (options) => {
    const adapter = await requestAdapter(options);
    if (adapter && !adapter.features.has(FEATURE)) pretend(adapter);
    return adapter;
  };
}

function pretend(adapter: GPUAdapter): void {
  Object.defineProperty(adapter, "features", { value: new Set([...adapter.features, FEATURE]) });
  const requestDevice = adapter.requestDevice.bind(adapter);
  adapter.requestDevice = (descriptor) => {
    const requested = [...(descriptor?.requiredFeatures ?? [])];
    return requestDevice({ ...descriptor, requiredFeatures: requested.filter((name) => name !== FEATURE) });
  };
}
