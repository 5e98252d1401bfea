/**
 * Features of a GPU that the engine's kernels use, but that its GPU library doesn't know in browsers and never
 * requests. From now on, every device whose adapter has them gets those that serve:
 *
 * - subgroups, by which threads add up;
 * - matrix units, which Chromium has behind its switch for unfinished WebGPU (#enable-unsafe-webgpu): squares of
 *   16-bit floats, multiplied by a subgroup and added up in 32 bits.
 */
import type { UnlistedFeatures } from "../contract/device";

const SUBGROUPS = "subgroups";
const MATRIX_UNITS = "chromium-experimental-subgroup-matrix";
/** Rows of the largest squares that the kernels are made for. */
const LARGEST_SIDE = 16;

/** What an adapter says of its subgroups; TypeScript doesn't know the experimental part. */
interface SubgroupInfo {
  subgroupMinSize?: number;
  subgroupMaxSize?: number;
  subgroupMatrixConfigs?: Iterable<{
    M: number;
    N: number;
    K: number;
    componentType: string;
    resultComponentType: string;
  }>;
}

/** Returns a function that says what the latest device got. */
export function requestUnlistedFeatures(gpu: GPU): () => UnlistedFeatures {
  let given: UnlistedFeatures = { subgroups: false };
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (options) => {
    const adapter = await requestAdapter(options);
    if (!adapter) return adapter;
    const requestDevice = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => {
      const units = adapter.features.has(MATRIX_UNITS) ? matrixUnits(adapter.info) : undefined;
      const requiredFeatures = [...(descriptor?.requiredFeatures ?? [])];
      if (adapter.features.has(SUBGROUPS)) requiredFeatures.push(SUBGROUPS);
      if (units) requiredFeatures.push(MATRIX_UNITS as GPUFeatureName);
      const device = await requestDevice({ ...descriptor, requiredFeatures });
      given = { subgroups: device.features.has(SUBGROUPS), ...(units && { matrixUnits: units }) };
      return device;
    };
    return adapter;
  };
  return () => given;
}

/** The largest squares that serve, if all subgroups have the same size. */
function matrixUnits(info: SubgroupInfo): UnlistedFeatures["matrixUnits"] {
  const sides = [...(info.subgroupMatrixConfigs ?? [])]
    .filter(({ M, N, K }) => M === N && N === K && M <= LARGEST_SIDE)
    .filter(
      ({ componentType, resultComponentType }) => componentType === "f16" && resultComponentType === "f32",
    )
    .map(({ M }) => M);
  const subgroupSize = info.subgroupMinSize;
  if (sides.length === 0 || !subgroupSize || subgroupSize !== info.subgroupMaxSize) return undefined;
  return { side: Math.max(...sides), subgroupSize };
}
