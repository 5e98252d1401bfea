/** Whether models compute with 32-bit numbers is said once: each engine hears it, and later visits know it. */
import { beforeEach, expect, test, vi } from "vitest";
import { stubStorage } from "./fake-storage";

const outside = vi.hoisted(() => ({ told: [] as boolean[] }));

vi.mock("../../web/app/studio", () => ({
  device: { value: { state: "ready" } },
  engine: () => ({
    setWideActivations: async (wide: boolean) => {
      outside.told.push(wide);
    },
  }),
}));

const kept = stubStorage();

/** As at a visit. */
async function visit() {
  vi.resetModules();
  return import("../../web/features/models/wide-activations");
}

beforeEach(() => {
  outside.told = [];
  kept.clear();
});

test("16 bits until the visitor says otherwise, then 32, also at the next visit, until that is taken back", async () => {
  const first = await visit();
  expect(first.wideActivations.value).toBe(false);
  await first.setWideActivations(true);
  const next = await visit();
  expect(next.wideActivations.value).toBe(true);
  await next.tellWideActivations();
  await next.setWideActivations(false);
  expect((await visit()).wideActivations.value).toBe(false);
  expect(outside.told).toEqual([true, true, false]);
});

test("a model is loaded anew where it would be in another precision now", async () => {
  const { isOutdated, setWideActivations } = await visit();
  const outdated = () =>
    (["f32", "f16", "int8-f16", "f16-f32", "int8-f32"] as const).filter((precision) => isOutdated(precision));
  expect(outdated()).toEqual(["f16-f32", "int8-f32"]);
  await setWideActivations(true);
  expect(outdated()).toEqual(["f16", "int8-f16"]);
});
