/**
 * The engine's kernels sum by subgroups where the GPU has them, but its GPU library doesn't know that feature
 * in browsers and never requests it. From now on, every device whose adapter has the feature gets it. Returns
 * a function that says whether the latest such device got it.
 */
const FEATURE: GPUFeatureName = "subgroups";

export function requestSubgroups(gpu: GPU): () => boolean {
  let given = false;
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (options) => {
    const adapter = await requestAdapter(options);
    if (adapter?.features.has(FEATURE)) {
      const requestDevice = adapter.requestDevice.bind(adapter);
      adapter.requestDevice = async (descriptor) => {
        const requiredFeatures = [...(descriptor?.requiredFeatures ?? []), FEATURE];
        const device = await requestDevice({ ...descriptor, requiredFeatures });
        given = device.features.has(FEATURE);
        return device;
      };
    }
    return adapter;
  };
  return () => given;
}
