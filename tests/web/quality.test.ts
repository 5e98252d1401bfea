/** Previews of a training that are scored as they come, and the judge that scores them. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { PreviewPlan, PreviewScore, TrainingObserver } from "../../web/engine/api";
import type { Engine } from "../../web/engine/contract/engine";
import type { SubjectVectors } from "../../web/engine/contract/judging";
import type { Training, TrainingSettings } from "../../web/engine/contract/training";
import { faultError } from "../../web/engine/fault";
import type { RunFacts } from "../../web/engine/run-file";
import { JobControl } from "../../web/engine/worker/job-control";
import { readRun } from "../../web/engine/worker/run-store";
import { plannedPreviews, runTraining } from "../../web/engine/worker/training-job";
import { Turns } from "../../web/engine/worker/turns";
import { fakeStorage } from "./fake-opfs";

const files = vi.hoisted(() => ({ reachable: true, asked: [] as string[] }));

vi.mock("../../web/engine/worker/sources/embedded", () => ({
  embeddedModel: async (folder: string) => {
    files.asked.push(folder);
    if (!files.reachable) throw new Error("no connection");
    return { name: "demo-judge", read: async (path: string) => path, length: async (path: string) => path };
  },
  embeddedText: async (folder: string, path: string) => {
    files.asked.push(folder + path);
    if (!files.reachable) throw new Error("no connection");
    return "{}";
  },
}));

const { JudgeOpener } = await import("../../web/engine/worker/judge");

const VECTORS: SubjectVectors = { photos: [[1, 0]], foregrounds: [], dino: [] };
const PREVIEWS: PreviewPlan = {
  every: 2,
  prompt: "<my-dog> in the snow",
  steps: 1,
  guidanceScale: 5,
  seed: 0,
  size: 1,
  cleanPrompt: "a dog in the snow",
  keepsBest: false,
  patience: null,
};

const run = (previews: PreviewPlan | null = PREVIEWS): RunFacts => ({
  id: "a",
  savedAt: 1,
  step: 0,
  settings: { placeholder: "<my-dog>", steps: 5 } as TrainingSettings,
  previews,
  every: 4,
  model: "demo",
  records: [],
  scores: [],
  photoVectors: null,
});

/** `scores` of the previews in their turn; 0.5 without. */
function fakeEngine(scores: number[] = []) {
  const noted: number[] = [];
  const restored: number[] = [];
  const opened: unknown[] = [];
  const scoredBy: string[] = [];
  let step = 0;
  const engine = {
    openJudge: async (source: { length(path: string): Promise<unknown> }) => {
      opened.push(await source.length("clip/config.json"));
    },
    embedPhotos: async () => VECTORS,
    score: async (_: unknown, photos: SubjectVectors, prompt: string) => {
      expect(photos).toEqual(VECTORS);
      scoredBy.push(prompt);
      return [
        {
          textAlignment: 0.3 + step / 100,
          imageAlignment: scores[noted.length] ?? 0.5,
          clipScore: 1,
          elements: [],
        },
      ];
    },
    beginGeneration: async () => ({
      step: async () => ({ step: 1, steps: 1 }),
      finish: async () => ({ width: 1, height: 1, rgba: new Uint8Array(4), free: () => undefined }),
      free: () => undefined,
    }),
    removeAdapter: () => undefined,
  };
  const training = {
    compileKernels: () => undefined,
    step: async () => ({ step: ++step, steps: 5 }),
    adapter: async () => ({ id: 1 }),
    adapterFile: async () => new Uint8Array(1),
    checkpoint: async () => new Uint8Array(1),
    noteScore: (_: number, likeness: number) => {
      const isBest = noted.every((before) => likeness > before);
      const best = Math.max(...noted, likeness);
      noted.push(likeness);
      return { isBest, withoutGain: noted.length - 1 - noted.indexOf(best) };
    },
    restoreBest: () => restored.push(step),
    free: () => undefined,
  };
  return {
    engine: engine as unknown as Engine,
    training: training as unknown as Training,
    opened,
    scoredBy,
    restored,
    stepsMade: () => step,
  };
}

