/** Series of pictures: sizes, consecutive seeds, cancelling, what is kept, and how long it takes. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { AdapterReport } from "../../web/engine/contract/adapters";
import type { GenerationSettings, SourcePicture } from "../../web/engine/contract/generation";
import { faultError } from "../../web/engine/fault";
import { library } from "../../web/features/adapters/library";
import { keepFirstPicture } from "../../web/features/adapters/preview";
import * as strengths from "../../web/features/adapters/strengths";
import type { PictureSettings } from "../../web/features/gallery/picture-settings";
import * as drawing from "../../web/features/generate/drawing";
import * as form from "../../web/features/generate/form";
import { compare, generate, results, shown } from "../../web/features/generate/generate";
import { setAspect, setSize, size } from "../../web/features/generate/size";
import { cutOf } from "../../web/features/generate/start-picture";
import { plainWish, requestOf, stepsOf } from "../../web/features/generate/wish";
import { model } from "../../web/features/models/model";
import { DEMO_REPORT } from "./demo-report";

const outside = vi.hoisted(() => ({
  keepNew: { value: true },
  asked: [] as { settings: GenerationSettings; source: SourcePicture | undefined }[],
  kept: [] as PictureSettings[],
  /** Runs while a picture is drawn; false ends it as cancelled. */
  meanwhile: async (): Promise<boolean> => true,
}));

vi.mock("../../web/app/studio", () => ({
  whenEngineOpens: () => undefined,
  whenEngineCloses: () => undefined,
  engine: () => ({
    command: () => undefined,
    generate: async (
      settings: GenerationSettings,
      progress: (step: number, steps: number) => void,
      source: SourcePicture | undefined,
    ) => {
      outside.asked.push({ settings, source });
      progress(1, settings.steps);
      if (!(await outside.meanwhile())) return null;
      const { width, height } = settings;
      return { width, height, rgba: new Uint8Array(4 * width * height), heatMaps: [] };
    },
  }),
}));
const JPEG = vi.hoisted(() => Uint8Array.of(0xff, 0xd8, 0xff));
vi.mock("../../web/features/adapters/thumbnail", () => ({ toJpeg: async () => JPEG }));
vi.mock("../../web/ui/picture-view", () => ({ toCanvas: () => undefined }));
vi.mock("../../web/features/gallery/gallery", () => ({
  keep: async (_picture: unknown, settings: PictureSettings) => {
    outside.kept.push(settings);
    return outside.keepNew.value ? `picture-${outside.kept.length}` : undefined;
  },
  keepNew: outside.keepNew,
}));

const adapter = {
  key: "a",
  report: {
    id: 4,
    placeholder: "<my-dog>",
    placeholders: ["<my-dog>"],
    classNouns: ["dog"],
    phrases: ["<my-dog> dog"],
  } as AdapterReport,
  fileName: "my-dog.safetensors",
  bytes: new Uint8Array(),
  active: true,
  strength: 0.8,
  saved: true,
  kept: false,
  addedAt: 1,
  photos: 0,
  note: { title: "", licence: "" },
};

beforeEach(() => {
  outside.asked = [];
  outside.keepNew.value = true;
  outside.kept = [];
  outside.meanwhile = async () => true;
  library.value = [];
  model.value = { state: "ready", report: DEMO_REPORT };
  form.prompt.value = "a dog";
  form.seed.value = form.MAX_SEED;
  form.seedLocked.value = true;
  form.count.value = 1;
  results.value = [];
  setAspect("square");
});

describe("sizes", () => {
  test.each([
    [128, "landscape", 192, 128],
    [512, "wide", 896, 512],
    [512, "tall", 512, 896],
    [768, "portrait", 704, 1024],
  ] as const)("of a model of %i: %s", (resolution, aspect, width, height) => {
    if (model.value.state !== "ready") throw new Error("no model");
    model.value = { state: "ready", report: { ...model.value.report, resolution } };
    setAspect(aspect);
    expect(size.value).toEqual({ width, height });
  });

  test("chosen before the model is there, a size stays; the square shape is the model's own", () => {
    const ready = model.value;
    const loading = { state: "none" } as const;
    model.value = loading;
    setSize({ width: 512, height: 512 });
    model.value = ready;
    expect(size.value).toEqual({ width: 512, height: 512 });

    model.value = loading;
    setAspect("square");
    model.value = ready;
    expect(size.value).toEqual({ width: 128, height: 128 });
  });

  test("it goes to the engine and into the record", async () => {
    setSize({ width: 192, height: 320 });
    await generate();
    expect(outside.asked[0]?.settings).toMatchObject({ width: 192, height: 320 });
    expect(outside.kept[0]).toMatchObject({ width: 192, height: 320, model: "demo" });
  });

  test("another model's square comes with it until a size is chosen", () => {
    if (model.value.state !== "ready") throw new Error("no model");
    model.value = { state: "ready", report: { ...model.value.report, resolution: 512 } };
    expect(size.value).toEqual({ width: 512, height: 512 });
  });
});

