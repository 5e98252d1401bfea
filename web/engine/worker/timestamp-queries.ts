/**
 * burn's GPU runtime breaks down at its start where the adapter lacks `timestamp-query`, although it only measures
 * times when asked to, and Palpable never asks. Some phones and browsers lack it. There the runtime is told that the
 * feature is present, and what it then requests is taken out again.
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