function observe() {
  const scores: PreviewScore[] = [];
  const problems: string[] = [];
  const nothing = () => undefined;
  const observer: TrainingObserver = {
    encoded: nothing,
    compiled: nothing,
    record: nothing,
    previewProgress: nothing,
    preview: nothing,
    scored: (score) => scores.push(score),
    notScored: (reason) => problems.push(reason),
    adapterFile: nothing,
    kept: nothing,
    notKept: nothing,
    halted: nothing,
  };
  return { observer, scores, problems };
}

beforeEach(() => {
  fakeStorage();
  files.reachable = true;
  files.asked.length = 0;
});

describe("the judge", () => {
  test("is fetched from the model's folder when first needed, and once a model", async () => {
    const { engine, opened } = fakeEngine();
    const judge = new JudgeOpener(new Turns());
    judge.modelLoaded("/models/demo/");
    expect(files.asked).toEqual([]);
    await judge.open(engine, () => undefined);
    await judge.open(engine, () => undefined);
    expect(files.asked).toEqual(["/models/demo/clip/"]);
    expect(opened).toEqual(["config.json"]);
    judge.modelLoaded("/models/demo/");
    await judge.open(engine, () => undefined);
    expect(opened).toHaveLength(2);
  });

  test("that could not be fetched can be tried again", async () => {
    const { engine, opened } = fakeEngine();
    const judge = new JudgeOpener(new Turns());
    judge.modelLoaded("/models/demo/");
    files.reachable = false;
    await expect(judge.open(engine, () => undefined)).rejects.toMatchObject({ name: "Network" });
    files.reachable = true;
    await judge.open(engine, () => undefined);
    expect(opened).toHaveLength(1);
  });
});

describe("what previews take", () => {
  test("is planned by their picture, and by the judge's config, which is fetched once a model", async () => {
    const judge = new JudgeOpener(new Turns());
    expect(await judge.config()).toBeNull();
    judge.modelLoaded("/models/demo/");
    files.reachable = false;
    expect(await judge.config()).toBeNull();
    files.reachable = true;
    expect([await judge.config(), await judge.config()]).toEqual(["{}", "{}"]);
    expect(files.asked).toEqual(Array(2).fill("/models/demo/clip/config.json"));

    const planned = plannedPreviews({ ...PREVIEWS, size: 64 }, "{}");
    expect(planned).toMatchObject({ scored: true, judge: "{}" });
    expect(planned?.picture).toMatchObject({ width: 64, height: 64, guidanceScale: 5, preview: true });
    expect(plannedPreviews({ ...PREVIEWS, cleanPrompt: null }, null)?.scored).toBe(false);
    expect(plannedPreviews(null, null)).toBeNull();
  });
});