describe("several pictures from one press", () => {
  test("have consecutive seeds, which begin again at 0, and are all kept", async () => {
    form.count.value = 3;
    await generate();
    expect(outside.asked.map(({ settings }) => settings.seed)).toEqual([form.MAX_SEED, 0, 1]);
    expect(outside.kept.map(({ seed }) => seed)).toEqual([form.MAX_SEED, 0, 1]);
    expect(shown.value?.record.seed).toBe(1);
    expect(drawing.progress.value).toBeUndefined();
  });

  test.each([
    ["the latest are at hand, the others in the Gallery", true, 24],
    ["all are at hand where the Gallery doesn't keep them", false, 30],
  ])("%s", async (_, kept, atHand) => {
    outside.keepNew.value = kept;
    form.count.value = 30;
    await generate();
    expect(outside.kept.length).toBe(30);
    expect(results.value.length).toBe(atHand);
    expect(results.value[0]?.galleryId).toBe(kept ? "picture-30" : undefined);
  });

  test("cancelled in the second, the first is there and no other is begun", async () => {
    form.count.value = 5;
    outside.meanwhile = async () => outside.asked.length < 2;
    await generate();
    expect(outside.asked.length).toBe(2);
    expect(results.value.length).toBe(1);
    expect(drawing.fault.value).toBeUndefined();
  });

  test("a cancel that comes when a picture is just done holds for the next", async () => {
    form.count.value = 2;
    outside.meanwhile = async () => {
      drawing.cancel();
      return true;
    };
    await generate();
    expect(outside.asked.length).toBe(1);
  });

  test("a fault ends them with what it says", async () => {
    form.count.value = 2;
    outside.meanwhile = async () => {
      throw faultError("OutOfMemory", "Too little memory.");
    };
    await generate();
    expect(drawing.fault.value).toEqual({ kind: "OutOfMemory", message: "Too little memory." });
    expect(drawing.progress.value).toBeUndefined();
  });

  test("progress counts pictures and steps", async () => {
    form.count.value = 2;
    const seen: (number | undefined)[] = [];
    outside.meanwhile = async () => {
      seen.push(drawing.share.value);
      return true;
    };
    await generate();
    expect(seen).toEqual([1 / 25 / 2, (1 + 1 / 25) / 2]);
    expect(drawing.secondsFor([plainWish()])).toBeGreaterThan(0);
  });
});

test("a comparison is the same noise without adapter, word and steering, on the same start", async () => {
  library.value = [adapter];
  form.prompt.value = "a photo of <my-dog>";
  await generate();
  expect(outside.asked[0]?.settings.adapters).toEqual([{ id: 4, strength: 0.8 }]);
  const drawn = results.value[0];
  if (!drawn) throw new Error("nothing was drawn");
  const source = { width: 128, height: 128, rgba: new Uint8Array() };
  const wish = { ...drawn.wish, start: { source, strength: 0.5, maskBlur: 0, galleryId: undefined } };
  await compare({ ...drawn, wish });
  expect(outside.asked[1]?.settings).toMatchObject({
    prompt: "a photo of a dog",
    adapters: [],
    seed: drawn.wish.seed,
    strength: 0.5,
  });
  expect(outside.asked[1]?.source).toBe(source);
  expect(results.value[0]?.comparison?.prompt).toBe("a photo of a dog");
});

