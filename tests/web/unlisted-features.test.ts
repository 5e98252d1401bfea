/** What a device gets besides what the engine's GPU library asks for, from adapters that offer more or less. */
import { expect, test } from "vitest";
import { requestUnlistedFeatures } from "../../web/engine/worker/unlisted-features";

const MATRIX_UNITS = "chromium-experimental-subgroup-matrix";

/** A square of f16 and one of f32 for its sums, and what else an adapter may have. */
const CONFIGS = [
  { M: 8, N: 8, K: 8, componentType: "f16", resultComponentType: "f32" },
  { M: 16, N: 16, K: 16, componentType: "f16", resultComponentType: "f32" },
  { M: 16, N: 8, K: 16, componentType: "f16", resultComponentType: "f32" },
  { M: 32, N: 32, K: 32, componentType: "f16", resultComponentType: "f32" },
  { M: 16, N: 16, K: 16, componentType: "i8", resultComponentType: "i32" },
  { M: 16, N: 16, K: 16, componentType: "f16", resultComponentType: "f16" },
];

/** Opens a device of an adapter with these features, as the engine's GPU library does. */
async function opened(features: string[], info: object = {}) {
  let requested: string[] = [];
  const requestDevice = async ({ requiredFeatures }: GPUDeviceDescriptor) => {
    requested = [...(requiredFeatures ?? [])];
    return { features: new Set(requested) };
  };
  const adapter = { features: new Set(features), info, requestDevice };
  const gpu = { requestAdapter: async () => adapter } as unknown as GPU;
  const given = requestUnlistedFeatures(gpu);
  await (await gpu.requestAdapter())?.requestDevice({ requiredFeatures: ["shader-f16"] });
  return { requested, given: given() };
}

test("a plain adapter is asked for nothing more", async () => {
  expect(await opened(["shader-f16"])).toEqual({ requested: ["shader-f16"], given: { subgroups: false } });
});

test("subgroups are asked for where there are any", async () => {
  const { requested, given } = await opened(["shader-f16", "subgroups"]);
  expect(requested).toEqual(["shader-f16", "subgroups"]);
  expect(given).toEqual({ subgroups: true });
});

test("of matrix units, the largest squares with sums in 32 bits are taken", async () => {
  const info = { subgroupMinSize: 32, subgroupMaxSize: 32, subgroupMatrixConfigs: CONFIGS };
  const { requested, given } = await opened(["shader-f16", "subgroups", MATRIX_UNITS], info);
  expect(requested).toContain(MATRIX_UNITS);
  expect(given).toEqual({ subgroups: true, matrixUnits: { side: 16, subgroupSize: 32 } });
});

test.each([
  {
    why: "subgroups of several sizes",
    info: { subgroupMinSize: 8, subgroupMaxSize: 32, subgroupMatrixConfigs: CONFIGS },
  },
  {
    why: "sums in 16 bits only",
    info: { subgroupMinSize: 32, subgroupMaxSize: 32, subgroupMatrixConfigs: CONFIGS.slice(4) },
  },
])("matrix units with $why are left alone", async ({ info }) => {
  const { requested, given } = await opened(["subgroups", MATRIX_UNITS], info);
  expect(requested).not.toContain(MATRIX_UNITS);
  expect(given).toEqual({ subgroups: true });
});