describe("a run that watches the quality", () => {
  const train = async (facts: RunFacts, likeness?: number[]) => {
    const fake = fakeEngine(likeness);
    const watched = observe();
    const turns = new Turns();
    const judge = new JudgeOpener(turns);
    judge.modelLoaded("/models/demo/");
    const ready = await judge.prepare(fake.engine, facts, [], watched.observer);
    const job = { engine: fake.engine, turns, control: new JobControl(), observer: watched.observer };
    await runTraining(job, ready, async () => fake.training);
    return { ...fake, ...watched };
  };

  test("scores each preview by the clean prompt, and keeps scores and photos' vectors with its state", async () => {
    const { scores, scoredBy, problems } = await train(run());
    expect(scores.map(({ step }) => step)).toEqual([2, 4, 5]);
    expect(scores[0]?.textAlignment).toBeCloseTo(0.32, 10);
    expect(new Set(scoredBy)).toEqual(new Set(["a dog in the snow"]));
    expect(problems).toEqual([]);
    const kept = await readRun("a");
    expect(kept?.facts.step).toBe(4);
    expect(kept?.facts.scores.map(({ step }) => step)).toEqual([2, 4]);
    expect(kept?.facts.photoVectors).toEqual(VECTORS);
  });

  test("marks each preview that is better than all before, and gives the last state unless told otherwise", async () => {
    const { scores, restored } = await train(run(), [0.3, 0.6, 0.4]);
    expect(scores.map(({ isBest }) => isBest)).toEqual([true, true, false]);
    expect(restored).toEqual([]);
  });

  test("a training that is cancelled while it is prepared ends without a result, other failures stay failures", async () => {
    const { engine } = fakeEngine();
    const { observer } = observe();
    const ended = (cancels: boolean) => {
      const control = new JobControl();
      return runTraining({ engine, turns: new Turns(), control, observer }, run(), async () => {
        if (cancels) control.command("cancel");
        throw new Error("not wanted");
      });
    };
    expect(await ended(true)).toBeNull();
    await expect(ended(false)).rejects.toThrow("not wanted");
  });

  test("that is paused while a preview is drawn has kept its state, and goes on with the preview", async () => {
    const { engine, training } = fakeEngine();
    const { observer, scores } = observe();
    const control = new JobControl();
    let kept = 0;
    let keptWhenHalted = 0;
    observer.kept = (step) => {
      kept = step;
    };
    observer.halted = () => {
      keptWhenHalted = kept;
    };
    // Two sampling steps a preview; the page pauses after the first.
    const begin = engine.beginGeneration.bind(engine);
    engine.beginGeneration = async (...parameters) => {
      let done = 0;
      const step = async () => {
        if (++done === 1) control.command("pause");
        return { step: done, steps: 2 };
      };
      return Object.assign(await begin(...parameters), { step });
    };
    const facts = { ...run(), photoVectors: VECTORS };
    const ended = runTraining({ engine, turns: new Turns(), control, observer }, facts, async () => training);
    await vi.waitFor(() => expect(keptWhenHalted).toBe(2));
    expect(scores).toEqual([]);
    control.command("cancel");
    expect(await ended).toBeNull();
    const left = (await readRun("a"))?.facts;
    expect([left?.step, left?.scores]).toEqual([2, []]);

    // The engine of this test counts its steps anew.
    const again = await train({ ...run(), ...left });
    expect(again.scores.map(({ step }) => step)).toEqual([2, 2, 4, 5]);
  });

  test("gives the best state where that was asked for", async () => {
    const { restored } = await train(run({ ...PREVIEWS, keepsBest: true }), [0.3, 0.6, 0.4]);
    expect(restored).toEqual([5]);
  });

  test("ends when its patience does", async () => {
    const { scores, stepsMade } = await train(run({ ...PREVIEWS, patience: 1 }), [0.6, 0.4]);
    expect([scores.length, stepsMade()]).toEqual([2, 4]);
  });

  test("goes on by the kept vectors, without photos", async () => {
    const { scores } = await train({ ...run(), photoVectors: VECTORS, scores: [] });
    expect(scores).toHaveLength(3);
  });

  test("without a judge it trains all the same, and says so", async () => {
    files.reachable = false;
    const { scores, problems, restored } = await train(run({ ...PREVIEWS, keepsBest: true }));
    expect(scores).toEqual([]);
    // What an earlier visit scored best lacks all that was learned since.
    expect(restored).toEqual([]);
    expect(problems).toEqual([expect.stringContaining("could not be fetched")]);
  });

  test("a lost device is no missing judge", async () => {
    const { engine } = fakeEngine();
    engine.embedPhotos = () => Promise.reject(faultError("DeviceLost", "gone"));
    const judge = new JudgeOpener(new Turns());
    judge.modelLoaded("/models/demo/");
    await expect(judge.prepare(engine, run(), [], observe().observer)).rejects.toMatchObject({
      name: "DeviceLost",
    });
  });

  test("one that doesn't watch fetches no judge", async () => {
    const { scores } = await train(run({ ...PREVIEWS, cleanPrompt: null }));
    expect([scores, files.asked]).toEqual([[], []]);
  });
});
