/**
 * The engine's kernels add up by subgroups where the GPU has them, but its GPU library knows no such feature in
 * browsers and never requests it. From now on every device gets it whose adapter has it. Returns a function that
 * says whether the latest device did.
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
