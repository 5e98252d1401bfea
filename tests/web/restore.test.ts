import { beforeEach, describe, expect, test, vi } from "vitest";
import type { AdapterReport } from "../../web/engine/contract/adapters";
import { library, storageRead } from "../../web/features/adapters/library";
import type { PictureSettings } from "../../web/features/gallery/picture-settings";
import { encodeRegion } from "../../web/features/gallery/region-mask";
import * as form from "../../web/features/generate/form";
import { filledIn, fillIn, keepFilledIn, undoFillIn } from "../../web/features/generate/restore";
import { setSize, size } from "../../web/features/generate/size";
import { strength } from "../../web/features/generate/start-picture";
import { steering, steeringChoice } from "../../web/features/generate/steering-settings";
import { model } from "../../web/features/models/model";
import { DEMO_REPORT } from "./demo-report";

const settings: PictureSettings = {
  prompt: "a photo of <my-dog>",
  negativePrompt: "rain",
  seed: 4_000_000_000,
  steps: 33,
  guidanceScale: 5.25,
  sampler: "euler",
  width: 128,
  height: 128,
  model: "demo",
  adapters: [{ name: "my-dog", strength: 0.7 }],
};

const entry = (id: number, placeholder: string) => ({
  key: `adapter-${id}`,
  report: { id, placeholder, placeholders: [placeholder], name: "file" } as AdapterReport,
  fileName: "file.safetensors",
  bytes: new Uint8Array(),
  active: true,
  strength: 1,
  saved: true,
  kept: true,
  addedAt: 1,
  photos: 0,
  note: { title: "", licence: "" },
});

const notes = () => filledIn.value?.notes;

beforeEach(() => {
  library.value = [entry(1, "<my-dog>"), entry(2, "<my-mug>")];
  storageRead.value = true;
  model.value = { state: "ready", report: DEMO_REPORT };
  form.sampler.value = "ddim";
  form.seedLocked.value = false;
});

describe("the settings of a picture fill Generate in", () => {
  test("all of them, and the seed is held", () => {
    fillIn(settings);
    expect(form.prompt.value).toBe(settings.prompt);
    expect(form.negativePrompt.value).toBe("rain");
    expect([form.seed.value, form.seedLocked.value]).toEqual([4_000_000_000, true]);
    expect(form.steps.value).toBe(33);
    expect(form.guidanceScale.value).toBe(5.25);
    expect(form.sampler.value).toBe("euler");
    expect(library.value.map(({ active, strength }) => [active, strength])).toEqual([
      [true, 0.7],
      [false, 1],
    ]);
    expect(notes()).toEqual([]);
  });

  test("what a file doesn't say stays as it was", () => {
    fillIn(settings);
    fillIn({ prompt: "a cat" }, { file: "cat.png" });
    expect(form.prompt.value).toBe("a cat");
    expect(form.negativePrompt.value).toBe("rain");
    expect(form.steps.value).toBe(33);
    expect(library.value.some(({ active }) => active)).toBe(false);
    expect(notes()).toEqual(["They come from “cat.png”."]);
  });
});

describe("before the adapters of earlier visits are there", () => {
  beforeEach(() => {
    library.value = [];
    storageRead.value = false;
  });

  const adaptersCome = () => {
    library.value = [entry(1, "<my-dog>"), entry(2, "<my-mug>")];
    storageRead.value = true;
  };

  test("none is called missing; they are filled in as they come", () => {
    const adapters = [...(settings.adapters ?? []), { name: "my-cat", strength: 1 }];
    fillIn({ ...settings, adapters });
    expect(notes()).toEqual([]);
    adaptersCome();
    expect(library.value.map(({ active, strength }) => [active, strength])).toEqual([
      [true, 0.7],
      [false, 1],
    ]);
    expect(notes()).toEqual([expect.stringContaining("my-cat")]);
  });

  test("taken back, they come as they were kept", async () => {
    fillIn(settings);
    await undoFillIn();
    adaptersCome();
    expect(library.value.every(({ active, strength }) => active && strength === 1)).toBe(true);
  });
});

describe("taking it back", () => {
  test("everything is as it was before", async () => {
    setSize({ width: 256, height: 128 });
    form.prompt.value = "my own words";
    form.guidanceScale.value = 3;
    strength.value = 0.3;
    const before = formNow();
    const started = { ...settings, start: { strength: 0.8 }, delayedConcept: 0.5 };
    fillIn(started);
    expect(formNow()).not.toEqual(before);
    await undoFillIn();
    expect(formNow()).toEqual(before);
    expect(notes()).toBeUndefined();
  });

  test("not once it was kept", async () => {
    fillIn(settings);
    keepFilledIn();
    await undoFillIn();
    expect(form.prompt.value).toBe(settings.prompt);
  });

  function formNow() {
    const { prompt, negativePrompt, seed, seedLocked, steps, guidanceScale, sampler } = form;
    const fields = [prompt, negativePrompt, seed, seedLocked, steps, guidanceScale, sampler, size, strength];
    const adapters = library.value.map(({ active, strength }) => [active, strength]);
    return [...fields.map(({ value }) => value), steeringChoice(), adapters];
  }
});

