import { beforeEach, expect, test, vi } from "vitest";
import type { Engine } from "../../web/engine/contract/engine";
import type { TimePlan, TrainingSettings } from "../../web/engine/contract/training";
import { openDeviceMemo } from "../../web/engine/worker/device-memo";
import { TimePlanner } from "../../web/engine/worker/time-plans";
import { Turns } from "../../web/engine/worker/turns";

const settings = { steps: 100 } as TrainingSettings;
const plan: TimePlan = { preset: "quick", settings, seconds: 12, size: 128 };
const previews = { every: 20, steps: 10, scored: false };

/** The browser's store as far as findings use it. */
class FakeCache {
  readonly entries = new Map<string, Response>();
  match = async (address: URL) => this.entries.get(address.href)?.clone();
  keys = async () => [...this.entries.keys()].map((url) => ({ url }));
  delete = async ({ url }: { url: string }) => this.entries.delete(url);
  put = async (address: URL, response: Response) => {
    this.entries.set(address.href, response);
  };
}

/** Measures whatever it wasn't told, and then knows it. */
function fakeEngine() {
  let known = false;
  const engine = {
    takeMeasuredTimes: vi.fn(() => {
      known = true;
    }),
    measureTimes: vi.fn(async () => {
      const fresh = !known;
      known = true;
      return fresh ? "measured" : undefined;
    }),
    planTime: vi.fn(() => [plan]),
  };
  return engine as typeof engine & Engine;
}

beforeEach(() => {
  const cache = new FakeCache();
  const caches = { open: async () => cache };
  vi.stubGlobal("caches", caches);
  vi.stubGlobal("self", { caches, location: { origin: "https://studio.example" } });
  const requestAdapter = async () => ({ info: { vendor: "maker", architecture: "family" } });
  vi.stubGlobal("navigator", { userAgent: "browser 1", gpu: { requestAdapter } });
});

test("a visit measures once, the next one takes that over", async () => {
  const engine = fakeEngine();
  const planner = new TimePlanner();
  await expect(planner.plans(engine, new Turns(), settings, 5, previews)).resolves.toEqual([plan]);
  await planner.plans(engine, new Turns(), settings, 5, previews);
  expect(engine.takeMeasuredTimes).not.toHaveBeenCalled();
  expect(engine.measureTimes).toHaveBeenCalledWith(settings, 5, previews, expect.any(Function));
  expect(engine.planTime).toHaveBeenLastCalledWith(settings, 5, previews);

  const later = fakeEngine();
  const next = new TimePlanner();
  await next.plans(later, new Turns(), settings, 5, undefined);
  await next.plans(later, new Turns(), settings, 5, undefined);
  expect(later.takeMeasuredTimes).toHaveBeenCalledExactlyOnceWith("measured");
});

test("what is kept of durations leaves what is kept of the arithmetic", async () => {
  const arithmetic = await openDeviceMemo("device-memo");
  await arithmetic.keep("right");
  await new TimePlanner().plans(fakeEngine(), new Turns(), settings, 5, undefined);
  await expect(arithmetic.read()).resolves.toBe("right");
  // A newer finding takes the older one's place.
  await arithmetic.keep("still right");
  await expect((await openDeviceMemo("device-memo")).read()).resolves.toBe("still right");
  await expect((await openDeviceMemo("step-times")).read()).resolves.toBe("measured");
});

test("what was found out long ago is found out anew: the driver may be another", async () => {
  const memo = await openDeviceMemo("device-memo");
  await memo.keep("right");
  vi.useFakeTimers({ now: Date.now() + 13 * 86_400_000, toFake: ["Date"] });
  await expect(memo.read()).resolves.toBe("right");
  vi.setSystemTime(Date.now() + 2 * 86_400_000);
  await expect(memo.read()).resolves.toBeUndefined();
  vi.useRealTimers();
});

test("cancelled, measuring ends, nothing is kept, and asking again measures", async () => {
  const engine = fakeEngine();
  const planner = new TimePlanner();
  let wanted = () => true;
  let begun = () => undefined;
  const begins = new Promise<void>((resolve) => {
    begun = () => void resolve();
  });
  engine.measureTimes.mockImplementationOnce(async (...asked: unknown[]) => {
    wanted = asked.at(-1) as () => boolean;
    begun();
    await vi.waitUntil(() => !wanted());
    throw new Error("It was cancelled.");
  });
  const asked = planner.plans(engine, new Turns(), settings, 5, undefined);
  await begins;
  expect(wanted()).toBe(true);
  planner.cancel();
  await expect(asked).resolves.toBeNull();
  await expect((await openDeviceMemo("step-times")).read()).resolves.toBeUndefined();
  await expect(planner.plans(engine, new Turns(), settings, 5, undefined)).resolves.toEqual([plan]);
});
