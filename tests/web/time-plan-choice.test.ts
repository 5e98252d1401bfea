import { describe, expect, test } from "vitest";
import type { TimePlan } from "../../web/engine/contract/training";
import { DEMO_REPORT } from "./demo-report";
import {
  beginWithDefaults,
  DEFAULTS,
  fakeEngine,
  memoryLimit,
  model,
  photo,
  previewChoice,
  setup,
  subjects,
  time,
} from "./training-setup";

beginWithDefaults();

describe("time plans", () => {
  const plan = (preset: TimePlan["preset"], steps: number, rank: number): TimePlan => ({
    preset,
    seconds: steps,
    size: 128,
    settings: { ...DEFAULTS, steps, rank, loraAlpha: rank, classNoun: "other", seed: 9 },
  });
  const plans = [plan("quick", 40, 8), plan("balanced", 100, 16), plan("thorough", 300, 32)];

  test("a chosen plan changes what takes time, and not words or seed", async () => {
    fakeEngine.timePlans = async () => plans;
    await time.measure();
    expect(time.chosen.value?.preset).toBe("balanced");
    time.choose(plan("thorough", 300, 32));
    expect(time.chosen.value?.preset).toBe("thorough");
    expect(setup.settings.value).toMatchObject({ steps: 300, rank: 32, loraAlpha: 32 });
    expect(setup.chosenSettings.value).toMatchObject({ classNoun: "dog" });
    expect(setup.settings.value?.seed).toBe(DEFAULTS.seed);
    setup.change({ steps: 299 });
    expect(time.chosen.value).toBeUndefined();
    // Alpha goes on following the rank.
    setup.change({ rank: 4 });
    expect(setup.settings.value?.loraAlpha).toBe(4);
    setup.change({ loraAlpha: 2 });
    setup.change({ rank: 8 });
    expect(setup.settings.value?.loraAlpha).toBe(2);
    setup.change({ rank: 32, loraAlpha: 32 });
  });

  test("they are asked for once, and again for another number of photos", async () => {
    fakeEngine.timePlans = async () => plans;
    await time.measure();
    await time.measure();
    expect(fakeEngine.asked).toEqual([1]);
    await setup.addFiles(subjects.firstSubject, [photo("1"), photo("2")]);
    expect(time.plans.value).toBeUndefined();
    await time.measure();
    expect(fakeEngine.asked).toEqual([1, 2]);
    expect(time.plans.value).toEqual(plans);
    previewChoice.previewEvery.value = 5;
    expect(time.plans.value).toBeUndefined();
    expect([time.isMeasured("palp"), time.isMeasured("dreambooth")]).toEqual([true, false]);
    await time.measure();
    // What fits, and how long it takes, is another model's or limit's.
    memoryLimit.value = 2;
    expect(time.plans.value).toBeUndefined();
    await time.measure();
    model.value = { state: "ready", report: { ...DEMO_REPORT, name: "other" } };
    expect(time.plans.value).toBeUndefined();
  });

  test("cancelled, they can be asked for again", async () => {
    fakeEngine.timePlans = async () => null;
    await time.measure();
    expect(time.measured.value.state).toBe("unasked");
    fakeEngine.timePlans = async () => plans;
    await time.measure();
    expect(time.plans.value).toEqual(plans);
  });

  test("an engine that can't say leaves the settings as they are", async () => {
    fakeEngine.timePlans = () => Promise.reject(new Error("no"));
    await time.measure();
    expect(time.failed.value).toBe(true);
    memoryLimit.value += 1;
    expect(time.failed.value).toBe(false);
    expect(time.plans.value).toBeUndefined();
    expect(setup.settings.value).toMatchObject({ steps: 100, rank: 16 });
  });
});