describe("steering comes back", () => {
  const half = Uint8Array.from({ length: 64 * 64 }, (_, place) => (place % 64 < 32 ? 255 : 0));
  const steered: PictureSettings = {
    ...settings,
    delayedConcept: 0.25,
    delayedKeepsLora: true,
    classPrompt: "a dog on a hill",
    strengthEnd: 0.5,
    embeddingNormClip: 1.2,
    regions: [{ placeholder: "<my-dog>", mask: encodeRegion(half) }],
  };

  test("as it goes to the engine", () => {
    fillIn(steered);
    const { regions: _, ...rest } = steered;
    expect(steering(steeringChoice(), steered.prompt, ["<my-dog>"])).toEqual({
      ...Object.fromEntries(Object.entries(rest).filter(([name]) => !(name in settings))),
      regions: [{ placeholder: "<my-dog>", mask: { width: 64, height: 64, values: [...half] } }],
    });
    expect(notes()).toEqual([]);
  });

  test("without the word in the prompt, what acts on it is left out", () => {
    fillIn(steered);
    expect(steering(steeringChoice(), "a cat", ["<my-dog>"])).toEqual({
      strengthEnd: 0.5,
      embeddingNormClip: 1.2,
    });
  });

  test("a picture without any was drawn without", () => {
    fillIn(steered);
    fillIn(settings);
    expect(steering(steeringChoice(), settings.prompt, ["<my-dog>"])).toEqual({});
  });

  test("more delay than can be chosen here is said", () => {
    fillIn({ ...steered, delayedConcept: 1 });
    expect(notes()).toEqual([expect.stringContaining("100 became 90")]);
  });
});

describe("a picture that was drawn on another one", () => {
  const started: PictureSettings = { ...settings, start: { strength: 0.45, maskBlur: 4 } };

  test("has its strength back, and what isn't kept is said", async () => {
    fillIn(started);
    await vi.waitFor(() => expect(notes()?.length).toBe(2));
    expect(strength.value).toBe(0.45);
    expect(notes()).toEqual([
      expect.stringContaining("another picture, which isn't kept"),
      expect.stringContaining("paint it again"),
    ]);
  });

  test("whose original is gone from the Gallery says so", async () => {
    fillIn({ ...settings, start: { strength: 0.5, galleryId: "gone" } });
    await vi.waitFor(() => expect(notes()?.length).toBe(1));
    expect(notes()).toEqual([expect.stringContaining("isn't kept")]);
  });
});

describe("what can't be filled in is said", () => {
  test("an adapter that isn't here", () => {
    fillIn({ ...settings, adapters: [{ name: "ink", strength: 1 }] });
    expect(notes()).toEqual([expect.stringContaining("“ink” isn't here")]);
  });

  test.each(["LMS", "toString", "__proto__"])("a sampler named %s", (sampler) => {
    fillIn({ ...settings, sampler });
    expect(form.sampler.value).toBe("ddim");
    expect(notes()).toEqual([expect.stringContaining(`“${sampler}” isn't offered`)]);
  });

  test("another model", () => {
    fillIn({ ...settings, model: "sd-1.5" });
    expect(notes()).toEqual([expect.stringContaining("model “sd-1.5”")]);
  });

  test.each([
    [512, 768, 512, 768, []],
    [500, 4000, 512, 1024, ["It was 500 × 4000 pixels; 512 × 1024 is the nearest size here."]],
  ])("a picture of %i × %i pixels", (width, height, wide, high, said) => {
    fillIn({ ...settings, width, height });
    expect(size.value).toEqual({ width: wide, height: high });
    expect(notes()).toEqual(said);
  });

  test("what the file's reader could not take over", () => {
    fillIn({ ...settings, remarks: ["It was drawn otherwise."] });
    expect(notes()).toEqual(["It was drawn otherwise."]);
  });

  test("a strength beyond what the engine takes", () => {
    fillIn({ ...settings, adapters: [{ name: "my-dog", strength: 8 }] });
    expect(library.value[0]?.strength).toBe(2);
    expect(notes()).toEqual(["my-dog: 8 became 2, the limit here."]);
  });

  test("numbers beyond the limits here", () => {
    fillIn({ ...settings, steps: 150, guidanceScale: 0.5 });
    expect([form.steps.value, form.guidanceScale.value]).toEqual([100, 1]);
    expect(notes()).toEqual([
      "Steps: 150 became 100, the limit here.",
      "Guidance: 0.5 became 1, the limit here.",
    ]);
  });
});