describe("a strip of strengths", () => {
  test("draws what it was trained for, with its word, at each strength and the same seed", async () => {
    const report = { ...adapter.report, cleanPrompt: "a dog wearing a crown" };
    const trained = { ...adapter, report };
    library.value = [trained];
    expect(strengths.promptFor(trained)).toBe("a <my-dog> dog wearing a crown");
    expect(strengths.promptFor(adapter)).toBe("a photo of a <my-dog> dog");
    await strengths.drawStrip(trained, "a <my-dog> dog wearing a crown");
    expect(outside.asked.map(({ settings }) => settings.adapters[0]?.strength)).toEqual([
      0, 0.25, 0.5, 0.75, 1, 1.25,
    ]);
    expect(new Set(outside.asked.map(({ settings }) => settings.seed)).size).toBe(1);
    expect(strengths.strip.value?.pictures.every((picture) => picture?.width === 128)).toBe(true);
    expect(outside.kept.map(({ adapters }) => adapters[0]?.strength)).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25]);
    expect(library.value[0]?.strength).toBe(0.8);
  });

  test("a strength of it is taken, and its picture becomes the adapter's", async () => {
    library.value = [adapter];
    await strengths.drawStrip(adapter, "<my-dog>");
    await strengths.chooseStrength("a", 0);
    expect(library.value[0]).toMatchObject({ strength: 0 });
    expect(library.value[0]?.preview).toBeUndefined();
    await strengths.chooseStrength("a", 3);
    expect(library.value[0]).toMatchObject({ strength: 0.75, preview: { jpeg: JPEG, exported: true } });
  });

  test("the first picture that was drawn with an adapter alone stands for it", async () => {
    library.value = [adapter, { ...adapter, key: "b" }];
    await generate();
    expect(library.value.map(({ preview }) => preview)).toEqual([undefined, undefined]);
    library.value = [adapter];
    await generate();
    expect(library.value[0]?.preview?.jpeg).toBe(JPEG);
  });

  test("none does while pictures aren't kept", async () => {
    outside.keepNew.value = false;
    library.value = [adapter];
    await generate();
    expect(library.value[0]?.preview).toBeUndefined();
  });

  test("none that was drawn on another picture, which may be a photo", async () => {
    library.value = [adapter];
    const source = { width: 8, height: 8, rgba: new Uint8Array(256) };
    const start = { source, strength: 0.5, maskBlur: 0, galleryId: undefined };
    const wish = { ...plainWish(), start };
    await keepFirstPicture(wish, source);
    expect(library.value[0]?.preview).toBeUndefined();
    await keepFirstPicture({ ...wish, start: undefined }, source);
    expect(library.value[0]?.preview?.jpeg).toBe(JPEG);
  });
});

describe("on a start picture", () => {
  const source = { width: 128, height: 128, rgba: new Uint8Array(), mask: new Uint8Array() };
  const start = { source, strength: 0.6, maskBlur: 4, galleryId: "an-id" };

  test("strength and blur go to the engine, and into the record without the picture", () => {
    const { settings, record } = requestOf({ ...plainWish(), start });
    expect(settings).toMatchObject({ strength: 0.6, maskBlur: 4 });
    expect(record.start).toEqual({ strength: 0.6, maskBlur: 4, galleryId: "an-id" });
    expect(JSON.stringify(record)).not.toContain("rgba");
  });

  test("without a mask there is no blur", () => {
    const { mask: _, ...whole } = source;
    const { settings, record } = requestOf({ ...plainWish(), start: { ...start, source: whole } });
    expect(settings.maskBlur).toBe(0);
    expect(record.start).toEqual({ strength: 0.6, galleryId: "an-id" });
  });

  test("its strength leaves steps out", () => {
    expect(stepsOf({ steps: 25, start })).toBe(15);
    expect(stepsOf({ steps: 25, start: undefined })).toBe(25);
  });

  test.each([
    ["the sides of a wide one, from the left", 0, { left: 0, top: 0, width: 200, height: 200 }],
    ["from the middle", 0.5, { left: 100, top: 0, width: 200, height: 200 }],
  ])("cuts %s", (_, part, cut) => {
    expect(cutOf({ width: 400, height: 200 }, { width: 128, height: 128 }, "cut", part)).toEqual(cut);
  });

  test("or stretches it", () => {
    const whole = { left: 0, top: 0, width: 400, height: 200 };
    expect(cutOf({ width: 400, height: 200 }, { width: 128, height: 128 }, "stretch", 0.5)).toEqual(whole);
  });
});
