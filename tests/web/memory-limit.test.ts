/** How much memory work may take is said once: each engine hears it, and later visits know it. */
import { beforeEach, expect, test, vi } from "vitest";
import { stubStorage } from "./fake-storage";

const outside = vi.hoisted(() => ({ told: [] as number[], state: "ready" }));

vi.mock("../../web/app/studio", () => ({
  device: {
    get value() {
      return { state: outside.state };
    },
  },
  engine: () => ({
    setMemoryLimit: async (bytes: number) => {
      outside.told.push(bytes);
    },
  }),
}));

const kept = stubStorage();

/** As at a visit. */
async function visit() {
  vi.resetModules();
  return import("../../web/features/models/memory-limit");
}

beforeEach(() => {
  outside.told = [];
  outside.state = "ready";
  kept.clear();
});

test("4 GB until the visitor says otherwise, then that, also at the next visit", async () => {
  const first = await visit();
  expect(first.memoryLimit.value).toBe(4);
  first.setMemoryLimit(0.5);
  expect(outside.told).toEqual([5e8]);
  const next = await visit();
  expect(next.memoryLimit.value).toBe(0.5);
  await next.tellMemoryLimit();
  expect(outside.told).toEqual([5e8, 5e8]);
});

test("said before an engine is there, it is kept for the one that opens", async () => {
  outside.state = "checking";
  const { memoryLimit, setMemoryLimit } = await visit();
  setMemoryLimit(8);
  expect([outside.told, memoryLimit.value]).toEqual([[], 8]);
});

test.each(["", "0", "-1", "1e9", "much"])("%j in the storage is none", async (stored) => {
  kept.set("palpable-memory-limit", stored);
  expect((await visit()).memoryLimit.value).toBe(4);
});
